"""Sites that send evidence by signed requests, and what is known of their learners."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class Source(Scoped):
    """A site that sends evidence, for one organisation.

    ``registration_id`` is the platform whose learners and courses it speaks of: then its ids are those of launches.
    """

    __tablename__ = "source"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    key: Mapped[str] = short(40)
    name: Mapped[str] = short()
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SourceKey(Scoped):
    """A key that a source signs with. Its secret is encrypted under the installation's, None once it was revoked."""

    __tablename__ = "source_key"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    kid: Mapped[str] = short(32, unique=True)
    secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SourceRequest(Scoped):
    """A signed request that was taken: it comes only once, or is answered as before.

    ``digest`` is of method, address and body; ``answer`` is None for what was only read.
    """

    __tablename__ = "source_request"
    __table_args__ = (UniqueConstraint("source_id", "request_id"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    request_id: Mapped[str] = short(36)
    digest: Mapped[str] = short(64)
    status: Mapped[int | None]
    answer: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(index=True)


class SourceLearner(Scoped):
    """A learner as a source names one. Goes with the identity when the learner is erased.

    ``highest`` is the greatest sequence number that came, ``missing`` the ranges below it that have not.
    """

    __tablename__ = "source_learner"
    __table_args__ = (
        UniqueConstraint("source_id", "subject"),
        Index("ix_source_learner_person_id", "person_id"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    subject: Mapped[str] = short()
    highest: Mapped[int] = mapped_column(Id)
    missing: Mapped[list[Any]]


class SourceCourse(Scoped):
    """A course in which a source has sent evidence of a person."""

    __tablename__ = "source_course"
    __table_args__ = (UniqueConstraint("source_id", "person_id", "course"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    course: Mapped[str] = short()


class SourceScore(Scoped):
    """What a person has for a whole activity at the source's platform, as the event with ``sequence`` told it."""

    __tablename__ = "source_score"
    __table_args__ = (UniqueConstraint("person_id", "activity_id", "source_id", "course"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    course: Mapped[str] = short()
    value: Mapped[str] = short(16)
    sequence: Mapped[int] = mapped_column(Id)
    updated_at: Mapped[datetime]


class SourceEvidence(Scoped):
    """An event of a content version that nobody has registered yet: it is kept, and recorded once somebody has."""

    __tablename__ = "source_evidence"
    __table_args__ = (
        UniqueConstraint("source_id", "event"),
        Index("ix_source_evidence_content", "organisation_id", "activity", "content"),
    )

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    event: Mapped[str] = short(36)
    activity: Mapped[str] = short(64)
    content: Mapped[str] = short(64)
    sequence: Mapped[int] = mapped_column(Id)
    document: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
