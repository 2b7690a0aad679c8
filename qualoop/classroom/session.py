"""A class session: planned, open, closed, and only forward; its plan in steps with minutes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from qualoop.errors import QualoopError
from qualoop.values import Text

MAX_STEPS: Final = 30
MAX_STEP: Final = 120
MAX_MINUTES: Final = 600
CODE_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that are read as digits: I, L and O."""
CODE_LENGTH: Final = 6

DEFAULT_STEPS: Final[Mapping[str, Text]] = {
    "arrive": Text({"en": "Arrive, roll call", "zh-Hans": "到课签到"}),
    "unclear": Text({"en": "What was still unclear", "zh-Hans": "解答课前仍不清楚的问题"}),
    "vote": Text({"en": "Vote, discuss, vote again: three questions", "zh-Hans": "投票—讨论—再投票：三道题"}),
    "groups": Text({"en": "Work in groups on a task of the practice", "zh-Hans": "分组完成实训中的一项任务"}),
    "sum-up": Text({"en": "Sum up, and what comes next", "zh-Hans": "小结与下一步安排"}),
}
"""The words of the steps that a plan begins with, by code."""

# 分 is a minute, and begins words that are none: 分组, 分享, 分析.
_STEP: Final = re.compile(
    r"(?:(\d{1,3})(?!\d)\s*(?:min\b|m\b|'|分钟|分(?![组享析工配类段别成发数]))?[\s:：.、·-]*)?(.*)", re.IGNORECASE
)


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
    """One step of a class plan; ``minutes`` from 0 (none named) to 600.

    A step that a plan began with has a ``code``: every reader finds its words in the own language. What somebody typed
    has none, and stays as it was typed.
    """

    minutes: int
    title: str
    code: str = ""

    def in_language(self, language: str) -> PlanStep:
        """Return the step as it is shown in a language."""
        words = DEFAULT_STEPS.get(self.code)
        return replace(self, title=words[language]) if words else self


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


def default_step(code: str, minutes: int) -> PlanStep:
    """Return a step that plans begin with."""
    return PlanStep(minutes=minutes, title=DEFAULT_STEPS[code]["en"], code=code)


def retyped(steps: Sequence[PlanStep], known: Sequence[PlanStep], language: str) -> tuple[PlanStep, ...]:
    """Return typed steps: those whose words are those of a ``known`` step, as it was shown in a language, keep its code."""
    codes = {step.in_language(language).title: step.code for step in known if step.code}
    return tuple(replace(step, code=codes.get(step.title, "")) for step in steps)


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
