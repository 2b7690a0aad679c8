"""Tables of marks and attendance that a teacher of a hall brings, through the services alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.models import MarkFile
from lti_tool.services.sheets import marks_files, marks_import
from lti_tool.services.sheets.marks_files import Bringer, Brought
from lti_tool.services.sheets.marks_files_reading import read_bytes
from lti_tool.services.sheets.marks_import import MarkImport
from lti_tool.services.sheets.marks_rolls import NOWHERE, Held
from qualoop.classroom.mark_heads import ATTENDANCE
from tests.factories.paper_halls import Hall
from tests.factories.tool import SECRET


def bring(hall: Hall, data: bytes, day: int = 27, kind: str = ATTENDANCE, full: int = 1) -> str:
    """Bring a table of a day of February; return its uuid."""
    held = datetime(2026, 2, day, tzinfo=UTC)
    brought = Brought(name="a.csv", table=read_bytes(data), kind=kind, full=Decimal(full), held_at=held)
    with hall.tool.runtime.database.transaction() as session:
        return marks_files.keep(session, bringer(hall), brought, now=hall.tool.clock()).uuid


def bringer(hall: Hall) -> Bringer:
    return Bringer(link=hall.link, actor=hall.teacher, secret=SECRET)


def change_table(hall: Hall, table: str, *, undo: bool = False, held: Held = NOWHERE) -> None:
    """Record a table, or take it back."""

    def do(session: Session, importer: MarkImport) -> Any:
        change = marks_import.undo_file if undo else marks_import.apply_file
        return change(session, importer, now=hall.tool.clock())

    with_table(hall, table, do, held=held)


def with_table(hall: Hall, table: str, do: Callable[[Session, MarkImport], Any], *, held: Held = NOWHERE) -> Any:
    """Do something with a table, locked, in a transaction."""
    tool = hall.tool
    with tool.runtime.database.transaction() as session:
        row: MarkFile = marks_files.get_file(session, hall.link, table, locked=True)
        framework = tool.runtime.contents.find_framework(session.connection(), tool.organisation_id)
        return do(session, MarkImport(row=row, by=bringer(hall), framework=framework, held=held))
