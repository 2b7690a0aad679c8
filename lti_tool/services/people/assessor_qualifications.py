"""Qualifications of assessors, and what an organisation asks for: kept with dates, and with who confirmed them.

Nobody confirms the own one under the own pseudonym; how administrators are held to that, programme/teacher_records_review
says. What is withdrawn stays in the list, and qualifies for nothing from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import AssessorQualification, AssessorRule, Person
from qualoop.classroom.assessors import Qualification, QualificationKind, QualificationRule
from qualoop.errors import QualoopError

MAX_TITLE: Final = 200
MAX_ISSUER: Final = 200


class QualificationMissingError(QualoopError):
    """There is no such qualification, or no such person, in this organisation."""

    code = "qualification-missing"


class QualificationRefusedError(QualoopError):
    """A qualification has a title, and ends no earlier than it begins; nobody confirms the own one."""

    code = "qualification-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQualification:
    """A qualification as somebody enters it: from one day until another (inclusive; None: without end)."""

    kind: QualificationKind
    title: str
    holds_from: date
    holds_until: date | None = None
    issuer: str = ""


def list_of(connection: Connection, organisation_id: int, person_id: int) -> Sequence[Qualification]:
    """Return the qualifications of a person, in the order of their beginning, withdrawn ones too."""
    return list_all(connection, organisation_id, person_id=person_id)


def list_all(connection: Connection, organisation_id: int, *, person_id: int | None = None) -> Sequence[Qualification]:
    """Return all qualifications of an organisation, or of one person of it, in the order of their beginning."""
    query = select(AssessorQualification).where(AssessorQualification.organisation_id == organisation_id)
    if person_id is not None:
        query = query.where(AssessorQualification.person_id == person_id)
    with Session(connection) as session:
        rows = session.scalars(query.order_by(AssessorQualification.holds_from, AssessorQualification.id)).all()
        return [_qualification(row) for row in rows]


def add(
    session: Session, organisation_id: int, person_id: int, new: NewQualification, *, by: str, now: datetime
) -> Qualification:
    """Enter a qualification of a person; ``by`` is the pseudonym of who enters it. It waits for `confirm`.

    Raises QualificationRefusedError, QualificationMissingError where the organisation has no such person.
    """
    title, issuer = _cleaned(new.title, MAX_TITLE), _cleaned(new.issuer, MAX_ISSUER)
    if not title or (new.holds_until is not None and new.holds_until < new.holds_from):
        raise QualificationRefusedError
    if _find_person(session, organisation_id, person_id) is None:
        raise QualificationMissingError
    row = AssessorQualification(
        organisation_id=organisation_id,
        uuid=str(uuid.uuid4()),
        person_id=person_id,
        kind=new.kind.value,
        title=title,
        issuer=issuer,
        holds_from=new.holds_from,
        holds_until=new.holds_until,
        added_by=by,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _qualification(row)


def confirm(session: Session, organisation_id: int, qualification: str, *, by: str, now: datetime) -> Qualification:
    """Confirm a qualification, by uuid; ``by`` is an administrator's session, or a pseudonym other than its holder's.

    Once confirmed, it stays as it is. Raises QualificationMissingError, QualificationRefusedError.
    """
    row = _get(session, organisation_id, qualification)
    holder = _find_person(session, organisation_id, row.person_id)
    if not by or (holder is not None and holder.uuid == by) or row.withdrawn_at is not None:
        raise QualificationRefusedError
    if row.confirmed_at is None:
        row.confirmed_by, row.confirmed_at = by, now
        session.flush()
    return _qualification(row)


def withdraw(session: Session, organisation_id: int, qualification: str, *, by: str, now: datetime) -> Qualification:
    """Withdraw a qualification, by uuid: from now on it qualifies for nothing. Raises QualificationMissingError."""
    row = _get(session, organisation_id, qualification)
    if row.withdrawn_at is None:
        row.withdrawn_by, row.withdrawn_at = by, now
        session.flush()
    return _qualification(row)


def rule_of(connection: Connection, organisation_id: int) -> QualificationRule:
    """Return what an organisation asks of its assessors; nothing where it has set nothing."""
    row = connection.execute(
        select(AssessorRule.from_level, AssessorRule.kinds).where(AssessorRule.organisation_id == organisation_id)
    ).first()
    if row is None:
        return QualificationRule()
    return QualificationRule(from_level=row.from_level, kinds=frozenset(QualificationKind(each) for each in row.kinds))


def set_rule(session: Session, organisation_id: int, rule: QualificationRule, *, now: datetime) -> None:
    """Set what an organisation asks of its assessors from now on; what was judged before stays as it was."""
    row = session.scalar(select(AssessorRule).where(AssessorRule.organisation_id == organisation_id))
    if row is None:
        row = AssessorRule(organisation_id=organisation_id)
        session.add(row)
    row.from_level, row.kinds, row.updated_at = rule.from_level, sorted(each.value for each in rule.kinds), now
    session.flush()


def _get(session: Session, organisation_id: int, qualification: str) -> AssessorQualification:
    query = select(AssessorQualification).where(
        AssessorQualification.organisation_id == organisation_id, AssessorQualification.uuid == qualification
    )
    # PostgreSQL takes no text with a zero byte, not even to compare.
    row = None if "\0" in qualification else session.scalar(query.with_for_update())
    if row is None:
        raise QualificationMissingError
    return row


def _find_person(session: Session, organisation_id: int, person_id: int) -> Person | None:
    return session.scalar(select(Person).where(Person.organisation_id == organisation_id, Person.id == person_id))


def _cleaned(words: str, most: int) -> str:
    return "".join(each for each in words if each.isprintable()).strip()[:most]


def _qualification(row: AssessorQualification) -> Qualification:
    return Qualification(
        uuid=row.uuid,
        person_id=row.person_id,
        kind=QualificationKind(row.kind),
        title=row.title,
        issuer=row.issuer,
        holds_from=row.holds_from,
        holds_until=row.holds_until,
        added_by=row.added_by,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
    )
