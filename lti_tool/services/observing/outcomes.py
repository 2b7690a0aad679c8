"""What became of a capture, in a word for the phone and for staff: recorded, kept for a person, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lti_tool.services.observing.decided import SETTLED, SILENT, Decision
from lti_tool.services.observing.ledger import Seen, Standing
from qualoop.classroom.observation_merge import Difference, Wait

OLDER: Final = "observation-rubric-older"
TARGET_WAITS: Final = "observation-target-waits"
"""What it corrects is stored, and waits for a person itself: that one is to be decided first."""
LEFT_OUT: Final = "observation-left-out"
_LOUDEST: Final = (Difference.FORKED, Difference.REPEATED, Difference.DIFFER)


class State(StrEnum):
    """Where a capture stands."""

    RECORDED = "recorded"
    """It counts, in the ledger."""
    KEPT = "kept"
    """It is stored, and a person decides."""
    REFUSED = "refused"
    """It cannot be stored, and stays on the phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a capture (the id that its phone gave it); ``code`` says why, or what there is to see about it."""

    capture: str
    state: State
    code: str = ""
    detail: str = ""


def outcome_of(seen: Seen, standing: Standing) -> Outcome:
    """Return what became of a stored capture."""
    row = seen.row
    if (code := kept_because(seen, standing)) != "":
        return Outcome(capture=row.capture, state=State.KEPT, code=code)
    found = differences_of(seen, standing)
    code = next((kind.value for kind in _LOUDEST if kind in found), OLDER if row.is_older else "")
    return Outcome(capture=row.capture, state=State.RECORDED, code=code)


def kept_because(seen: Seen, standing: Standing) -> str:
    """Return the code of why a capture, or a part of it, does not count; empty where all of it does."""
    row = seen.row
    if row.decision == Decision.LEFT_OUT:
        return LEFT_OUT
    if not seen.is_taken:
        return row.problem
    wait = standing.merged.waiting.get(seen.name)
    if wait is not None:
        return _target_code(seen, standing) if wait is Wait.TARGET else wait.value
    return next((member.problem for member, _ in seen.members if member.problem not in SETTLED), "")


def _target_code(seen: Seen, standing: Standing) -> str:
    """Return the code of what corrects something that does not count: not there, waiting for a person, or left out."""
    target = next((each for each in standing.seen if each.name == seen.row.replaces), None)
    if target is None:
        return Wait.TARGET
    return Wait.TARGET_OUT if target.row.decision == Decision.LEFT_OUT else TARGET_WAITS


def differences_of(seen: Seen, standing: Standing) -> frozenset[Difference]:
    """Return what there is to see about a capture that counts, beside others."""
    return frozenset(each.kind for each in standing.merged.by_capture.get(seen.name, ()))


def needs_person(seen: Seen, standing: Standing) -> bool:
    """Say whether somebody has to decide about a capture: it is kept, or doubles another one that nobody has decided."""
    if seen.row.decision == Decision.LEFT_OUT:
        return False
    if kept_because(seen, standing) != "":
        return True
    open_ones = {Difference.REPEATED, Difference.FORKED} & differences_of(seen, standing)
    return bool(open_ones) and seen.row.decision not in SILENT
