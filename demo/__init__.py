"""A small LMS with a class of invented people, with which Qualoop is tried and tested. Not in the wheel."""
