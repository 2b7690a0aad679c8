"""What a platform tells of a link in custom parameters: which links and courses it was copied from, and its dates.

The values come through substitution variables of LTI 1.3 core, appendix A. A platform that does not know a variable
leaves it as it is (`$ResourceLink.id.history`), or sends nothing: both tell nothing. An empty value is an answer: there
is no such date, the link is no copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import unquote

#: Custom parameter -> the variable that a platform fills in.
HISTORY: Final[Mapping[str, str]] = {
    "context_id_history": "Context.id.history",
    "resource_link_id_history": "ResourceLink.id.history",
}
DATES: Final[Mapping[str, str]] = {
    "available_from": "ResourceLink.available.startDateTime",
    "available_until": "ResourceLink.available.endDateTime",
    "submission_from": "ResourceLink.submission.startDateTime",
    "submission_until": "ResourceLink.submission.endDateTime",
}
#: What each custom parameter is set to where we write the parameters ourselves.
CUSTOM: Final[Mapping[str, str]] = {name: f"${variable}" for name, variable in {**HISTORY, **DATES}.items()}

MAX_ANCESTORS: Final = 50
MAX_ID: Final = 255
#: Characters of a date: from a day alone to one with every fraction and a zone.
DATE_LENGTHS: Final = range(10, 65)


class History(NamedTuple):
    """Ids of the links and of the courses that this one was copied from, newest first, at most MAX_ANCESTORS each."""

    links: tuple[str, ...]
    contexts: tuple[str, ...]


def history_of(custom: Mapping[str, str]) -> History:
    """Return what the link was copied from; nothing where the platform does not tell."""
    return History(
        _ids(_told(custom, "resource_link_id_history") or ""), _ids(_told(custom, "context_id_history") or "")
    )


def dates_of(custom: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return the dates by their names in DATES, ISO 8601 in UTC; None where the platform tells nothing of any.

    A date that cannot be read counts as none: the lesson opens all the same.
    """
    told = {name: value for name in DATES if (value := _told(custom, name)) is not None}
    if not told:
        return None
    return {name: date for name, value in told.items() if (date := _date(value))}


def _told(custom: Mapping[str, str], name: str) -> str | None:
    """Return the value of a parameter, None where it is absent or the variable itself."""
    value = custom.get(name)
    return None if value is None or value.startswith("$") else value.strip()


def _ids(listed: str) -> tuple[str, ...]:
    """Return the ids of a list that is parted by commas, each percent-encoded; what can be no id is left out."""
    if not listed:
        return ()
    found = (unquote(entry.strip()) for entry in listed.split(",", MAX_ANCESTORS)[:MAX_ANCESTORS])
    return tuple(dict.fromkeys(each for each in found if 0 < len(each) <= MAX_ID and _is_id(each)))


def _is_id(text: str) -> bool:
    """Say whether a text can be an id of a platform: printable ASCII, as in claims, and no variable."""
    return text.isascii() and text.isprintable() and not text.startswith("$")


def _date(text: str) -> str | None:
    """Return a moment in UTC to the second; one without a zone is taken as UTC. None for what is no moment."""
    try:
        moment = datetime.fromisoformat(text) if len(text) in DATE_LENGTHS else None
        if moment is None:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return None
