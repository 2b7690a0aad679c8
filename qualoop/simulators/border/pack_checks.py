"""What must hold in a pack of rules beyond the form of its values: names that exist, dates in order, no two rules for a
case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Final

from qualoop.authored_files import Place
from qualoop.simulators.border.pack import CustomsPack, Exchange, Rule

_FOREVER: Final = date.max
_NO_LIMIT: Final = Decimal("Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong, where in the pack, and what would mend it."""

    place: Place
    code: str
    message: str
    repair: str = ""


def faults(pack: CustomsPack) -> Iterator[Fault]:
    """Iterate over all that is wrong with a pack."""
    yield from _unknown_names(pack)
    yield from _repeated(pack)
    yield from _dates(pack)
    yield from _rules(pack)
    for (first, one), (second, other) in combinations(enumerate(pack.rules), 2):
        if _overlap(one, other):
            yield Fault(
                place=("rules", second),
                code="rules-overlap",
                message=f"`{one.id}` and `{other.id}` fit the same case",
                repair=f"part them by date, value or scheme (the other is rules.{first})",
            )


def _unknown_names(pack: CustomsPack) -> Iterator[Fault]:
    named: list[tuple[Place, str, Iterable[str]]] = [
        (("destinations", key, "zone"), destination.zone, pack.zones) for key, destination in pack.destinations.items()
    ]
    for key, destination in pack.destinations.items():
        named += [(("destinations", key, "sources"), source, pack.sources) for source in destination.sources]
    for index, heading in enumerate(pack.headings):
        for zone in pack.zones.keys() - heading.rates.keys():
            yield Fault(
                place=("headings", index, "rates"),
                code="rate-missing",
                message=f"{heading.hs6} has no rate for `{zone}`",
            )
        named += [(("headings", index, "rates"), zone, pack.zones) for zone in heading.rates]
        named += [(("headings", index, "specific"), zone, pack.zones) for zone in heading.specific]
    ids = [rule.id for rule in pack.rules]
    for index, rule in enumerate(pack.rules):
        named.append((("rules", index, "where", "zone"), rule.where.zone, pack.zones))
        named += [(("rules", index, "sources"), source, pack.sources) for source in rule.sources]
        if rule.replaces is not None:
            named.append((("rules", index, "replaces"), rule.replaces, ids))
    for place, name, known in named:
        if name not in known:
            yield Fault(place=place, code="unknown-name", message=f"there is no `{name}`")


def _repeated(pack: CustomsPack) -> Iterator[Fault]:
    for field, keys in (
        ("rules", [rule.id for rule in pack.rules]),
        ("headings", [heading.hs6 for heading in pack.headings]),
    ):
        for key, count in Counter(keys).items():
            if count > 1:
                last = len(keys) - 1 - keys[::-1].index(key)
                yield Fault(place=(field, last), code="repeated-key", message=f"`{key}` stands {count} times")


def _dates(pack: CustomsPack) -> Iterator[Fault]:
    dated: list[tuple[str, tuple[Rule | Exchange, ...]]] = [("rules", pack.rules), ("exchange", pack.exchange)]
    for field, rows in dated:
        for index, each in enumerate(rows):
            if each.valid_to is not None and each.valid_to < each.valid_from:
                yield Fault(place=(field, index, "valid_to"), code="dates-reversed", message="it ends before it begins")
    for (_, one), (second, other) in combinations(enumerate(pack.exchange), 2):
        if one.currency == other.currency and _share_a_day(one, other):
            yield Fault(
                place=("exchange", second), code="exchange-overlap", message=f"two rates of {one.currency} on one day"
            )


def _rules(pack: CustomsPack) -> Iterator[Fault]:
    by_id = {rule.id: rule for rule in pack.rules}
    for index, rule in enumerate(pack.rules):
        if (rule.effect is None) != rule.verify:
            yield Fault(
                place=("rules", index),
                code="rule-effect",
                message="a rule has an effect, or is marked `verify` and has none",
            )
        over, limit = rule.where.value_over, rule.where.value_max
        if over is not None and limit is not None and limit <= over:
            yield Fault(place=("rules", index, "where"), code="value-reversed", message="no value lies between the two")
        before = by_id.get(rule.replaces or "")
        if before is not None and before.valid_to != rule.valid_from - timedelta(days=1):
            yield Fault(
                place=("rules", index, "replaces"),
                code="replaces-dates",
                message=f"`{before.id}` does not end the day before",
                repair=f"valid_to of `{before.id}` is the day before {rule.valid_from}",
            )


def _overlap(one: Rule, other: Rule) -> bool:
    a, b = one.where, other.where
    same_place = a.zone == b.zone and (a.scheme is None or b.scheme is None or a.scheme == b.scheme)
    over = max(Decimal(-1) if each is None else each for each in (a.value_over, b.value_over))
    limit = min(_NO_LIMIT if each is None else each for each in (a.value_max, b.value_max))
    return same_place and over < limit and _share_a_day(one, other)


def _share_a_day(one: Rule | Exchange, other: Rule | Exchange) -> bool:
    return max(one.valid_from, other.valid_from) <= min(one.valid_to or _FOREVER, other.valid_to or _FOREVER)
