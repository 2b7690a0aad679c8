"""Flipped units: what a teacher planned, where its steps are worked at, what learners wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class FlippedUnit(Scoped):
    """A unit of a course as it is planned now; `plan` is `qualoop.classroom.flipped_unit.UnitPlan` as a document.

    `undo` holds the plans before the last changes, newest last; `revision` counts changes from 1. `activity_id` is None
    until the unit is placed into the course. A course has an activity's unit once: a link of a copied course finds none
    and makes its own from `source_id`.
    """

    __tablename__ = "flipped_unit"
    __table_args__ = (UniqueConstraint("context_id", "activity_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"), index=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    source_id: Mapped[int | None] = mapped_column(Id)
    plan: Mapped[dict[str, Any]]
    undo: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FlippedStep(Scoped):
    """Where a step of a unit is worked at: a resource link of our own, which no platform knows.

    `key` is the step's: that of its lesson or project, or `check`.
    """

    __tablename__ = "flipped_step"
    __table_args__ = (UniqueConstraint("flipped_unit_id", "key"),)

    flipped_unit_id: Mapped[int] = mapped_column(ForeignKey("flipped_unit.id"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), unique=True)
    key: Mapped[str] = short(64)


class FlippedText(Scoped):
    """What a learner wrote in a unit, under the learner's data key: `kind` is muddiest or reflection.

    `is_shared` says that the learner wrote it on a page that said that teachers of the course read it with the name.
    """

    __tablename__ = "flipped_text"
    __table_args__ = (UniqueConstraint("flipped_unit_id", "person_id", "kind"),)

    flipped_unit_id: Mapped[int] = mapped_column(ForeignKey("flipped_unit.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = short(16)
    text_sealed: Mapped[str]
    written_at: Mapped[datetime]
    is_shared: Mapped[bool] = mapped_column(default=False)


class FlippedReply(Scoped):
    """What a teacher, `author_id`, answered to the reflection of a learner, under the learner's data key."""

    __tablename__ = "flipped_reply"
    __table_args__ = (UniqueConstraint("flipped_unit_id", "person_id"),)

    flipped_unit_id: Mapped[int] = mapped_column(ForeignKey("flipped_unit.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text_sealed: Mapped[str]
    written_at: Mapped[datetime]
