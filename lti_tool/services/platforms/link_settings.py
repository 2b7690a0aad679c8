"""The settings of a resource link, as it stores them, and what they come to for one learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from lti_tool.db import moment, stored_json
from qualoop.assessment import Extension, LinkSettings, LinkSettingsError, PlatformDates, Schedule, schedule

DEFAULT: Final = LinkSettings()
DEFAULT_SCHEDULE: Final = schedule(DEFAULT)
DATES: Final = frozenset({"opens_at", "due_at", "closes_at", "shown_at"})

SETTINGS_PARAMETER: Final = "qualoop_settings"
"""The custom parameter that brings what was chosen in the platform's dialog: it survives the copy of a course."""
MAX_PARAMETER: Final = 1000

_COURSE: Final = "course"
_MARK_LENGTH: Final = 12
_TRAVELLING: Final = DATES | {"max_attempts", "counts", "late", "late_deduction", "grace_minutes"}

SCHEDULE: Final = "SELECT l.settings, l.platform_dates, e.due_at, e.closes_at, e.extra_attempts, "
"""The columns that `schedule_of` reads, of a resource link `l` and its extension `e` for one learner."""


def link_settings(stored: Mapping[str, Any]) -> LinkSettings:
    """Return the settings of a link; what it does not set has its default."""
    return LinkSettings.model_validate(stored) if stored else DEFAULT


def as_stored(settings: LinkSettings) -> dict[str, Any]:
    """Return settings as a link stores them: what differs from the defaults."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def schedule_of(row: Sequence[Any]) -> Schedule:
    """Return what holds for a learner, by the columns of SCHEDULE as a driver's cursor gives them."""
    settings, dates = stored_json(row[0]), stored_json(row[1])
    due_at, closes_at, extra = row[2:5]
    if not settings and not dates and extra is None:
        return DEFAULT_SCHEDULE
    extension = None
    if extra is not None:
        extension = Extension(
            due_at=None if due_at is None else moment(due_at),
            closes_at=None if closes_at is None else moment(closes_at),
            extra_attempts=extra,
        )
    return schedule(link_settings(settings), extension, PlatformDates.read(dates))


def for_copy(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored settings for a copy of the link in another course: all but the dates, which were another term's."""
    kept = {name: value for name, value in stored.items() if name not in DATES}
    waits = {"show_feedback", "show_solution", "show_score"}
    # Whatever waited for a date now waits until somebody sets a due date, beside what waited for that one already.
    return {name: "after_due" if name in waits and value == "on_date" else value for name, value in kept.items()}


def as_parameter(settings: LinkSettings, course: str) -> str:
    """Return what a teacher chose as one line of plain text: `due_at=2026-12-03T18:00Z&counts=latest&course=5f…`.

    Lines and quotes would not come back from every platform. ``course`` is the platform's id of the course.
    """
    chosen = {name: value for name, value in as_stored(settings).items() if name in _TRAVELLING}
    if not chosen:
        return ""
    return "&".join(f"{name}={value}" for name, value in sorted({**chosen, _COURSE: mark_of(course)}.items()))


def from_parameter(text: str, course: str) -> dict[str, Any]:
    """Return the settings that a custom parameter brings, as a link stores them; nothing where it cannot be read.

    In another course than the one in which they were chosen they are a copy's.
    """
    if not text or len(text) > MAX_PARAMETER:
        return {}
    pairs = dict(piece.partition("=")[::2] for piece in text.split("&"))
    is_copy = pairs.pop(_COURSE, "") != mark_of(course)
    try:
        stored = as_stored(LinkSettings.read({n: value for n, value in pairs.items() if n in _TRAVELLING}))
    except LinkSettingsError:
        return {}
    return for_copy(stored) if is_copy else stored


def mark_of(course: str) -> str:
    """Return what tells one course from others without naming it."""
    return sha256(course.encode()).hexdigest()[:_MARK_LENGTH]
