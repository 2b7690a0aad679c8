"""The people of a course, its staff and its lessons."""
