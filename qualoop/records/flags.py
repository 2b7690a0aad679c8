"""What people say of a knowledge point, over everything that numbers say: appeals and withdrawals, as the ledger has them.

    appeal.opened    framework, knowledge_points, grounds (a token of encrypted words, or nothing)
    appeal.decided   appeal (the uuid of the opening), outcome: upheld or changed
    decision.made    framework, knowledge_points, outcome: withdrawn or reinstated, reason

An appeal stands until it is decided, a withdrawal until it is taken back (docs/mastery.md, "Status").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from qualoop.ledger import EventType
from qualoop.records.facts import Flag


class Outcome(StrEnum):
    """How an appeal or a withdrawal ends."""

    UPHELD = "upheld"
    """The result stands."""
    CHANGED = "changed"
    """The result was changed, by a correction of its own."""
    WITHDRAWN = "withdrawn"
    """The knowledge point is withdrawn."""
    REINSTATED = "reinstated"
    """The withdrawal is taken back."""


APPEAL_OUTCOMES: Final = frozenset({Outcome.UPHELD, Outcome.CHANGED})
FLAGGING: Final = frozenset({EventType.APPEAL_OPENED, EventType.APPEAL_DECIDED, EventType.DECISION_MADE})
"""The types of event that can set or clear a flag."""


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One event of a flagging type: its uuid, type and body."""

    uuid: str
    type: EventType
    body: Mapping[str, Any]


def open_appeals(rows: Iterable[FlagRow]) -> dict[str, tuple[str, ...]]:
    """Return the knowledge points of each appeal that is not decided yet, by the uuid of its opening."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.type is EventType.APPEAL_OPENED:
            found[row.uuid] = tuple(row.body["knowledge_points"])
        elif row.type is EventType.APPEAL_DECIDED:
            found.pop(row.body["appeal"], None)
    return found


def settle_flags(rows: Iterable[FlagRow]) -> dict[str, Flag]:
    """Return the flag of each knowledge point that has one, from the events of one learner in ledger order.

    An appeal stands over a withdrawal: whoever reads it must know that it is not settled.
    """
    rows = list(rows)
    flags: dict[str, Flag] = {}
    for row in rows:
        outcome = row.body.get("outcome")
        if row.type is not EventType.DECISION_MADE or outcome not in {Outcome.WITHDRAWN, Outcome.REINSTATED}:
            continue
        for code in row.body["knowledge_points"]:
            if outcome == Outcome.WITHDRAWN:
                flags[code] = Flag.WITHDRAWN
            else:
                flags.pop(code, None)
    return flags | {code: Flag.APPEAL for codes in open_appeals(rows).values() for code in codes}
