"""Work that was handed in and is judged by a rubric, in a register: waiting, draft, approved, released.

    work      {"attempt": "5a0c…", "number": 2, "at": "…", "content": "f604…"}     what was handed in last
    rubric    {"judged": …, "comments": …}                                         the marker's draft of it
    approved  {"attempt": "5a0c…", "rubric": …}                                    the draft that was approved, as it was then
    released  the copy that counts, as `class_marks.snapshot` makes it, with the attempt and what came before it

The text itself is not in the register: a class of long texts would not fit. The marks are `qualoop.assessment.marking`'s.
Nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qualoop.assessment import LinkSettings, counted_score
from qualoop.assessment.marking import (
    Mark,
    MarkIncompleteError,
    Marking,
    NotDecidedError,
    Position,
    Stage,
    comments_body,
    judged_body,
    missing_rows,
    stage_of,
)
from qualoop.classroom.class_marks import Scheme, computed_share, fitting_sheet, snapshot
from qualoop.classroom.register import RELEASED, RUBRIC, Action, Change, Register
from qualoop.values import Score

WORK: Final = "work"
APPROVED: Final = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What was handed in, but for its text: of which attempt, when, to which version of the content."""

    attempt: str
    number: int
    at: datetime
    content: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a cell holds it."""
        return {"attempt": self.attempt, "number": self.number, "at": self.at.isoformat(), "content": self.content}


def find_work(register: Register, learner: str) -> HandedIn | None:
    """Return what a learner handed in last; None before that."""
    found = register.value(learner, WORK)
    return HandedIn(**{**found, "at": datetime.fromisoformat(found["at"])}) if found else None


def handed_in(register: Register, learner: str, work: HandedIn) -> Register:
    """Return the register with a work that waits to be marked; what was released before it stays until its own marks are."""
    cells = {WORK: work.as_json(), RUBRIC: None, APPROVED: None}
    if register.value(learner, WORK) == cells[WORK]:
        return register
    changes = [Change(learner=learner, field=name, value=value) for name, value in cells.items()]
    return register.changed(changes, Action(what="work", by="", at=work.at, is_kept=False))


def stage(register: Register, learner: str, scheme: Scheme) -> Stage | None:
    """Return where the marking of a learner's newest work stands; None where there is none."""
    work = find_work(register, learner)
    if work is None or scheme.rubric is None:
        return None
    draft, approved, released = (register.value(learner, name) for name in (RUBRIC, APPROVED, RELEASED))
    is_of_this = bool(released) and released.get("attempt") == work.attempt
    if not draft and not is_of_this:
        return Stage.WAITING
    sheet = fitting_sheet(scheme.rubric, draft)
    body = _body(scheme, draft)
    stands = is_of_this and _without_version(released.get("rubric")) == body
    mark = Mark(
        position=Position.FIRST,
        marker=register.cells[learner][RUBRIC].by if draft else "",
        is_approved=stands or bool(approved and approved["attempt"] == work.attempt and approved["rubric"] == body),
        sheet=sheet,
    )
    return stage_of(Marking(rubric=scheme.rubric, marks={Position.FIRST: mark}, is_released=stands))


def approval(register: Register, learner: str, scheme: Scheme) -> Change:
    """Return the change that approves the draft as it stands; raise MarkIncompleteError, NotDecidedError without a work."""
    work = find_work(register, learner)
    if work is None or scheme.rubric is None:
        raise NotDecidedError
    draft = register.value(learner, RUBRIC)
    if missing_rows(scheme.rubric, fitting_sheet(scheme.rubric, draft)):
        raise MarkIncompleteError
    return Change(learner=learner, field=APPROVED, value={"attempt": work.attempt, "rubric": _body(scheme, draft)})


def release(register: Register, learner: str, scheme: Scheme, rules: LinkSettings) -> Change:
    """Return the change that releases the draft as it stands; raise MarkIncompleteError, NotDecidedError without a work.

    What counts is of this attempt and those before it, as ``rules`` say; `own` is what this one is worth.
    """
    work = find_work(register, learner)
    if work is None:
        raise NotDecidedError
    made = snapshot(register, learner, scheme)
    last = register.value(learner, RELEASED)
    before = last.get("before") if last and last.get("attempt") == work.attempt else last
    earlier = [*before["earlier"], before["own"]] if before and "own" in before else []
    own = made["share"]
    counted = counted_score([*map(Score, earlier), Score(own)], rules)
    value = made | {
        "attempt": work.attempt,
        "at": work.at.isoformat(),
        "own": own,
        "earlier": earlier,
        "share": own if counted is None else counted.as_text(),
        "before": {name: one for name, one in before.items() if name != "before"} if before else None,
    }
    return Change(learner=learner, field=RELEASED, value=value)


def withdrawal(register: Register, learner: str) -> Change:
    """Return the change that takes the released marks of the newest work back; what was released before them counts again."""
    released = register.value(learner, RELEASED)
    return Change(learner=learner, field=RELEASED, value=released.get("before") if released else None)


def worth_now(released: Mapping[str, Any] | None, scheme: Scheme, rules: LinkSettings) -> Score | None:
    """Return what counts by rubric and rules as they are now, from what the marker gave: a rescore."""
    if not released or "own" not in released:
        return computed_share(released, scheme)
    own = computed_share({**released, "share": released["own"]}, scheme)
    return None if own is None else counted_score([*map(Score, released["earlier"]), own], rules)


def _body(scheme: Scheme, draft: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a draft as far as the rubric has its rows and levels."""
    sheet = fitting_sheet(scheme.rubric, draft) if scheme.rubric is not None else None
    return {"judged": judged_body(sheet), "comments": comments_body(sheet)} if sheet is not None else {}


def _without_version(rubric: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (rubric or {}).items() if name != "version"}
