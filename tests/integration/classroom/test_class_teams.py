"""Teams of a class: drawn, from groups, by hand; fixed once something was done as a team; late comers by one tap."""

from __future__ import annotations

import re

from sqlalchemy import insert, select

from lti_tool.models import ClassTeam, ClassTeamMember, CourseGroup, CourseGroupMember
from tests.factories.class_sessions import Classroom
from tests.factories.team_classes import TeamClass, team_class


def sizes(found: TeamClass) -> list[int]:
    with found.room.tool.runtime.database.reading() as session:
        query = (
            select(ClassTeamMember.team_id)
            .join(ClassTeam, ClassTeam.id == ClassTeamMember.team_id)
            .where(ClassTeam.class_session_id == found.room.row().id)
        )
        teams = list(session.scalars(query))
    return sorted(teams.count(each) for each in set(teams))


def test_teams_are_drawn_and_learners_see_their_mates(room: Classroom) -> None:
    found = team_class(room, 5, pairs=False)
    assert "done=drawn" in found.post("teams/make", do="draw", size="3")
    assert sizes(found) == [2, 3]
    seat = found.learners[0]
    page = found.see(seat)
    for mate in found.mates(seat):
        assert f"Learner {found.learners.index(mate) + 1}" in page
    assert page.count("Your team: ") == 1
    found.post("teams/make", do="draw", size="5", joined="on")
    assert sizes(found) == [5]
    assert "refused=class-team-size" in found.post("teams/make", do="draw", size="1")


def test_only_who_is_in_the_room_is_drawn_where_that_is_wanted(room: Classroom) -> None:
    found = team_class(room, 3, pairs=False)
    room.learner(9)
    found.post("teams/make", do="draw", size="3", joined="on")
    assert sizes(found) == [3]
    assert "Learner 9" in re.split('<h2 id="without">', found.page("teams"))[1]


def test_groups_of_the_course_become_teams(room: Classroom) -> None:
    found = team_class(room, 3, pairs=False)
    assert "refused=class-team-size" in found.post("teams/make", do="groups")
    row, people = room.row(), [seat.who.person_id for seat in found.learners]
    with room.tool.runtime.database.transaction() as session:
        for number, members in enumerate([people[:2], people[1:]]):
            values = {"organisation_id": row.organisation_id, "context_id": row.context_id}
            group = session.execute(
                insert(CourseGroup)
                .values(**values, platform_key=f"{room.name}-{number}", name=f"Group {number}")
                .returning(CourseGroup.id)
            ).scalar_one()
            session.execute(
                insert(CourseGroupMember),
                [{"organisation_id": row.organisation_id, "group_id": group, "person_id": each} for each in members],
            )
    assert "done=drawn" in found.post("teams/make", do="groups")
    # Who is in two groups is in the first.
    assert sizes(found) == [1, 2]
    assert "Group 1" in found.see(found.learners[2])


def test_people_are_moved_until_the_team_test_opens(room: Classroom) -> None:
    found = team_class(room, 4)
    first, third = found.learners[0], found.learners[2]
    target = found.team_of(third).uuid
    assert "done=placed" in found.post("teams/place", person=first.who.person_uuid, team=target)
    assert sizes(found) == [1, 3]
    found.post("teams/place", person=first.who.person_uuid, team="")
    assert sizes(found) == [1, 2]
    late = room.learner(7)
    found.see(late)
    assert "Put into the smallest team" in room.console()
    found.plan_check()
    found.until("team")
    for wanted in (target, ""):
        assert "refused=class-teams-fixed" in found.post(
            "teams/place", person=found.learners[1].who.person_uuid, team=wanted
        )
    for do in ("draw", "clear"):
        assert "refused=class-teams-fixed" in found.post("teams/make", do=do, size="3")
    # Late comers are put somewhere by one tap, at any time.
    assert "class/sessions" in found.post("teams/place", person=late.who.person_uuid, team="auto", back="console")
    assert found.team_of(late).uuid == found.team_of(found.learners[1]).uuid
    assert "Your team" in found.see(late)


def test_nobody_of_another_course_is_put_into_a_team(room: Classroom, another: Classroom) -> None:
    found, stranger = team_class(room, 2), another.learner(1)
    team = found.team_of(found.learners[0]).uuid
    assert found.post("teams/place", person=stranger.who.person_uuid, team=team) == "404"
    other = team_class(another, 2)
    assert other.post("teams/place", person=other.learners[0].who.person_uuid, team=team) == "404"
    assert sizes(found) == [2]
    assert sizes(other) == [2]


def test_a_planned_class_with_teams_can_be_deleted(room: Classroom) -> None:
    room.learner(1), room.learner(2)
    uuid = room.plan()
    found = TeamClass(room, [])
    found.post("teams/make", do="draw", size="2")
    found.plan_check()
    found.post("group-work/plan", title="Poster", low="0.5", high="1.2", penalty="0")
    assert "refused=class-teams-fixed" in found.post("teams/make", do="clear")
    assert room.teacher.post(f"class/sessions/{uuid}/delete").headers["Location"].endswith("done=removed")
