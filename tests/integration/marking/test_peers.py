"""Peers on both kinds of database: who reviews what, what reviews are worth, who sees what, who drops out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ContentVersion, LedgerEvent, LinkScore, Organisation, PeerReview, TagSet
from lti_tool.services import erasure
from lti_tool.services.attempts.submissions import Submission, SubmissionLockedError
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.ledger import flags
from lti_tool.services.ledger.flags import FirstAssessorDecidesError
from lti_tool.services.marking import peer_reviews, release
from lti_tool.services.marking.peer_oversight import ReasonMissingError
from lti_tool.services.marking.peer_raters import peer_rater
from lti_tool.services.marking.peer_reviews import (
    NothingToReviewError,
    NotReadyError,
    PeerMissingError,
    PeerShutError,
    ReviewDoneError,
    ReviewStaleError,
)
from lti_tool.services.marking.peer_setups import PeersOffError
from lti_tool.services.marking.release import MarkCorrection
from qualoop.assessment.marking import Position, Stage
from qualoop.assessment.peer_rules import Effect, PeerRules, PeerRulesError, StandNeedsSamplesError
from qualoop.ledger import Reason
from qualoop.records import Outcome
from tests.factories import peers
from tests.factories.classrooms import Seat
from tests.factories.marking import Room, open_course
from tests.factories.rubrics import sheet
from tests.factories.tool import SECRET, Tool

UNDONE_TOO_LATE = {"minutes": 16}


@pytest.fixture(scope="module")
def rubric(tool: Tool) -> StoredRubric:
    peers.bring_samples(tool)
    return open_course(tool)


def work_of(room: Room, seat: Seat) -> Submission:
    found = room.found(seat)
    assert found
    return found


def author_of(room: Room, seats: Sequence[Seat], uuid: str) -> Seat:
    """Return whose work a review is of."""
    row = peers.stored(room, uuid)
    return next(seat for seat in seats if row.submission_id == work_of(room, seat).id)


def evidence(room: Room, seat: Seat) -> list[LedgerEvent]:
    with room.tool.runtime.database.reading() as session:
        events = session.scalars(
            select(LedgerEvent)
            .where(
                LedgerEvent.organisation_id == room.link.organisation_id, LedgerEvent.learner == seat.who.person_uuid
            )
            .order_by(LedgerEvent.id)
        )
        return [event for event in events if event.type != "learner.erased"]


def test_what_comes_before_the_first_work(room: Room) -> None:
    ann = room.learner(1)
    with pytest.raises(PeersOffError):
        peers.take(room, ann)
    peers.set_rules(room, opens_at=room.now + timedelta(hours=1))
    with pytest.raises(NotReadyError):
        peers.take(room, ann)
    room.submit(ann)
    with pytest.raises(NotReadyError):
        peers.take(room, ann)
    peers.rate(room, ann)
    with pytest.raises(PeerShutError):
        peers.take(room, ann)
    room.tool.clock.advance(hours=2)
    with pytest.raises(NothingToReviewError):
        peers.take(room, ann)
    with room.tool.runtime.database.transaction() as session, pytest.raises(ReviewDoneError):
        peer_reviews.rate_sample(session, peers.reader(room, ann), "sample-1", sheet(0, 0), now=room.now)


def test_everybody_reviews_and_is_reviewed_and_nobody_the_own_work(room: Room) -> None:
    peers.set_rules(room, reviews=2)
    seats = list(peers.ready(room, 4))
    done = [(seat, peers.review(room, seat, 1, 1)) for _ in range(2) for seat in seats]
    pairs = {(seat.who.person_id, author_of(room, seats, uuid).who.person_id) for seat, uuid in done}
    assert len(pairs) == 8
    assert all(one != other for one, other in pairs)
    pool = peers.pool(room)
    assert [len(pool.reviews_of(work.id)) for work in pool.works] == [2, 2, 2, 2]
    with pytest.raises(NothingToReviewError):
        peers.take(room, seats[0])


def test_who_drops_out_is_replaced(room: Room) -> None:
    peers.set_rules(room, reviews=1, hours=24)
    ann, ben, cem = peers.ready(room, 3)
    late = peers.take(room, ann)
    with pytest.raises(NotReadyError):
        peers.take(room, ann)
    for seat in (ben, cem):
        peers.review(room, seat, 1, 1)
    with pytest.raises(NothingToReviewError):
        peers.take(room, ben)
    room.tool.clock.advance(hours=25)
    abandoned = author_of(room, [ann, ben, cem], late)
    helper = cem if abandoned is ben else ben
    assert peers.oversight(room).works[[ann, ben, cem].index(abandoned)].lacks == 1
    extra = peers.review(room, helper, 1, 1)
    assert author_of(room, [ann, ben, cem], extra) is abandoned
    assert peers.save(room, ann, late, sheet(2, 2, overall="Late, but here.")).is_done, "a late review still counts"
    assert len(peers.pool(room).reviews_of(peers.stored(room, late).submission_id)) == 2


def test_a_work_that_is_read_is_changed_no_more(room: Room) -> None:
    peers.set_rules(room, reviews=1)
    ann, ben = peers.ready(room, 2)
    room.submit(ben)
    peers.take(room, ann)
    found = room.found(ben)
    assert found
    assert not found.is_open
    with pytest.raises(SubmissionLockedError):
        room.submit(ben)


def test_nobody_else_reads_a_work(room: Room, another: Room) -> None:
    peers.set_rules(room, reviews=1)
    peers.set_rules(another, reviews=1)
    ann, ben = peers.ready(room, 2)
    [eve] = peers.ready(another, 1)
    taken = peers.take(room, ann)
    assert peers.opened(room, ann, taken).work.text == f"Copy by {ben.who.person_uuid}"
    for where, who in ((room, ben), (another, eve), (another, ann)):
        with pytest.raises(PeerMissingError):
            peers.opened(where, who, taken)
    with pytest.raises(NothingToReviewError):
        peers.take(another, eve)
    with pytest.raises(PeerMissingError):
        peers.settle(another, taken, reason="Not mine to decide")


def test_a_page_of_before_saves_nothing(room: Room) -> None:
    peers.set_rules(room, reviews=1)
    ann, ben = peers.ready(room, 2)
    taken = peers.take(room, ann)
    assert not peers.save(room, ann, taken, sheet(1, None), hand_in=False).is_done
    with pytest.raises(ReviewStaleError):
        peers.save(room, ann, taken, sheet(2, 2), seen=0)
    half = peers.save(room, ann, taken, sheet(1, None))
    assert (half.is_done, half.missing, half.lacks_comment) == (False, ["evidence"], True)
    assert peers.save(room, ann, taken, sheet(1, 1, overall="Good.")).is_done
    with pytest.raises(ReviewDoneError):
        peers.save(room, ann, taken, sheet(2, 2, overall="Better."))
    with room.tool.runtime.database.transaction() as session:
        peer_reviews.take_back(session, peers.reader(room, ann), taken, now=room.now)
    assert room.case(room.teacher, work_of(room, ben).uuid).peers is None
    assert peers.save(room, ann, taken, sheet(2, 2, overall="Better.")).is_done
    room.tool.clock.advance(**UNDONE_TOO_LATE)
    with room.tool.runtime.database.transaction() as session, pytest.raises(ReviewDoneError):
        peer_reviews.take_back(session, peers.reader(room, ann), taken, now=room.now)


def test_reviews_propose_and_a_marker_decides(room: Room) -> None:
    peers.set_rules(room, reviews=2, effect=Effect.PROPOSE)
    seats = list(peers.ready(room, 3))
    for _ in range(2):
        for seat in seats:
            peers.review(room, seat, 2, 1)
    work = work_of(room, seats[0]).uuid
    case = room.case(room.teacher, work)
    assert case.stage is Stage.WAITING
    assert case.peers
    assert case.peers.proposes
    assert case.peers.sheet == sheet(2, 1)
    assert room.release() == 0
    room.approve(room.teacher, work, 1, 1)
    assert room.release(work) == 1
    events = evidence(room, seats[0])
    assert {(event.actor, '"occasion":"sheet:2:assessor"' in event.body) for event in events} == {
        (room.teacher.who.person_uuid, True)
    }, "a marker's sheet is the evidence, and what peers said is none besides"


def stand(room: Room, count: int = 3) -> list[Seat]:
    """Let a class review so that reviewers agree and their mark stands."""
    peers.set_rules(room, reviews=2, enough=2, effect=Effect.STAND)
    seats = list(peers.ready(room, count))
    for _ in range(2):
        for seat in seats:
            peers.review(room, seat, 2, 1)
    return seats


def test_a_mark_that_stands_is_released_by_staff_and_each_reviewer_is_a_rater(room: Room) -> None:
    ann, ben, cem = stand(room)
    work = work_of(room, ann).uuid
    assert room.case(room.teacher, work).stage is Stage.APPROVED
    assert room.marks(ann) is None
    assert room.release(work) == 1
    marks = room.marks(ann)
    assert marks
    assert (marks.sheet, marks.reviewers) == (sheet(2, 1), 2)
    events = evidence(room, ann)
    raters = {peer_rater(each.who.person_uuid, secret=SECRET) for each in (ben, cem)}
    assert len(events) == 4
    assert len(raters) == 2
    assert {event.actor for event in events} == raters
    assert all('"occasion":"sheet:4:peer"' in event.body for event in events), "together they weigh one sheet"
    with room.tool.runtime.database.reading() as session:
        score = session.scalar(select(LinkScore.value).where(LinkScore.person_id == ann.who.person_id))
    assert score == "0.5"


def test_s34_an_author_does_not_learn_from_the_own_record_who_reviewed(room: Room) -> None:
    """Neither by the rater nor by anything else of an event; the same reviewer has the same name at another work."""
    ann, ben, cem = stand(room)
    for seat in (ann, ben):
        assert room.release(work_of(room, seat).uuid) == 1
    told = ann.get("record/download?format=json").text
    assert all(each.who.person_uuid not in told for each in (ben, cem))
    assert ann.who.person_uuid in told

    def raters(seat: Seat) -> set[str]:
        return {json.loads(event.body)["rater"] for event in evidence(room, seat)}

    assert raters(ann) & raters(ben) == {peer_rater(cem.who.person_uuid, secret=SECRET)}


def test_who_reviewed_a_work_does_not_decide_an_appeal_about_it(room: Room) -> None:
    ann, ben, _ = stand(room)
    room.release(work_of(room, ann).uuid)
    room.tool.clock.advance(minutes=1)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        framework = room.tool.runtime.contents.find_framework(session.connection(), organisation.id)
        assert framework
        learner = ann.who.person_uuid
        codes = tuple(tags_of(session, evidence(room, ann)))
        said = flags.Notice(learner=UUID(learner), codes=codes, actor=learner, secret=SECRET)
        opened = flags.open_appeal(session, organisation, framework, said, now=room.now)
    room.tool.clock.advance(minutes=1)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        about, by = (session, organisation, opened, Outcome.UPHELD), ben.who.person_uuid
        with pytest.raises(FirstAssessorDecidesError):
            flags.decide_appeal(*about, actor=by, now=room.now)


def tags_of(session: Session, events: Sequence[LedgerEvent]) -> set[str]:
    """Return the knowledge points that some evidence serves."""
    bodies = [json.loads(event.body) for event in events]
    rows = session.execute(
        select(TagSet.tags)
        .join(ContentVersion, ContentVersion.id == TagSet.version_id)
        .where(ContentVersion.hash.in_({body["content"] for body in bodies}))
    ).scalars()
    return {code for tags in rows for body in bodies for code in tags.get(body["part"], ())}


def test_staff_correct_a_released_mark_of_peers(room: Room) -> None:
    ann, *_ = stand(room)
    work = work_of(room, ann).uuid
    room.release(work)
    correction = MarkCorrection(sheet=sheet(0, 1), reason=Reason.ERROR)
    with room.tool.runtime.database.transaction() as session:
        changed = release.correct(session, room.desk(room.teacher, work), correction, now=room.now)
    assert changed == ["headline"]
    marks = room.marks(ann)
    assert marks
    assert (marks.sheet, marks.reviewers) == (sheet(0, 1), 0)
    kinds = [event.type for event in evidence(room, ann)]
    assert kinds.count("assertion.voided") == 4
    assert kinds.count("evidence.recorded") == 6
    again = MarkCorrection(sheet=sheet(1, 1), reason=Reason.ERROR)
    with room.tool.runtime.database.transaction() as session:
        assert release.correct(session, room.desk(room.teacher, work), again, now=room.now) == ["headline"]


def test_a_marker_goes_before_the_peers(room: Room) -> None:
    ann, *_ = stand(room)
    work = work_of(room, ann).uuid
    room.save(room.teacher, work, sheet(0, None))
    assert room.case(room.teacher, work).stage is Stage.DRAFT
    assert room.release(work) == 0
    room.undo(room.teacher, work)
    assert room.case(room.teacher, work).stage is Stage.APPROVED


def test_what_is_flagged_stands_no_more_and_staff_leave_it_out(room: Room) -> None:
    ann, *_ = stand(room)
    work = work_of(room, ann).uuid
    assert peers.received(room, ann) == [], "who reviewed can take it back for a while"
    room.tool.clock.advance(**UNDONE_TOO_LATE)
    first, second = peers.received(room, ann)
    with pytest.raises(PeerMissingError):
        peers.flag(room, ann, peers.stored(room, first.uuid).uuid[::-1], "Not mine")
    peers.flag(room, ann, first.uuid, "It is about another text.")
    assert room.case(room.teacher, work).stage is Stage.WAITING
    [shown, _] = peers.staff_reviews(room, work)
    assert (shown.standing, shown.flag) == ("flagged", "It is about another text.")
    assert peers.oversight(room).works[0].flagged == 1
    with pytest.raises(ReasonMissingError):
        peers.settle(room, first.uuid, reason=" ")
    peers.settle(room, first.uuid, reason="It is.")
    assert room.case(room.teacher, work).stage is Stage.WAITING, "one reviewer alone is not enough"
    with pytest.raises(ReviewDoneError):
        peers.flag(room, ann, first.uuid, "Again")
    peers.settle(room, first.uuid, leave_out=False)
    assert room.case(room.teacher, work).stage is Stage.APPROVED
    peers.set_rules(room, is_on=False)
    assert room.case(room.teacher, work).stage is Stage.WAITING
    assert second.sheet.overall == "Say more."


def test_reviewers_who_differ_give_no_mark(room: Room) -> None:
    peers.set_rules(room, reviews=2, enough=2, effect=Effect.STAND)
    seats = list(peers.ready(room, 3))
    for given in ((0, 1), (2, 1)):
        for seat in seats:
            peers.review(room, seat, *given)
    works = peers.oversight(room).works
    apart = [work for work in works if work.is_disputed]
    assert apart
    assert {work.stage for work in apart} == {Stage.WAITING}
    assert not any(work.stands for work in apart)


def test_a_strict_reviewer_is_known_and_counts_less_where_careless(room: Room) -> None:
    peers.set_rules(room, reviews=1)
    seats = []
    for number, levels in enumerate((peers.LEVELS, peers.LEVELS, ((2, 0), (0, 2), (2, 0))), 1):
        seat = room.learner(number)
        room.submit(seat)
        peers.rate(room, seat, *levels)
        seats.append(seat)
    lines = {line.member.subject.person_id: line for line in peers.oversight(room).reviewers}
    good, careless = (lines[seats[number].who.person_id].calibration for number in (0, 2))
    assert good
    assert careless
    assert good.weight > 2 * careless.weight
    assert lines[seats[0].who.person_id].samples == 3


def test_an_erased_learner_takes_the_work_and_leaves_the_reviews_of_others(room: Room) -> None:
    ann, ben, cem = stand(room)
    dan, _ = peers.ready(room, 2, first=4)
    pending = peers.take(room, dan)
    before = {work: room.case(room.teacher, work).peers for work in [work_of(room, each).uuid for each in (ben, cem)]}
    for seat in (ann, dan):
        with room.tool.runtime.database.transaction() as session:
            organisation = session.get_one(Organisation, room.link.organisation_id)
            erasure.erase(session, organisation, seat.who.person_uuid, actor="system", now=room.now)
    assert {work: room.case(room.teacher, work).peers for work in before} == before
    with room.tool.runtime.database.reading() as session:
        rows = session.scalars(select(PeerReview).where(PeerReview.organisation_id == room.link.organisation_id)).all()
    own = work_of(room, ann).id
    assert all(row.comments_sealed is None for row in rows if row.submission_id == own)
    assert pending not in {row.uuid for row in rows}
    assert own not in {work.id for work in peers.pool(room).works}


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        ({"reviews": 0}, PeerRulesError),
        ({"hours": 721}, PeerRulesError),
        ({"effect": Effect.STAND, "enough": 4}, PeerRulesError),
        ({"effect": Effect.STAND, "samples": 2}, StandNeedsSamplesError),
    ],
)
def test_rules_that_cannot_be(rules: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        PeerRules(**rules)


def test_second_marks_are_given_by_markers(room: Room) -> None:
    room.setup(second_share=100)
    ann, *_ = stand(room)
    case = room.case(room.teacher, work_of(room, ann).uuid)
    assert (case.stage, case.marking.peers) == (Stage.WAITING, None)
    assert Position.PEERS not in case.marking.marks
