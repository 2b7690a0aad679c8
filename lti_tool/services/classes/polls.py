"""Polls of a class session: planned from a lesson's item or made on the spot, voted on, closed, shown.

Closing is done here and nowhere else: a vote reads its poll's row shared, a move reads it alone, so what comes late
finds the round closed whatever a page showed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ClassPoll, ClassSeat, ClassSession, ContentVersion
from lti_tool.services.classes import evidence, questions, votes
from lti_tool.services.classes.seats import NameMissingError
from lti_tool.services.classes.sessions import ClassMissingError, plain, require_open, touch
from lti_tool.services.classes.votes import Given
from lti_tool.services.people.learner_keys import KeyOwner, sealed_text
from qualoop.assessment import Form, ShortText, read_response, score_response
from qualoop.classroom.questions import Question, lesson_question
from qualoop.classroom.session import ClassClosedError, ClassMovedError, ClassRefusedError, SessionState
from qualoop.classroom.votes import PollState, closed_when_over, moved_poll, open_round, votable_round
from qualoop.framework import Framework

MOST_POLLS: Final = 40
READ: Final = "read"
SHARED: Final = "shared"
ALONE: Final = "alone"

_MOMENTS: Final = {
    PollState.FIRST: "first_opened_at",
    PollState.FIRST_CLOSED: "first_closed_at",
    PollState.SECOND: "second_opened_at",
    PollState.SECOND_CLOSED: "second_closed_at",
    PollState.SHOWN: "shown_at",
}


class PollsFullError(ClassRefusedError):
    """A session takes 40 polls."""

    code = "class-polls-full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Whose vote: the seat, and the pseudonym that what is typed is sealed for; ``secret`` is the installation's."""

    seat: ClassSeat
    learner: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A vote as its page sent it: the uuid of the poll, the round that was shown, the fields of the form."""

    poll: str
    round: int
    form: Form


def plan_poll(
    session: Session,
    class_session: ClassSession,
    *,
    activity_key: str,
    content_hash: str,
    item_key: str,
    now: datetime,
) -> ClassPoll:
    """Add a poll of an installed lesson's item; one that is planned already is returned as it stands.

    Raises ClassMissingError where no such item is installed, QuestionRefusedError where it fits no phone,
    ClassClosedError, PollsFullError. The session's row is the caller's to lock.
    """
    for poll in list_polls(session, class_session):
        if poll.state == PollState.PLANNED and (poll.content_hash, poll.part) == (content_hash, item_key):
            return poll
    version = _find_version(session, class_session.organisation_id, activity_key, content_hash)
    items = version.document_items if version else {}
    if version is None or item_key not in items:
        raise ClassMissingError
    question = lesson_question(items[item_key])
    named = (activity_key, content_hash, item_key)
    return _add(session, class_session, {**question.to_document(), "version": version.id}, named, now=now)


def make_poll(
    session: Session,
    class_session: ClassSession,
    question: Question,
    points: Mapping[str, str],
    *,
    framework: Framework | None,
    now: datetime,
) -> ClassPoll:
    """Add a poll of a question made on the spot; ``points`` are its knowledge points with shares that sum to 1.

    Where it serves some, manifest and tags are registered first; else it is an opinion, and no evidence.
    """
    named: tuple[str | None, ...] = (None, None, None)
    if points and question.graded and framework is not None:
        named = questions.register(
            session, class_session.organisation_id, question, points, framework=framework, now=now
        )
    return _add(session, class_session, question.to_document(), named, now=now)


def list_polls(session: Session, class_session: ClassSession) -> Sequence[ClassPoll]:
    """Return the polls of a session in their order."""
    query = select(ClassPoll).where(
        ClassPoll.organisation_id == class_session.organisation_id, ClassPoll.class_session_id == class_session.id
    )
    return session.scalars(query.order_by(ClassPoll.number)).all()


def find_current(session: Session, class_session: ClassSession) -> ClassPoll | None:
    """Return the poll on the stage."""
    if class_session.poll_id is None:
        return None
    return session.scalar(
        select(ClassPoll).where(
            ClassPoll.organisation_id == class_session.organisation_id, ClassPoll.id == class_session.poll_id
        )
    )


def get_poll(session: Session, class_session: ClassSession, poll_uuid: str) -> ClassPoll:
    """Return a poll of a session; raise ClassMissingError."""
    return _get(session, class_session, poll_uuid, READ)


def move(
    session: Session, class_session: ClassSession, poll_uuid: str, wanted: PollState, *, now: datetime
) -> ClassPoll:
    """Let a poll go on to ``wanted``. Whoever closes a round records its votes, in this transaction.

    Raises ClassClosedError, ClassMovedError (a second click, or another poll takes votes), ClassMissingError.
    """
    require_open(class_session)
    poll = _get(session, class_session, poll_uuid, ALONE)
    if open_round(wanted) is not None:
        others = [each for each in list_polls(session, class_session) if each.id != poll.id]
        if any(open_round(PollState(each.state)) for each in others):
            raise ClassMovedError
    _set(session, class_session, poll, moved_poll(PollState(poll.state), wanted), now=now)
    class_session.poll_id = poll.id
    touch(class_session)
    session.flush()
    return poll


def remove(session: Session, class_session: ClassSession, poll_uuid: str) -> None:
    """Take a poll out that was never opened; raise ClassMovedError for any other."""
    poll = _get(session, class_session, poll_uuid, ALONE)
    if poll.state != PollState.PLANNED:
        raise ClassMovedError
    session.delete(poll)
    session.flush()


def leave_stage(class_session: ClassSession) -> None:
    """Take the poll off the stage: learners see the class without a question."""
    class_session.poll_id = None
    touch(class_session)


def close_all(session: Session, class_session: ClassSession, *, now: datetime) -> None:
    """Close whatever still takes votes, because the class is over."""
    for row in list_polls(session, class_session):
        poll = _get(session, class_session, row.uuid, ALONE)
        _set(session, class_session, poll, closed_when_over(PollState(poll.state)), now=now)
    session.flush()


def vote(session: Session, class_session: ClassSession, voter: Voter, paper: Paper, *, now: datetime) -> ClassPoll:
    """Take a vote, in the place of an earlier one of the round.

    Raises VoteRefusedError where the round takes none (any more), ClassClosedError, NameMissingError, and
    ResponseRefusedError for an empty vote and for what is none.
    """
    poll = _get(session, class_session, paper.poll, SHARED)
    if class_session.state != SessionState.OPEN:
        raise ClassClosedError
    number = votable_round(PollState(poll.state), paper.round)
    if voter.seat.person_id is None:
        raise NameMissingError
    question = Question.from_document(poll.question)
    response = read_response(question.item, paper.form, seed_of(poll))
    score = score_response(question.item, response).score.as_text() if question.graded else None
    sealed = None
    if isinstance(question.item, ShortText):
        owner = KeyOwner(organisation_id=poll.organisation_id, learner=voter.learner, secret=voter.secret)
        sealed, response = sealed_text(session.connection(), owner, response[0], now), []
    given = Given(response=response, sealed=sealed, score=score, cast_at=now)
    votes.cast(session.connection(), poll, voter.seat, number, given=given)
    return poll


def seed_of(poll: ClassPoll) -> int:
    """Return the seed of the order of options: the same for everybody, as the projector shows them."""
    return int(poll.uuid[:8], 16)


def _set(session: Session, class_session: ClassSession, poll: ClassPoll, state: PollState, *, now: datetime) -> None:
    if poll.state == state:
        return
    poll.state = state.value
    if name := _MOMENTS.get(state):
        setattr(poll, name, now)
    session.flush()
    if state in {PollState.FIRST_CLOSED, PollState.SECOND_CLOSED}:
        evidence.record_votes(session, class_session, now=now)


def _add(
    session: Session,
    class_session: ClassSession,
    document: dict[str, Any],
    named: Sequence[str | None],
    *,
    now: datetime,
) -> ClassPoll:
    if class_session.state == SessionState.CLOSED:
        raise ClassClosedError
    of_session = (
        ClassPoll.organisation_id == class_session.organisation_id,
        ClassPoll.class_session_id == class_session.id,
    )
    count, last = session.execute(select(func.count(), func.max(ClassPoll.number)).where(*of_session)).one()
    if count >= MOST_POLLS:
        raise PollsFullError
    activity_key, content_hash, part = named
    poll = ClassPoll(
        organisation_id=class_session.organisation_id,
        class_session_id=class_session.id,
        uuid=str(uuid.uuid4()),
        number=(last or 0) + 1,
        state=PollState.PLANNED.value,
        question=document,
        activity_key=activity_key,
        content_hash=content_hash,
        part=part,
        created_at=now,
    )
    session.add(poll)
    session.flush()
    return poll


def _get(session: Session, class_session: ClassSession, poll_uuid: str, lock: str) -> ClassPoll:
    """Return a poll of a session: shared or alone until the transaction ends, or just read."""
    query = select(ClassPoll).where(
        ClassPoll.organisation_id == class_session.organisation_id,
        ClassPoll.class_session_id == class_session.id,
        ClassPoll.uuid == plain(poll_uuid),
    )
    if lock != READ:
        query = query.with_for_update(read=lock == SHARED).execution_options(populate_existing=True)
    poll = session.scalar(query)
    if poll is None:
        raise ClassMissingError
    return poll


@dataclass(frozen=True, slots=True)
class _LessonVersion:
    id: int
    document_items: Mapping[str, Mapping[str, Any]]


def _find_version(
    session: Session, organisation_id: int, activity_key: str, content_hash: str
) -> _LessonVersion | None:
    """Return the items of an installed version of a lesson."""
    row = session.execute(
        select(ContentVersion.id, ContentVersion.document)
        .join(Activity, Activity.id == ContentVersion.activity_id)
        .where(
            Activity.organisation_id == organisation_id,
            ContentVersion.organisation_id == organisation_id,
            Activity.key == plain(activity_key),
            Activity.kind == questions.LESSON,
            ContentVersion.hash == plain(content_hash),
        )
    ).first()
    if row is None or not row[1]:
        return None
    items = questions.items_of(row[1])
    return _LessonVersion(row[0], items)
