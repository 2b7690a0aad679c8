"""Commands of `manage.py lms`."""
