"""When a placed activity is open for a learner, what is late, what that costs, and what may be seen.

Three say when: the teacher's extension for one learner, the settings of the link, the platform. For each date the first
of them that names one holds; an extension never takes time away. All moments are aware; a limit belongs to the time
before it: what arrives at the due moment itself is in time. The clock that counts is the server's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from qualoop.assessment.settings import LinkSettings, checked_moment
from qualoop.values import Score

ONE_DAY: Final = timedelta(days=1)
FOREVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The moment of what never happens by itself."""

_SHOWS: Final = ("show_feedback", "show_solution", "show_score")


class Source(StrEnum):
    """Who said a date."""

    EXTENSION = "extension"
    LINK = "link"
    PLATFORM = "platform"


class Phase(StrEnum):
    """How a moment lies to the dates of an activity."""

    NOT_OPEN = "not-open"
    OPEN = "open"
    GRACE = "grace"
    LATE = "late"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """A date that holds, and who said it."""

    at: datetime
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What one learner was given: later dates, more attempts."""

    due_at: datetime | None = None
    closes_at: datetime | None = None
    extra_attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDates:
    """A platform's own dates of a link (LTI 1.3 Core, `ResourceLink.available.*` and `ResourceLink.submission.*`)."""

    available_from: datetime | None = None
    available_until: datetime | None = None
    submission_from: datetime | None = None
    submission_until: datetime | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> PlatformDates:
        """Return the dates of a mapping of ISO 8601 texts; what is no moment with a zone is left out."""
        return cls(**{name: _moment((stored or {}).get(name)) for name in cls.__slots__})

    @property
    def opens_at(self) -> datetime | None:
        """Return from when answers are taken: the later of the two beginnings."""
        return max(filter(None, (self.available_from, self.submission_from)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What holds for one learner at one link. ``max_attempts`` is 0 for no limit."""

    opens: Date | None
    due: Date | None
    closes: Date | None
    grace: timedelta
    settings: LinkSettings
    max_attempts: int

    @property
    def in_time_until(self) -> datetime | None:
        """Return the last moment at which an answer is in time; None where it always is."""
        return None if self.due is None else self.due.at + self.grace

    @property
    def deducts(self) -> bool:
        """Say whether being late can cost anything."""
        return self.due is not None and self.settings.late in {"daily", "once"}

    def phase(self, now: datetime) -> Phase:
        """Say how ``now`` lies to the dates."""
        limit = self.in_time_until
        if self.opens is not None and now < self.opens.at:
            return Phase.NOT_OPEN
        if self.closes is not None and now > self.closes.at:
            return Phase.CLOSED
        if self.due is None or limit is None or now <= self.due.at:
            return Phase.OPEN
        return Phase.GRACE if now <= limit else Phase.LATE

    def share_left(self, at: datetime) -> Decimal:
        """Return what is left of an answer that arrived at a moment: 1 in time, never below the floor."""
        limit, rule = self.in_time_until, self.settings
        if self.due is None or limit is None or at <= limit or not self.deducts:
            return Decimal(1)
        days = -((self.due.at - at) // ONE_DAY) if rule.late == "daily" else 1
        return max(1 - rule.late_deduction * days, rule.late_floor, Decimal(0))

    def late_score(self, earned: Iterable[tuple[datetime, Score]]) -> Score:
        """Return what an attempt is worth, by what it was worth at the moments at which that rose.

        What was earned in time stays: going on late can only add.
        """
        return max((Score(score * self.share_left(at)) for at, score in earned), default=Score(0))

    def shown_from(self, when: str) -> datetime | None:
        """Return from when something with this rule may be seen of an attempt that is handed in; None for at once."""
        if when == "never":
            return FOREVER
        if when == "on_date":
            return self.settings.shown_at or FOREVER
        return (self.in_time_until or FOREVER) if when == "after_due" else None

    @property
    def score_held_until(self) -> datetime | None:
        """Return until when no score may leave; None where nothing holds it."""
        return self.shown_from(self.settings.show_score)

    def settings_at(self, now: datetime) -> LinkSettings:
        """Return the settings as they are for this learner at a moment: no rule of time is left in when things show."""
        changes: dict[str, Any] = {}
        for name in _SHOWS:
            since = self.shown_from(getattr(self.settings, name))
            if since is not None:
                changes[name] = "never" if now < since else "after_submit"
        if self.max_attempts != self.settings.max_attempts:
            changes["max_attempts"] = self.max_attempts
        return self.settings.model_copy(update=changes) if changes else self.settings


def schedule(
    settings: LinkSettings, extension: Extension | None = None, platform: PlatformDates | None = None
) -> Schedule:
    """Return what holds for a learner with these settings, this extension, and these dates of the platform."""
    given, told = extension or Extension(), platform or PlatformDates()
    grace = timedelta(minutes=settings.grace_minutes)
    due = _later(given.due_at, _first(settings.due_at, told.submission_until))
    return Schedule(
        opens=_first(settings.opens_at, told.opens_at),
        due=due,
        closes=_closing(settings, given, told, due=due, grace=grace),
        grace=grace,
        settings=settings,
        max_attempts=settings.max_attempts and settings.max_attempts + given.extra_attempts,
    )


def _closing(
    settings: LinkSettings, given: Extension, told: PlatformDates, *, due: Date | None, grace: timedelta
) -> Date | None:
    """Return when nothing is taken any more: never before an extension's due date and its grace are over."""
    named = _later(given.closes_at, _first(settings.closes_at, told.available_until))
    end = None if due is None else Date(at=due.at + grace, source=due.source)
    if end is None or (named is None and settings.late != "refuse"):
        return named
    if settings.late == "refuse":
        # A later closing date of the same rank says nothing more: what is late is not taken.
        return end if end.source is Source.EXTENSION or named is None or end.at <= named.at else named
    return end if named is not None and end.source is Source.EXTENSION and end.at > named.at else named


def _first(link: datetime | None, platform: datetime | None) -> Date | None:
    if link is not None:
        return Date(at=link, source=Source.LINK)
    return None if platform is None else Date(at=platform, source=Source.PLATFORM)


def _later(extension: datetime | None, otherwise: Date | None) -> Date | None:
    """Return the extension's date where it gives time: where there is no other date, there is nothing to extend."""
    if extension is None or otherwise is None or extension <= otherwise.at:
        return otherwise
    return Date(at=extension, source=Source.EXTENSION)


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if found is None or found.tzinfo is None else checked_moment(found)
    except ValueError:
        return None
