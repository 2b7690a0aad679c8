"""Early warnings, what a course looks for, and the records of teachers. Whatever somebody wrote is under a person's key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Scoped, short

IS_OPEN = text("state = 'open'")


class WarningSetting(Scoped):
    """What a course looks for: a policy by id, and the thresholds that differ from it.

    ``history`` are the thresholds before the last changes, newest last; ``revision`` counts changes from 1. ``looked_at``
    is when all its learners were looked at last.
    """

    __tablename__ = "warning_setting"

    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"), unique=True)
    policy: Mapped[str] = short(32)
    thresholds: Mapped[dict[str, Any]]
    history: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    looked_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class EarlyWarning(Scoped):
    """A warning about a learner of a course: `open`, `decided` by a person, or `withdrawn` as its facts were corrected.

    ``reasons`` are documents of `qualoop.records.early_warning.Reason`, as of ``looked_at``; ``policy`` and ``revision``
    say by which rules. A learner of a course has one open warning at most.
    """

    __tablename__ = "early_warning"
    __table_args__ = (
        Index("ix_early_warning_context_id", "context_id", "state"),
        Index("ix_early_warning_person_id", "person_id"),
        Index("ix_early_warning_owner_id", "owner_id"),
        Index(
            "uq_early_warning_open",
            "context_id",
            "person_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = short(10)
    reasons: Mapped[list[Any]]
    policy: Mapped[str] = short(32)
    revision: Mapped[int]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    looked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    decision: Mapped[str] = short(16, default="")


class WarningEvent(Scoped):
    """One thing that happened to a warning, never changed. ``act`` is one of `services.warnings.early_warnings.Act`.

    ``by_person_id`` is None where nobody did it: a look. ``note_sealed`` is for staff, ``words_sealed`` what the teacher
    wrote to the learner, both under the learner's key.
    """

    __tablename__ = "warning_event"
    __table_args__ = (UniqueConstraint("early_warning_id", "number"),)

    early_warning_id: Mapped[int] = mapped_column(ForeignKey("early_warning.id"))
    number: Mapped[int]
    act: Mapped[str] = short(16)
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    details: Mapped[dict[str, Any]]
    note_sealed: Mapped[str | None]
    words_sealed: Mapped[str | None]
    at: Mapped[datetime]


class TeacherEntryRow(Scoped):
    """An entry of a teacher's record; ``state`` is one of `qualoop.records.teacher_record.EntryState`.

    ``body_sealed`` holds what the teacher says, ``file_sealed`` a document and ``file_name_sealed`` its name, all under the
    teacher's own key. ``file_type`` is what the content showed itself to be.
    """

    __tablename__ = "teacher_entry"
    __table_args__ = (Index("ix_teacher_entry_person_id", "person_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = short(12)
    state: Mapped[str] = short(12)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    # Megabytes each: only who asks for the document reads it.
    file_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    file_name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    file_type: Mapped[str | None] = short(96)
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TeacherEntryEvent(Scoped):
    """What happened to an entry, never changed: who did it (`by`: empty for the teacher), and what it said afterwards."""

    __tablename__ = "teacher_entry_event"
    __table_args__ = (UniqueConstraint("teacher_entry_id", "number"),)

    teacher_entry_id: Mapped[int] = mapped_column(ForeignKey("teacher_entry.id"))
    number: Mapped[int]
    act: Mapped[str] = short(12)
    by: Mapped[str] = short()
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
