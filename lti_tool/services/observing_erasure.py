"""Forgets what was observed of an erased learner in words and pictures, and who an erased assessor was. Levels stay.

They are of a pseudonym. What was said of a team goes as soon as one of it is erased: nobody can tell whose part it is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti_tool.models import (
    AssessorQualification,
    ObservationCapture,
    ObservationDevice,
    ObservationInvitation,
    ObservationMember,
    ObservationPhoto,
)
from lti_tool.services.observing_terms import LATE, PHOTOS_KEPT, UNUSED_KEPT


def forget_observations(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete words and pictures about a person; of one who was invited to observe, the name, the phones and papers."""
    about = select(ObservationMember.capture_id).where(
        ObservationMember.organisation_id == organisation_id, ObservationMember.person_id == person_id
    )
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
