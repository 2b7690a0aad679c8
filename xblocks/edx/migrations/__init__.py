"""The tables, step by step; they run on Django 4.2 and 5.2."""
