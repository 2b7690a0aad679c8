"""What a class has recorded stays off the learner's own pages until the learner is told: between votes, before scratching."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from lti_tool.services.records.held_back import LONGEST_CLASS, held_points
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.factories.team_classes import team_class
from tests.integration.pages.reading_html import LATER, OWN_PAGES, text_of

TELLING = re.compile(r'Score \d+%|mean score|rose by|fell by|"score": ?"')


def tells(seat: Seat) -> list[str]:
    """Return the own pages that tell what an answer was worth or did."""
    return [page for page in OWN_PAGES if TELLING.search(text_of(seat.get(page)))]


def voted(room: Classroom) -> tuple[str, list[Seat]]:
    """Let two learners vote, one right and one wrong, and close the first round; return the poll and both."""
    seats = [room.learner(1), room.learner(2)]
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    for place, seat in enumerate(seats):
        room.vote(seat, poll, 1, choice=str(place))
    room.move(poll, "first-closed")
    return poll, seats


def test_s33_between_two_votes_nobody_learns_who_was_right(room: Classroom) -> None:
    poll, seats = voted(room)
    other = room.learner(3)
    for state in ("discussion", "second"):
        room.move(poll, state)
        assert [tells(seat) for seat in seats] == [[], []]
        assert all(LATER in text_of(seat.get("record/timeline/")) for seat in seats)
    assert LATER not in text_of(other.get("record/timeline/"))
    room.vote(seats[1], poll, 2, choice="0")
    room.move(poll, "second-closed")
    assert [tells(seat) for seat in seats] == [[], []]
    room.move(poll, "shown")
    for seat in seats:
        assert {"record/SEM-1.1/", "record/timeline/", "record/download"} <= set(tells(seat))
        assert LATER not in text_of(seat.get("record/timeline/"))


def test_when_the_class_is_over_everything_is_told(room: Classroom) -> None:
    _, seats = voted(room)
    assert tells(seats[0]) == []
    room.do("close")
    assert "record/download" in tells(seats[0])


def test_s33_before_the_team_has_scratched_nobody_learns_which_own_answers_were_right(room: Classroom) -> None:
    on = team_class(room)
    on.plan_check()
    on.until("individual")
    seat = on.learners[0]
    on.answer(seat, item_1=on.right(1), item_2=on.wrong(2))
    for state in ("individual-closed", "team"):
        on.move(state)
        assert tells(seat) == []
        assert LATER in text_of(seat.get("record/timeline/"))
    on.move("done")
    assert "record/download" in tells(seat)
    assert "mean score 50%" in text_of(seat.get("record/timeline/"))


@pytest.mark.parametrize("kind", ["poll", "check"])
def test_a_column_waits_for_what_a_class_has_not_told_yet(room: Classroom, kind: str) -> None:
    seat, other = closed(room, kind), room.learner(9)
    assert held(room, seat, other) == {seat.who.person_id: {"SEM-1.1"}}
    room.do("close")
    assert held(room, seat, other) == {}


@pytest.mark.parametrize("kind", ["poll", "check"])
def test_a_class_that_is_left_open_holds_nothing_for_good(room: Classroom, kind: str) -> None:
    seat = closed(room, kind)
    opened_at = room.row().opened_at
    assert opened_at
    room.tool.clock.now = opened_at + LONGEST_CLASS - timedelta(seconds=1)
    assert held(room, seat) == {seat.who.person_id: {"SEM-1.1"}}
    room.tool.clock.advance(seconds=1)
    assert (room.row().state, held(room, seat)) == ("open", {})


def test_a_vote_that_is_no_evidence_yet_holds_nothing(room: Classroom) -> None:
    poll, _ = voted(room)
    late = room.learner(3)
    room.move(poll, "discussion")
    room.move(poll, "second")
    room.vote(late, poll, 2, choice="0")
    assert held(room, late) == {}
    room.move(poll, "second-closed")
    assert held(room, late) == {late.who.person_id: {"SEM-1.1"}}


def closed(room: Classroom, kind: str) -> Seat:
    """Close a question, or the own answers of a team check, and tell nothing of it; return who answered."""
    if kind == "poll":
        _, [seat, _] = voted(room)
        return seat
    on = team_class(room)
    on.plan_check()
    on.until("individual")
    on.answer(on.learners[0], item_1=on.right(1))
    on.move("individual-closed")
    return on.learners[0]


def held(room: Classroom, *seats: Seat) -> dict[int, set[str]]:
    """Return by person on which knowledge points a level waits."""
    people = [seat.who.person_id for seat in seats]
    with room.tool.runtime.database.reading() as session:
        found = held_points(session.connection(), room.tool.organisation_id, people, room.tool.clock.now)
    return {person: set(codes) for person, codes in found.items()}
