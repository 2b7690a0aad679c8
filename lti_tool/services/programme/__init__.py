"""A programme in counts, and teachers' own records."""
