"""Paper itself: printing sheets, and reading pictures of them. Needs the extra `paper`; the rules are in `sheets`."""
