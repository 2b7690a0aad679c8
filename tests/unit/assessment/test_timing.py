"""When an activity is open, what is late, what that costs, who said it, what may be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qualoop.assessment import FOREVER, Extension, LinkSettings, Phase, PlatformDates, Schedule, Source, schedule
from qualoop.values import Score

DUE = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
"""The minute at which clocks in Europe go from 2:00 to 3:00: hours of UTC are all of one length."""
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plan(extension: Extension | None = None, platform: PlatformDates | None = None, **settings: Any) -> Schedule:
    return schedule(LinkSettings(**settings), extension, platform)


@pytest.mark.parametrize(
    ("after", "phase"),
    [
        (-SECOND, Phase.OPEN),
        (timedelta(), Phase.OPEN),
        (timedelta(microseconds=1), Phase.GRACE),
        (10 * MINUTE, Phase.GRACE),
        (10 * MINUTE + SECOND, Phase.LATE),
        (3 * DAY, Phase.LATE),
        (3 * DAY + SECOND, Phase.CLOSED),
    ],
)
def test_just_before_at_and_after_each_limit(after: timedelta, phase: Phase) -> None:
    found = plan(opens_at=DUE - DAY, due_at=DUE, grace_minutes=10, closes_at=DUE + 3 * DAY)
    assert found.phase(DUE + after) is phase


def test_it_opens_at_its_minute() -> None:
    found = plan(opens_at=DUE)
    assert found.phase(DUE - SECOND) is Phase.NOT_OPEN
    assert found.phase(DUE) is Phase.OPEN


def test_without_dates_it_is_always_open_and_nothing_is_late() -> None:
    found = plan(late="daily")
    assert found.phase(DUE) is Phase.OPEN
    assert found.share_left(DUE) == 1
    assert not found.deducts


def test_what_is_late_is_not_taken_after_due_and_grace() -> None:
    found = plan(due_at=DUE, grace_minutes=5, late="refuse")
    assert found.closes is not None
    assert (found.closes.at, found.closes.source) == (DUE + 5 * MINUTE, Source.LINK)
    assert found.phase(DUE + 5 * MINUTE) is Phase.GRACE
    assert found.phase(DUE + 5 * MINUTE + SECOND) is Phase.CLOSED


@pytest.mark.parametrize(
    ("late", "after", "left"),
    [
        ("daily", timedelta(), "1"),
        ("daily", HOUR, "1"),
        ("daily", HOUR + SECOND, "0.9"),
        ("daily", DAY, "0.9"),
        ("daily", DAY + SECOND, "0.8"),
        ("daily", 4 * DAY, "0.6"),
        ("daily", 9 * DAY, "0.5"),
        ("daily", 900 * DAY, "0.5"),
        ("once", HOUR, "1"),
        ("once", HOUR + SECOND, "0.9"),
        ("once", 90 * DAY, "0.9"),
        ("accept", 90 * DAY, "1"),
    ],
)
def test_what_is_left_of_a_late_answer(late: str, after: timedelta, left: str) -> None:
    """The days are counted from the due date, the grace is for being in time only: one hour of it here."""
    found = plan(due_at=DUE, grace_minutes=60, late=late, late_deduction="0.1", late_floor="0.5")
    assert found.share_left(DUE + after) == Decimal(left)


def test_going_on_late_never_takes_away_what_was_earned_in_time() -> None:
    found = plan(due_at=DUE, late="once", late_deduction="0.5")
    in_time, late = (DUE, Score("0.6")), (DUE + DAY, Score("0.8"))
    assert found.late_score([in_time, late]) == Score("0.6")
    assert found.late_score([(DUE, Score("0.3")), late]) == Score("0.4")
    assert found.late_score([]) == 0


marks = st.lists(st.tuples(st.integers(-5 * 24, 5 * 24), st.integers(0, 100)), max_size=8)


@given(marks=marks, extra=st.tuples(st.integers(-5 * 24, 5 * 24), st.integers(0, 100)), more=st.integers(0, 200))
def test_neither_another_answer_nor_more_time_ever_lowers_a_score(
    marks: list[tuple[int, int]], extra: tuple[int, int], more: int
) -> None:
    def worth(hours: int, rows: list[tuple[int, int]]) -> Score:
        later = Extension(due_at=DUE + timedelta(hours=hours))
        found = plan(later, due_at=DUE, late="daily", late_deduction="0.07", grace_minutes=30)
        return found.late_score([(DUE + timedelta(hours=at), Score.of(part, 100)) for at, part in rows])

    best = max((Score.of(part, 100) for _, part in marks), default=Score(0))
    assert worth(0, marks) <= worth(0, [*marks, extra])
    assert worth(0, marks) <= worth(more, marks) <= best


def test_an_extension_holds_over_the_link_and_the_link_over_the_platform() -> None:
    told = PlatformDates(submission_until=DUE - DAY, available_from=DUE - 9 * DAY, available_until=DUE + 9 * DAY)
    found = plan(Extension(due_at=DUE + DAY), told, due_at=DUE)
    assert found.due is not None
    assert (found.due.at, found.due.source) == (DUE + DAY, Source.EXTENSION)
    assert found.opens is not None
    assert (found.opens.at, found.opens.source) == (DUE - 9 * DAY, Source.PLATFORM)
    assert found.closes is not None
    assert found.closes.source is Source.PLATFORM
    without = plan(None, told).due
    assert without is not None
    assert (without.at, without.source) == (DUE - DAY, Source.PLATFORM)


def test_an_extension_never_takes_time_away() -> None:
    found = plan(Extension(due_at=DUE - DAY, closes_at=DUE), due_at=DUE, closes_at=DUE + DAY)
    assert found.due is not None
    assert (found.due.at, found.due.source) == (DUE, Source.LINK)
    assert found.closes is not None
    assert found.closes.at == DUE + DAY


def test_nothing_closes_before_an_extension_and_its_grace_are_over() -> None:
    later = Extension(due_at=DUE + 5 * DAY)
    for settings in ({"closes_at": DUE + DAY}, {"late": "refuse"}, {"late": "refuse", "closes_at": DUE + DAY}):
        found = plan(later, due_at=DUE, grace_minutes=7, **settings)
        assert found.closes is not None
        assert found.closes.at == DUE + 5 * DAY + 7 * MINUTE


def test_more_attempts_are_added_to_a_limit_and_to_no_limit_nothing() -> None:
    assert plan(Extension(extra_attempts=2), max_attempts=3).max_attempts == 5
    assert plan(Extension(extra_attempts=2)).max_attempts == 0


@pytest.mark.parametrize(
    "text", ["", "$ResourceLink.submission.endDateTime", "2026-03-29", "2026-03-29T01:00", "0001-01-01T00:00+23:00", 7]
)
def test_a_platforms_date_that_is_no_moment_with_a_zone_is_none(text: object) -> None:
    assert PlatformDates.read({"submission_until": text}) == PlatformDates()


def test_a_platforms_dates_are_read_with_their_zone() -> None:
    assert PlatformDates.read({"submission_until": "2026-03-29T03:00:00+02:00"}).submission_until == DUE
    assert PlatformDates.read(None) == PlatformDates()


@pytest.mark.parametrize(
    ("when", "before", "after"),
    [
        ("after_submit", "after_submit", "after_submit"),
        ("after_due", "never", "after_submit"),
        ("on_date", "never", "after_submit"),
        ("never", "never", "never"),
    ],
)
def test_what_waits_for_a_date_shows_from_it_on(when: str, before: str, after: str) -> None:
    found = plan(
        due_at=DUE - HOUR, grace_minutes=60, shown_at=DUE, show_feedback=when, show_solution=when, show_score=when
    )
    for moment, expected in ((DUE - SECOND, before), (DUE, after)):
        settings = found.settings_at(moment)
        assert {settings.show_feedback, settings.show_solution, settings.show_score} == {expected}


def test_after_the_due_date_is_never_where_there_is_none() -> None:
    found = plan(show_feedback="after_due", show_solution="after_due", show_score="after_due")
    assert found.score_held_until == FOREVER
    assert found.settings_at(DUE).show_score == "never"


def test_an_extension_moves_what_is_shown_after_the_due_date() -> None:
    found = plan(Extension(due_at=DUE + DAY), due_at=DUE, show_solution="after_due")
    assert found.settings_at(DUE + HOUR).show_solution == "never"
    assert found.settings_at(DUE + DAY).show_solution == "after_submit"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"opens_at": DUE, "due_at": DUE}, "due before it opens"),
        ({"opens_at": DUE, "closes_at": DUE - DAY}, "close before it opens"),
        ({"due_at": DUE, "closes_at": DUE - DAY}, "close before it is due"),
        ({"due_at": DUE, "closes_at": DUE + MINUTE, "grace_minutes": 2}, "extra minutes"),
        ({"late": "once", "late_deduction": "0.3", "late_floor": "0.8"}, "keep more"),
        ({"show_solution": "on_date"}, "Set the date"),
        ({"show_feedback": "never", "show_score": "never"}, "Solutions cannot be shown before feedback"),
        ({"show_feedback": "after_submit", "show_solution": "after_submit"}, "A score that moves"),
        ({"due_at": "2026-03-29T01:00"}, "timezone"),
        ({"grace_minutes": 10_081}, "less than or equal"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_in_words(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        LinkSettings(**settings)
