"""Paper: printed sheets, their scans, what is unclear in them, and files of marks."""
