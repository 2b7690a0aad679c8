"""The register of one class session as a document that several people write to: presence, marks, who was let in.

    {"v": 1, "rev": 41, "session": {"id": "5a0c…", "state": "open", "key": "9f…", "opened_at": "…", "late_at": "…"},
     "people": {LEARNER: "name that staff typed"}, "cells": {LEARNER: {"presence": {"value": "late", "rev": 40, …}}},
     "wrong": {LEARNER: 2}, "told": {LEARNER: {…}}, "journal": [{"id": 40, "what": "mark", "cells": […]}]}

A *cell* is one thing that is said of one learner. Each carries the revision of its last change, and a page the revision
that it showed: what somebody else changed since is never overwritten, it is a conflict. Learners are keys of a platform.
Whoever stores the document holds a lock while one of these functions makes the next of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from qualoop.classroom.roll_call import Presence, RollTimes, presence
from qualoop.classroom.session import ClassRefusedError, SessionState, moved
from qualoop.errors import QualoopError

FORM_VERSION: Final = 1
MAX_BYTES: Final = 1_500_000
"""Of the document as JSON: it is read and written as a whole."""
MAX_PEOPLE: Final = 600
MAX_JOURNAL: Final = 12
"""Actions that can be taken back, the newest first."""
IMPORT: Final = "import"
"""The last table that was taken over can be taken back however much was done since."""

PRESENCE: Final = "presence"
CHECKED_AT: Final = "checked-at"
SCORE: Final = "score"
RUBRIC: Final = "rubric"
LINK: Final = "link"
LET_IN: Final = "let-in"
RELEASED: Final = "released"
FIELDS: Final = (PRESENCE, CHECKED_AT, SCORE, RUBRIC, LINK, LET_IN, RELEASED)


class RegisterRefusedError(QualoopError):
    """This cannot be written into the register as it stands now."""

    code = "register-refused"


class RegisterMovedError(RegisterRefusedError):
    """Somebody else changed the same things since the page was shown; ``cells`` are learner and field of each."""

    code = "register-moved"

    def __init__(self, cells: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.cells = tuple(cells)


class RegisterFullError(RegisterRefusedError):
    """The register holds as many people, or as much text, as it can."""

    code = "register-full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One thing said of one learner: plain JSON, since which revision, by whom (a key, empty for the learner), when."""

    value: Any
    rev: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a cell shall hold; None empties it."""

    learner: str
    field: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What somebody did in one go: by whom, when, having seen which revision; ``what`` is a word for the journal."""

    what: str
    by: str
    at: datetime
    seen: int | None = None
    is_kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An action that can be taken back: what it was, and what each cell held before."""

    id: int
    what: str
    by: str
    at: datetime
    before: tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """The session itself: its random id, how far it is, the key of its codes (hex), and when it began and ended."""

    id: str = ""
    state: SessionState = SessionState.PLANNED
    key: str = ""
    opened_at: datetime | None = None
    late_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def times(self) -> RollTimes:
        """Return when the roll call began and from when on one is late."""
        return RollTimes(opened_at=self.opened_at, late_at=self.late_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The register as it stands; every change gives another one."""

    rev: int = 0
    roll: Roll = Roll()
    people: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    wrong: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the platform and the evidence were told of each learner last."""
    journal: tuple[Done, ...] = ()

    def value(self, learner: str, name: str) -> Any:
        """Return what a cell holds, None for nothing."""
        cell = self.cells.get(learner, {}).get(name)
        return None if cell is None else cell.value

    def presence_of(self, learner: str) -> Presence:
        """Return where a learner stands; nobody is absent of a session that has not begun."""
        checked = self.value(learner, CHECKED_AT)
        mark = self.value(learner, PRESENCE) or ""
        found = presence(datetime.fromisoformat(checked) if checked else None, mark, self.roll.times)
        if found is Presence.ABSENT and not mark and self.roll.state is SessionState.PLANNED:
            return Presence.WAITING
        return found

    def changed(self, changes: Sequence[Change], action: Action) -> Self:
        """Return the register after an action, all of it or nothing; of two changes of one cell the last holds.

        Raises RegisterMovedError where a cell was changed since the revision that was seen, unless it holds what is
        wanted already; RegisterFullError.
        """
        last = {(change.learner, change.field): change for change in changes}.values()
        wanted = [change for change in last if self.value(change.learner, change.field) != change.value]
        if action.seen is not None:
            late = [each for each in wanted if self._rev(each) > action.seen]
            if late:
                raise RegisterMovedError((each.learner, each.field) for each in late)
        if not wanted:
            return self
        rev = self.rev + 1
        cells = {learner: dict(row) for learner, row in self.cells.items()}
        for each in wanted:
            # An empty cell stays with its revision: that it was emptied is a change, too.
            made = Cell(value=each.value, rev=rev, by=action.by, at=action.at)
            cells.setdefault(each.learner, {})[each.field] = made
        before = tuple((each.learner, each.field, self.value(each.learner, each.field)) for each in wanted)
        done = Done(id=rev, what=action.what, by=action.by, at=action.at, before=before)
        journal = _journal((done, *self.journal)) if action.is_kept else self.journal
        return replace(self, rev=rev, cells=cells, journal=journal).checked()

    def undone(self, done_id: int, action: Action) -> tuple[Self, tuple[tuple[str, str], ...]]:
        """Return the register with an action taken back, and the cells that were changed since, which stay as they are.

        Raises RegisterMovedError where nothing of it is left to take back.
        """
        done = next((each for each in self.journal if each.id == done_id), None)
        if done is None:
            raise RegisterMovedError
        changes = [Change(learner=learner, field=name, value=value) for learner, name, value in done.before]
        own = [change for change in changes if self._rev(change) == done_id]
        left = tuple((change.learner, change.field) for change in changes if change not in own)
        if not own:
            raise RegisterMovedError(left)
        back = self.changed(own, replace(action, seen=None, is_kept=False))
        return replace(back, journal=tuple(each for each in back.journal if each.id != done_id)), left

    def opened(self, at: datetime, *, session_id: str, key: str, late_after: timedelta) -> Self:
        """Return the register with its session open; raise ClassMovedError where it was."""
        state = moved(self.roll.state, SessionState.OPEN)
        roll = Roll(id=session_id, state=state, key=key, opened_at=at, late_at=at + late_after)
        return replace(self, rev=self.rev + 1, roll=roll)

    def closed(self, at: datetime) -> Self:
        """Return the register with its session closed; raise ClassMovedError where it is not open."""
        state = moved(self.roll.state, SessionState.CLOSED)
        return replace(self, rev=self.rev + 1, roll=replace(self.roll, state=state, closed_at=at))

    def met(self, learner: str, name: str) -> Self:
        """Return the register with somebody in it who was not; raise RegisterFullError."""
        if self.people.get(learner) == name:
            return self
        return replace(self, rev=self.rev + 1, people={**self.people, learner: name}).checked()

    def tried(self, learner: str) -> Self:
        """Return the register with one more wrong code of a learner."""
        return replace(self, wrong={**self.wrong, learner: self.wrong.get(learner, 0) + 1})

    def informed(self, learner: str, **told: Any) -> Self:
        """Return the register with what was told of a learner."""
        return replace(self, told={**self.told, learner: {**self.told.get(learner, {}), **told}})

    def cleared(self, learner: str, action: Action) -> Self:
        """Return the register with nothing said of a learner any more, which can be taken back; what was told stays told."""
        changes = [Change(learner=learner, field=name, value=None) for name in self.cells.get(learner, {})]
        wrong = {key: count for key, count in self.wrong.items() if key != learner}
        return replace(self.changed(changes, action), wrong=wrong)

    def without(self, learner: str) -> Self:
        """Return the register without anything of a person, as a learner or as who wrote something."""
        cells = {
            key: {name: replace(cell, by="") if cell.by == learner else cell for name, cell in row.items()}
            for key, row in self.cells.items()
            if key != learner
        }
        journal = [
            replace(
                done,
                by="" if done.by == learner else done.by,
                before=tuple(each for each in done.before if each[0] != learner),
            )
            for done in self.journal
        ]
        return replace(
            self,
            rev=self.rev + 1,
            people={key: name for key, name in self.people.items() if key != learner},
            cells=cells,
            wrong={key: count for key, count in self.wrong.items() if key != learner},
            told={key: told for key, told in self.told.items() if key != learner},
            journal=tuple(done for done in journal if done.before),
        )

    def checked(self) -> Self:
        """Return the register; raise RegisterFullError where it is larger than it may be."""
        if self.filled > 1:
            raise RegisterFullError
        return self

    @property
    def filled(self) -> float:
        """Return how full the register is, of people or of text, whichever is nearer to its bound; above 1 is refused."""
        size = len(json.dumps(self.as_json(), ensure_ascii=False).encode())
        return max(len(self.people) / MAX_PEOPLE, len(self.cells) / MAX_PEOPLE, size / MAX_BYTES)

    def _rev(self, change: Change) -> int:
        cell = self.cells.get(change.learner, {}).get(change.field)
        return 0 if cell is None else cell.rev

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a document that `as_json` made; an empty one is a register with nothing in it."""
        if not document:
            return cls()
        if document.get("v") != FORM_VERSION:
            raise ClassRefusedError("this register was written by another version")
        roll: dict[str, Any] = {
            name: _moment(value) if name.endswith("_at") else value for name, value in document["session"].items()
        }
        return cls(
            rev=document["rev"],
            roll=Roll(**{**roll, "state": SessionState(roll["state"])}),
            people=dict(document["people"]),
            cells={
                learner: {name: _cell(cell) for name, cell in row.items()} for learner, row in document["cells"].items()
            },
            wrong=dict(document["wrong"]),
            told={learner: dict(told) for learner, told in document["told"].items()},
            journal=tuple(_done(done) for done in document["journal"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the register as plain JSON."""
        roll = self.roll
        return {
            "v": FORM_VERSION,
            "rev": self.rev,
            "session": {
                "id": roll.id,
                "state": roll.state.value,
                "key": roll.key,
                **{name: _text(getattr(roll, name)) for name in ("opened_at", "late_at", "closed_at")},
            },
            "people": dict(self.people),
            "cells": {
                learner: {
                    name: {"value": cell.value, "rev": cell.rev, "by": cell.by, "at": cell.at.isoformat()}
                    for name, cell in row.items()
                }
                for learner, row in self.cells.items()
            },
            "wrong": dict(self.wrong),
            "told": {learner: dict(told) for learner, told in self.told.items()},
            "journal": [
                {
                    "id": done.id,
                    "what": done.what,
                    "by": done.by,
                    "at": done.at.isoformat(),
                    "before": [*map(list, done.before)],
                }
                for done in self.journal
            ],
        }


def _journal(every: Sequence[Done]) -> tuple[Done, ...]:
    """Return the actions that stay: the newest ones, and the last table."""
    newest = tuple(every[:MAX_JOURNAL])
    if any(done.what == IMPORT for done in newest):
        return newest
    return (*newest, *[done for done in every[MAX_JOURNAL:] if done.what == IMPORT][:1])


def _cell(found: Mapping[str, Any]) -> Cell:
    return Cell(value=found["value"], rev=found["rev"], by=found["by"], at=datetime.fromisoformat(found["at"]))


def _done(found: Mapping[str, Any]) -> Done:
    before = tuple((learner, name, value) for learner, name, value in found["before"])
    at = datetime.fromisoformat(found["at"])
    return Done(id=found["id"], what=found["what"], by=found["by"], at=at, before=before)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
