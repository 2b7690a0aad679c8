"""What markers do with a work: save, approve, undo, take over, ask for a second marker, give it to somebody.

Every change locks the work, so that two markers never take the same mark, and is committed with the answer of its page:
what a page shows as saved is saved.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import MarkRevision, MarkRow, SubmissionRow
from lti_tool.services.attempts.marking_setups import find_setup
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.marking.cases import Case, Desk, Marker, StoredMark, get_case, get_case_by_id
from lti_tool.services.marking.level_limits import is_limited
from lti_tool.services.marking.live_people import check_may_judge
from lti_tool.services.people.learner_keys import sealed_bytes
from qualoop.assessment.marking import (
    MAX_ENTERPRISE,
    MarkFinalError,
    MarkingRefusedError,
    MarkNotYoursError,
    MarkSheet,
    Position,
    Stage,
    comments_body,
    judged_body,
    missing_rows,
    own_position,
    stage_of,
)

KEPT_REVISIONS: Final = 50
GRACE: Final = timedelta(minutes=5)
"""How long an approval that comes after the release date can still be taken back."""


class MarkStaleError(MarkingRefusedError):
    """This mark was changed since the page was drawn, in another tab or by somebody who took it over."""

    code = "mark-stale"


class MarkApprovedError(MarkingRefusedError):
    """The mark is approved: undo that first."""

    code = "mark-approved"


class NothingToUndoError(MarkingRefusedError):
    """There is nothing of yours to undo here."""

    code = "mark-nothing-to-undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a save did. ``is_approved`` is False where it was asked for and rows, the enterprise or qualifications are missing.

    ``is_limited``: the work is beyond what the marker's qualifications reach (`level_limits`).
    """

    position: Position
    revision: int
    is_approved: bool
    missing: Sequence[str] = ()
    lacks_enterprise: bool = False
    is_limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a marker sends: the sheet, whether it is to be approved, and for which enterprise it is given.

    ``seen`` is the revision that the page showed, 0 before the first.
    """

    sheet: MarkSheet
    seen: int
    approve: bool = False
    enterprise: str = ""


def save(session: Session, desk: Desk, judgement: Judgement, *, now: datetime) -> Saved:
    """Save a mark as a new revision; approve it where that is asked for, every row has a level, and the marker may.

    Raises SubmissionMissingError, and leaves of MarkingRefusedError: then nothing is stored. LearnerErasedError where a
    comment is about an erased learner.
    """
    marker = desk.marker
    case = locked_case(session, desk)
    position = _position(case, marker)
    if position is Position.FIRST:
        check_may_judge(session.connection(), case, marker)
    stored = case.stored.get(position)
    if (stored.revision if stored else 0) != judgement.seen:
        raise MarkStaleError
    if case.marking.is_in(position):
        raise MarkApprovedError
    names_enterprise = case.names_enterprise(marker)
    enterprise = judgement.enterprise.strip()[:MAX_ENTERPRISE] if names_enterprise else ""
    missing = missing_rows(case.marking.rubric, judgement.sheet)
    lacks_enterprise = names_enterprise and not enterprise
    limited = judgement.approve and is_limited(session.connection(), desk, case, now.date())
    approves = judgement.approve and not missing and not lacks_enterprise and not limited
    revision = _write(
        session, case, marker, position, sheet=judgement.sheet, approves=approves, enterprise=enterprise, now=now
    )
    restage(session, desk, now)
    return Saved(
        position=position,
        revision=revision,
        is_approved=approves,
        missing=missing if judgement.approve else (),
        lacks_enterprise=judgement.approve and lacks_enterprise,
        is_limited=limited,
    )


def undo(session: Session, desk: Desk, *, seen: int, now: datetime) -> Position:
    """Take the last save of one's own mark back, an approval too; return which mark it was.

    Raises MarkFinalError once marks are released, or once two markers have seen each other's; NothingToUndoError,
    MarkStaleError.
    """
    marker = desk.marker
    case = locked_case(session, desk)
    if case.marking.is_released:
        raise MarkFinalError
    position = own_position(case.marking, marker.uuid, may_decide=marker.may_release)
    stored = None if position is None else case.stored.get(position)
    if position is None or stored is None or stored.person_id != marker.person_id:
        raise NothingToUndoError
    if stored.revision != seen:
        raise MarkStaleError
    _take_back(session, case, stored, now)
    restage(session, desk, now)
    return position


def locked_case(session: Session, desk: Desk) -> Case:
    """Return a work for a change: nobody else changes it before this transaction ends. Raises SubmissionMissingError."""
    _lock(session, desk.link.organisation_id, SubmissionRow.uuid == desk.work)
    return get_case(session.connection(), desk)


def _lock(session: Session, organisation_id: int, condition: ColumnElement[bool]) -> None:
    """Lock a work; raise SubmissionMissingError where there is none."""
    found = session.scalar(
        select(SubmissionRow.id).where(SubmissionRow.organisation_id == organisation_id, condition).with_for_update()
    )
    if found is None:
        raise SubmissionMissingError


def _position(case: Case, marker: Marker) -> Position:
    """Return which mark a marker may save now; raise MarkFinalError, MarkNotYoursError."""
    if case.marking.is_released:
        raise MarkFinalError
    position = own_position(case.marking, marker.uuid, may_decide=marker.may_release)
    if position is None:
        raise MarkNotYoursError
    return position


def _write(
    session: Session,
    case: Case,
    marker: Marker,
    position: Position,
    *,
    sheet: MarkSheet,
    approves: bool,
    enterprise: str,
    now: datetime,
) -> int:
    """Write what a mark says, where it says anything new, and its approval; return the number of the newest revision.

    An approval is a revision of its own, so that to undo it leaves the draft as it was.
    """
    mark = case.marking.marks.get(position)
    stored = case.stored.get(position) or _begin(session, case, marker, position, now=now)
    number = stored.revision
    is_new = mark is None or mark.sheet != sheet
    for approved in (False,) * is_new + (True,) * approves:
        _add_revision(session, case, stored.id, sheet, number=number + 1, approved=approved, by=marker, now=now)
        number += 1
    _set_mark(session, case, stored.id, revision=number, enterprise=enterprise, updated_at=now)
    return number


def _begin(session: Session, case: Case, marker: Marker, position: Position, *, now: datetime) -> StoredMark:
    """Add a mark that says nothing yet."""
    made = MarkRow(
        organisation_id=case.organisation_id,
        submission_id=case.id,
        position=position.value,
        person_id=marker.person_id,
        revision=0,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return StoredMark(id=made.id, person_id=made.person_id, enterprise="", revision=0, updated_at=now)


def revise(session: Session, desk: Desk, case: Case, position: Position, *, sheet: MarkSheet, now: datetime) -> None:
    """Write an approved revision whoever the mark is of: for corrections, whose rights the caller has checked."""
    stored = case.stored.get(position) or _begin(session, case, desk.marker, position, now=now)
    number = stored.revision + 1
    _add_revision(session, case, stored.id, sheet, number=number, approved=True, by=desk.marker, now=now)
    _set_mark(session, case, stored.id, revision=number, updated_at=now)


def _add_revision(
    session: Session,
    case: Case,
    mark_id: int,
    sheet: MarkSheet,
    *,
    number: int,
    approved: bool,
    by: Marker,
    now: datetime,
) -> None:
    """Add what a mark says as revision ``number``; the oldest go where there are very many."""
    comments = comments_body(sheet)
    packed = json.dumps(comments, ensure_ascii=False).encode()
    session.add(
        MarkRevision(
            organisation_id=case.organisation_id,
            mark_id=mark_id,
            number=number,
            judged=judged_body(sheet),
            comments_sealed=sealed_bytes(session.connection(), case.owner, packed, now) if comments else None,
            is_approved=approved,
            by_person_id=by.person_id,
            saved_at=now,
        )
    )
    session.execute(
        delete(MarkRevision).where(
            MarkRevision.organisation_id == case.organisation_id,
            MarkRevision.mark_id == mark_id,
            MarkRevision.number <= number - KEPT_REVISIONS,
        )
    )
    session.flush()


def _take_back(session: Session, case: Case, stored: StoredMark, now: datetime) -> None:
    """Drop the newest revision of a mark, and the mark with its first."""
    of_mark = (MarkRevision.organisation_id == case.organisation_id, MarkRevision.mark_id == stored.id)
    session.execute(delete(MarkRevision).where(*of_mark, MarkRevision.number == stored.revision))
    earlier = session.scalar(select(MarkRevision.id).where(*of_mark, MarkRevision.number == stored.revision - 1))
    if earlier is not None:
        _set_mark(session, case, stored.id, revision=stored.revision - 1, updated_at=now)
    elif stored.revision == 1:
        session.execute(delete(MarkRow).where(MarkRow.organisation_id == case.organisation_id, MarkRow.id == stored.id))
    else:
        raise NothingToUndoError


def _set_mark(session: Session, case: Case, mark_id: int, **values: Any) -> None:
    session.execute(
        update(MarkRow)
        .where(MarkRow.organisation_id == case.organisation_id, MarkRow.id == mark_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def restage(session: Session, desk: Desk, now: datetime) -> None:
    """Let the work's row say where its marking stands now, and when it is to be released."""
    session.flush()
    session.expire_all()
    _restage(session, get_case(session.connection(), desk), now)


def restage_by_id(session: Session, organisation_id: int, submission_id: int, *, secret: str, now: datetime) -> None:
    """Do the same for the process itself, after what reviewers say has changed; raise SubmissionMissingError."""
    _lock(session, organisation_id, SubmissionRow.id == submission_id)
    _restage(session, get_case_by_id(session.connection(), organisation_id, submission_id, secret=secret), now)


def _restage(session: Session, case: Case, now: datetime) -> None:
    connection = session.connection()
    stage, release_at = stage_of(case.marking), None
    if stage is Stage.APPROVED:
        setup = find_setup(connection, case.organisation_id, case.link.resource_link_id)
        planned = setup.release_at if setup else None
        release_at = None if planned is None else max(planned, now + GRACE)
    session.execute(row_of(case).values(stage=stage.value, release_at=release_at))


def row_of(case: Case) -> Any:
    """Return the change of a work's row."""
    return (
        update(SubmissionRow)
        .where(SubmissionRow.organisation_id == case.organisation_id, SubmissionRow.id == case.id)
        .execution_options(synchronize_session=False)
    )
