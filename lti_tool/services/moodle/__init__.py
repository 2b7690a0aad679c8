"""Levels as grade columns and as Moodle's competencies."""
