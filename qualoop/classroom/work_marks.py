"""Work that was handed in and is judged by a rubric, in a register: waiting, draft, approved, released.

    work      {"attempt": "5a0c…", "number": 2, "at": "…", "content": "f604…"}     what is marked: what was handed in last
    next      the same of the work after it, which waits behind marks that staff took back or are changing
    rubric    {"judged": …, "comments": …}                                         the marker's draft of it
    approved  {"attempt": "5a0c…", "digest": "9f86…"}                              which draft was approved, until it is released
    released  the copy that counts, as `class_marks.snapshot` makes it, with the attempt and what came before it, without words

The text itself is not in the register: a class of long texts would not fit. The marks are `qualoop.assessment.marking`'s.
Nothing here is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import rfc8785

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
NEXT: Final = "next"
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
    """Return the work of a learner that is marked now; None where nothing was handed in."""
    return _work(register.value(learner, WORK))


def newest_work(register: Register, learner: str) -> HandedIn | None:
    """Return what a learner handed in last; None before that."""
    return _work(register.value(learner, NEXT)) or find_work(register, learner)


def handed_in(register: Register, learner: str, work: HandedIn) -> Register:
    """Return the register with a work that waits to be marked; what was released before it stays until its own marks are.

    Marks of the work before it that are not out, because staff took them back or are changing them, are not lost: the
    work waits behind them.
    """
    if newest_work(register, learner) == work:
        return register
    if register.value(learner, RUBRIC) and not _is_settled(register, learner):
        changes: Sequence[Change] = [Change(learner=learner, field=NEXT, value=work.as_json())]
    else:
        changes = _instead(learner, work.as_json())
    return register.changed(changes, Action(what="work", by="", at=work.at, is_kept=False))


def next_up(register: Register, learner: str) -> Sequence[Change]:
    """Return the changes that let the work that waits behind another be marked in its place; none where none waits."""
    found = register.value(learner, NEXT)
    return _instead(learner, found) if found else ()


def moved_up(register: Register) -> Register:
    """Return the register with every work to be marked that waited behind one whose marks are out now."""
    for learner in register.cells:
        found = _work(register.value(learner, NEXT))
        if found is not None and _is_settled(register, learner):
            action = Action(what="work", by="", at=found.at, is_kept=False)
            register = register.changed(next_up(register, learner), action)
    return register


def is_out(register: Register, learner: str) -> bool:
    """Return whether the marks of the work that is marked are released, whatever staff have changed in the draft since."""
    work, released = find_work(register, learner), register.value(learner, RELEASED)
    return work is not None and bool(released) and released.get("attempt") == work.attempt


def told_stage(register: Register, learner: str, scheme: Scheme) -> Stage | None:
    """Return where the marking of the newest work stands for the learner: what is released stays so while staff change it."""
    if register.value(learner, NEXT):
        return Stage.WAITING
    return Stage.RELEASED if is_out(register, learner) else stage(register, learner, scheme)


def stage(register: Register, learner: str, scheme: Scheme) -> Stage | None:
    """Return where the marking of a learner's work stands for who marks; None where there is none."""
    work = find_work(register, learner)
    if work is None or scheme.rubric is None:
        return None
    draft, approved, released = (register.value(learner, name) for name in (RUBRIC, APPROVED, RELEASED))
    is_of_this = is_out(register, learner)
    if not draft and not is_of_this:
        return Stage.WAITING
    sheet = fitting_sheet(scheme.rubric, draft)
    body = _body(scheme, draft)
    stands = is_of_this and _without_version(released.get("rubric")) == body
    # By a rubric that has more rows since, it could not be released as it stands.
    is_approved = bool(approved) and approved == _approved(work, body) and not missing_rows(scheme.rubric, sheet)
    marker = register.cells[learner][RUBRIC].by if draft else ""
    mark = Mark(position=Position.FIRST, marker=marker, is_approved=is_approved, sheet=sheet)
    return stage_of(Marking(rubric=scheme.rubric, marks={Position.FIRST: mark}, is_released=stands))


def approval(register: Register, learner: str, scheme: Scheme) -> Change:
    """Return the change that approves the draft as it stands; raise MarkIncompleteError, NotDecidedError without a work."""
    work = find_work(register, learner)
    if work is None or scheme.rubric is None:
        raise NotDecidedError
    draft = register.value(learner, RUBRIC)
    if missing_rows(scheme.rubric, fitting_sheet(scheme.rubric, draft)):
        raise MarkIncompleteError
    return Change(learner=learner, field=APPROVED, value=_approved(work, _body(scheme, draft)))


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
        "before": _without_words(before) if before else None,
    }
    return Change(learner=learner, field=RELEASED, value=value)


def let_out(
    register: Register, learners: Sequence[str], action: Action, *, scheme: Scheme, rules: LinkSettings
) -> Register:
    """Return the register with the drafts of learners released; raises what `release` raises.

    An approval is used up by it: what is taken back is a draft, which no date releases again.
    """
    after = register.changed([release(register, learner, scheme, rules) for learner in learners], action)
    used = [Change(learner=learner, field=APPROVED, value=None) for learner in learners]
    return after.changed(used, replace(action, seen=None, is_kept=False))


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


def _work(cell: Mapping[str, Any] | None) -> HandedIn | None:
    return HandedIn(**{**cell, "at": datetime.fromisoformat(cell["at"])}) if cell else None


def _is_settled(register: Register, learner: str) -> bool:
    """Return whether the marks of the work that is marked are out as they stand, by whatever rubric that was."""
    released = register.value(learner, RELEASED)
    return is_out(register, learner) and _without_version(released.get("rubric")) == register.value(learner, RUBRIC)


def _instead(learner: str, work: Mapping[str, Any]) -> Sequence[Change]:
    """Return the changes that let a work be the one that is marked, with nothing said of it."""
    cells = {WORK: work, RUBRIC: None, APPROVED: None, NEXT: None}
    return [Change(learner=learner, field=name, value=value) for name, value in cells.items()]


def _approved(work: HandedIn, body: Mapping[str, Any]) -> dict[str, str]:
    """Return what notes that a draft was approved: its digest, for a second copy of all comments would not fit."""
    return {"attempt": work.attempt, "digest": hashlib.sha256(rfc8785.dumps(dict(body))).hexdigest()}


def _without_words(released: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was released before, for what it is worth: its comments would fill the register."""
    kept = {name: one for name, one in released.items() if name != "before"}
    return kept | {"rubric": {**released["rubric"], "comments": {}}} if released.get("rubric") else kept


def _without_version(rubric: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (rubric or {}).items() if name != "version"}
