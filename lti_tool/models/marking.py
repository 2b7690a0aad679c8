"""Rubrics, submitted work, and marks. Whatever somebody wrote about a learner, or handed in, is under that learner's key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class RubricRow(Scoped):
    """A rubric by its stable key; points to its newest version."""

    __tablename__ = "rubric"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    key: Mapped[str] = short(64)
    # No foreign key: rubric and version would each need the other to be there first.
    version_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]


class RubricVersion(Scoped):
    """One immutable version of a rubric, known by the hash of its content."""

    __tablename__ = "rubric_version"
    __table_args__ = (UniqueConstraint("rubric_id", "hash"),)

    rubric_id: Mapped[int] = mapped_column(ForeignKey("rubric.id"))
    hash: Mapped[str] = short(64)
    label: Mapped[str] = short(32)
    document: Mapped[dict[str, Any]]
    installed_at: Mapped[datetime]


class MarkingSetup(Scoped):
    """How work at a link is marked: the rubric of new work, how many per cent are marked twice, when marks are released.

    ``release_at`` None: by hand. ``form`` is that of the evidence. ``rubric_by`` is who chose the rubric that holds, and
    ``rubric_at`` when; ``changed_by`` who changed anything last.
    """

    __tablename__ = "marking_setup"

    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"), unique=True)
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_version.id"))
    form: Mapped[str] = short(16)
    second_share: Mapped[int] = mapped_column(default=0)
    release_at: Mapped[datetime | None]
    rubric_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    rubric_at: Mapped[datetime]
    changed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    updated_at: Mapped[datetime]


class SubmissionRow(Scoped):
    """The work of one attempt that people judge, and where its marking stands.

    ``work_sealed`` holds text and links, ``assigned_to`` who is to mark it first, None for anybody. ``stage`` follows from
    the marks and stands here for the queue. ``evidence`` names the ledger's event of each row, once it is released.
    """

    __tablename__ = "submission"
    __table_args__ = (
        Index("ix_submission_resource_link_id_stage", "resource_link_id", "stage"),
        Index("ix_submission_person_id", "person_id"),
        Index(
            "ix_submission_release_at",
            "release_at",
            sqlite_where=text("release_at IS NOT NULL AND released_at IS NULL"),
            postgresql_where=text("release_at IS NOT NULL AND released_at IS NULL"),
        ),
    )

    uuid: Mapped[str] = short(36, unique=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), unique=True)
    rubric_version_id: Mapped[int] = mapped_column(ForeignKey("rubric_version.id"))
    form: Mapped[str] = short(16)
    work_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    needs_second: Mapped[bool] = mapped_column(default=False)
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    stage: Mapped[str] = short(16)
    submitted_at: Mapped[datetime]
    release_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    evidence: Mapped[dict[str, Any]]


class SubmissionFile(Scoped):
    """A file of submitted work; name and content are sealed, the media type is what the content showed itself to be."""

    __tablename__ = "submission_file"

    uuid: Mapped[str] = short(36, unique=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    media_type: Mapped[str] = short(96)
    size: Mapped[int]
    data_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class MarkRow(Scoped):
    """One of the marks of a work: `first`, `second` or `decision`; what it says is its newest revision.

    ``enterprise`` names whose judgement a mentor's is. ``revision`` counts from 1 with each save, and back when one is
    undone.
    """

    __tablename__ = "mark"
    __table_args__ = (UniqueConstraint("submission_id", "position"), Index("ix_mark_person_id", "person_id"))

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    position: Mapped[str] = short(16)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enterprise: Mapped[str] = short(default="")
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MarkRevision(Scoped):
    """What a mark said after one save: levels and points by row, sealed comments, whether it was approved."""

    __tablename__ = "mark_revision"
    __table_args__ = (UniqueConstraint("mark_id", "number"),)

    mark_id: Mapped[int] = mapped_column(ForeignKey("mark.id"))
    number: Mapped[int]
    judged: Mapped[dict[str, Any]]
    comments_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    is_approved: Mapped[bool]
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]
