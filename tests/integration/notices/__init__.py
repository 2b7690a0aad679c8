"""Notices: what people should hear of."""
