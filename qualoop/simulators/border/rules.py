"""Which rule a case falls under: exactly one, or an error that says why not. Never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from qualoop.simulators.border.errors import (
    AmbiguousRuleError,
    NoRuleError,
    NotInPackError,
    UnverifiedRuleError,
)
from qualoop.simulators.border.pack import CustomsPack, Destination, Effect, Heading, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What decides about the rule: ``value`` is the intrinsic value of the goods, without freight and insurance, in the
    zone's currency; ``day`` is the day on which the customs declaration is accepted.
    """

    zone: str
    scheme: str
    day: date
    value: Decimal

    def __str__(self) -> str:
        """Return the case in words, for messages."""
        return f"{self.zone}, {self.scheme}, {self.value} on {self.day}"


def get_rule(pack: CustomsPack, case: Case) -> Rule:
    """Return the one rule that fits.

    Raises NoRuleError, AmbiguousRuleError (both rules are named), or UnverifiedRuleError.
    """
    fitting = [rule for rule in pack.rules if _fits(rule, case)]
    if not fitting:
        raise NoRuleError(f"no rule fits {case}")
    if len(fitting) > 1:
        names = " and ".join(rule.id for rule in fitting)
        raise AmbiguousRuleError(f"{names} fit {case}")
    [rule] = fitting
    if rule.verify:
        raise UnverifiedRuleError(f"{rule.id} fits {case}, but nobody has verified it")
    return rule


def effect_of(rule: Rule) -> Effect:
    """Return what a rule does; raise UnverifiedRuleError where that is not known."""
    if rule.effect is None:
        raise UnverifiedRuleError(f"nobody has verified what {rule.id} does")
    return rule.effect


def _fits(rule: Rule, case: Case) -> bool:
    where = rule.where
    return (
        where.zone == case.zone
        and where.scheme in {None, case.scheme}
        and (where.value_over is None or case.value > where.value_over)
        and (where.value_max is None or case.value <= where.value_max)
        and rule.valid_from <= case.day
        and (rule.valid_to is None or case.day <= rule.valid_to)
    )


def get_exchange(pack: CustomsPack, currency: str, day: date) -> Decimal:
    """Return what one unit of a currency costs in yuan on a day; raise NotInPackError."""
    for rate in pack.exchange:
        if rate.currency == currency and rate.valid_from <= day and (rate.valid_to is None or day <= rate.valid_to):
            return rate.yuan
    raise NotInPackError(f"the pack has no rate of {currency} on {day}")


def get_destination(pack: CustomsPack, key: str) -> Destination:
    """Return a destination; raise NotInPackError."""
    if key not in pack.destinations:
        raise NotInPackError(f"the pack has no destination {key}")
    return pack.destinations[key]


def get_heading(pack: CustomsPack, hs6: str) -> Heading:
    """Return a heading; raise NotInPackError."""
    for heading in pack.headings:
        if heading.hs6 == hs6:
            return heading
    raise NotInPackError(f"the pack has no heading {hs6}")
