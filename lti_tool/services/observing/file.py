"""The file of a phone that cannot send any more: what it has signed is taken as if the phone had sent it.

Whoever brings the file adds nothing to it: each capture is verified with the key that the phone told, and held against
its invitation. Of a phone that was taken off it waits for a person.
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationDevice, ObservationInvitation
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.evidence import evidence
from lti_tool.services.observing import photos as observing_photos
from lti_tool.services.observing.devices import Phone
from lti_tool.services.observing.errors import InvitationRefusedError, PhotoRefusedError
from lti_tool.services.observing.ledger import hold_course
from lti_tool.services.observing.outcomes import Outcome, State
from lti_tool.services.observing.receive import MOST_CAPTURES, receive

FORMAT: Final = "qualoop-observations-1"
MAX_BYTES: Final = 40 * 1024 * 1024
MOST: Final = 1000
"""Captures in a file."""


class ExportRefusedError(InvitationRefusedError):
    """This is no file of a phone of this course: ``reason`` is `file` or `file-phone`."""

    code = "observation-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a file holds: of which phone, its signed captures, and pictures by the SHA-256 that the captures name."""

    device: str
    captures: Sequence[str]
    photos: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What became of a file: how many captures were taken, how many of them wait for a person, how many were refused."""

    taken: int
    waiting: int
    refused: int


def read_file(data: bytes) -> Exported:
    """Return what the file of a phone holds; raise ExportRefusedError."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ExportRefusedError("file") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ExportRefusedError("file")
    device, captures, photos = found.get("device"), found.get("captures"), found.get("photos", [])
    if not isinstance(device, str) or not isinstance(captures, list) or not isinstance(photos, list):
        raise ExportRefusedError("file")
    if len(captures) > MOST or not all(isinstance(each, str) for each in captures):
        raise ExportRefusedError("file")
    return Exported(device=device, captures=captures, photos=dict(filter(None, map(_picture, photos))))


def bring(
    session: Session, link: Link, exported: Exported, *, contents: Contents, secret: str, now: datetime
) -> Brought:
    """Take the captures of a file; raise ExportRefusedError for one of no phone of the course.

    Raises KeyMissingError.
    """
    phone = _find_phone(session, link, exported.device)
    outcomes: list[Outcome] = []
    if len(exported.captures) > MOST_CAPTURES:
        # Several batches record one after another: nobody else may come between them, or each would wait for the other.
        hold_course(session, link.organisation_id, link.context_id)
        evidence.hold_all(session.connection(), link.organisation_id)
    for start in range(0, len(exported.captures), MOST_CAPTURES):
        tokens = exported.captures[start : start + MOST_CAPTURES]
        outcomes += receive(session, phone, tokens, contents=contents, device_now=None, secret=secret, now=now)
    return Brought(
        taken=sum(each.state is not State.REFUSED for each in outcomes),
        waiting=sum(each.state is State.KEPT for each in outcomes),
        refused=sum(each.state is State.REFUSED for each in outcomes),
    )


def keep_pictures(session: Session, link: Link, exported: Exported, *, secret: str, now: datetime) -> None:
    """Keep the pictures of a file whose captures were taken before; those that are none, or are no one's, are left."""
    phone = _find_phone(session, link, exported.device)
    for capture, sha256 in observing_photos.list_lacking(session, phone):
        if sha256 in exported.photos:
            try:
                data = observing_photos.cleaned(exported.photos[sha256], sha256)
            except PhotoRefusedError:
                continue
            observing_photos.keep(session, phone, capture, (sha256, data), secret=secret, now=now)


def _find_phone(session: Session, link: Link, device: str) -> Phone:
    found = session.execute(
        select(ObservationDevice, ObservationInvitation)
        .join(ObservationInvitation, ObservationInvitation.id == ObservationDevice.invitation_id)
        .where(
            ObservationDevice.organisation_id == link.organisation_id,
            ObservationDevice.uuid == device,
            ObservationInvitation.organisation_id == link.organisation_id,
            ObservationInvitation.context_id == link.context_id,
        )
    ).first()
    if found is None:
        raise ExportRefusedError("file-phone")
    return Phone(row=found[0], invitation=found[1], secret="")


def _picture(value: Any) -> tuple[str, bytes] | None:
    """Return a picture of a file by its SHA-256, None for what is none."""
    if not isinstance(value, dict):
        return None
    sha256, data = value.get("sha256"), value.get("data")
    if not isinstance(sha256, str) or not isinstance(data, str):
        return None
    try:
        return sha256, b64decode(data, validate=True)
    except (Base64Error, ValueError):
        return None
