"""What teachers decide about a link after it was made: its settings in the course of time, extensions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped


class LinkExtension(Scoped):
    """More time or more attempts for one learner at one link.

    Rows are kept: the one that holds is not taken back, and giving another one takes it back.
    """

    __tablename__ = "link_extension"
    __table_args__ = (
        Index(
            "ix_link_extension_given",
            "resource_link_id",
            "person_id",
            unique=True,
            sqlite_where=text("taken_back_at IS NULL"),
            postgresql_where=text("taken_back_at IS NULL"),
        ),
    )

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    due_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    extra_attempts: Mapped[int]
    reason: Mapped[str]
    given_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]
    taken_back_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    taken_back_at: Mapped[datetime | None]


class LinkChange(Scoped):
    """Settings that somebody gave a link: the newest row is what it has now, the others are what it had.

    `person_id` is None for what it came with.
    """

    __tablename__ = "link_change"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settings: Mapped[dict[str, Any]]
    at: Mapped[datetime]
