"""What a team reached, as the ledger follows it: corrections made elsewhere, appeals of idle teams, late comers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from lti_tool.models import ClassAppeal, ClassGroupMark, ClassSeat, ClassTeamScore, Organisation
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.classes.team_scores import final_cards
from lti_tool.services.courses import members as class_members
from lti_tool.services.evidence import corrections
from lti_tool.services.mastery import replay
from qualoop.ledger import Reason
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import Seat
from tests.factories.team_classes import TeamClass, team_class
from tests.integration.classroom.test_class_group_work import change, trio


def ended(room: Classroom, *, scratched: bool = True) -> TeamClass:
    """Lead a check of one team to its end."""
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    if scratched:
        found.scratch(found.learners[0], 1, found.wrong(1))
    found.move("done")
    return found


def appealed(found: TeamClass) -> str:
    """Let a team appeal against the first question; return the appeal's uuid."""
    assert "done=appealed" in found.act(found.learners[0], "appeal", number="1", words="Both fit").headers["Location"]
    with found.room.tool.runtime.database.reading() as session:
        return session.scalars(select(ClassAppeal.uuid).where(ClassAppeal.check_id == found.check().id)).one()


def void_elsewhere(found: TeamClass, event: str) -> None:
    tool = found.room.tool
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, found.room.row().organisation_id)
        request = corrections.Request(target=UUID(event), reason=Reason.ERROR, actor="somebody")
        secret = tool.runtime.settings.secret_key
        corrections.correct(session, organisation, request, secret=secret, now=tool.clock.now)
    tool.clock.advance(seconds=1)


def score_event(found: TeamClass, seat: Seat) -> str:
    with found.room.tool.runtime.database.reading() as session:
        query = select(ClassTeamScore.event).where(
            ClassTeamScore.check_id == found.check().id, ClassTeamScore.person_id == seat.who.person_id
        )
        return session.scalars(query).one() or ""


@pytest.mark.parametrize("what", ["appeal", "take-back", "mark"])
def test_an_event_that_was_voided_elsewhere_blocks_nobody_else(room: Classroom, what: str) -> None:
    found = ended(room)
    appeal, (first, mate) = appealed(found), found.learners
    room.do("close")
    void_elsewhere(found, score_event(found, mate))
    if what == "appeal":
        assert "done=answered-appeal" in found.post("team-check/appeal", appeal=appeal, do="accept", reason="Quite so")
        assert [body["score"] for body in found.events(first, "assertion.revised")] == ["0.25"]
    elif what == "take-back":
        assert "done=taken-back" in found.move("take-back", back="check")
        assert len(found.events(first, "assertion.voided")) == 1
    else:
        assert "refused" not in found.post("mark", mark=f"{mate.who.person_uuid}:absent")
    assert len(found.events(mate, "assertion.voided")) == 1
    assert found.events(mate, "assertion.revised") == []


def test_an_approval_is_taken_back_though_a_mark_was_voided_elsewhere(room: Classroom) -> None:
    found = trio(room)
    a, b = found.learners[:2]
    change(found, "close")
    change(found, "product", a, product="80")
    change(found, "approve", a)
    marked = found.page("group-work")
    assert "approved" in marked
    with room.tool.runtime.database.reading() as session:
        query = select(ClassGroupMark.event).where(ClassGroupMark.person_id == a.who.person_id)
        event = session.scalars(query).one()
    void_elsewhere(found, event or "")
    assert "done=withdrawn" in change(found, "withdraw", a)
    assert [len(found.events(seat, "assertion.voided")) for seat in (a, b)] == [1, 1]


def test_a_presence_that_was_voided_elsewhere_blocks_no_mark(room: Classroom) -> None:
    found = team_class(room, 2)
    first = found.learners[0].who
    room.do("roll")
    found.post("mark", mark=f"{first.person_uuid}:present")
    room.do("close")
    with room.tool.runtime.database.reading() as session:
        query = select(ClassSeat.attendance_event).where(
            ClassSeat.class_session_id == room.row().id, ClassSeat.person_id == first.person_id
        )
        event = session.scalars(query).one()
    void_elsewhere(found, event or "")
    assert "refused" not in found.post("mark", mark=f"{first.person_uuid}:absent")
    assert len(found.events(found.learners[0], "assertion.voided")) == 1


def test_an_accepted_appeal_gives_points_to_a_team_that_scratched_nothing(room: Classroom) -> None:
    found = ended(room, scratched=False)
    assert "done=answered-appeal" in found.post("team-check/appeal", appeal=appealed(found), do="accept", reason="Yes")
    assert "Your team: 4 of 16" in found.see(found.learners[1])
    room.do("close")
    assert [[body["score"] for body in found.events(seat)] for seat in found.learners] == [["0.25"], ["0.25"]]


def test_who_is_put_into_a_team_after_the_class_has_its_score_at_once(room: Classroom) -> None:
    found = team_class(room, 4, pairs=False)
    found.pair(*found.learners[:2])
    found.plan_check()
    found.until("team")
    found.scratch(found.learners[0], 1, found.right(1))
    room.do("close")
    room.tool.clock.advance(seconds=1)
    late = found.learners[2]
    assert "done=placed" in found.post("teams/place", person=late.who.person_uuid, team="auto")
    assert [body["score"] for body in found.events(late)] == ["0.25"]
    room.tool.clock.advance(seconds=1)
    found.post("mark", mark=f"{found.learners[3].who.person_uuid}:present")
    assert len(found.events(late)) == 1


def test_a_choice_that_is_no_number_is_not_the_first_option(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    for sent in ("abc", "-1", "1.0", " ", "٣", "9" * 40):
        led = found.act(found.learners[0], "scratch", number="1", choice=sent).headers["Location"]
        assert "refused=class-scratch-late" in led, sent
    assert found.scratches() == []
    paper = {"check": found.check().uuid, "team": found.team_of(found.learners[0]).uuid}
    assert "refused=class-refused" in found.post("team-check/points", **paper, **{"points-1": "four"})
    assert "refused=class-refused" in found.post("team-check/points", **paper, **{"points-x": "4"})


def test_taking_back_asks_for_one_replay(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = ended(room), list[object]()
    room.do("close")
    real = replay.start

    def counted(*given: Any) -> Any:
        asked.append(given)
        return real(*given)

    monkeypatch.setattr(replay, "start", counted)
    assert "done=taken-back" in found.move("take-back", back="check")
    assert [len(found.events(seat, "assertion.voided")) for seat in found.learners] == [1, 1]
    assert len(asked) == 1


def test_a_phone_reads_the_cards_and_the_mates_of_its_own_team(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = team_class(room, 4)
    found.plan_check()
    found.until("team")
    for seat in (found.learners[0], found.learners[2]):
        found.scratch(seat, 1, found.right(1))
    mine, check = found.team_of(found.learners[0]).id, found.check()
    people = [seat.who.person_id for seat in found.learners[:2]]
    with room.tool.runtime.database.reading() as session:
        assert len(final_cards(session, check)) == 2
        assert list(final_cards(session, check, mine)) == [mine]
        for few in (class_members.FEW, 0):
            monkeypatch.setattr(class_members, "FEW", few)
            members = class_members.list_members(session.connection(), link_of_session(room.row()), people=people)
            assert [each.subject.person_id for each in members] == people
