"""What people decide about observations: count what waits, leave out with a reason, say that two are right, name a learner.

Everything can be taken back: the ledger gets a later event each time, and nothing of the capture changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, ObservationMember, ObservationPhoto
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, get_member
from lti_tool.services.evidence.evidence import EvidenceBatchRefusedError
from lti_tool.services.observing.decided import BESIDE, About, Decision
from lti_tool.services.observing.errors import DecisionRefusedError, InvitationMissingError
from lti_tool.services.observing.inbox import note_waiting
from lti_tool.services.observing.ledger import ID_TAKEN, Course, Seen, Standing, hold_course, read_standing, settle
from lti_tool.services.observing.limits import check_own_level, look_again
from lti_tool.services.observing.outcomes import LEFT_OUT, TARGET_WAITS, differences_of, kept_because
from lti_tool.services.observing.overview import people_known
from lti_tool.services.observing.receive import LEARNER_UNKNOWN, RUBRIC_UNKNOWN, TASK_UNKNOWN
from lti_tool.services.people.learner_keys import KeyOwner, LearnerErasedError, open_bytes, sealed_bytes
from lti_tool.services.records.records import RecordMissingError
from qualoop.classroom.assessors import Hindrance
from qualoop.classroom.observation_merge import Difference, Wait
from qualoop.ledger import Reason

OF_ONE_ASSESSOR: Final = frozenset({Difference.REPEATED, Difference.FORKED})
UNRESOLVED: Final = (RUBRIC_UNKNOWN, TASK_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides, in which course; ``uuid`` is a pseudonym, ``secret`` the installation's."""

    link: Link
    person_id: int
    uuid: str
    secret: str

    @property
    def course(self) -> Course:
        """Return the course as the ledger of observations takes it."""
        return Course(organisation_id=self.link.organisation_id, context_id=self.link.context_id, secret=self.secret)


def count(session: Session, decider: Decider, capture: str, *, contents: Contents, now: datetime) -> bool:
    """Let a capture count that waits, by uuid; say whether it does. Raises InvitationMissingError, DecisionRefusedError.

    It does not where it could not be held against its invitation before, and is found outside of it now.
    """
    row, seen, standing = _hold(session, decider, capture)
    code = kept_because(seen, standing)
    if code == TARGET_WAITS:
        raise DecisionRefusedError("target")
    if code in {"", LEFT_OUT}:
        # Nothing of it waits for this: somebody else was faster.
        raise DecisionRefusedError("moved")
    if code in UNRESOLVED or not row.content:
        hindrance = look_again(session, decider.link, row, contents=contents, secret=decider.secret)
        if hindrance is not None and code not in {hindrance, ID_TAKEN}:
            row.problem = hindrance.value
            session.flush()
            return False
    check_own_level(session, decider.link, row, decider=decider.person_id, contents=contents, now=now)
    if code in {Hindrance.LEARNER, LEARNER_UNKNOWN}:
        _count_learners(session, decider, row, seen, now=now)
    elif code in set(Wait):
        _decide(row, decider, Decision.ALONE, now=now)
    else:
        _decide(row, decider, Decision.COUNTED, now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now=now)
    return True


def leave_out(session: Session, decider: Decider, capture: str, reason: Reason, *, now: datetime) -> None:
    """Let a capture count nothing, by uuid, because of ``reason``; raise InvitationMissingError, DecisionRefusedError."""
    row, _, _ = _hold(session, decider, capture)
    if row.decision == Decision.LEFT_OUT:
        raise DecisionRefusedError("moved")
    _decide(row, decider, Decision.LEFT_OUT, now=now)
    row.reason = reason.value
    _settle(session, decider, [row.id], reason, now=now)


def take_back(session: Session, decider: Decider, capture: str, *, now: datetime) -> None:
    """Undo what was decided about a capture, by uuid: it stands again as it came. Raises DecisionRefusedError."""
    row, seen, _ = _hold(session, decider, capture)
    if row.decision == Decision.NONE:
        raise DecisionRefusedError("moved")
    _decide(row, decider, Decision.NONE, now=now)
    row.reason = ""
    _forget_learners(session, decider, row, seen, now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now=now)


def leave_out_learner(session: Session, decider: Decider, capture: str, signed: str, *, now: datetime) -> None:
    """Let a capture of a team count for the others alone: ``signed`` is who nobody knows, as it was signed.

    Raises InvitationMissingError, DecisionRefusedError also where nobody else is left.
    """
    row, seen, _ = _hold(session, decider, capture)
    member = _unknown_member(seen, signed)
    if all(each is member or each.problem == About.WITHOUT for each, _ in seen.members):
        raise DecisionRefusedError("learner")
    member.problem = About.WITHOUT
    _decide_learners(row, decider, now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now=now)


def keep_both(session: Session, decider: Decider, capture: str, *, now: datetime) -> None:
    """Say that observations of one assessor that stand side by side are all right; raise DecisionRefusedError."""
    row, seen, standing = _hold(session, decider, capture)
    if not OF_ONE_ASSESSOR & differences_of(seen, standing):
        raise DecisionRefusedError("moved")
    beside = {
        name for each in standing.merged.by_capture[seen.name] if each.kind in OF_ONE_ASSESSOR for name in each.captures
    }
    for each in standing.seen:
        if each.name in beside and each.row.decision in BESIDE:
            _decide(each.row, decider, BESIDE[each.row.decision], now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now=now)


def assign(session: Session, decider: Decider, capture: str, named: tuple[str, str], *, now: datetime) -> None:
    """Say who somebody is whom a capture names and the course does not know: (as it was signed, pseudonym of the learner).

    Raises InvitationMissingError, DecisionRefusedError for nobody of the course, or somebody the capture is about already.
    """
    signed, learner = named
    row, seen, _ = _hold(session, decider, capture)
    member = _unknown_member(seen, signed)
    try:
        found = get_member(session.connection(), decider.link, learner)
    except RecordMissingError as error:
        raise DecisionRefusedError("learner") from error
    if any(each.person_id == found.subject.person_id for each, _ in seen.members):
        raise DecisionRefusedError("learner")
    member.person_id, member.problem = found.subject.person_id, About.NAMED
    _decide_learners(row, decider, now=now)
    if len(seen.members) == 1:
        _seal_for(session, decider, row, learner, now=now)
    session.flush()
    _settle(session, decider, [row.id], Reason.ERROR, now=now)


def _hold(session: Session, decider: Decider, capture: str) -> tuple[ObservationCapture, Seen, Standing]:
    """Return a capture of the course, which is locked, and how it stands; raise InvitationMissingError."""
    course = decider.course
    hold_course(session, course.organisation_id, course.context_id)
    row = session.scalar(
        select(ObservationCapture)
        .where(
            ObservationCapture.organisation_id == course.organisation_id,
            ObservationCapture.context_id == course.context_id,
            ObservationCapture.uuid == capture,
        )
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise InvitationMissingError
    standing = read_standing(session, course, around=[row.id])
    return row, next(each for each in standing.seen if each.row.id == row.id), standing


def _decide(row: ObservationCapture, decider: Decider, decision: Decision, *, now: datetime) -> None:
    row.decision, row.decided_by, row.decided_at = decision.value, decider.uuid, now


def _unknown_member(seen: Seen, signed: str) -> ObservationMember:
    """Return who is named so and waits to be known; raise DecisionRefusedError."""
    found = [each for each, _ in seen.members if each.learner == signed and each.problem == LEARNER_UNKNOWN]
    if not found:
        raise DecisionRefusedError("moved")
    return found[0]


def _count_learners(session: Session, decider: Decider, row: ObservationCapture, seen: Seen, *, now: datetime) -> None:
    """Let a capture count for those outside the invitation, and who are known here, though not of the course any more.

    Raises DecisionRefusedError where it would count for nobody more.
    """
    unknown = [member.learner for member, _ in seen.members if member.problem == LEARNER_UNKNOWN]
    known = people_known(session, row.organisation_id, unknown)
    changed = False
    for member, _ in seen.members:
        if member.problem == LEARNER_UNKNOWN and member.learner in known:
            member.person_id, member.problem, changed = known[member.learner], About.KNOWN, True
        elif member.problem == Hindrance.LEARNER:
            member.problem, changed = About.COUNTED, True
    if not changed:
        raise DecisionRefusedError("learner")
    _decide_learners(row, decider, now=now)


def _decide_learners(row: ObservationCapture, decider: Decider, *, now: datetime) -> None:
    """Note who has decided about one of those whom a capture is about, beside what was decided about all of it."""
    _decide(row, decider, Decision(row.decision or Decision.LEARNERS), now=now)


def _forget_learners(session: Session, decider: Decider, row: ObservationCapture, seen: Seen, *, now: datetime) -> None:
    """Take back what was decided about those whom a capture is about: each is who was signed again."""
    for member, _ in seen.members:
        if member.problem == About.COUNTED:
            member.problem = Hindrance.LEARNER.value
        elif member.problem in {About.NAMED, About.KNOWN, About.WITHOUT}:
            if member.problem == About.NAMED and len(seen.members) == 1:
                # Under nobody's key: it may be anybody's again.
                _seal_for(session, decider, row, row.uuid, now=now)
            member.person_id, member.problem = None, LEARNER_UNKNOWN


def _settle(session: Session, decider: Decider, around: Sequence[int], reason: Reason, *, now: datetime) -> None:
    session.flush()
    try:
        standing = settle(session, decider.course, around=around, by=decider.uuid, reason=reason, now=now)
    except EvidenceBatchRefusedError as error:
        raise DecisionRefusedError("ledger") from error
    note_waiting(session, decider.course, standing, now=now)


def _seal_for(session: Session, decider: Decider, row: ObservationCapture, learner: str, *, now: datetime) -> None:
    """Put words and pictures under the key of the learner whom they are about, now that one is known."""
    connection = session.connection()
    before = KeyOwner(organisation_id=row.organisation_id, learner=row.key_of, secret=decider.secret)
    after = replace(before, learner=learner)
    photos = session.scalars(
        select(ObservationPhoto).where(
            ObservationPhoto.organisation_id == row.organisation_id, ObservationPhoto.capture_id == row.id
        )
    ).all()
    try:
        if row.signed_sealed is not None:
            plain = open_bytes(connection, before, row.signed_sealed)
            row.signed_sealed = None if plain is None else sealed_bytes(connection, after, plain, now)
        for photo in photos:
            data = None if photo.data_sealed is None else open_bytes(connection, before, photo.data_sealed)
            photo.data_sealed = None if data is None else sealed_bytes(connection, after, data, now)
            photo.key_of = learner
    except LearnerErasedError as error:
        raise DecisionRefusedError("learner") from error
    row.key_of = learner
