"""When the members of a course were read from its platform, what came of it, and which groups they are in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short


class RosterRead(Scoped):
    """One reading of a course's members, written before the request goes out.

    `outcome` is running, done or failed; `code` and `status` (HTTP) say why it failed. `remarks` counts what was odd and
    was taken all the same. `asked_by` is launch or person.
    """

    __tablename__ = "roster_read"
    __table_args__ = (
        Index("ix_roster_read_context_id_started_at", "context_id", "started_at"),
        Index("ix_roster_read_outcome_started_at", "outcome", "started_at"),
    )

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    asked_by: Mapped[str] = short(16)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = short(16)
    code: Mapped[str | None] = short(48)
    status: Mapped[int | None]
    members: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    departed: Mapped[int] = mapped_column(default=0)
    remarks: Mapped[dict[str, Any]]


class CourseGroup(Scoped):
    """A group of a course, as the platform names it."""

    __tablename__ = "course_group"
    __table_args__ = (UniqueConstraint("context_id", "platform_key"),)

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    platform_key: Mapped[str] = short()
    name: Mapped[str] = short()


class CourseGroupMember(Scoped):
    """A person's place in a group."""

    __tablename__ = "course_group_member"
    __table_args__ = (
        UniqueConstraint("group_id", "person_id"),
        Index("ix_course_group_member_person_id", "person_id"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("course_group.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
