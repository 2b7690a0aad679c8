"""Grade columns of knowledge points and units, and how far whoever follows mastery has heard of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short

IS_WAITING = text("next_at IS NOT NULL")


class MasteryWatch(Scoped):
    """How far a follower of mastery has heard: up to which number of the ledger, in which generation (0: none yet)."""

    __tablename__ = "mastery_watch"
    __table_args__ = (UniqueConstraint("organisation_id", "follower"),)

    follower: Mapped[str] = short(32)
    generation_id: Mapped[int] = mapped_column(Id)
    after_seq: Mapped[int] = mapped_column(Id)
    moved_at: Mapped[datetime]


class MasteryColumn(Scoped):
    """A grade column of one knowledge point or unit in one course.

    `resource_link_id` is the link whose grade services make it: where it was first switched on. `subject` is kp or unit,
    `state` wanted, there, refused or off. `url` is where the platform keeps it, None until it is made. `next_at` is when
    the worker looks at it again, None where there is nothing to do. `compare_after` is the person id after which the
    learners of the course are still to be compared with what was sent, None where all have been.
    """

    __tablename__ = "mastery_column"
    __table_args__ = (
        UniqueConstraint("context_id", "subject", "code"),
        Index("ix_mastery_column_next_at", "next_at", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
    )

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    subject: Mapped[str] = short(8)
    code: Mapped[str] = short(64)
    title: Mapped[str] = short()
    language: Mapped[str] = short(16)
    url: Mapped[str | None]
    state: Mapped[str] = short(16)
    refusal: Mapped[str | None] = short(48)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    compare_after: Mapped[int | None] = mapped_column(Id)
    compared_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]


class MasteryColumnValue(Scoped):
    """What was last enqueued or sent to a column for one person: next time only a change of a point counts.

    `level` is in [0, 1], None where all evidence was withdrawn; `told` is what the platform reads: points, answers,
    band and date.
    """

    __tablename__ = "mastery_column_value"
    __table_args__ = (UniqueConstraint("column_id", "person_id"),)

    column_id: Mapped[int] = mapped_column(ForeignKey("mastery_column.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    level: Mapped[float | None] = mapped_column(Double)
    told: Mapped[str] = short(64)
    updated_at: Mapped[datetime]


class ColumnProbe(Scoped):
    """Whether a platform keeps several columns for one link (`several`) or not (`single`), as it was found out."""

    __tablename__ = "column_probe"
    __table_args__ = (UniqueConstraint("registration_id"),)

    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    verdict: Mapped[str] = short(16)
    probed_at: Mapped[datetime]
