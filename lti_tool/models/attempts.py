"""What learners do: attempts and the scores that count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class Attempt(Scoped):
    """One go of one person at one resource link; keeps the content version that it began with."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("resource_link_id", "person_id", "number"),)

    uuid: Mapped[str] = short(36, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("content_version.id"))
    number: Mapped[int]
    status: Mapped[str] = short(16)
    state: Mapped[dict[str, Any]]
    score: Mapped[str] = short(16, default="0")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class LinkScore(Scoped):
    """The score of a person at a link: that of the attempt that counts. `rev` grows with each change."""

    __tablename__ = "link_score"
    __table_args__ = (UniqueConstraint("resource_link_id", "person_id"),)

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    value: Mapped[str] = short(16)
    rev: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
