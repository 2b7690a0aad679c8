"""The base of every error that Qualoop raises on purpose."""

from __future__ import annotations


class QualoopError(Exception):
    """An error with a stable ``code`` that a caller, a page or a log line can rely on.

    ``code`` never changes once released; the message is for people and may.
    """

    code = "qualoop"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or self.code).strip().splitlines()[0])


class MissingExtraError(QualoopError):
    """A part of Qualoop was asked for whose libraries are not installed."""

    code = "missing-extra"

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs libraries that are not installed: pip install 'qualoop[{extra}]'")
        self.part = part
        self.extra = extra
