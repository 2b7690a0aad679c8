"""Team checks: answers alone close before the team begins, scratches are commits, evidence names parts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from lti_tool.models import ClassAppeal, ClassTeamAnswer, Organisation, TagSet
from lti_tool.services import erasure
from lti_tool.services.classes import sessions, team_answers, team_checks
from lti_tool.services.classes.seats import Comer, find_seat
from qualoop.classroom.team_check import ScratchRefusedError
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON
from tests.factories.team_classes import ITEMS, TeamClass, team_class

FRAGMENT = {"X-Qualoop-Fragment": "1"}


def answered(found: TeamClass) -> int:
    with found.room.tool.runtime.database.reading() as session:
        query = select(ClassTeamAnswer.id).where(ClassTeamAnswer.check_id == found.check().id)
        return len(session.scalars(query).all())


def test_answers_alone_are_closed_before_any_team_begins(room: Classroom) -> None:
    found = team_class(room, 2)
    first = found.learners[0]
    found.plan_check()
    assert "refused=class-vote-late" in found.answer(first, item_1=0).headers["Location"]
    found.until("individual")
    assert "done=answered" in found.answer(first, item_1=found.right(1)).headers["Location"]
    found.answer(first, item_1=found.wrong(1), item_2=found.right(2))
    assert answered(found) == 2
    assert "2 of 4 saved" in found.see(first)
    assert "refused=class-scratch-late" in found.scratch(first, 1, 0)
    # Forward only, one step at a time.
    for wanted in ("team", "done", "individual", "planned", "x"):
        assert "refused=class-moved" in found.move(wanted)
    found.move("individual-closed")
    assert "refused=class-vote-late" in found.answer(first, item_3=0).headers["Location"]
    assert "refused=class-scratch-late" in found.scratch(first, 1, 0)
    assert answered(found) == 2
    bodies = found.events(first)
    assert [(body["part"], body["score"], body["form"]) for body in bodies] == [
        (ITEMS[0], "0", "quiz"),
        (ITEMS[1], "1", "quiz"),
    ]
    assert {body["attempt"] for body in bodies} == {room.row().uuid}
    assert {body["activity"] for body in bodies} == {LESSON}


@pytest.mark.parametrize("sent", [{"item-9": "0"}, {"item-1": "9"}, {"item-1": "x9"}, {"item-x": "0"}])
def test_an_answer_that_is_none_is_refused_whole(room: Classroom, sent: dict[str, str]) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    # A place that is no number is not the first one.
    led = found.act(found.learners[0], "answer", **{"item-2": "0", **sent}).headers["Location"]
    assert "refused=class-vote-late" in led
    assert answered(found) == 0
    assert "refused=class-answer-empty" in found.act(found.learners[0], "answer").headers["Location"]


def test_a_scratch_is_seen_by_the_whole_team_and_is_never_undone(room: Classroom) -> None:
    found = team_class(room, 4)
    first, mate, other = found.learners[0], found.learners[1], found.learners[2]
    found.plan_check()
    found.until("team")
    stage = found.team_of(first)
    path = f"/class/live/{room.row().uuid}/{stage.uuid}"
    etag = first.browser.get(path).headers["ETag"]
    assert first.browser.client.get(path, headers={"If-None-Match": etag}, base_url="https://tool.example").status_code
    assert "done=scratched" in found.scratch(first, 1, found.wrong(1))
    assert mate.browser.get(path).headers["ETag"] != etag
    assert "now worth 2" in found.see(mate)
    assert "now worth 2" not in found.see(other)
    # The same one twice is one; the right one ends it.
    found.scratch(mate, 1, found.wrong(1))
    found.scratch(mate, 1, found.right(1))
    assert "refused=class-scratch-late" in found.scratch(first, 1, found.wrong(1, 1))
    assert [each[1:] for each in found.scratches()] == [(1, 1), (1, 2)]
    assert "Points of your team so far: 2." in found.see(first)
    assert "refused=class-scratch-late" in found.scratch(first, 9, 0)
    assert "refused=class-answer-empty" in found.act(first, "scratch", number="1").headers["Location"]


def test_members_who_scratch_at_once_come_one_after_another(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("team")
    wrong = [found.wrong(1, place) for place in range(2)]
    check = found.check()
    items = team_checks.read_items(check)
    keys = [option.key for option in items[0].options(team_checks.seed_of(check))]
    gate, database = threading.Barrier(4), room.tool.runtime.database

    def scratch(seat_of: int, place: int) -> None:
        gate.wait(10)
        with database.transaction() as session:
            row = sessions.get_by_uuid(session, room.row().uuid)
            seat = find_seat(session, row, Comer(person_id=found.learners[seat_of].who.person_id))
            assert seat is not None
            team_answers.scratch(
                session, row, seat, check_uuid=check.uuid, number=1, option=keys[place], now=room.tool.clock.now
            )

    pressed = ((0, wrong[0]), (1, wrong[0]), (0, wrong[1]), (1, wrong[1]))
    with ThreadPoolExecutor(4) as hands:
        for done in [hands.submit(scratch, *each) for each in pressed]:
            done.result(30)
    assert [each[1:] for each in found.scratches()] == [(1, 1), (1, 2)]


def test_who_is_unconfirmed_answers_apart_and_scratches_nothing(room: Classroom) -> None:
    found, phone = team_class(room, 2), room.phone()
    found.plan_check()
    found.until("individual")
    phone.enter(room.row().code or "")
    assert "Say first whose device this is" in phone.post("team", do="answer", poll=found.check().uuid).text
    phone.post("name", name="Learner 1")
    sent = {"item-1": str(found.right(1)), "item-2": str(found.right(2))}
    assert "2 of 4 saved" in phone.post("team", do="answer", poll=found.check().uuid, **sent).text
    found.move("individual-closed")
    assert found.events(found.learners[0]) == []
    found.move("team")
    text = phone.post("team", do="scratch", poll=found.check().uuid, number="1", choice="0").text
    assert "Your teacher has not confirmed yet that this device is yours, so you cannot act for your team." in text
    assert "Learner 2" not in text
    assert found.scratches() == []
    roll = room.roll()
    seat = roll.split('name="seat" value="')[1].split('"')[0]
    found.post("confirm", seat=seat, person=found.learners[0].who.person_uuid)
    assert [body["part"] for body in found.events(found.learners[0])] == list(ITEMS[:2])
    phone.post("team", do="scratch", poll=found.check().uuid, number="1", choice=str(found.right(1)))
    assert len(found.scratches()) == 1


def test_the_projector_shows_counts_no_names_and_no_answer_before_the_end(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()

    def screen() -> str:
        return room.phone().get(f"/class/screen/{room.row().screen_key}/", headers={"Accept-Language": "en"}).text

    found.until("individual")
    found.answer(found.learners[0], **{f"item_{n}": 0 for n in range(1, 5)})
    assert "of 2 have answered everything" in screen()
    found.move("individual-closed")
    found.move("team")
    found.scratch(found.learners[0], 1, found.right(1))
    text = screen()
    assert "1 / 4" in text
    assert "Learner" not in text
    assert "q-option-number" not in text
    found.move("done")
    text = screen()
    assert "4 / 16 points" in text
    assert "Learner" not in text


def test_the_table_of_the_teacher_shows_scratches_and_what_went_worst(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    found.answer(found.learners[0], item_1=found.right(1), item_2=found.wrong(2))
    found.move("individual-closed")
    found.move("team")
    found.scratch(found.learners[0], 2, found.wrong(2))
    found.scratch(found.learners[1], 2, found.right(2))
    page = found.page("team-check")
    assert "✕★" in page
    assert "question 2 (0 of 1 right alone, 0 of 1 teams at once)" in page
    assert "has begun" not in page


def test_the_score_of_a_team_is_process_evidence_of_who_was_there(room: Classroom) -> None:
    found = team_class(room, 2)
    absent = room.learner(8)
    found.post("teams/place", person=absent.who.person_uuid, team=found.team_of(found.learners[0]).uuid)
    found.plan_check()
    found.until("team")
    found.scratch(found.learners[0], 1, found.right(1))
    found.scratch(found.learners[0], 2, found.wrong(2))
    found.scratch(found.learners[1], 2, found.right(2))
    room.do("close")
    assert found.check().state == "done"
    for seat in found.learners:
        [body] = found.events(seat)
        assert (body["form"], body["score"], body["part"]) == ("process", "0.375", "team")
    assert found.events(absent) == []
    with room.tool.runtime.database.reading() as session:
        assert {} in [row.get("team") for row in session.scalars(select(TagSet.tags)) if "team" in row]
    # A mark by hand has the last word, also afterwards.
    person = found.learners[1].who.person_uuid
    room.tool.clock.advance(seconds=1)
    found.post("mark", mark=f"{person}:absent")
    assert len(found.events(found.learners[1], "assertion.voided")) >= 1


def test_an_appeal_is_written_once_answered_once_and_changes_the_team_alone(room: Classroom) -> None:
    found = team_class(room, 2)
    first, mate = found.learners
    found.plan_check()
    found.until("individual")
    found.answer(first, item_1=found.wrong(1))
    found.move("individual-closed")
    found.move("team")
    found.scratch(first, 1, found.wrong(1))
    words = {"number": "1", "words": "Both fit: 见第二页。"}
    assert "refused=class-moved" in found.act(first, "appeal", **words).headers["Location"]
    found.move("done")
    for faulty in ("", "x" * 1001):
        sent = {**words, "words": faulty}
        assert "refused=class-appeal" in found.act(first, "appeal", **sent).headers["Location"]
    assert "done=appealed" in found.act(first, "appeal", **words).headers["Location"]
    assert "refused=class-appeal" in found.act(mate, "appeal", **words).headers["Location"]
    assert "Both fit: 见第二页。" in found.see(mate)
    with room.tool.runtime.database.reading() as session:
        [appeal] = session.scalars(select(ClassAppeal).where(ClassAppeal.check_id == found.check().id))
    assert "见第二页" not in (appeal.text_sealed or "")
    room.do("close")
    assert [body["score"] for body in found.events(mate)] == ["0"]
    room.tool.clock.advance(seconds=1)
    answer = {"appeal": appeal.uuid, "do": "accept"}
    assert "refused=class-appeal" in found.post("team-check/appeal", **answer, reason="")
    assert "done=answered-appeal" in found.post("team-check/appeal", **answer, reason="You are right.")
    assert "refused=class-moved" in found.post("team-check/appeal", **{**answer, "do": "decline"}, reason="No.")
    revised = found.events(mate, "assertion.revised")
    assert [body["score"] for body in revised] == ["0.25"]
    # What somebody answered alone is not touched.
    assert [body["score"] for body in found.events(first)] == ["0", "0"]
    assert len(found.events(first, "assertion.revised")) == 1
    assert "You are right." in found.page("team-check")
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.row().organisation_id)
        erasure.erase(session, organisation, first.who.person_uuid, actor="operator", now=room.tool.clock.now)
    page = found.page("team-check")
    assert "Both fit" not in page
    assert "You are right." not in page


def test_points_of_a_paper_card_are_typed_in(room: Classroom) -> None:
    found = team_class(room, 4)
    first, other = found.learners[0], found.learners[2]
    found.plan_check()
    typed = {"points-1": "4", "points-2": "2", "points-3": "", "points-4": "0"}
    paper = {"check": found.check().uuid, "team": found.team_of(other).uuid}
    assert "refused=class-scratch-late" in found.post("team-check/points", **paper, **typed)
    found.until("team")
    assert "refused=class-check-items" in found.post("team-check/points", **paper, **{"points-1": "3"})
    assert "done=typed" in found.post("team-check/points", **paper, **typed)
    assert "refused=class-scratch-late" in found.scratch(other, 1, found.right(1))
    found.scratch(first, 1, found.right(1))
    mine = {**paper, "team": found.team_of(first).uuid}
    assert "refused=class-scratch-late" in found.post("team-check/points", **mine, **typed)
    room.do("close")
    assert [body["score"] for body in found.events(other)] == ["0.375"]
    room.tool.clock.advance(seconds=1)
    found.post("team-check/points", **paper, **{"points-3": "4"})
    assert [body["score"] for body in found.events(other, "assertion.revised")] == ["0.625"]


def test_what_a_check_recorded_is_taken_back_and_counted_again(room: Classroom) -> None:
    found = team_class(room, 2)
    first = found.learners[0]
    found.plan_check()
    found.until("individual")
    found.answer(first, item_1=found.right(1))
    found.move("individual-closed")
    found.move("team")
    found.scratch(first, 1, found.right(1))
    room.do("close")
    assert [body["form"] for body in found.events(first)] == ["quiz", "process"]
    assert "done=taken-back" in found.move("take-back", back="check")
    assert len(found.events(first, "assertion.voided")) == 2
    assert "refused=class-moved" in found.move("take-back", back="check")
    room.tool.clock.advance(seconds=1)
    assert "done=counted-again" in found.move("count-again", back="check")
    assert [body["form"] for body in found.events(first)] == ["quiz", "process", "quiz", "process"]
    assert "refused=class-moved" in found.move("count-again", back="check")


def test_a_room_answers_one_thing_at_a_time(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    poll = room.ask()
    room.move(poll, "first")
    assert "refused=class-moved" in found.move("individual")
    room.move(poll, "first-closed")
    found.until("individual")
    another_poll = room.ask()
    assert "refused=class-moved" in room.move(another_poll, "first").headers["Location"]


def test_a_class_that_ends_closes_what_is_open(room: Classroom) -> None:
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    found.answer(found.learners[0], item_1=found.right(1))
    room.do("close")
    assert found.check().state == "individual-closed"
    # No team test was opened, so nothing is said of a team.
    assert [body["form"] for body in found.events(found.learners[0])] == ["quiz"]
    assert "refused=class-closed" in found.move("team")


def test_what_cannot_be_scratched_is_refused(room: Classroom) -> None:
    found = team_class(room, 2)
    for items in (ITEMS[:2], [ITEMS[0]] * 3):
        assert found.post("team-check/plan", item=[f"{LESSON}/{item}" for item in items]) == "422"
    assert found.post("team-check/plan", item=[f"{LESSON}/nothing-{n}" for n in range(3)]) == "404"
    assert "Choose 3 to 10 questions" in found.page("team-check/new")
    check = found.plan_check()
    assert "class/sessions" in found.move("remove", back="check")
    assert check.uuid not in found.page("team-check")


def test_without_a_team_no_team_test_opens(room: Classroom) -> None:
    found = team_class(room, 2, pairs=False)
    found.plan_check()
    found.until("individual-closed")
    assert "refused=class-team-size" in found.move("team")
    found.pair(found.learners[0])
    found.move("team")
    assert "refused=class-no-team" in found.scratch(found.learners[1], 1, 0)


def test_a_vote_lost_on_the_way_to_a_learner_is_recorded_with_the_class(room: Classroom) -> None:
    """An answer of a seat that became a learner's in that moment may have missed the recording of the others."""
    found = team_class(room, 2)
    found.plan_check()
    found.until("individual")
    found.answer(found.learners[0], item_1=0)
    with room.tool.runtime.database.transaction() as session:
        moment = room.tool.clock.now
        check = type(found.check())
        session.execute(
            update(check)
            .where(check.uuid == found.check().uuid)
            .values(state="individual-closed", individual_closed_at=moment)
        )
    room.do("close")
    assert [body["form"] for body in found.events(found.learners[0])] == ["quiz"]


@pytest.mark.parametrize("what", ["cards", "questions", "key"])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_paper_of_a_check_is_a_pdf(room: Classroom, what: str, language: str) -> None:
    found = team_class(room, 2)
    check = found.plan_check()
    for size in ("a4", "letter"):
        path = f"class/sessions/{room.row().uuid}/team-check/paper.pdf?check={check.uuid}&what={what}&paper={size}"
        answer = room.teacher.get(f"{path}&language={language}")
        assert answer.mimetype == "application/pdf"
        assert answer.data.startswith(b"%PDF")


def test_a_learner_gets_no_paper_and_leads_nothing(room: Classroom, another: Classroom) -> None:
    found = team_class(room, 2)
    check = found.plan_check()
    path = f"class/sessions/{room.row().uuid}/"
    learner = found.learners[0]
    assert learner.get(f"{path}team-check/paper.pdf?check={check.uuid}&what=key").status_code == 403
    assert learner.post(f"{path}team-check/move", do="individual", check=check.uuid).status_code == 403
    assert another.teacher.get(f"{path}team-check").status_code == 404
    assert issubclass(ScratchRefusedError, Exception)
