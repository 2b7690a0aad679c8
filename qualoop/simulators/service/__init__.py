"""Service work: a contact centre's waiting lines, and a chat desk with customers who remember what was said."""
