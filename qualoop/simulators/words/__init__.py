"""The copy clinic: briefs of products, and everything about a text that needs no judge."""
