"""Who has given a mark that an appeal is about does not decide it, the second of two who agree neither."""

from __future__ import annotations

from uuid import UUID

import pytest

from lti_tool.models import Organisation
from lti_tool.services.ledger import flags
from lti_tool.services.ledger.flags import FirstAssessorDecidesError
from lti_tool.services.marking import release
from lti_tool.services.marking.release import MarkCorrection
from qualoop.assessment.rubric import rubric_tags
from qualoop.ledger import Reason
from qualoop.records import Outcome
from tests.factories.classrooms import Seat
from tests.factories.marking import ASSISTANT, Room
from tests.factories.rubrics import sheet
from tests.factories.tool import SECRET


def appeal(room: Room, learner: Seat) -> UUID:
    """Let a learner appeal over what the rows of the rubric serve."""
    codes = tuple(sorted({code for shares in rubric_tags(room.rubric.rubric).values() for code in shares}))
    person = learner.who.person_uuid
    said = flags.Notice(learner=UUID(person), codes=codes, actor=person, secret=SECRET)
    room.tool.clock.advance(minutes=1)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        framework = room.tool.runtime.contents.find_framework(session.connection(), organisation.id)
        assert framework
        opened = flags.open_appeal(session, organisation, framework, said, now=room.now)
    room.tool.clock.advance(minutes=1)
    return opened


def decide(room: Room, opened: UUID, by: Seat) -> None:
    with room.tool.runtime.database.transaction() as session:
        about = (session, session.get_one(Organisation, room.tool.organisation_id), opened, Outcome.UPHELD)
        flags.decide_appeal(*about, actor=by.who.person_uuid, now=room.now)


@pytest.fixture
def markers(room: Room) -> list[Seat]:
    return [room.enter(*who, roles=ASSISTANT) for who in (("a-1", "Ann"), ("b-1", "Ben"), ("c-1", "Cleo"))]


def test_the_second_of_two_who_agree_does_not_decide(room: Room, markers: list[Seat]) -> None:
    room.setup(second_share=100)
    ann, ben, cleo = markers
    sam = room.learner()
    work = room.submit(sam)
    for marker in (ann, ben):
        room.approve(marker, work, 1, 1)
    room.release(work)
    opened = appeal(room, sam)
    for marker in (ann, ben):
        with pytest.raises(FirstAssessorDecidesError):
            decide(room, opened, marker)
    decide(room, opened, cleo)


@pytest.mark.parametrize("decider", ["ben", "teacher"])
def test_who_marked_another_work_or_marks_anew_may_decide(room: Room, markers: list[Seat], decider: str) -> None:
    ann, ben, _ = markers
    sam, other = room.learner(), room.learner(2)
    work, another = room.submit(sam), room.submit(other)
    room.approve(ann, work, 1, 1)
    room.approve(ben, another, 1, 1)
    room.release(work, another)
    opened = appeal(room, sam)
    with room.tool.runtime.database.transaction() as session:
        given = MarkCorrection(sheet=sheet(2, 1), reason=Reason.APPEAL)
        release.correct(session, room.desk(room.teacher, work), given, now=room.now)
    with pytest.raises(FirstAssessorDecidesError):
        decide(room, opened, ann)
    decide(room, opened, {"ben": ben, "teacher": room.teacher}[decider])
