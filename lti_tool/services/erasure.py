"""Erasure: forgets who a learner is, destroys the learner's data key, and says so in the ledger.

What stays are events of a pseudonym that leads to nobody: hashes, parts, scores, times. The chain still verifies,
since it holds hashes of what the ledger holds, free text encrypted. A later launch of the same human makes a new
person. Backups keep what they hold until they are replaced (docs/ledger.md, erasure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.models import (
    Attempt,
    CourseGroupMember,
    Delivery,
    Enrolment,
    FlippedReply,
    FlippedText,
    Identity,
    LinkExtension,
    LtiSession,
    MasteryColumnValue,
    MoodleRating,
    NoticeSeen,
    Organisation,
    OutboxRow,
    Person,
    Registration,
    RoomRole,
    RoomSeat,
    SourceCourse,
    SourceEvidence,
    SourceLearner,
    SourceScore,
)
from lti_tool.services.attempts.submission_erasure import forget_work
from lti_tool.services.classes.erasure import forget_class
from lti_tool.services.evidence import critical_errors
from lti_tool.services.grades.scores import AGS
from lti_tool.services.ledger import ledger
from lti_tool.services.live.erasure import forget_live
from lti_tool.services.moodle.mastery_column_levels import CHANNEL as AGS_MASTERY
from lti_tool.services.observing.erasure import forget_observations, list_mentors
from lti_tool.services.people.learner_keys import LearnerMissingError, destroy_key
from lti_tool.services.programme.teacher_records_erasure import forget_teacher
from lti_tool.services.sheets.erasure import forget_sheets
from lti_tool.services.warnings.erasure import forget_warnings
from qualoop.ledger import EventType

SOURCE: Final = "erasure"
OF_PERSONS: Final = (AGS, AGS_MASTERY, "moodle_competency")
"""Channels of the outbox whose subject is a person; the last is that of `moodle.ratings`, which rests on this module."""

OF_A_PERSON: Final = (
    LtiSession,
    CourseGroupMember,
    Enrolment,
    FlippedReply,
    FlippedText,
    Identity,
    MasteryColumnValue,
    MoodleRating,
    NoticeSeen,
    RoomRole,
    RoomSeat,
    SourceCourse,
    SourceEvidence,
    SourceLearner,
    SourceScore,
)
"""Tables whose rows go with the person that they are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAs:
    """One account of a person: the platform, its subject there, and what the platform told of name and e-mail."""

    learner: str
    platform: str
    subject: str
    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did: how many accounts were forgotten, and whether the learner had been erased before."""

    accounts: int
    again: bool


def find(session: Session, organisation: Organisation, words: str) -> Sequence[KnownAs]:
    """Return the accounts of an organisation whose subject, name, e-mail or pseudonym is ``words``, and its mentors."""
    lowered = words.lower()
    found = _accounts(
        session,
        organisation,
        or_(
            Identity.subject == words,
            Person.uuid == lowered,
            func.lower(Identity.name) == lowered,
            func.lower(Identity.email) == lowered,
        ),
    )
    known = {each.learner for each in found}
    mentors = list_mentors(session, organisation.id, lowered)
    return [
        *found,
        *(
            KnownAs(learner=mentor, platform="", subject="", name=name, email=None)
            for mentor, name in mentors
            if mentor not in known
        ),
    ]


def accounts_of(session: Session, organisation: Organisation, learner: str) -> Sequence[KnownAs]:
    """Return the accounts of one learner."""
    return _accounts(session, organisation, Person.uuid == learner)


def erase(session: Session, organisation: Organisation, learner: str, *, actor: str, now: datetime) -> Erased:
    """Erase a learner of the organisation; raise LearnerMissingError where it has none of this pseudonym.

    Doing it again forgets whatever has come since, and makes no second event.
    """
    person = session.scalar(select(Person).where(Person.organisation_id == organisation.id, Person.uuid == learner))
    if person is None:
        raise LearnerMissingError
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        # Else what is deleted stays readable in free pages of the file.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    accounts = len(accounts_of(session, organisation, learner))
    event = ledger.new_event(
        connection,
        organisation.id,
        EventType.ERASED,
        {"what": ["identity", "key"]},
        source=(SOURCE, learner, ""),
        learner=learner,
        actor=actor,
        now=now,
    )
    again = ledger.append(connection, organisation.id, event) is None
    _forget(session, person, now)
    destroy_key(connection, organisation.id, learner, now)
    return Erased(accounts=accounts, again=again)


def _forget(session: Session, person: Person, now: datetime) -> None:
    """Drop what leads to a person, what was typed, and what would still be sent of one."""
    outgoing = select(OutboxRow.id).where(
        OutboxRow.organisation_id == person.organisation_id,
        OutboxRow.channel.in_(OF_PERSONS),
        OutboxRow.subject == person.id,
    )
    session.execute(delete(Delivery).where(Delivery.outbox_id.in_(outgoing)))
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(outgoing)))
    # While it is known in which courses the learner is.
    forget_sheets(session, person.organisation_id, person.id, now)
    for table in OF_A_PERSON:
        session.execute(
            delete(table).where(table.organisation_id == person.organisation_id, table.person_id == person.id)
        )
    session.execute(
        update(Attempt)
        .where(Attempt.organisation_id == person.organisation_id, Attempt.person_id == person.id)
        .values(state={}, closes_at=None)
    )
    forget_work(session, person.organisation_id, person.id)
    forget_live(session, person.organisation_id, person.id)
    forget_class(session, person.organisation_id, person.id)
    forget_observations(session, person, now)
    forget_warnings(session, person.organisation_id, person.id)
    forget_teacher(session, person.organisation_id, person.id)
    critical_errors.forget(session.connection(), person.organisation_id, person.uuid)
    session.execute(
        update(LinkExtension)
        .where(LinkExtension.organisation_id == person.organisation_id, LinkExtension.person_id == person.id)
        .values(reason="")
    )


def _accounts(session: Session, organisation: Organisation, condition: ColumnElement[bool]) -> Sequence[KnownAs]:
    rows = session.execute(
        select(Person.uuid, Registration, Identity)
        .join(Identity, Identity.person_id == Person.id)
        .join(Registration, Registration.id == Identity.registration_id)
        .where(Person.organisation_id == organisation.id, condition)
        .order_by(Person.id, Identity.id)
    )
    return [
        KnownAs(
            learner=learner,
            platform=registration.name or registration.issuer,
            subject=identity.subject,
            name=identity.name,
            email=identity.email,
        )
        for learner, registration, identity in rows
    ]
