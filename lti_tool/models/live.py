"""Live projects: what happened in each, what is being written, and for which enterprise a link's work is done.

Plans, artefacts and comments are under the learner's key. Files and the work that is judged at the end are those of the
project's `submission`, so that whoever marks or forgets work needs to know of no other place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class LiveProjectRow(Scoped):
    """A learner's live project. ``waiting_step``, ``waiting_since`` and ``done`` follow from the entries, for the queue.

    ``revision`` counts every change from 1, also of drafts. ``mentor_id`` is who alone decides, None for any mentor of the
    course.
    """

    __tablename__ = "live_project"
    __table_args__ = (
        Index("ix_live_project_resource_link_id", "resource_link_id"),
        Index("ix_live_project_person_id", "person_id"),
    )

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), unique=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    mentor_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    revision: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    waiting_step: Mapped[str | None] = short(64)
    waiting_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class LiveEntry(Scoped):
    """One thing that happened in a live project, never changed; what was written is sealed, and goes with an erasure.

    ``act`` is one of `qualoop.assessment.live.Act`; ``enterprise`` names for whom a decision was made.
    """

    __tablename__ = "live_entry"
    __table_args__ = (UniqueConstraint("live_project_id", "number"),)

    live_project_id: Mapped[int] = mapped_column(ForeignKey("live_project.id"))
    number: Mapped[int]
    step: Mapped[str] = short(64)
    act: Mapped[str] = short(16)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enterprise: Mapped[str] = short(default="")
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class LiveDraft(Scoped):
    """What a learner is writing for a task and has not handed in."""

    __tablename__ = "live_draft"
    __table_args__ = (UniqueConstraint("live_project_id", "step"),)

    live_project_id: Mapped[int] = mapped_column(ForeignKey("live_project.id"))
    step: Mapped[str] = short(64)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    saved_at: Mapped[datetime]


class LiveLink(Scoped):
    """For which enterprise the projects of a link are done, as a teacher named it."""

    __tablename__ = "live_link"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), unique=True)
    enterprise: Mapped[str] = short()
    changed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    updated_at: Mapped[datetime]
