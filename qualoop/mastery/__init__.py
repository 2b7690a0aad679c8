"""Mastery of knowledge points: the model, its constants, and the explanation of every update (docs/mastery.md)."""
