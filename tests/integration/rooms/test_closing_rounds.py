"""Rounds of graded runs that close: what is played for who did not decide, what comes too late, what both are told."""

from __future__ import annotations

import re
from datetime import timedelta

from lti_tool.models import ResourceLink
from lti_tool.services.attempts import attempts
from qualoop.player.project_state import GRADED, Instead, Missed
from tests.factories.classrooms import Seat
from tests.factories.rooms import Course
from tests.integration.rooms.test_graded_rounds import act, attempt_of, begun, decide, hold, run_of, teach

NAIVE_2 = (Missed(round=1, instead=Instead.NAIVE), Missed(round=2, instead=Instead.NAIVE))


def opened(course: Course, rounds: int = 1) -> None:
    hold(course)
    for number in range(1, rounds + 1):
        teach(course, f"open:{number}")


def test_a_round_closes_by_date_with_what_was_saved(course: Course) -> None:
    saved, played, silent = begun(course), begun(course, 2), begun(course, 3)
    opened(course, 2)
    ends = course.tool.clock.now + timedelta(hours=1)
    answer = teach(course, "dates", **{"end.1": f"{ends:%Y-%m-%dT%H:%M}"})
    assert "done=dated" in answer.headers["Location"]
    assert "Round 1 closes:" in saved.get().text
    decide(saved, "save", bid=0.5)
    decide(played, "run", bid=0.7)
    course.tool.clock.advance(minutes=90)
    assert run_of(saved).missed == (Missed(round=1, instead=Instead.DRAFT),)
    assert run_of(played).missed == ()
    assert run_of(silent).missed == (Missed(round=1, instead=Instead.NAIVE),)
    assert [run_of(seat).played for seat in (saved, played, silent)] == [1, 1, 1]
    assert run_of(saved).draft is None
    assert "The decision that had been saved for it was played" in saved.get().text
    assert "the naive decision was played" in silent.get().text
    page = course.teacher.get("class/runs/").text
    assert "Round 1: the saved draft was played" in page
    assert "Round 1: the naive decision was played" in page


def test_the_grade_is_that_of_the_rounds_that_closed(course: Course) -> None:
    seat, tool = begun(course), course.tool
    opened(course)
    hour = tool.clock.now + timedelta(hours=1)
    teach(course, "dates", **{"end.1": f"{hour:%Y-%m-%dT%H:%M}"})
    decide(seat, "save", bid=None)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{hour + timedelta(minutes=1):%Y-%m-%dT%H:%MZ}"}
    tool.clock.advance(hours=2)
    assert seat.get().status_code == 200
    with tool.runtime.database.connection() as connection:
        attempt = attempts.current(connection, tool.runtime.contents, seat.who, tool.clock()).attempt
    assert run_of(seat).done
    assert 0 < run_of(seat).score == attempt.score


def test_a_late_decision_does_not_count_and_is_not_lost(course: Course) -> None:
    seat = begun(course)
    opened(course, 3)
    decide(seat, "run", bid=0.7)
    page = seat.get().text
    assert 'name="round" value="1"' in page
    stale = {"mode": GRADED, "world": str(run_of(seat).number), "round": "1"}
    assert "done=ended" in teach(course, "end:2").headers["Location"]
    before = run_of(seat)
    assert (before.played, before.missed) == (2, (Missed(round=2, instead=Instead.BEFORE),))
    refused = seat.post("do/run", attempt=_uuid(seat), **stale, **_typed(page, 1.11))
    assert refused.status_code == 422
    assert "Round 2 closed before this arrived" in refused.text
    assert 'value="1.11"' in refused.text, "what was typed stands in the fields of the next round"
    assert run_of(seat) == before
    decide(seat, "run", bid=0.9)
    assert run_of(seat).played == 3


def test_a_reopened_round_is_played_again_by_who_missed_it(course: Course) -> None:
    seat, on = begun(course), begun(course, 2)
    opened(course, 3)
    decide(seat, "save", bid=0.5)
    teach(course, "end:2")
    assert [miss.instead for miss in run_of(seat).missed] == [Instead.DRAFT, Instead.BEFORE]
    decide(on, "run", bid=0.9)
    assert (run_of(on).played, run_of(on).missed) == (3, NAIVE_2)
    assert "refused=pace-refused" in teach(course, "reopen:1").headers["Location"], "the last one first"
    assert "done=reopened" in teach(course, "reopen:2").headers["Location"]
    assert (run_of(seat).played, len(run_of(seat).missed)) == (1, 1), "round 1 stays over"
    assert run_of(on).played == 3, "who has gone on keeps it"
    teach(course, "reopen:1")
    run = run_of(seat)
    assert (run.played, run.missed, run.draft is not None) == (0, (), True)


def test_after_the_last_round_nothing_begins_any_more(course: Course) -> None:
    seat, late = begun(course), course.learner(2)
    opened(course, 3)
    teach(course, "end:3")
    refused = act(late, "open", to=GRADED)
    assert refused.status_code == 422
    assert "All rounds are closed" in refused.text
    assert run_of(seat).is_played
    act(seat, "hand-in")
    assert (run_of(seat).done, run_of(seat).score) == (True, 0)
    assert "Begin another attempt" not in seat.get().text
    assert seat.post("do/restart", attempt=_uuid(seat)).status_code == 409


def test_a_round_closes_after_it_opens(course: Course) -> None:
    hold(course)
    now = course.tool.clock.now
    early, later = f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}", f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    for wrong in ({"at.1": later, "end.1": early}, {"end.1": later, "end.2": early}, {"end.1": "never"}):
        assert "refused=pace-dates" in teach(course, "dates", **wrong).headers["Location"]
    assert "refused=pace-refused" in teach(course, "end:1").headers["Location"], "it is not open"
    assert "refused=pace-refused" in teach(course, "reopen:1").headers["Location"]


def _uuid(seat: Seat) -> str:
    return attempt_of(seat)[1]


def _typed(page: str, bid: float) -> dict[str, str]:
    """Return the fields of a page with another bid for every keyword."""
    return {name: str(bid) for name in re.findall(r'name="(bid\.[^"]+)"', page)}
