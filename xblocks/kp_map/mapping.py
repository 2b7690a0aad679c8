"""What the learner's map shows: the framework's points with what is known of each, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from qualoop.framework import Framework, Unit
from qualoop.player import NextActivity
from xblocks.common.cache import Following, MasteryMap, PointState

OLD: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a status is shown: its word, the tone of its badge, and a sign where there is no room for the word."""

    word: str
    tone: str
    sign: str


MARKS: Final[Mapping[str, Mark]] = {
    "competent": Mark(word=_("Competent"), tone="good", sign="✓✓"),
    "provisional": Mark(word=_("Provisionally secure"), tone="good", sign="✓"),
    "developing": Mark(word=_("Developing"), tone="partly", sign="↗"),
    "review-due": Mark(word=_("Review due"), tone="partly", sign="↻"),
    "under-appeal": Mark(word=_("Under appeal"), tone="partly", sign="!"),
    "withdrawn": Mark(word=_("Withdrawn"), tone="bad", sign="✕"),
}
"""By the words of `qualoop.records.Status`, in the order in which they are counted; no evidence has no mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One knowledge point; ``state`` is None where there is no evidence."""

    code: str
    title: str
    state: PointState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPoints:
    """A unit of competency and its points; ``is_known`` says that there is evidence of one."""

    code: str
    title: str
    points: tuple[Point, ...]

    @property
    def is_known(self) -> bool:
        """Return whether anything is known of the unit."""
        return any(point.state for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """When what is shown was computed: the moment as people read it, and how many whole hours ago."""

    at: str
    words: str
    hours: int
    is_old: bool


def marks(gettext: Callable[[str], str]) -> dict[str, Mark]:
    """Return how each status is shown in a language."""
    return {name: Mark(word=gettext(mark.word), tone=mark.tone, sign=mark.sign) for name, mark in MARKS.items()}


def units_of(framework: Framework, unit: str) -> tuple[Unit, ...]:
    """Return the unit of this code, every one where it is empty or unknown."""
    found = framework.units.get(unit)
    return (found,) if found is not None else tuple(framework.units.values())


def unit_points(
    framework: Framework, units: Sequence[Unit], own: MasteryMap | None, language: str
) -> tuple[UnitPoints, ...]:
    """Return units with their points and what is known of them, those of which something is known first."""
    known = own.points if own is not None else {}
    rows = [
        UnitPoints(
            code=unit.code,
            title=unit.title[language],
            points=tuple(
                Point(code=point.code, title=point.title[language], state=known.get(point.code))
                for point in framework.knowledge_points_of_unit(unit.code)
            ),
        )
        for unit in units
    ]
    return tuple(sorted(rows, key=lambda row: not row.is_known))


def counted(units: Sequence[UnitPoints]) -> list[tuple[str, int]]:
    """Return how many of the points shown have each status, as far as any has; a point of two units counts once."""
    found = {point.code: point.state.status for unit in units for point in unit.points if point.state}
    counts = Counter(found.values())
    return [(status, counts[status]) for status in (*MARKS, *sorted(counts.keys() - MARKS.keys())) if counts[status]]


def next_of(following: Following | None, language: str, place: Callable[[str], str | None]) -> NextActivity | None:
    """Return what to do next in a language; ``place`` says where in the course an activity is."""
    if following is None:
        return None
    return NextActivity(
        title=_said(following.title, language),
        reason=_said(following.reason, language),
        url=place(following.activity),
    )


def as_state(own: MasteryMap, units: Sequence[UnitPoints], following: NextActivity | None) -> dict[str, Any]:
    """Return what an app may know of a learner's map, as plain JSON: of each point that is shown and known, once."""
    states = {point.code: point.state for unit in units for point in unit.points if point.state is not None}
    return {
        "as_of": own.as_of.isoformat(),
        "knowledge_points": [
            {
                "code": code,
                "status": state.status,
                "level": state.known.level if state.known else None,
                "low": state.known.low if state.known else None,
                "high": state.known.high if state.known else None,
                "responses": state.known.responses if state.known else 0,
                "last": state.last.isoformat() if state.last else None,
            }
            for code, state in states.items()
        ],
        "next": asdict(following) if following is not None else None,
    }


def age_of(as_of: datetime, now: datetime) -> Age:
    """Return how old something is, never less than nothing: two machines' clocks differ."""
    since = max(now - as_of, timedelta(0))
    return Age(at=as_of.isoformat(), words=f"{as_of:%Y-%m-%d %H:%M} UTC", hours=int(since // HOUR), is_old=since > OLD)


def _said(text: Mapping[str, str], language: str) -> str:
    """Return a text in a language, else in the one that it has."""
    return text.get(language) or next(iter(text.values()), "")
