"""Scores that count and their way to the gradebook of a platform (AGS)."""
