"""A noun that says itself which extra it needs."""

from qualoop.errors import MissingExtraError

raise MissingExtraError("the moon", "sim")
