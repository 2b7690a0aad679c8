"""Practice that somebody watches and judges on a phone: who was asked to, with what, what came in, what counts of it.

Words about a learner, signed captures and pictures are sealed under the learner's key.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class AssessorQualification(Scoped):
    """What somebody is qualified by to judge: `teaching` or `industry`, from one day to another (None: without end).

    ``added_by``, ``confirmed_by`` and ``withdrawn_by`` are pseudonyms; until somebody else than its holder has
    confirmed it, it qualifies for nothing.
    """

    __tablename__ = "assessor_qualification"
    __table_args__ = (Index("ix_assessor_qualification_person_id", "person_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = short(16)
    title: Mapped[str] = short(200)
    issuer: Mapped[str] = short(200, default="")
    holds_from: Mapped[date] = mapped_column(Date)
    holds_until: Mapped[date | None] = mapped_column(Date)
    added_by: Mapped[str] = short(64)
    created_at: Mapped[datetime]
    confirmed_by: Mapped[str] = short(64, default="")
    confirmed_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = short(64, default="")
    withdrawn_at: Mapped[datetime | None]


class AssessorRule(Scoped):
    """From which level on (rank in the framework, None: never) only assessors with all ``kinds`` judge in an organisation."""

    __tablename__ = "assessor_rule"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    from_level: Mapped[int | None]
    kinds: Mapped[list[Any]]
    updated_at: Mapped[datetime]


class ObservationInvitation(Scoped):
    """Who may observe in a course: what (``tasks``, keys; empty: everything), whom (a group; None: all), from when to when.

    ``person_id`` is the assessor, of whom only this row knows a name where the platform knows none. Of the link only a
    digest is kept; it is good until ``link_until``.
    """

    __tablename__ = "observation_invitation"
    __table_args__ = (
        Index("ix_observation_invitation_context_id", "context_id"),
        Index("ix_observation_invitation_person_id", "person_id"),
    )

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    is_own: Mapped[bool]
    name: Mapped[str] = short(120)
    role: Mapped[str] = short(16)
    enterprise: Mapped[str] = short(200)
    title: Mapped[str] = short(120)
    language: Mapped[str] = short(8)
    tasks: Mapped[list[Any]]
    group_id: Mapped[int | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    level_cap: Mapped[int | None]
    max_devices: Mapped[int]
    link_digest: Mapped[str] = short(64, unique=True)
    link_until: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ObservationDevice(Scoped):
    """A phone of an invitation, known by its cookie's digest; what it signs verifies with ``public_jwk``."""

    __tablename__ = "observation_device"
    __table_args__ = (Index("ix_observation_device_invitation_id", "invitation_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("observation_invitation.id"))
    secret_digest: Mapped[str] = short(64)
    public_jwk: Mapped[dict[str, Any] | None]
    label: Mapped[str] = short(64)
    skew_ms: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ObservationCapture(Scoped):
    """One observation as it was signed. ``judged`` holds level and points by row; all words are in ``signed_sealed``.

    ``capture`` is the id that the phone gave it, ``digest`` that of what was signed: the same id with other content is
    another row, which never counts by itself. ``problem`` says why it waits for a person, empty where it counts by
    itself; ``decision`` is what somebody has decided, if anybody (`services/observing/decided.py`), with ``decided_by`` (a pseudonym) and
    ``reason``. ``key_of`` is whose key seals: the learner's, or the row's own uuid where there are several or none.
    ``activity`` and ``content`` are what its evidence names. ``seq`` counts on the device. Skew in milliseconds: what the
    server's clock was ahead.
    """

    __tablename__ = "observation_capture"
    __table_args__ = (
        UniqueConstraint("organisation_id", "capture", "digest"),
        Index("ix_observation_capture_context_id", "context_id"),
        Index("ix_observation_capture_device_id", "device_id"),
        Index("ix_observation_capture_replaces", "replaces"),
    )

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("observation_device.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    capture: Mapped[str] = short(36)
    digest: Mapped[str] = short(64)
    seq: Mapped[int] = mapped_column(BigInteger)
    replaces: Mapped[str | None] = short(36)
    task: Mapped[str] = short(130)
    rubric: Mapped[str] = short(64)
    activity: Mapped[str] = short(130)
    content: Mapped[str] = short(64)
    criteria: Mapped[int]
    judged: Mapped[dict[str, Any]]
    is_older: Mapped[bool]
    enterprise: Mapped[str] = short(200)
    photos: Mapped[list[Any]]
    problem: Mapped[str] = short(32)
    decision: Mapped[str] = short(16)
    decided_by: Mapped[str] = short(64)
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = short(16)
    key_of: Mapped[str] = short(36)
    signed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    skew_ms: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]


class ObservationMember(Scoped):
    """Whom a capture is about: ``learner`` as it was signed, ``person_id`` who that is, or as a teacher assigned it.

    ``problem`` says why it waits, or what somebody decided in its place (`services/observing/decided.py`).
    """

    __tablename__ = "observation_member"
    __table_args__ = (
        UniqueConstraint("capture_id", "learner"),
        Index("ix_observation_member_person_id", "person_id"),
    )

    capture_id: Mapped[int] = mapped_column(ForeignKey("observation_capture.id"))
    learner: Mapped[str] = short(36)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    problem: Mapped[str] = short(32)


class ObservationMark(Scoped):
    """What stands in the ledger of one row of a learner: its event, whose capture gave the score, and its void if any.

    ``capture`` is the first of the captures that revise each other, ``stands_by`` the one whose score stands, ``score``.
    """

    __tablename__ = "observation_mark"
    __table_args__ = (
        UniqueConstraint("organisation_id", "capture", "person_id", "part"),
        Index("ix_observation_mark_person_id", "person_id"),
    )

    capture: Mapped[str] = short(36)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    part: Mapped[str] = short(130)
    event: Mapped[str] = short(36)
    stands_by: Mapped[str] = short(36)
    score: Mapped[str] = short(16)
    voided_by: Mapped[str | None] = short(36)


class ObservationPhoto(Scoped):
    """A picture that belongs to a capture, without anything but its pixels; known by the SHA-256 of what the phone sent."""

    __tablename__ = "observation_photo"
    __table_args__ = (UniqueConstraint("capture_id", "sha256"),)

    uuid: Mapped[str] = short(36, unique=True)
    capture_id: Mapped[int] = mapped_column(ForeignKey("observation_capture.id"))
    sha256: Mapped[str] = short(64)
    key_of: Mapped[str] = short(36)
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
