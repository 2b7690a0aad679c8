"""What markers do: save, approve, undo, blind second marks, a decision; who may, who may not, and two at once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lti_tool.models import MarkRevision, MarkRow
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.marking import assignments, marking, release
from lti_tool.services.marking.assignments import MarkerUnknownError
from lti_tool.services.marking.marking import Judgement, MarkApprovedError, MarkStaleError, NothingToUndoError
from lti_tool.services.marking.marking_queue import Show
from lti_tool.services.people.sessions import NotAllowedError
from qualoop.assessment.marking import MarkNotYoursError, Position, Stage, visible_marks
from tests.factories.classrooms import Seat
from tests.factories.marking import ASSISTANT, MENTOR, Room
from tests.factories.rubrics import sheet


@pytest.fixture
def ann(room: Room) -> Seat:
    return room.enter("a-1", "Ann Assistant", roles=ASSISTANT)


def stage(room: Room, work: str) -> Stage:
    return room.case(room.teacher, work).stage


def assign(room: Room, work: str, to: str) -> None:
    with room.tool.runtime.database.transaction() as session:
        assignments.assign(session, room.desk(room.teacher, work), to=to)


def twice(room: Room, work: str, *, wanted: bool = True) -> None:
    with room.tool.runtime.database.transaction() as session:
        assignments.ask_for_second(session, room.desk(room.teacher, work), wanted=wanted, now=room.now)


# -- One marker


def test_a_draft_is_kept_and_gone_on_with(room: Room) -> None:
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(1, None, comments={"evidence": "Where does this come from?"}))
    case = room.case(room.teacher, work)
    assert case.stage is Stage.DRAFT
    assert case.marking.marks[Position.FIRST].sheet.rows["evidence"].comment == "Where does this come from?"


def test_comments_are_sealed(room: Room) -> None:
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(1, 1, overall="A telling word", comments={"headline": "Another"}))
    (row,) = room.rows(MarkRevision, work)
    assert b"telling" not in (row.comments_sealed or b"")
    assert json.dumps(row.judged).count("1") == 3, "levels and points, and nothing else"


def test_an_incomplete_mark_is_saved_and_not_approved(room: Room) -> None:
    work = room.submit(room.learner())
    saved = room.approve(room.teacher, work, 1)
    assert not saved.is_approved
    assert saved.missing == ["evidence"]
    assert stage(room, work) is Stage.DRAFT


def test_an_approval_is_undone_and_the_draft_stays(room: Room) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 2, 1)
    with pytest.raises(MarkApprovedError):
        room.save(room.teacher, work, sheet(0, 0))
    room.undo(room.teacher, work)
    case = room.case(room.teacher, work)
    assert case.stage is Stage.DRAFT
    assert case.marking.marks[Position.FIRST].sheet == sheet(2, 1)


def test_each_save_can_be_undone_to_the_first(room: Room) -> None:
    work = room.submit(room.learner())
    for levels in ((0, 0), (1, 1), (2, 2)):
        room.save(room.teacher, work, sheet(*levels))
    room.undo(room.teacher, work)
    assert room.case(room.teacher, work).marking.marks[Position.FIRST].sheet == sheet(1, 1)
    room.undo(room.teacher, work)
    room.undo(room.teacher, work)
    assert stage(room, work) is Stage.WAITING
    with pytest.raises(NothingToUndoError):
        room.undo(room.teacher, work)


def test_saving_the_same_again_is_no_step_to_undo(room: Room) -> None:
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(1, 1))
    assert room.save(room.teacher, work, sheet(1, 1)).revision == 1


def test_a_page_of_before_changes_nothing(room: Room) -> None:
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(1, 1))
    with pytest.raises(MarkStaleError):
        room.save(room.teacher, work, sheet(0, 0), seen=0)
    assert room.case(room.teacher, work).marking.marks[Position.FIRST].sheet == sheet(1, 1)


def test_two_markers_do_not_take_the_same_mark(room: Room, ann: Seat) -> None:
    work = room.submit(room.learner())
    room.save(room.teacher, work, sheet(1, 1))
    with pytest.raises(MarkNotYoursError):
        room.save(ann, work, sheet(2, 2))


def test_a_draft_is_taken_over(room: Room, ann: Seat) -> None:
    work = room.submit(room.learner())
    room.save(ann, work, sheet(1, 1))
    with room.tool.runtime.database.transaction() as session:
        assignments.take_over(session, room.desk(room.teacher, work), now=room.now)
    room.approve(room.teacher, work, 2, 2)
    with pytest.raises(MarkNotYoursError):
        room.save(ann, work, sheet(0, 0))
    with room.tool.runtime.database.transaction() as session, pytest.raises(NotAllowedError):
        assignments.take_over(session, room.desk(ann, work), now=room.now)


# -- Two markers


def test_the_second_marker_is_blind_until_both_are_in(room: Room, ann: Seat) -> None:
    room.setup(second_share=100)
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 2, 1)
    assert stage(room, work) is Stage.SECOND
    room.save(ann, work, sheet(0, 1))
    for seat in (room.teacher, ann):
        seen = visible_marks(room.case(seat, work).marking, seat.who.person_uuid)
        assert [mark.marker for mark in seen.values()] == [seat.who.person_uuid]
    room.approve(ann, work, 0, 1)
    assert stage(room, work) is Stage.DIFFER
    assert len(visible_marks(room.case(ann, work).marking, ann.who.person_uuid)) == 2


def test_nobody_changes_a_mark_after_having_seen_the_other(room: Room, ann: Seat) -> None:
    room.setup(second_share=100)
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 2, 1)
    room.approve(ann, work, 0, 1)
    with pytest.raises(NothingToUndoError):
        room.undo(ann, work)
    with pytest.raises(MarkNotYoursError):
        room.save(ann, work, sheet(2, 1))


def test_a_decision_settles_what_differs(room: Room, ann: Seat) -> None:
    room.setup(second_share=100)
    sam = room.learner()
    work = room.submit(sam)
    room.approve(room.teacher, work, 2, 1)
    room.approve(ann, work, 0, 1)
    assert room.release() == 0
    room.approve(room.teacher, work, 1, 1)
    assert stage(room, work) is Stage.APPROVED
    room.undo(room.teacher, work)
    assert stage(room, work) is Stage.DIFFER
    room.approve(room.teacher, work, 1, 1)
    assert room.release() == 1
    marks = room.marks(sam)
    assert marks
    assert marks.sheet.level_of("headline") == 1


def test_a_second_marker_can_be_asked_for_while_there_is_none(room: Room, ann: Seat) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 2, 1)
    twice(room, work)
    assert stage(room, work) is Stage.SECOND
    twice(room, work, wanted=False)
    assert stage(room, work) is Stage.APPROVED


# -- Who may


def test_nobody_marks_their_own_work(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    desk = room.desk(sam, work)
    promoted = replace(desk, marker=replace(desk.marker, roles=frozenset({"learner", "teacher"})))
    with room.tool.runtime.database.transaction() as session, pytest.raises(SubmissionMissingError):
        marking.save(session, promoted, Judgement(sheet=sheet(2, 2), seen=0), now=room.now)


def test_another_course_has_no_such_work(room: Room, another: Room) -> None:
    work = room.submit(room.learner())
    with pytest.raises(SubmissionMissingError):
        another.save(another.teacher, work, sheet(1, 1), seen=0)
    assert another.queue(another.teacher, show=Show.ALL, course=True).works == []
    with another.tool.runtime.database.transaction() as session:
        desk = another.desk(another.teacher)
        assert not release.plan_release(session, desk, works=[work], at=None, now=another.now)


def test_a_mentor_sees_what_was_given_to_the_mentor_and_names_the_enterprise(room: Room) -> None:
    mia = room.enter("m-1", "Mia Mentor", roles=MENTOR)
    sam = room.learner()
    work, other = room.submit(sam), room.submit(room.learner(2))
    assert room.queue(mia, show=Show.ALL).works == []
    with pytest.raises(SubmissionMissingError):
        room.save(mia, work, sheet(1, 1), seen=0)
    assign(room, work, mia.who.person_uuid)
    assert [each.uuid for each in room.queue(mia, show=Show.ALL).works] == [work]
    refused = room.save(mia, work, sheet(1, 1), approve=True)
    assert refused.lacks_enterprise
    assert not refused.is_approved
    assert room.save(mia, work, sheet(1, 1), approve=True, enterprise="Hainan Trading").is_approved
    room.release()
    marks = room.marks(sam)
    assert marks
    assert marks.enterprises == ["Hainan Trading"]
    with pytest.raises(SubmissionMissingError):
        room.save(mia, other, sheet(1, 1), seen=0)
    with room.tool.runtime.database.reading() as session:
        assert (
            assignments.last_enterprise(session.connection(), room.link.organisation_id, mia.who.person_id)
            == "Hainan Trading"
        )


def test_work_is_given_to_markers_only(room: Room, ann: Seat) -> None:
    sam = room.learner()
    work = room.submit(sam)
    for somebody in (room.learner(2).who.person_uuid, "no-such-person"):
        with pytest.raises(MarkerUnknownError):
            assign(room, work, somebody)
    assign(room, work, ann.who.person_uuid)
    assert room.queue(ann).works[0].assigned == "Ann Assistant"
    assign(room, work, "")
    assert room.queue(ann).works[0].assigned is None


# -- The queue


def test_the_queue_says_who_waits_and_whose_turn_it_is(room: Room, ann: Seat) -> None:
    works = []
    for number in range(1, 5):
        works.append(room.submit(room.learner(number)))
        room.tool.clock.advance(minutes=1)
    room.save(room.teacher, works[1], sheet(1, None))
    room.approve(room.teacher, works[2], 1, 1)
    assign(room, works[3], ann.who.person_uuid)
    found = room.queue(room.teacher)
    assert [work.uuid for work in found.works] == works[:2], "the oldest first; what was given to others is theirs"
    assert [work.uuid for work in room.queue(room.teacher, show=Show.ALL, mine=True).works] == works[1:3]
    assert [work.uuid for work in room.queue(ann).works] == [works[0], works[3]]
    assert (found.done, found.total) == (1, 4)
    assert found.counts[Show.TODO] == 2
    assert room.queue(room.teacher, show=Show.APPROVED).works[0].name == "Learner 3"


def test_neighbours_go_round(room: Room) -> None:
    works = []
    for number in range(1, 4):
        works.append(room.submit(room.learner(number)))
        room.tool.clock.advance(minutes=1)
    found = room.queue(room.teacher)
    before, after = found.around(works[2])
    assert before
    assert after
    assert (before.uuid, after.uuid) == (works[1], works[0])
    assert found.around(works[0])[0] is None


def test_a_mark_that_is_gone_leaves_no_revision(room: Room) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 1, 1)
    room.undo(room.teacher, work)
    room.undo(room.teacher, work)
    assert not room.rows(MarkRow, work)
    assert not room.rows(MarkRevision, work)
