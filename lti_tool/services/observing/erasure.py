"""Forgets what was observed of an erased learner in words and pictures, and who an erased assessor was. Levels stay.

They are of a pseudonym. What was said of a team goes as soon as one of it is erased: nobody can tell whose part it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.models import (
    AssessorQualification,
    ObservationCapture,
    ObservationDevice,
    ObservationInvitation,
    ObservationMember,
    ObservationPhoto,
    Person,
)
from lti_tool.services.observing.terms import LATE, PHOTOS_KEPT, UNUSED_KEPT
from lti_tool.services.people.learner_keys import destroy_key


def forget_observations(session: Session, person: Person, now: datetime) -> None:
    """Delete words and pictures about a person; of one who was invited to observe, the name, the phones and papers.

    Also of a capture that names somebody whom its course does not know any more, or that was said to be somebody else's.
    """
    organisation_id, person_id = person.organisation_id, person.id
    about = select(ObservationMember.capture_id).where(
        ObservationMember.organisation_id == organisation_id,
        or_(ObservationMember.person_id == person_id, ObservationMember.learner == person.uuid),
    )
    _destroy_keys(session, organisation_id, about, now)
    own = select(ObservationInvitation.id).where(
        ObservationInvitation.organisation_id == organisation_id, ObservationInvitation.person_id == person_id
    )
    changes = (
        update(ObservationCapture)
        .where(ObservationCapture.organisation_id == organisation_id, ObservationCapture.id.in_(about))
        .values(signed_sealed=None),
        update(ObservationPhoto)
        .where(ObservationPhoto.organisation_id == organisation_id, ObservationPhoto.capture_id.in_(about))
        .values(data_sealed=None),
        update(ObservationDevice)
        .where(ObservationDevice.organisation_id == organisation_id, ObservationDevice.invitation_id.in_(own))
        .values(secret_digest="", public_jwk=None, label=""),
        update(ObservationInvitation)
        .where(ObservationInvitation.organisation_id == organisation_id, ObservationInvitation.person_id == person_id)
        .values(name="", link_digest=ObservationInvitation.uuid),
        delete(AssessorQualification).where(
            AssessorQualification.organisation_id == organisation_id, AssessorQualification.person_id == person_id
        ),
    )
    for change in changes:
        session.execute(change.execution_options(synchronize_session=False))


def list_mentors(session: Session, organisation_id: int, lowered: str) -> Sequence[tuple[str, str]]:
    """Return pseudonym and name of those who were invited to observe by a name, or who have a pseudonym (lower case)."""
    rows = session.execute(
        select(Person.uuid, ObservationInvitation.name)
        .join(ObservationInvitation, ObservationInvitation.person_id == Person.id)
        .where(
            Person.organisation_id == organisation_id,
            ObservationInvitation.organisation_id == organisation_id,
            ObservationInvitation.name != "",
            or_(func.lower(ObservationInvitation.name) == lowered, Person.uuid == lowered),
        )
        .order_by(ObservationInvitation.id)
    )
    return [*{row[0]: row[1] for row in rows}.items()]


def _destroy_keys(session: Session, organisation_id: int, about: Select[int], now: datetime) -> None:
    """Destroy the keys that captures have of their own, those of teams: what a backup holds cannot be opened either."""
    keys = session.scalars(
        select(ObservationCapture.uuid).where(
            ObservationCapture.organisation_id == organisation_id, ObservationCapture.id.in_(about)
        )
    ).all()
    for key in keys:
        destroy_key(session.connection(), organisation_id, key, now)


def purge_observations(session: Session, now: datetime) -> None:
    """Throw away, of every organisation, pictures after half a year, and phones that never sent anything."""
    session.execute(
        update(ObservationPhoto)
        .where(ObservationPhoto.received_at < now - PHOTOS_KEPT, ObservationPhoto.data_sealed.is_not(None))
        .values(data_sealed=None)
        .execution_options(synchronize_session=False)
    )
    used = select(ObservationCapture.id).where(ObservationCapture.device_id == ObservationDevice.id).exists()
    over = select(ObservationInvitation.id).where(ObservationInvitation.ends_at < now - LATE - UNUSED_KEPT)
    session.execute(
        delete(ObservationDevice)
        .where(ObservationDevice.invitation_id.in_(over), ~used)
        .execution_options(synchronize_session=False)
    )
