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

from lti_tool.models import Context, ObservationCapture, ObservationPhoto
from lti_tool.services import observing_tasks
from lti_tool.services.assessor_qualifications import list_of, rule_of
from lti_tool.services.class_members import Link, get_member
from lti_tool.services.contents import Contents
from lti_tool.services.learner_keys import KeyOwner, LearnerErasedError, open_bytes, sealed_bytes
from lti_tool.services.observing_errors import DecisionRefusedError, InvitationMissingError
from lti_tool.services.observing_inbox import note_waiting
from lti_tool.services.observing_ledger import Course, Decision, Seen, Standing, read_standing, settle
from lti_tool.services.observing_outcomes import differences_of, kept_because
from lti_tool.services.observing_receive import LEARNER_UNKNOWN, RUBRIC_UNKNOWN, TASK_UNKNOWN, judged_of
from lti_tool.services.observing_said import open_capture
from lti_tool.services.records import RecordMissingError
from qualoop.classroom.assessors import Hindrance, is_beyond, level_cap
from qualoop.classroom.observation import CaptureUnfitError, fitted_sheet
from qualoop.classroom.observation_merge import Difference, Wait
from qualoop.ledger import Reason

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


def count(session: Session, decider: Decider, capture: str, *, contents: Contents, now: datetime) -> None:
    """Let a capture count that waits, by uuid. Raises InvitationMissingError, DecisionRefusedError."""
    row, seen, standing = _hold(session, decider, capture)
    code = kept_because(seen, standing)
    if code in UNRESOLVED:
        _look_again(session, decider, row, contents=contents)
    if code == Hindrance.LEVEL:
        _check_level(session, decider, row, contents, now)
    if code == Hindrance.LEARNER:
        for member, _ in seen.members:
            member.problem = "" if member.problem == Hindrance.LEARNER else member.problem
    elif code in set(Wait):
        _decide(row, decider, Decision.ALONE, now=now)
    elif code in {"", LEARNER_UNKNOWN}:
        # Nothing of it waits for this: somebody else was faster, or a learner is to be named.
        raise DecisionRefusedError("learner" if code else "moved")
    else:
        _decide(row, decider, Decision.COUNTED, now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now)


def leave_out(session: Session, decider: Decider, capture: str, reason: Reason, *, now: datetime) -> None:
    """Let a capture count nothing, by uuid, because of ``reason``; raise InvitationMissingError, DecisionRefusedError."""
    row, _, _ = _hold(session, decider, capture)
    if row.decision == Decision.LEFT_OUT:
        raise DecisionRefusedError("moved")
    _decide(row, decider, Decision.LEFT_OUT, now=now)
    row.reason = reason.value
    _settle(session, decider, [row.id], reason, now)


def take_back(session: Session, decider: Decider, capture: str, *, now: datetime) -> None:
    """Undo what was decided about a capture, by uuid: it stands again as it came. Raises DecisionRefusedError."""
    row, _, _ = _hold(session, decider, capture)
    if row.decision == Decision.NONE:
        raise DecisionRefusedError("moved")
    _decide(row, decider, Decision.NONE, now=now)
    row.reason = ""
    _settle(session, decider, [row.id], Reason.ERROR, now)


def keep_both(session: Session, decider: Decider, capture: str, *, now: datetime) -> None:
    """Say that observations of one assessor that stand side by side are all right; raise DecisionRefusedError."""
    row, seen, standing = _hold(session, decider, capture)
    if not {Difference.REPEATED, Difference.FORKED} & differences_of(seen, standing):
        raise DecisionRefusedError("moved")
    beside = {name for each in standing.merged.by_capture[seen.name] for name in each.captures}
    for each in standing.seen:
        if each.name in beside and each.row.decision == Decision.NONE:
            _decide(each.row, decider, Decision.BOTH, now=now)
    _settle(session, decider, [row.id], Reason.ERROR, now)


def assign(session: Session, decider: Decider, capture: str, named: tuple[str, str], *, now: datetime) -> None:
    """Say who somebody is whom a capture names and the course does not know: (as it was signed, pseudonym of the learner).

    Raises InvitationMissingError, DecisionRefusedError for nobody of the course, or somebody the capture is about already.
    """
    signed, learner = named
    row, seen, _ = _hold(session, decider, capture)
    member = next((each for each, _ in seen.members if each.learner == signed), None)
    if member is None or member.problem != LEARNER_UNKNOWN:
        raise DecisionRefusedError("moved")
    try:
        found = get_member(session.connection(), decider.link, learner)
    except RecordMissingError as error:
        raise DecisionRefusedError("learner") from error
    if any(each.person_id == found.subject.person_id for each, _ in seen.members):
        raise DecisionRefusedError("learner")
    member.person_id, member.problem = found.subject.person_id, ""
    if len(seen.members) == 1:
        _seal_for(session, decider, row, learner, now)
    session.flush()
    _settle(session, decider, [row.id], Reason.ERROR, now)


def _hold(session: Session, decider: Decider, capture: str) -> tuple[ObservationCapture, Seen, Standing]:
    """Return a capture of the course, which is locked, and how it stands; raise InvitationMissingError."""
    course = decider.course
    session.execute(
        select(Context.id)
        .where(Context.organisation_id == course.organisation_id, Context.id == course.context_id)
        .with_for_update()
    )
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


def _settle(session: Session, decider: Decider, around: Sequence[int], reason: Reason, now: datetime) -> None:
    session.flush()
    standing = settle(session, decider.course, around=around, by=decider.uuid, reason=reason, now=now)
    note_waiting(session, decider.course, standing, now=now)


def _look_again(session: Session, decider: Decider, row: ObservationCapture, *, contents: Contents) -> None:
    """Hold a capture against what is installed by now; raise DecisionRefusedError where that is still not enough."""
    signed = open_capture(session, row, decider.secret)
    connection, organisation_id = session.connection(), row.organisation_id
    stored = observing_tasks.find_rubric(connection, organisation_id, row.rubric)
    if signed is None or stored is None:
        raise DecisionRefusedError("unfit")
    framework = contents.find_framework(connection, organisation_id)
    tasks = {task.key: task for task in observing_tasks.list_tasks(connection, contents, decider.link)}
    place = observing_tasks.find_place(
        connection, organisation_id, tasks, row.task, rubric=stored, framework=framework
    ) or observing_tasks.place_alone(stored, framework)
    if place.registers:
        observing_tasks.register(session, organisation_id, stored, framework, now=row.received_at)
    row.activity, row.content, row.is_older = place.activity, place.content, place.is_older
    try:
        row.judged = judged_of(stored, fitted_sheet(signed, stored.rubric))
    except CaptureUnfitError as error:
        raise DecisionRefusedError("unfit") from error
    row.criteria = len(stored.rubric.rows)
    session.flush()


def _check_level(
    session: Session, decider: Decider, row: ObservationCapture, contents: Contents, now: datetime
) -> None:
    """Raise DecisionRefusedError where the level is beyond whoever decides, too: nobody lifts the own limit."""
    connection, organisation_id = session.connection(), row.organisation_id
    stored = observing_tasks.find_rubric(connection, organisation_id, row.rubric)
    framework = contents.find_framework(connection, organisation_id)
    tasks = {task.key: task for task in observing_tasks.list_tasks(connection, contents, decider.link)}
    place = stored and observing_tasks.find_place(
        connection, organisation_id, tasks, row.task, rubric=stored, framework=framework
    )
    own = list_of(connection, organisation_id, decider.person_id)
    if place and is_beyond(place.level, level_cap(rule_of(connection, organisation_id), own, now.date())):
        raise DecisionRefusedError("level")


def _seal_for(session: Session, decider: Decider, row: ObservationCapture, learner: str, now: datetime) -> None:
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
