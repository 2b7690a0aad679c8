"""Sheets of paper: what was printed, what came back, what was read. No name, and no picture that is not somebody's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.models.base import Id, Scoped, short


class SheetSet(Scoped):
    """Sheets that were printed together for a course.

    ``items`` lists its parts: `part` (activity/item), `activity`, `content`, `item`, `kind`. ``pages`` holds by version how
    each page was printed (`qualoop.classroom.sheets.shapes.Page`), which is how it is read.
    """

    __tablename__ = "sheet_set"
    __table_args__ = (Index("ix_sheet_set_context_id", "context_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    title: Mapped[str] = short(120)
    paper: Mapped[str] = short(8)
    language: Mapped[str] = short(8)
    seed: Mapped[int] = mapped_column(Id)
    items: Mapped[list[Any]]
    pages: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class Sheet(Scoped):
    """One sheet, known by the random ``code`` in its QR codes. ``person_id`` is None for a blank one."""

    __tablename__ = "sheet"
    __table_args__ = (Index("ix_sheet_person_id", "person_id"), Index("ix_sheet_sheet_set_id", "sheet_set_id"))

    sheet_set_id: Mapped[int] = mapped_column(ForeignKey("sheet_set.id"))
    code: Mapped[str] = short(10, unique=True)
    version: Mapped[str] = short(1)
    number: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class SheetUpload(Scoped):
    """Scans that somebody uploaded: `reading`, `read`, `applied` or `undone`. ``import_id`` is its import, once applied."""

    __tablename__ = "sheet_upload"
    __table_args__ = (Index("ix_sheet_upload_context_id", "context_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    actor: Mapped[str] = short(36)
    state: Mapped[str] = short(8)
    created_at: Mapped[datetime]


class SheetFile(Scoped):
    """A file of an upload. ``data`` is kept until all of it was read, under the key of its upload.

    ``problem`` says why a file was not taken, empty where it was; of such a file no data is kept.
    """

    __tablename__ = "sheet_file"
    __table_args__ = (UniqueConstraint("sheet_upload_id", "number"),)

    sheet_upload_id: Mapped[int] = mapped_column(ForeignKey("sheet_upload.id"))
    number: Mapped[int]
    name: Mapped[str] = short(120)
    pages: Mapped[int]
    problem: Mapped[str] = short(24, default="")
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class SheetPage(Scoped):
    """A page that came back. ``problem`` says why somebody has to look at it as a whole, empty where nothing is wrong.

    ``person_id`` is the learner, of the sheet or as a teacher chose. ``file`` and ``place`` (from 1) say where it lay.
    ``picture``, and those of its answers, are encrypted under the key of ``key_of``: the learner's pseudonym where the
    sheet was printed for one, else the uuid of the upload.
    """

    __tablename__ = "sheet_page"
    __table_args__ = (
        UniqueConstraint("sheet_upload_id", "file", "place"),
        Index("ix_sheet_page_sheet_id", "sheet_id", "page"),
        Index("ix_sheet_page_person_id", "person_id"),
    )

    uuid: Mapped[str] = short(36, unique=True)
    sheet_upload_id: Mapped[int] = mapped_column(ForeignKey("sheet_upload.id"))
    file: Mapped[int]
    place: Mapped[int]
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("sheet.id"))
    page: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    problem: Mapped[str] = short(24)
    is_aside: Mapped[bool] = mapped_column(default=False)
    key_of: Mapped[str] = short(36)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)


class SheetAnswer(Scoped):
    """A row of a page as it was read, or as somebody settled it (``settled_by``, a pseudonym).

    ``picked`` are keys of options, or the one score that a teacher gave. ``finding`` is one of
    `qualoop.classroom.sheets.judging.Finding`, or `settled`, or `aside`. ``event`` is the uuid of its evidence.
    """

    __tablename__ = "sheet_answer"
    __table_args__ = (UniqueConstraint("sheet_page_id", "part"),)

    uuid: Mapped[str] = short(36, unique=True)
    sheet_page_id: Mapped[int] = mapped_column(ForeignKey("sheet_page.id"))
    part: Mapped[str] = short(130)
    number: Mapped[int]
    finding: Mapped[str] = short(12)
    picked: Mapped[list[Any]]
    confidence: Mapped[int]
    settled_by: Mapped[str] = short(36, default="")
    event: Mapped[str | None] = short(36)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)


class MarkFile(Scoped):
    """A table of marks or attendance that somebody brought: `read`, `applied` or `undone`.

    ``table_sealed`` is encrypted under the file's own key (its uuid) and goes when it was applied or thrown away.
    ``matches`` names whose a row is, by number, where a teacher had to say. ``full`` is the full mark, a decimal.
    """

    __tablename__ = "mark_file"
    __table_args__ = (Index("ix_mark_file_context_id", "context_id"),)

    uuid: Mapped[str] = short(36, unique=True)
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))
    actor: Mapped[str] = short(36)
    kind: Mapped[str] = short(12)
    name: Mapped[str] = short(120)
    full: Mapped[str] = short(12)
    held_at: Mapped[datetime]
    state: Mapped[str] = short(8)
    matches: Mapped[dict[str, Any]]
    table_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
