"""What staff do in a class block: each action changes the register or shows a part of it, and says what came of it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from qualoop.assessment.marking import MarkIncompleteError, Stage
from qualoop.classroom.class_marks import Scheme, read_points, score_cell, snapshot, stage
from qualoop.classroom.register import (
    LET_IN,
    LINK,
    PRESENCE,
    RELEASED,
    RUBRIC,
    SCORE,
    Action,
    Change,
    Register,
    RegisterMovedError,
)
from qualoop.classroom.register_tables import is_link
from qualoop.classroom.roll_call import CAME, MARKS, Presence
from qualoop.classroom.session import ClassRefusedError
from qualoop.player import UnknownActionError
from xblocks.common.register_people import Somebody, added_key, class_of, cleaned_name
from xblocks.common.replies import whole_number
from xblocks.common.rubric_view import read_draft

KEY_BYTES: Final = 32
LIST: Final = "list"
PERSON: Final = "person"
TABLE: Final = "table"

Make = Callable[[Register], Register]
Change_ = Callable[[Make], Register]


class ActRefusedError(ClassRefusedError):
    """An action cannot be done; ``code`` is a word of `words.REFUSED`, ``details`` say of whom."""

    def __init__(self, code: str, details: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.details = tuple(details)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something to tell: ``code`` is a word of `REFUSED` or `DONE`; ``count`` fills its place, ``rows`` are listed below."""

    code: str
    tone: str = ""
    count: int = 0
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows after an action; ``form`` is what was typed and not written."""

    panel: str = LIST
    who: str = ""
    said: tuple[Said, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False
    table: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An action of staff: the fields of its form, by whom, when; ``change`` writes the register under its lock."""

    block: Any
    form: Mapping[str, str]
    by: str
    now: datetime
    scheme: Scheme
    register: Register
    change: Change_

    @property
    def seen(self) -> int:
        """Return the revision that the form's page showed; 0 where it says none, so that nothing is overwritten."""
        return whole_number(self.form.get("rev", ""))

    def action(self, what: str, *, seen: bool = True, is_kept: bool = True) -> Action:
        """Return what the register notes of this."""
        return Action(what=what, by=self.by, at=self.now, seen=self.seen if seen else None, is_kept=is_kept)

    def people(self) -> Sequence[Somebody]:
        """Return the people of the class."""
        return class_of(self.block, self.register)

    def somebody(self, key: str) -> Somebody:
        """Return a person of the class; raise ActRefusedError."""
        found = next((who for who in self.people() if who.key == key), None)
        if found is None:
            raise ActRefusedError("nobody")
        return found


def _open(deed: Deed) -> Shown:
    minutes = deed.block.late_minutes
    late_after = timedelta(minutes=min(max(minutes if isinstance(minutes, int) else 0, 0), 1440))
    key, session = secrets.token_hex(KEY_BYTES), str(uuid.uuid4())
    deed.change(lambda it: it.opened(deed.now, session_id=session, key=key, late_after=late_after))
    return Shown(said=(Said(code="opened", tone="good"),))


def _close(deed: Deed) -> Shown:
    deed.change(lambda it: it.closed(deed.now))
    return Shown(said=(Said(code="closed", tone="good"),))


def _mark(deed: Deed) -> Shown:
    """Mark a learner, or show one: the whole list is one form, so that the page of a large class stays small."""
    if "mark" not in deed.form:
        return _show(deed)
    key, _, word = deed.form.get("mark", "").rpartition(" ")
    who = deed.somebody(key)
    if word not in set(MARKS):
        raise UnknownActionError(word)
    change = Change(learner=who.key, field=PRESENCE, value=word)
    deed.change(lambda it: it.changed([change], deed.action("mark")))
    return Shown()


def _all_present(deed: Deed) -> Shown:
    """Mark everybody present of whom nothing is known yet: a mark that somebody made stays."""
    people = deed.people()

    def make(it: Register) -> Register:
        changes = [
            Change(learner=who.key, field=PRESENCE, value=Presence.PRESENT.value)
            for who in people
            if not it.value(who.key, PRESENCE) and it.presence_of(who.key) not in CAME
        ]
        return it.changed(changes, deed.action("all-present", seen=False))

    after = deed.change(make)
    count = sum(after.rev == cell.rev for row in after.cells.values() for cell in row.values())
    return Shown(said=(Said(code="all-present", tone="good", count=count if after.rev > deed.register.rev else 0),))


def _undo(deed: Deed) -> Shown:
    text = deed.form.get("undo", "")
    left: list[tuple[str, str]] = []

    def make(it: Register) -> Register:
        after, kept = it.undone(whole_number(text), deed.action("undo", seen=False))
        left[:] = kept
        return after

    deed.change(make)
    names = {who.key: who.name for who in deed.people()}
    rows = tuple(sorted({names.get(learner, "") for learner, _ in left}))
    return Shown(said=(Said(code="undone-partly" if rows else "undone", tone="partly" if rows else "good", rows=rows),))


def _let_in(deed: Deed) -> Shown:
    who = deed.somebody(deed.form.get("who", ""))
    value = None if deed.register.value(who.key, LET_IN) else True
    change = Change(learner=who.key, field=LET_IN, value=value)
    deed.change(lambda it: it.changed([change], deed.action("let-in", seen=False)))
    return Shown(panel=PERSON, who=who.key, said=(Said(code="let-in" if value else "let-in-ended", tone="good"),))


def _add(deed: Deed) -> Shown:
    name = cleaned_name(deed.form.get("name", ""))
    key = added_key(name)
    if not name or any(who.key == key for who in deed.people()):
        raise ActRefusedError("name-missing")
    deed.change(lambda it: it.met(key, name))
    return Shown(said=(Said(code="added", tone="good", rows=(name,)),))


def _show(deed: Deed) -> Shown:
    return Shown(panel=PERSON, who=deed.somebody(deed.form.get("who", "")).key)


def _list(deed: Deed) -> Shown:
    return Shown()


def _save(deed: Deed) -> Shown:
    """Write a draft, and release it where that button was pressed; what cannot be read is told, the rest is kept."""
    who = deed.somebody(deed.form.get("who", ""))
    changes, said = _draft(deed, who.key)
    is_release = "release" in deed.form
    incomplete: list[bool] = []

    def make(it: Register) -> Register:
        action = deed.action("release" if is_release else "save")
        after = it.changed(changes, action)
        if not is_release:
            return after
        try:
            released = Change(learner=who.key, field=RELEASED, value=snapshot(after, who.key, deed.scheme))
        except MarkIncompleteError:
            incomplete.append(True)
            return after
        return it.changed([*changes, released], action)

    try:
        deed.change(make)
    except RegisterMovedError:
        # What was typed is shown again, over what stands there now: the next press writes it knowingly.
        return Shown(panel=PERSON, who=who.key, said=(_moved(),), form=deed.form, is_refused=True)
    if incomplete:
        said.append(Said(code="mark-incomplete", tone="bad"))
    elif not said:
        code = "released" if is_release else "saved"
        return Shown(panel=PERSON, who=who.key, said=(Said(code=code, tone="good", count=1),))
    return Shown(panel=PERSON, who=who.key, said=tuple(said), is_refused=any(each.tone == "bad" for each in said))


def _draft(deed: Deed, who: str) -> tuple[list[Change], list[Said]]:
    """Return what a form of marks would write, and what in it cannot be."""
    form, scheme = deed.form, deed.scheme
    changes: list[Change] = []
    said: list[Said] = []
    if scheme.full:
        typed = form.get("points", "").strip()
        points = read_points(typed, scheme.full) if typed else None
        if typed and points is None:
            said.append(Said(code="points-refused", tone="bad"))
        elif points is not None and points.was_changed:
            said.append(Said(code="points-changed", tone="partly", rows=(f"{typed} → {points.value:f}",)))
        value = score_cell(points.value if points is not None else None, form.get("comment", ""))
        changes.append(Change(learner=who, field=SCORE, value=value))
    if scheme.rubric is not None:
        value, is_wrong = read_draft(scheme.rubric, form, deed.register.value(who, RUBRIC))
        changes.append(Change(learner=who, field=RUBRIC, value=value))
        if is_wrong:
            said.append(Said(code="level-points", tone="partly"))
    link = form.get("link", "").strip()
    if link and not is_link(link):
        said.append(Said(code="link-refused", tone="bad"))
    else:
        changes.append(Change(learner=who, field=LINK, value=link or None))
    return changes, said


def _withdraw(deed: Deed) -> Shown:
    who = deed.somebody(deed.form.get("who", ""))
    change = Change(learner=who.key, field=RELEASED, value=None)
    deed.change(lambda it: it.changed([change], deed.action("release")))
    return Shown(panel=PERSON, who=who.key, said=(Said(code="withdrawn", tone="good"),))


def _release_all(deed: Deed) -> Shown:
    """Release every draft that is complete, and say how many are not."""
    people = deed.people()
    left: list[str] = []
    done: list[str] = []

    def make(it: Register) -> Register:
        left.clear()
        done.clear()
        changes = []
        for who in people:
            if stage(it, who.key, deed.scheme) is Stage.DRAFT:
                try:
                    changes.append(Change(learner=who.key, field=RELEASED, value=snapshot(it, who.key, deed.scheme)))
                    done.append(who.name)
                except MarkIncompleteError:
                    left.append(who.name)
        return it.changed(changes, deed.action("release", seen=False))

    deed.change(make)
    said = [Said(code="released", tone="good", count=len(done))]
    if left:
        said.append(Said(code="not-released", tone="partly", rows=tuple(left)))
    return Shown(said=tuple(said))


def _moved(rows: Sequence[str] = ()) -> Said:
    return Said(code="register-moved", tone="bad", rows=tuple(rows))


def refused(deed: Deed, error: ClassRefusedError | Any, code: str) -> Shown:
    """Return what is shown where an action was refused: what it was about, and of whom."""
    names = {who.key: who.name for who in deed.people()}
    cells = getattr(error, "cells", ())
    rows = tuple(sorted({names.get(learner, "") for learner, _ in cells} - {""})) or getattr(error, "details", ())
    said = Said(code=code, tone="bad", rows=rows)
    who = deed.form.get("who", "")
    return Shown(panel=PERSON if who in names else LIST, who=who, said=(said,), is_refused=True)


ACTS: Final[dict[str, Callable[[Deed], Shown]]] = {
    "open": _open,
    "close": _close,
    "mark": _mark,
    "all-present": _all_present,
    "undo": _undo,
    "let-in": _let_in,
    "add": _add,
    "show": _show,
    "list": _list,
    "save": _save,
    "withdraw": _withdraw,
    "release-all": _release_all,
}
