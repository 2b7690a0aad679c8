"""A teacher's record: days in enterprises, joint research, courses built, qualifications, and the indicators of them.

Pure functions. An entry is what the teacher says, until somebody else confirms it; only what is confirmed counts. The
indicators are counts, never a grade, and each opens to its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from qualoop.errors import QualoopError

MAX_LINE: Final = 200
MAX_LINK: Final = 500
MAX_DAYS: Final = 3 * 366
ONE_DAY: Final = timedelta(days=1)


class TeacherEntryRefusedError(QualoopError):
    """An entry of a teacher's record cannot be taken. ``wrong`` maps fields to why: missing, long, order, days, link, file."""

    code = "teacher-entry-refused"

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(wrong)))
        self.wrong = wrong


class EntryKind(StrEnum):
    """What an entry is about. Values stand in the database and never change."""

    ENTERPRISE = "enterprise"
    RESEARCH = "research"
    COURSE = "course"


class EntryState(StrEnum):
    """Where an entry stands."""

    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryBody:
    """What a teacher says: ``days`` are whole working days, at most the days from ``starts`` to ``ends``, both included.

    ``place`` is the enterprise or partner, ``title`` what was done or built, ``link`` an https address or empty. Raises
    TeacherEntryRefusedError with everything that is wrong.
    """

    kind: EntryKind
    title: str
    place: str
    starts: date
    ends: date
    days: int = 0
    link: str = ""

    def __post_init__(self) -> None:
        wrong = {**self._texts(), **self._dates()}
        if self.link and (not self.link.startswith("https://") or not self.link.isprintable() or " " in self.link):
            wrong["link"] = "link"
        if wrong:
            raise TeacherEntryRefusedError(wrong)

    def _texts(self) -> dict[str, str]:
        needed = {"title": self.title, **({"place": self.place} if self.kind is not EntryKind.COURSE else {})}
        long = {name: "long" for name in ("title", "place") if len(getattr(self, name)) > MAX_LINE}
        return {
            **{name: "missing" for name, text in needed.items() if not text.strip()},
            **long,
            **({"link": "long"} if len(self.link) > MAX_LINK else {}),
        }

    def _dates(self) -> dict[str, str]:
        if self.ends < self.starts:
            return {"ends": "order"}
        if (self.ends - self.starts).days >= MAX_DAYS:
            return {"ends": "long"}
        least = 1 if self.kind is EntryKind.ENTERPRISE else 0
        return {} if least <= self.days <= self.length else {"days": "days"}

    @property
    def length(self) -> int:
        """How many days lie between beginning and end, both included."""
        return (self.ends - self.starts).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry by its key, and where it stands."""

    key: str
    body: EntryBody
    state: EntryState


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What the database itself shows of a teacher's work: units built and placed, rubrics set for work, classes held."""

    units: int = 0
    rubrics: int = 0
    classes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """Three counts with what they are made of (R37). ``waiting`` is how many entries nobody has confirmed yet."""

    enterprise_days: int
    recent_days: int
    enterprises: int
    research: int
    courses: int
    built: Built
    waiting: int


def indicators(entries: Iterable[Entry], built: Built, *, today: date, years: int) -> Indicators:
    """Return the indicators of a record: until ``today``, and in the last ``years`` years of enterprise days.

    What is confirmed and begins later counts from that day on, days in an enterprise one after another.
    """
    known = list(entries)
    counted = [entry.body for entry in known if entry.state is EntryState.CONFIRMED and entry.body.starts <= today]
    stays = [body for body in counted if body.kind is EntryKind.ENTERPRISE]
    research = [body for body in counted if body.kind is EntryKind.RESEARCH]
    return Indicators(
        enterprise_days=enterprise_days(stays, until=today),
        recent_days=enterprise_days(stays, since=_years_before(today, years), until=today),
        enterprises=len({_same(body.place) for body in (*stays, *research)}),
        research=len(research),
        courses=sum(body.kind is EntryKind.COURSE for body in counted),
        built=built,
        waiting=sum(entry.state is EntryState.CLAIMED for entry in known),
    )


def enterprise_days(stays: Sequence[EntryBody], *, since: date | None = None, until: date | None = None) -> int:
    """Return how many days somebody was in enterprises, from ``since`` to ``until``: no day of the calendar counts twice.

    Where stays overlap, the days that are said of them count together, up to the days that the stays cover. Of a stay
    that began earlier or ends later the share of its days that lies between counts, rounded down.
    """
    parts = [_part(stay, since, until) for stay in stays]
    total, covered, said, end = 0, 0, 0, None
    for starts, ends, days in sorted(part for part in parts if part is not None):
        if end is None or starts > end:
            total += min(said, covered)
            covered, said = 0, 0
            first = starts
        else:
            first = end + ONE_DAY
        covered += max(0, (ends - first).days + 1)
        said, end = said + days, ends if end is None else max(end, ends)
    return total + min(said, covered)


def _part(stay: EntryBody, since: date | None, until: date | None) -> tuple[date, date, int] | None:
    """Return beginning, end and days of what of a stay lies between two days; None where nothing does."""
    starts, ends = max(stay.starts, since or stay.starts), min(stay.ends, until or stay.ends)
    if starts > ends:
        return None
    return starts, ends, stay.days * ((ends - starts).days + 1) // stay.length


def _years_before(today: date, years: int) -> date:
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        # 29 February is no day of other years.
        return today.replace(year=today.year - years, day=today.day - 1)


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()
