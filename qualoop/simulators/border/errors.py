"""What can go wrong with rules of a border."""

from __future__ import annotations

from qualoop.simulators.errors import SimulatorError


class BorderError(SimulatorError):
    """A case at a border cannot be decided."""

    code = "border"


class NoRuleError(BorderError):
    """No rule of the pack fits the case."""

    code = "border-no-rule"


class AmbiguousRuleError(BorderError):
    """More than one rule of the pack fits the case; the message names them."""

    code = "border-two-rules"


class UnverifiedRuleError(BorderError):
    """The rule that fits is marked as not verified, so nothing may be computed with it."""

    code = "border-unverified-rule"


class NotInPackError(BorderError):
    """The pack has no such destination, heading or exchange rate."""

    code = "border-not-in-pack"
