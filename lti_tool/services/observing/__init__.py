"""Observed practice: invitations, phones, signed observations, their merging and deciding."""
