"""The errors of the framework."""

from __future__ import annotations

from qualoop.errors import QualoopError


class FrameworkError(QualoopError):
    """Something is wrong with a framework, or with what was asked of it."""

    code = "framework"


class UnknownCodeError(FrameworkError):
    """A code names nothing of the kind asked for in this framework version."""

    code = "framework-unknown-code"

    def __init__(self, code: str, framework: str) -> None:
        super().__init__(f"{code!r} names nothing of that kind in {framework}")
