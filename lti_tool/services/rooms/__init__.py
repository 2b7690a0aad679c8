"""Rooms of a class for practice together: markets and supply chains, their teams and rounds."""
