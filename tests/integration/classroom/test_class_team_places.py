"""What learners find of their teams whatever is on: ended checks, answers to appeals, mates to rate, marks."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from lti_tool.models import ClassAppeal, ClassSession, CourseGroup, CourseGroupMember
from lti_tool.services.classes import live
from lti_tool.services.classes.team_elsewhere import APPEAL, MARK, RATE, list_places
from tests.factories.class_sessions import Classroom
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.team_classes import TeamClass, team_class
from tests.integration.classroom.test_class_devices import pairing_code
from tests.integration.classroom.test_class_group_work import change, trio


def appealed(room: Classroom) -> tuple[TeamClass, str]:
    """Return a class whose check has ended, with an appeal of the first team."""
    found = team_class(room, 4)
    found.plan_check()
    found.until("team")
    found.scratch(found.learners[0], 1, found.wrong(1))
    found.move("done")
    led = found.act(found.learners[0], "appeal", number="1", words="Both fit.").headers["Location"]
    assert "done=appealed" in led
    with room.tool.runtime.database.reading() as session:
        query = select(ClassAppeal.uuid).where(ClassAppeal.check_id == found.check().id)
        return found, session.scalars(query).one()


def test_an_appeal_is_listed_by_the_title_in_the_own_language(room: Classroom) -> None:
    found, _ = appealed(room)
    with room.tool.runtime.database.transaction() as session:
        row = session.scalars(select(ClassSession)).one()
        row.title_language, row.title_other = "en", "词语"
    with room.tool.runtime.database.reading() as session:
        course = (room.row().organisation_id, room.row().context_id)
        places = list_places(session, course, found.learners[0].who.person_id, room.tool.clock.now)
    assert [each.title["zh-Hans"] for each in places if each.what == APPEAL] == ["词语"]


def decide(found: TeamClass, appeal: str) -> None:
    led = found.post("team-check/appeal", appeal=appeal, do="accept", reason="Quite so!")
    assert "done=answered-appeal" in led


def places(room: Classroom, seat: int, *, but: str = "") -> list[tuple[str, str]]:
    person = room.learner(seat).who.person_id
    row = room.row()
    with room.tool.runtime.database.reading() as session:
        found = list_places(session, (row.organisation_id, row.context_id), person, room.tool.clock.now, but=but)
    return [(each.class_uuid, each.what) for each in found]


def test_the_answer_to_an_appeal_is_seen_while_a_question_is_on(room: Classroom) -> None:
    found, appeal = appealed(room)
    assert found.see(found.learners[1]).count("Appeal as a team") == 3
    poll = room.ask()
    room.move(poll, "first")
    page = found.see(found.learners[1])
    assert "Appeals answered: 0 of 1" in page
    assert page.count("Appeal as a team") == 3
    assert "Both fit." not in found.see(found.learners[2])
    decide(found, appeal)
    page = found.see(found.learners[1])
    assert "Quite so!" in page
    assert "Your team: 4 of 16 points." in page
    # Each on its own: there is one form for every question that was not appealed.
    assert len(set(re.findall(r'id="(words-[0-9-]+)"', page))) == page.count('name="words"') == 3


def test_the_answer_to_an_appeal_is_seen_after_the_class(room: Classroom) -> None:
    found, appeal = appealed(room)
    class_uuid = room.row().uuid
    room.do("close")
    room.tool.clock.advance(seconds=1)
    page = found.see(found.learners[1])
    assert "not answered yet" in page
    assert "Appeal as a team" not in page
    decide(found, appeal)
    assert "Quite so!" in found.see(found.learners[1])
    assert places(room, 2) == [(class_uuid, APPEAL)]
    assert places(room, 3) == []


def test_a_check_that_was_not_ended_shows_no_answer(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    poll = room.ask()
    found.move("individual-closed")
    room.move(poll, "first")
    assert "Answers, points and appeals" not in found.see(found.learners[0])


def test_mates_are_rated_while_the_next_class_is_on(room: Classroom) -> None:
    found, first = trio(room), room.row().uuid
    a, phone = found.learners[0], room.phone()
    assert "From your classes" not in found.see(a)
    room.do("close")
    room.plan(title="Two")
    room.do("open")
    second = room.row().uuid
    page = found.see(a)
    assert f"/in-class/{first}/" in page
    assert "Rate your mates: A poster" in page
    assert places(room, 1, but=second) == [(first, RATE)]
    assert places(room, 1, but=first) == []
    # On a phone that is the learner's, too; where nobody knows whose it is there is nothing.
    phone.enter(room.row().code or "")
    assert "From your classes" not in phone.page().text
    phone.enter(pairing_code(room, a))
    assert f'href="/class/s/{first}/"' in phone.page().text


def test_an_approved_mark_is_found_after_the_class(room: Classroom) -> None:
    found, first = trio(room), room.row().uuid
    a, stranger = found.learners[0], found.learners[3]
    room.do("close")
    change(found, "close")
    assert places(room, 1) == []
    change(found, "product", a, product="80")
    change(found, "approve", a)
    assert places(room, 1) == [(first, MARK)]
    live.forget(room.tool.runtime.database, first, (room.row().organisation_id, room.row().context_id))
    page = a.get("in-class/").text
    assert "Your mark: A poster" in page
    assert f"/in-class/{first}/" in page
    assert "Your mark" not in stranger.get("in-class/").text


def test_the_bounds_are_shown_to_who_rates(room: Classroom) -> None:
    found = trio(room, low="0.7", high="1.1")
    assert "Factor between 0.7 and 1.1; penalty for not rating: 0 points of 100." in found.see(found.learners[0])


def test_the_page_of_a_team_that_is_no_more_is_fetched_anew(room: Classroom) -> None:
    found = team_class(room, 4)
    client = found.learners[0].browser.client

    def ask(address: str, **headers: str) -> TestResponse:
        return client.get(address, base_url=TOOL_ORIGIN, headers=headers)

    shown = re.search(r'data-version="(\d+)" data-stage="([^"]+)"', found.see(found.learners[0]))
    assert shown
    before = ask(shown[2])
    assert before.get_json()["version"] == int(shown[1])
    found.post("teams/make", do="clear")
    live.forget_team(room.tool.runtime.database, room.row().uuid, shown[2].rsplit("/", 1)[1])
    after = ask(shown[2], **{"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.get_json()["version"]) == (200, 0)
    assert ask(shown[2], **{"If-None-Match": after.headers["ETag"]}).status_code == 304
    assert ask(f"/class/live/{'0' * 8}/{'0' * 8}").status_code == 404


def test_a_team_takes_twelve(room: Classroom) -> None:
    found = team_class(room, 13, pairs=False)
    found.pair(*found.learners[:12])
    team, last = found.team_of(found.learners[0]).uuid, found.learners[12].who.person_uuid
    for wanted in (team, "auto"):
        assert "refused=class-team-size" in found.post("teams/place", person=last, team=wanted)
    # Whoever is in it stays.
    assert "done=placed" in found.post("teams/place", person=found.learners[0].who.person_uuid, team=team)
    found.pair(found.learners[12])
    assert found.mates(found.learners[12]) == []


@pytest.mark.parametrize(("groups", "people"), [(1, 13), (101, 101)], ids=["too-large", "too-many"])
def test_groups_that_are_no_teams_are_refused_and_not_cut(room: Classroom, groups: int, people: int) -> None:
    learners = [room.learner(number) for number in range(1, people + 1)]
    room.plan()
    found, row = TeamClass(room, learners), room.row()
    found.pair(learners[0])
    with room.tool.runtime.database.transaction() as session:
        for number in range(groups):
            group = session.execute(
                insert(CourseGroup)
                .values(
                    organisation_id=row.organisation_id,
                    context_id=row.context_id,
                    platform_key=f"{room.name}-{number}",
                    name=f"Group {number}",
                )
                .returning(CourseGroup.id)
            ).scalar_one()
            members = [seat.who.person_id for seat in learners[number::groups]]
            session.execute(
                insert(CourseGroupMember),
                [{"organisation_id": row.organisation_id, "group_id": group, "person_id": each} for each in members],
            )
    assert "refused=class-team-size" in found.post("teams/make", do="groups")
    assert found.team_of(learners[0]).number == 1
