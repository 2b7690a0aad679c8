"""A course whose learners review each other: the lesson with samples, and what learners and staff do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from lti_tool.models import Activity, ContentVersion, PeerReview
from lti_tool.services.marking import peer_oversight, peer_received, peer_reviews, peer_scores
from lti_tool.services.marking.cases import KeyOwner
from lti_tool.services.marking.peer_oversight import Oversight, StaffReview
from lti_tool.services.marking.peer_pool import Pool, read_pool
from lti_tool.services.marking.peer_received import Received
from lti_tool.services.marking.peer_reviews import HandIn, OpenReview, Reader, SavedReview
from lti_tool.services.marking.peer_setups import get_plan
from qualoop.assessment.marking import MarkSheet
from qualoop.assessment.peer_rules import PeerRules
from qualoop.assessment.samples import Sample, samples_document
from tests.factories.classrooms import LESSON, Seat
from tests.factories.marking import Room
from tests.factories.rubrics import sheet
from tests.factories.tool import SECRET, Tool

LEVELS: Final = ((0, 0), (2, 1), (1, 2))
"""What staff gave the rows of each sample."""
SAMPLES: Final = tuple(
    Sample.model_validate(
        {
            "key": f"sample-{number}",
            "title": {"en": f"Sample {number}", "zh-Hans": f"样稿{number}"},
            "text": {"en": f"Copy of sample {number}", "zh-Hans": f"样稿{number}的文案"},
            "rows": {
                "headline": {"level": levels[0], "why": {"en": "Because of its first words.", "zh-Hans": "看开头。"}},
                "evidence": {"level": levels[1], "why": {"en": "Because of its facts.", "zh-Hans": "看依据。"}},
            },
        }
    )
    for number, levels in enumerate(LEVELS, 1)
)


def bring_samples(tool: Tool) -> None:
    """Let the lesson bring samples, as a project's package does. Before anybody opens it: versions are remembered."""
    with tool.runtime.database.transaction() as session:
        version = session.scalars(
            select(ContentVersion)
            .join(Activity, Activity.version_id == ContentVersion.id)
            .where(Activity.organisation_id == tool.organisation_id, Activity.key == LESSON)
        ).one()
        version.document = json.dumps(json.loads(version.document) | {"samples": samples_document(SAMPLES)})


def reader(room: Room, seat: Seat) -> Reader:
    return Reader(link=room.link, person_id=seat.who.person_id, uuid=seat.who.person_uuid, secret=SECRET)


def set_rules(room: Room, **rules: Any) -> None:
    with room.tool.runtime.database.transaction() as session:
        peer_scores.apply_rules(session, room.desk(room.teacher), PeerRules(**rules), now=room.now)


def rate(room: Room, seat: Seat, *levels: tuple[int, int]) -> None:
    """Rate the samples; as staff did where nothing else is said."""
    with room.tool.runtime.database.transaction() as session:
        for sample, given in zip(SAMPLES, levels or LEVELS, strict=True):
            assert not peer_reviews.rate_sample(session, reader(room, seat), sample.key, sheet(*given), now=room.now)


def ready(room: Room, count: int, *, first: int = 1) -> Sequence[Seat]:
    """Return learners who have handed in and rated the samples, each a minute after the other."""
    seats = []
    for number in range(first, first + count):
        seat = room.learner(number)
        room.submit(seat)
        rate(room, seat)
        room.tool.clock.advance(minutes=1)
        seats.append(seat)
    return seats


def take(room: Room, seat: Seat) -> str:
    with room.tool.runtime.database.transaction() as session:
        return peer_reviews.take_next(session, reader(room, seat), now=room.now)


def opened(room: Room, seat: Seat, review: str) -> OpenReview:
    with room.tool.runtime.database.reading() as session:
        return peer_reviews.open_review(session, reader(room, seat), review, now=room.now)


def save(
    room: Room, seat: Seat, review: str, given: MarkSheet, *, hand_in: bool = True, seen: int | None = None
) -> SavedReview:
    shown = opened(room, seat, review).seen if seen is None else seen
    with room.tool.runtime.database.transaction() as session:
        return peer_reviews.save_review(
            session, reader(room, seat), review, HandIn(sheet=given, seen=shown, hand_in=hand_in), now=room.now
        )


def review(room: Room, seat: Seat, *levels: int, words: str = "Say more.") -> str:
    """Take a work, judge it, hand the review in; return its uuid."""
    taken = take(room, seat)
    assert save(room, seat, taken, sheet(*levels, overall=words)).is_done
    return taken


def pool(room: Room) -> Pool:
    with room.tool.runtime.database.reading() as session:
        rules = get_plan(session.connection(), room.link.organisation_id, room.link.resource_link_id).rules
        return read_pool(session.connection(), room.link, rules, room.now)


def received(room: Room, seat: Seat) -> Sequence[Received]:
    with room.tool.runtime.database.reading() as session:
        return peer_received.received(session.connection(), reader(room, seat), pool(room))


def flag(room: Room, seat: Seat, uuid: str, reason: str) -> None:
    with room.tool.runtime.database.transaction() as session:
        peer_received.flag(session, reader(room, seat), uuid, reason, now=room.now)


def settle(room: Room, uuid: str, *, reason: str = "", leave_out: bool = True, by: Seat | None = None) -> None:
    with room.tool.runtime.database.transaction() as session:
        desk = room.desk(by or room.teacher)
        peer_oversight.settle(session, desk, uuid, leave_out=leave_out, reason=reason, now=room.now)


def oversight(room: Room) -> Oversight:
    with room.tool.runtime.database.reading() as session:
        return peer_oversight.oversight(session.connection(), room.desk(room.teacher), now=room.now)


def staff_reviews(room: Room, work: str) -> Sequence[StaffReview]:
    case = room.case(room.teacher, work)
    owner = KeyOwner(organisation_id=case.organisation_id, learner=case.owner.learner, secret=SECRET)
    with room.tool.runtime.database.reading() as session:
        return peer_oversight.reviews_of(session.connection(), room.desk(room.teacher, work), case.id, owner)


def stored(room: Room, uuid: str) -> PeerReview:
    with room.tool.runtime.database.reading() as session:
        return session.scalars(select(PeerReview).where(PeerReview.uuid == uuid)).one()
