"""What an observation says in words, opened with the key that it lies under; nothing where that was destroyed."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes
from qualoop.classroom.observation import Capture, read_capture


def open_signed(session: Session, row: ObservationCapture, secret: str) -> str | None:
    """Return a capture as it was signed (JWS, compact), None where it was forgotten."""
    if row.signed_sealed is None:
        return None
    owner = KeyOwner(organisation_id=row.organisation_id, learner=row.key_of, secret=secret)
    plain = open_bytes(session.connection(), owner, row.signed_sealed)
    return None if plain is None else plain.decode()


def open_capture(session: Session, row: ObservationCapture, secret: str) -> Capture | None:
    """Return a stored capture as it was read when it came, None where it was forgotten."""
    signed = open_signed(session, row, secret)
    if signed is None:
        return None
    payload = signed.split(".")[1]
    return read_capture(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
