"""The pages of the demo LMS and the addresses of its platform services."""
