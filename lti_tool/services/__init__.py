"""The use cases of the tool, one module each. They may flush, never commit: the edge owns the transaction."""
