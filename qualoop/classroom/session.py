"""A class session: planned, open, closed, and only forward; its plan in steps with minutes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.errors import QualoopError

MAX_STEPS: Final = 30
MAX_STEP: Final = 120
MAX_MINUTES: Final = 600
CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that are read as digits: I, L and O."""
CODE_LENGTH: Final = 6

_STEP: Final = re.compile(r"(?:(\d{1,3})(?!\d)\s*(?:min\b|m\b|'|分钟|分)?[\s:：.、·-]*)?(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ClassTitle:
    """The title of a class: ``title`` in ``language`` where that is known, ``other`` in the other language if there is any."""

    title: str
    language: str | None = None
    other: str | None = None

    def __getitem__(self, language: str) -> str:
        """Return the title in a language, else in the one that it has."""
        return self.other if self.other and language != self.language else self.title


class ClassRefusedError(QualoopError):
    """This cannot be done in the class as it stands now."""

    code = "class-refused"


class ClassMovedError(ClassRefusedError):
    """The class had moved on when this was sent."""

    code = "class-moved"


class ClassClosedError(ClassRefusedError):
    """The class session is not open."""

    code = "class-closed"


class SessionState(StrEnum):
    """How far a class session is."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


_NEXT: Final = {SessionState.PLANNED: SessionState.OPEN, SessionState.OPEN: SessionState.CLOSED}


def moved(state: SessionState, wanted: SessionState) -> SessionState:
    """Return ``wanted`` where it is what follows ``state``; raise ClassMovedError for all else, a repeat included."""
    if _NEXT.get(state) is not wanted:
        raise ClassMovedError
    return wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One step of a class plan; ``minutes`` from 0 (none named) to 600."""

    minutes: int
    title: str


def read_plan(text: str) -> tuple[PlanStep, ...]:
    """Return the steps in a text, one a line, minutes first where any are named: `10 Vote and discuss`.

    At most 30 steps of 120 characters: what is beyond is cut off, since it is the teacher's own note.
    """
    steps = []
    for line in text.splitlines():
        minutes, title = _split(line)
        if title:
            steps.append(PlanStep(minutes=min(minutes, MAX_MINUTES), title=title[:MAX_STEP]))
    return tuple(steps[:MAX_STEPS])


def plan_text(steps: Sequence[PlanStep]) -> str:
    """Return the text that `read_plan` makes steps of: without minutes where none are named."""
    return "\n".join(
        step.title if not step.minutes and _split(step.title) == (0, step.title) else f"{step.minutes} {step.title}"
        for step in steps
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFault:
    """What `read_plan` would change of a line, counted from 1: `minutes`, `empty`, `long`, `many`."""

    line: int
    code: str


def plan_faults(text: str) -> tuple[PlanFault, ...]:
    """Return the lines of a plan that would not be kept as they were typed."""
    faults, count = [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        count += 1
        minutes, title = _split(line)
        code = "many" if count > MAX_STEPS else "empty" if not title else ""
        code = code or ("minutes" if minutes > MAX_MINUTES else "long" if len(title) > MAX_STEP else "")
        if code:
            faults.append(PlanFault(line=number, code=code))
    return tuple(faults)


def _split(line: str) -> tuple[int, str]:
    """Return the minutes and the words of a line."""
    found = _STEP.fullmatch(" ".join(line.split()))
    return (int(found[1] or 0), found[2].strip()) if found else (0, "")


def cleaned_code(text: str) -> str:
    """Return a code as it was typed in capitals: its letters and digits, at most 16."""
    return re.sub(r"[^A-Z0-9]+", "", text[:64].upper())[:16]
