"""What the self-test of a registration finds."""
