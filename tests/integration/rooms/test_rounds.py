"""A room from its opening to its last round: who may do what when, and what stays when something breaks."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import datetime
from multiprocessing import get_context

import pytest
from sqlalchemy import func, select

from lti_tool.db import Database
from lti_tool.models import LedgerEvent, Organisation, RoomRole, RoomSeat
from lti_tool.services import erasure
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.rooms import rounds as rooms_rounds
from lti_tool.services.rooms import teams as rooms_teams
from lti_tool.services.rooms.game import Document, Game, RoundResult
from lti_tool.services.rooms.rooms import RoomMissingError, RoomRefusedError, RoundClosedError, RoundStaleError
from lti_tool.services.rooms.rounds import Page, RoomEmptyError, RoomRunningError, RoomUnfitError, ShockRefusedError
from lti_tool.services.rooms.teams import (
    Learner,
    NotSeatedError,
    PartLockedError,
    PartStaleError,
    RoleRefusedError,
    TeamRefusedError,
)
from qualoop.simulators.streams import WorldKey
from qualoop.values import Score
from tests.factories.rooms import PARTS, Course, reference

EVERY_ROLE = ("buyer", "analyst", "copy")


def play(course: Course, rounds: int = 3) -> None:
    for _ in range(rounds):
        course.open()
        course.close()


def test_a_round_is_played_for_all_teams_and_computed_again_alike(course: Course) -> None:
    course.begin()
    expert, idle = course.learner(1), course.learner(2)
    course.sit(expert, 1, EVERY_ROLE)
    course.sit(idle, 2)
    course.open()
    course.save(expert, reference(course.room()), dict.fromkeys(PARTS, 0))
    result = course.close()
    room = course.room()
    assert (room.played, room.is_open) == (1, False)
    assert [each.team for each in result.teams] == [1, 2]
    assert len(result.profits) == 6
    good, none = result.teams
    assert good.score > Score("0.2") > none.score == 0
    assert none.profit == none.expected == 0
    assert good.naive <= good.best
    assert good.expected <= good.best
    assert room.results() == [result]


def test_what_was_not_saved_stays_as_it_was(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, EVERY_ROLE)
    course.open()
    course.save(seat, reference(course.room()), dict.fromkeys(PARTS, 0))
    course.close()
    course.open()
    course.close()
    first, second = course.room().documents
    assert first["teams"] == second["teams"]


def test_nothing_is_recorded(course: Course) -> None:
    def events() -> int:
        with course.tool.runtime.database.reading() as session:
            return session.scalar(select(func.count()).select_from(LedgerEvent)) or 0

    course.begin()
    course.sit(course.learner(1), 1, EVERY_ROLE)
    before = events()
    play(course)
    assert events() == before


@pytest.mark.parametrize(("teams", "size"), [(1, 5), (41, 41), (5, 4), (2, 41), (0, 0)])
def test_a_room_has_2_to_40_teams(course: Course, teams: int, size: int) -> None:
    with pytest.raises(RoomUnfitError):
        course.begin(teams=teams, size=size)


def test_one_room_runs_at_a_time(course: Course) -> None:
    course.begin()
    with pytest.raises(RoomRunningError):
        course.begin()
    with course.tool.runtime.database.transaction() as session:
        rooms_rounds.end_room(session, course.link, course.page())
    course.begin()


def test_a_second_click_changes_nothing(course: Course) -> None:
    course.begin()
    course.sit(course.learner(1), 1)
    course.open()
    page = course.page()
    course.close()
    with pytest.raises(RoundStaleError):
        course.close(page=page)
    with pytest.raises(RoundClosedError):
        course.close()
    assert course.room().played == 1


def test_an_empty_room_is_not_played(course: Course) -> None:
    course.begin()
    course.open()
    with pytest.raises(RoomEmptyError):
        course.close()
    assert course.room().is_open


def test_after_the_last_round_none_opens(course: Course) -> None:
    course.begin()
    course.sit(course.learner(1), 1)
    play(course)
    with pytest.raises(RoundClosedError):
        course.open()


# -- Teams, roles, saves


def test_a_role_locks_its_components(course: Course) -> None:
    course.begin()
    buyer, mate = course.learner(1), course.learner(2)
    course.sit(buyer, 1, ["buyer"])
    course.sit(mate, 1, ["copy"])
    course.open()
    decision = reference(course.room())
    course.save(buyer, decision, {"match": 0, "bids": 0})
    with pytest.raises(PartLockedError):
        course.save(mate, decision, {"quality": 0, "bids": 1})
    with pytest.raises(RoleRefusedError):
        course.sit(mate, 1, ["buyer"])
    assert course.room().decided(1) == ("match", "bids")


def test_a_freed_role_can_be_taken_and_what_was_saved_stays(course: Course) -> None:
    course.begin()
    buyer, mate = course.learner(1), course.learner(2)
    course.sit(buyer, 1, ["buyer"])
    course.sit(mate, 1)
    course.open()
    course.save(buyer, reference(course.room()), {"match": 0, "bids": 0})
    with course.tool.runtime.database.transaction() as session:
        rooms_rounds.free_role(session, course.link, course.page(), team=1, role="buyer")
    with pytest.raises(PartLockedError):
        course.save(buyer, reference(course.room()), {"bids": 1})
    course.sit(mate, 1, ["buyer"])
    course.save(mate, course.room().market.form.defaults(), {"bids": 1})
    room = course.room()
    assert (room.parts[1, "match"].version, room.parts[1, "bids"].version) == (1, 2)


def test_a_stale_save_changes_nothing(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    course.open()
    room = course.room()
    course.save(seat, reference(room), {"match": 0, "bids": 0})
    saved = course.room().standing(1)
    with pytest.raises(PartStaleError):
        course.save(seat, room.market.form.defaults(), {"match": 1, "bids": 0})
    assert course.room().standing(1) == saved


def test_saves_are_of_the_open_round(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    decision = reference(course.room())
    with pytest.raises(RoundClosedError):
        course.save(seat, decision, {"bids": 0})
    course.open()
    course.close()
    course.open()
    with pytest.raises(RoundStaleError):
        course.save(seat, decision, {"bids": 0}, number=0)


def test_teams_stay_once_a_round_was_played(course: Course) -> None:
    course.begin()
    seat, late = course.learner(1), course.learner(2)
    course.sit(seat, 1, ["buyer"])
    course.sit(seat, 2)
    assert course.room().holders == {}
    course.open()
    course.close()
    with pytest.raises(TeamRefusedError):
        course.sit(seat, 1)
    course.sit(late, 2)
    with pytest.raises(TeamRefusedError):
        course.sit(late, 99)
    nobody = course.who(course.learner(3))
    with pytest.raises(NotSeatedError), course.tool.runtime.database.transaction() as session:
        rooms_teams.take_role(session, course.tool.runtime.contents, nobody, "buyer")


def test_a_room_is_found_by_its_own_link_only(course: Course, another: Course) -> None:
    uuid = course.begin()
    another.begin()
    stranger = Learner(link=another.link, person_id=another.learner(1).who.person_id, room=uuid)
    with pytest.raises(RoomMissingError), course.tool.runtime.database.transaction() as session:
        rooms_teams.join(session, stranger, 1)
    with pytest.raises(RoomMissingError), course.tool.runtime.database.transaction() as session:
        rooms_rounds.open_round(session, another.link, course.page())


def test_an_erased_learner_leaves_the_seat(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, EVERY_ROLE)
    with course.tool.runtime.database.transaction() as session:
        organisation = session.get(Organisation, course.tool.organisation_id)
        assert organisation
        erasure.erase(session, organisation, seat.who.person_uuid, actor="test", now=course.tool.clock.now)
    with course.tool.runtime.database.reading() as session:
        for table in (RoomSeat, RoomRole):
            query = select(func.count()).select_from(table).where(table.person_id == seat.who.person_id)
            assert session.scalar(query) == 0


# -- Shocks and ghosts


def test_a_rival_enters_from_the_next_round_on(course: Course) -> None:
    course.begin()
    course.sit(course.learner(1), 1)
    course.open()
    with course.tool.runtime.database.transaction() as session:
        rooms_rounds.add_shock(session, course.tool.runtime.contents, course.link, course.page(), kind="rival_enters")
    assert [len(course.close().profits)] == [6]
    course.open()
    assert len(course.close().profits) == 7


@pytest.mark.parametrize("kind", ["", "earthquake", "rival_enters\0"])
def test_only_what_the_engine_knows_happens(course: Course, kind: str) -> None:
    course.begin()
    with pytest.raises(ShockRefusedError), course.tool.runtime.database.transaction() as session:
        rooms_rounds.add_shock(session, course.tool.runtime.contents, course.link, course.page(), kind=kind)


def test_ghosts_play_what_they_played_in_their_own_market(course: Course, another: Course) -> None:
    before = course.begin()
    expert = course.learner(1)
    course.sit(expert, 1, EVERY_ROLE)
    course.open()
    course.save(expert, reference(course.room()), dict.fromkeys(PARTS, 0))
    course.close()
    play(course, 2)
    with another.tool.runtime.database.reading() as session:
        past = rooms_rounds.past_rooms(session, another.tool.runtime.contents, another.link)
    assert before in [each.uuid for each in past]
    another.begin(ghosts=before, key=WorldKey.of_seed(8))
    another.sit(another.learner(1), 2)
    another.open()
    result = another.close()
    room = another.room()
    assert room.key == course.room().key
    assert room.documents[0]["ghosts"] == [course.room().documents[0]["teams"]["1"]]
    assert len(result.profits) == 6


def test_an_unfinished_room_gives_no_ghosts(course: Course, another: Course) -> None:
    running = course.begin()
    with pytest.raises(RoomRefusedError):
        another.begin(ghosts=running)


# -- What breaks


def dies(game: Game, documents: Sequence[Document]) -> RoundResult:
    """Be killed in the middle of closing."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def closes_and_dies(url: str, link: Link, page: Page, now: datetime) -> None:
    """Close a round in a process of its own."""
    with Database(url).transaction() as session:
        rooms_rounds.close_round(session, Contents(), link, page, now=now, play=dies)


def test_a_process_that_is_killed_while_closing_leaves_the_round_open(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    course.open()
    course.save(seat, reference(course.room()), {"match": 0, "bids": 0})
    standing, page, now = course.room().standing(1), course.page(), course.tool.clock.now
    url = course.tool.runtime.database.engine.url.render_as_string(hide_password=False)
    child = get_context("spawn").Process(target=closes_and_dies, args=(url, course.link, page, now))
    child.start()
    child.join(180)
    assert child.exitcode == -signal.SIGKILL
    room = course.room()
    assert (room.played, room.is_open, room.documents) == (0, True, [])
    assert room.standing(1) == standing
    assert course.close(page=page).number == 0


def test_a_round_that_cannot_be_played_stays_open(course: Course) -> None:
    def fails(game: Game, documents: Sequence[Document]) -> RoundResult:
        raise ArithmeticError

    course.begin()
    course.sit(course.learner(1), 1)
    course.open()
    with pytest.raises(ArithmeticError):
        course.close(play=fails)
    assert course.room().is_open
    assert not course.room().documents
