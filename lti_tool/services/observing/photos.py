"""Pictures of observations: made anew from their pixels, sealed under the learner's key, gone after half a year."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, ObservationMember, ObservationPhoto
from lti_tool.services.courses.members import Link
from lti_tool.services.observing.devices import Phone
from lti_tool.services.observing.errors import (
    InvitationMissingError,
    PhotoRefusedError,
    PhotosUnavailableError,
    PhotoUnknownError,
)
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, sealed_bytes
from lti_tool.services.sheets.extra import PaperUnavailableError, paper_module
from qualoop.errors import QualoopError

MAX_BYTES: Final = 8 * 1024 * 1024
MEDIA_TYPE: Final = "image/jpeg"


def find_wanted(session: Session, phone: Phone, capture: str, sha256: str) -> ObservationCapture | None:
    """Return the capture of a phone that still lacks a picture it told of, None where the picture is there already.

    Raises PhotoUnknownError.
    """
    rows = session.scalars(
        select(ObservationCapture)
        .where(
            ObservationCapture.organisation_id == phone.organisation_id,
            ObservationCapture.device_id == phone.row.id,
            ObservationCapture.capture == capture,
        )
        .order_by(ObservationCapture.id)
    ).all()
    told = [row for row in rows if sha256 in row.photos]
    if not told:
        raise PhotoUnknownError
    there = session.scalars(
        select(ObservationPhoto.capture_id).where(
            ObservationPhoto.organisation_id == phone.organisation_id,
            ObservationPhoto.capture_id.in_([row.id for row in told]),
            ObservationPhoto.sha256 == sha256,
        )
    ).all()
    return next((row for row in told if row.id not in there and row.signed_sealed is not None), None)


def list_lacking(session: Session, phone: Phone) -> Sequence[tuple[str, str]]:
    """Return the pictures that captures of a phone told of and that have not come: (id of the capture, SHA-256)."""
    rows = session.scalars(
        select(ObservationCapture)
        .where(
            ObservationCapture.organisation_id == phone.organisation_id,
            ObservationCapture.device_id == phone.row.id,
            ObservationCapture.signed_sealed.is_not(None),
        )
        .order_by(ObservationCapture.id)
    ).all()
    there = {
        (row.capture_id, row.sha256)
        for row in session.execute(
            select(ObservationPhoto.capture_id, ObservationPhoto.sha256).where(
                ObservationPhoto.organisation_id == phone.organisation_id,
                ObservationPhoto.capture_id.in_([row.id for row in rows]),
            )
        )
    }
    return [(row.capture, sha256) for row in rows for sha256 in row.photos if (row.id, sha256) not in there]


def cleaned(data: bytes, sha256: str) -> bytes:
    """Return a picture without anything but its pixels; raise PhotoRefusedError, PhotosUnavailableError.

    ``sha256`` is what the signed capture said of it, so nobody can put another picture in its place.
    """
    if len(data) > MAX_BYTES or hashlib.sha256(data).hexdigest() != sha256:
        raise PhotoRefusedError
    try:
        made = paper_module("photos").clean_photo(data)
    except PaperUnavailableError as error:
        raise PhotosUnavailableError from error
    except QualoopError as error:
        raise PhotoRefusedError from error
    return bytes(made)


def keep(
    session: Session, phone: Phone, capture: str, picture: tuple[str, bytes], *, secret: str, now: datetime
) -> None:
    """Keep a picture (SHA-256 of what was sent, cleaned bytes) of a capture; what is there already stays.

    Raises PhotoUnknownError.
    """
    sha256, data = picture
    row = find_wanted(session, phone, capture, sha256)
    if row is None:
        return
    owner = KeyOwner(organisation_id=row.organisation_id, learner=row.key_of, secret=secret)
    session.add(
        ObservationPhoto(
            organisation_id=row.organisation_id,
            uuid=str(uuid.uuid4()),
            capture_id=row.id,
            sha256=sha256,
            key_of=row.key_of,
            data_sealed=sealed_bytes(session.connection(), owner, data, now),
            received_at=now,
        )
    )
    session.flush()


def open_photo(session: Session, link: Link, photo: str, *, secret: str, about: int | None = None) -> bytes:
    """Return a picture of the link's course; of a learner's own observations alone where ``about`` (a person) is given.

    Raises InvitationMissingError, also where it is gone.
    """
    query = (
        select(ObservationPhoto)
        .join(ObservationCapture, ObservationCapture.id == ObservationPhoto.capture_id)
        .where(
            ObservationPhoto.organisation_id == link.organisation_id,
            ObservationPhoto.uuid == photo,
            ObservationCapture.context_id == link.context_id,
        )
    )
    if about is not None:
        own = select(ObservationMember.capture_id).where(
            ObservationMember.organisation_id == link.organisation_id, ObservationMember.person_id == about
        )
        query = query.where(ObservationPhoto.capture_id.in_(own))
    row = session.scalar(query)
    if row is None or row.data_sealed is None:
        raise InvitationMissingError
    owner = KeyOwner(organisation_id=row.organisation_id, learner=row.key_of, secret=secret)
    data = open_bytes(session.connection(), owner, row.data_sealed)
    if data is None:
        raise InvitationMissingError
    return data
