"""The evidence API: sources, signed requests, versions, and the changes read back."""
