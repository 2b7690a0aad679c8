"""Nouns to test the command with."""
