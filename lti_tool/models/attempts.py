"""What learners do: attempts and the scores that count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class Attempt(Scoped):
    """One go of one person at one resource link; keeps the content version that it began with.

    `earned` says what it was worth when, for whatever late rule holds later: `seconds score` since 1970, one after the
    other with semicolons, each time that the score rose. `closes_at` is when the clock hands it in.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("resource_link_id", "person_id", "number"),
        Index(
            "ix_attempt_closes_at",
            "closes_at",
            sqlite_where=text("status = 'active' AND closes_at IS NOT NULL"),
            postgresql_where=text("status = 'active' AND closes_at IS NOT NULL"),
        ),
    )

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
    earned: Mapped[str] = mapped_column(default="", server_default="")
    closes_at: Mapped[datetime | None]


class LinkScore(Scoped):
    """The score of a person at a link: that of the attempt that counts. `rev` grows with each change.

    Where the mean of the attempts counts, `attempt_id` is the last of them. No platform may hear of it before `held_until`.
    """

    __tablename__ = "link_score"
    __table_args__ = (UniqueConstraint("resource_link_id", "person_id"),)

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    value: Mapped[str] = short(16)
    rev: Mapped[int] = mapped_column(default=1)
    held_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]
