"""What a teacher does with the rounds of graded runs: opens and closes them, dates them, lets something happen.

Each is one transaction, and says which version its page showed: a second click, or a page from before, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import micros, stored_json
from lti_tool.models import Attempt, PracticeRounds, ResourceLink
from lti_tool.services.attempts.practice_rounds import FREE, Pace, can_close, kinds_of, pace_of, rounds_of
from lti_tool.services.classes.runs import RunsLine
from lti_tool.services.courses.members import Link
from qualoop.content_packages import Project
from qualoop.errors import QualoopError
from qualoop.player.project_state import Instead, Missed, ProjectState, Shock
from qualoop.simulators.engine import MOST_SHOCKS

FIRST_SHOCK: Final = 2
"""What is so from the first round on is the world and no event."""


class PacingRefusedError(QualoopError):
    """This cannot be done with the rounds as they stand now."""

    code = "pace-refused"


class PacingStaleError(PacingRefusedError):
    """The page was older than the rounds: somebody changed them in the meantime."""

    code = "pace-stale"


class DatesRefusedError(PacingRefusedError):
    """A date is no moment, a later round would open or close before an earlier one, or one would close before it opens."""

    code = "pace-dates"


class ShockRefusedError(PacingRefusedError):
    """The engine knows no such event, or the round is open already, or was played by somebody."""

    code = "pace-shock"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundLine:
    """A round as the console shows it: from 1; how many saved a draft for it, and how many have played it.

    ``is_open`` says that it was opened, ``is_over`` that it closed; then ``missed`` are those who had begun and not played
    it.
    """

    number: int
    is_open: bool
    is_over: bool
    at: datetime | None
    ends: datetime | None
    decided: int
    played: int
    missed: int
    shocks: tuple[str, ...]
    can_open: bool
    can_close: bool
    can_end: bool
    can_reopen: bool
    can_shock: bool


def round_lines(
    pace: Pace, rounds: int, runs: Sequence[RunsLine], now: datetime, *, closes: bool = False
) -> list[RoundLine]:
    """Return the rounds of a link with how far the class is; ``closes`` says whether rounds of its project can close."""
    held, over = pace.open_rounds(now), pace.closed_rounds(now)
    most = rounds if held is None else min(held, rounds)
    played = [max((run.played for run in line.runs), default=0) for line in runs]
    ends = [pace.closes[place] if place < len(pace.closes) else None for place in range(rounds)]
    drafts = [line.runs[-1].played + 1 if line.runs and line.runs[-1].has_draft else 0 for line in runs]
    return [
        RoundLine(
            number=number,
            is_open=number <= most,
            is_over=number <= over,
            ends=ends[number - 1],
            missed=sum(any(miss.round == number for miss in missed_of(line, over)) for line in runs),
            at=pace.dates[number - 1] if number <= len(pace.dates) else None,
            decided=drafts.count(number),
            played=sum(_has_played(line, number) for line in runs),
            shocks=tuple(shock.kind for shock in pace.shocks if shock.round == number),
            can_open=pace.by_teacher and number == most + 1,
            can_close=pace.by_teacher and over < number <= most and not (closes and max(played, default=0) >= number),
            can_end=pace.by_teacher and closes and over < number <= most,
            can_reopen=pace.by_teacher and number == over,
            can_shock=pace.by_teacher and number > max(most, 1) and max(played, default=0) < number,
        )
        for number in range(1, rounds + 1)
    ]


def _has_played(line: RunsLine, number: int) -> bool:
    """Say whether a learner played a round (from 1) in any attempt, and not the clock."""
    return any(run.played >= number and all(miss.round != number for miss in run.missed) for run in line.runs)


def missed_of(line: RunsLine, closed: int) -> tuple[Missed, ...]:
    """Return the rounds of a learner's newest run that closed before they were played.

    Those that closed since the learner was last seen are among them, with what the next look plays.
    """
    run = line.runs[-1] if line.runs else None
    if run is None or run.is_done:
        return () if run is None else run.missed
    missed, last = list(run.missed), Instead.BEFORE if run.played else Instead.NAIVE
    if missed and missed[-1].round == run.played and missed[-1].instead is Instead.NAIVE:
        last = Instead.NAIVE
    for number in range(run.played + 1, min(closed, run.rounds) + 1):
        is_saved = number == run.played + 1 and run.has_draft
        missed.append(Missed(round=number, instead=Instead.DRAFT if is_saved else last))
        last = Instead.BEFORE if is_saved else last
    return tuple(miss for miss in missed if miss.round <= closed)


def set_pace(session: Session, link: Link, seen: int, *, by_teacher: bool, shows_class: bool) -> None:
    """Say who opens the rounds, and whether learners see how the class did. Raises PacingStaleError.

    Rounds that somebody has played stay open.
    """
    row = _row(session, link, seen)
    if by_teacher and not row.by_teacher:
        row.opened = _furthest(session, link)
    row.by_teacher, row.shows_class = by_teacher, shows_class


def open_round(session: Session, link: Link, seen: int, number: int, *, rounds: int, now: datetime) -> None:
    """Open the next round, from 1. Raises PacingStaleError, PacingRefusedError."""
    row = _row(session, link, seen)
    if number != _opened(row, now) + 1 or number > rounds:
        raise PacingRefusedError
    row.opened = number


def close_round(session: Session, link: Link, seen: int, number: int, *, now: datetime) -> None:
    """Close a round, from 1, and those after it; dates that have passed are dropped with it.

    It is as if it had not been opened: who has played it keeps what came of it; drafts stay. Raises PacingStaleError, PacingRefusedError.
    """
    row = _row(session, link, seen)
    if not 1 <= number <= _opened(row, now):
        raise PacingRefusedError
    row.opened = number - 1
    row.dates = [None if at is not None and at <= micros(now) else at for at in row.dates]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """When each round opens and closes by itself, from the first; None where that is done by hand."""

    opens: Sequence[datetime | None]
    closes: Sequence[datetime | None] = ()


def set_dates(session: Session, link: Link, seen: int, windows: Windows) -> None:
    """Say when each round opens and closes by itself. Raises PacingStaleError, DatesRefusedError."""
    row = _row(session, link, seen)
    opens, closes = ([at for at in dates if at is not None] for dates in (windows.opens, windows.closes))
    pairs = zip_longest(windows.opens, windows.closes)
    is_backwards = any(first is not None and last is not None and last <= first for first, last in pairs)
    if not row.by_teacher or opens != sorted(opens) or closes != sorted(closes) or is_backwards:
        raise DatesRefusedError
    row.dates = [None if at is None else micros(at) for at in windows.opens]
    row.closes = [None if at is None else micros(at) for at in windows.closes]


def end_round(session: Session, link: Link, seen: int, number: int, *, project: Project, now: datetime) -> None:
    """Let a round, from 1, be over now, with those before it; for who has not played it a stand-in decision is played.

    Raises PacingStaleError, PacingRefusedError.
    """
    row = _row(session, link, seen)
    over = pace_of(row).closed_rounds(now)
    if not can_close(project) or not over < number <= _opened(row, now):
        raise PacingRefusedError
    kept = [*row.closes, *[None] * (number - len(row.closes))]
    row.closes = [micros(now) if over < place <= number else at for place, at in enumerate(kept, 1)]


def reopen_round(session: Session, link: Link, seen: int, number: int, *, now: datetime) -> None:
    """Let the round that closed last, from 1, be open again without an end.

    What was played in it for who has not gone on since is taken back. Raises PacingStaleError, PacingRefusedError.
    """
    row = _row(session, link, seen)
    if number < 1 or number != pace_of(row).closed_rounds(now):
        raise PacingRefusedError
    before = max((at for at in row.closes[: number - 1] if at is not None), default=None)
    row.closes = [
        None if place >= number and at is not None and at <= micros(now) else at
        for place, at in enumerate(row.closes, 1)
    ]
    if number > 1 and row.closes[number - 2] is None:
        # It closed with the one after it, which is open again: it stays closed on its own.
        row.closes = [*row.closes[: number - 2], before or micros(now), *row.closes[number - 1 :]]


def add_shock(session: Session, link: Link, seen: int, shock: Shock, *, project: Project, now: datetime) -> None:
    """Let something happen from a round on that is closed and that nobody has played.

    Raises PacingStaleError, ShockRefusedError.
    """
    row = _row(session, link, seen)
    _check_ahead(session, link, row, shock.round, now=now)
    is_within = FIRST_SHOCK <= shock.round <= rounds_of(project)
    if shock.kind not in kinds_of(project) or not is_within or len(row.shocks) >= MOST_SHOCKS:
        raise ShockRefusedError
    row.shocks = [*row.shocks, {"round": shock.round, "kind": shock.kind}]


def drop_shocks(session: Session, link: Link, seen: int, number: int, *, now: datetime) -> None:
    """Take back what was to happen in a round that is still closed. Raises PacingStaleError, ShockRefusedError."""
    row = _row(session, link, seen)
    _check_ahead(session, link, row, number, now=now)
    row.shocks = [each for each in row.shocks if each["round"] != number]


def _check_ahead(session: Session, link: Link, row: PracticeRounds, number: int, *, now: datetime) -> None:
    """Raise ShockRefusedError where a round is open, or was played: not all would decide knowing the same."""
    if not row.by_teacher or number <= _opened(row, now) or number <= _furthest(session, link):
        raise ShockRefusedError


def _opened(row: PracticeRounds, now: datetime) -> int:
    return pace_of(row).open_rounds(now) or 0


def _furthest(session: Session, link: Link) -> int:
    """Return how many rounds of a graded run the one who is furthest has played."""
    query = select(Attempt.state).where(
        Attempt.organisation_id == link.organisation_id, Attempt.resource_link_id == link.resource_link_id
    )
    runs = (ProjectState.from_json(stored_json(state)).graded for state in session.scalars(query))
    return max((run.played for run in runs if run is not None), default=0)


def _row(session: Session, link: Link, seen: int) -> PracticeRounds:
    """Return the row of a link, locked and counted on; made where there is none. Raises PacingStaleError.

    The link is locked before: two teachers who are the first make one row.
    """
    session.execute(
        select(ResourceLink.id)
        .where(ResourceLink.organisation_id == link.organisation_id, ResourceLink.id == link.resource_link_id)
        .with_for_update()
    )
    row = session.scalar(
        select(PracticeRounds)
        .where(
            PracticeRounds.organisation_id == link.organisation_id,
            PracticeRounds.resource_link_id == link.resource_link_id,
        )
        .with_for_update()
    )
    if (row.version if row else 0) != seen:
        raise PacingStaleError
    if row is None:
        row = PracticeRounds(
            organisation_id=link.organisation_id,
            resource_link_id=link.resource_link_id,
            by_teacher=FREE.by_teacher,
            opened=FREE.opened,
            dates=[],
            closes=[],
            shocks=[],
            shows_class=FREE.shows_class,
            version=FREE.version,
        )
        session.add(row)
    row.version = seen + 1
    return row
