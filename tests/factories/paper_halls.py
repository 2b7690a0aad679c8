"""A course with learners whose sheets are printed, filled in, scanned, read and decided: through the services alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from lti_tool.models import LedgerEvent, LtiSession, ResourceLink, SheetPage, SheetSet, SheetUpload
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.courses.members import Link
from lti_tool.services.sheets import evidence, items, sheets
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.evidence import SheetImport
from lti_tool.services.sheets.reading import read_waiting
from lti_tool.services.sheets.settling import Settler
from lti_tool.services.sheets.sheets import PrintWords, SheetPlan
from lti_tool.services.sheets.standing import get_around
from lti_tool.services.sheets.upload import Uploader
from qualoop.assessment import reveal
from qualoop.classroom.sheets.shapes import Paper
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.paper import Pen, Picture, fill, pictures, png
from tests.factories.tool import SECRET, Tool

WORDS = PrintWords(
    course="c",
    nobody="-",
    foot=lambda *_: "",
    fixed={"fill": "Fill", "name": "Name", "number": "Number", "teacher": "Teacher"},
)


@dataclass
class Hall:
    """A course with two learners and what they were given."""

    tool: Tool
    link: Link
    ada: Seat
    bo: Seat
    printed: SheetSet
    teacher: str
    drawn: list[Picture] = field(default_factory=list)

    def scan(self, number: int, marks: Mapping[str, Sequence[str]]) -> NewFile:
        """Return a sheet as it comes back: 0 is Ada's, 1 Bo's, 2 a blank one."""
        with self.tool.runtime.database.reading() as reading:
            row = sheets.get_set(reading, self.link, self.printed.uuid)
            if not self.drawn:
                self.drawn = pictures(sheets.print_set(reading, self.link, row, WORDS, secret=SECRET))
            page = sheets.pages_of(row, "AB"[number % 2])[0]
        return NewFile(name="a.png", data=png(fill(self.drawn[number], page, Pen(marks))))

    def scans(self, marks: Mapping[str, Sequence[str]]) -> list[NewFile]:
        return [self.scan(number, marks) for number in range(2)]

    def right(self) -> dict[str, list[str]]:
        lesson = self.ada._lesson()
        return {item["part"]: list(reveal(lesson.items[item["item"]]).response) for item in self.printed.items}

    def upload(self, files: list[NewFile]) -> str:
        by = Uploader(link=self.link, actor=self.teacher, secret=SECRET)
        checked = sheets_upload.check_files(files)
        with self.tool.runtime.database.transaction() as session:
            return sheets_upload.upload(session, by, checked, now=self.tool.clock()).uuid

    def read(self) -> int:
        runtime = self.tool.runtime
        return read_waiting(runtime.database, secret=SECRET, clock=runtime.clock)

    def change(self, uuid: str, *, undo: bool = False) -> None:
        with self.tool.runtime.database.transaction() as session:
            row = get_around(session, self.link, uuid)
            made = SheetImport(row=row, contents=self.tool.runtime.contents, actor=self.teacher, secret=SECRET)
            do = evidence.undo_upload if undo else evidence.apply_upload
            do(session, made, now=self.tool.clock())

    def settler(self, *, may_record: bool = True) -> Settler:
        contents, now = self.tool.runtime.contents, self.tool.clock()
        return Settler(link=self.link, actor=self.teacher, may_record=may_record, contents=contents, now=now)

    def pages(self, upload: str) -> list[SheetPage]:
        """Return the pages of an upload in their order, as they stand now."""
        with self.tool.runtime.database.reading() as reading:
            found = reading.scalars(
                select(SheetPage)
                .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
                .where(SheetUpload.uuid == upload)
                .order_by(SheetPage.file, SheetPage.place)
            ).all()
            reading.expunge_all()
        return list(found)

    def events(self, kind: str) -> list[dict[str, str]]:
        with self.tool.runtime.database.reading() as reading:
            rows = reading.execute(
                select(LedgerEvent.learner, LedgerEvent.body).where(LedgerEvent.type == kind).order_by(LedgerEvent.id)
            )
            return [{"learner": who, **json.loads(body)} for who, body in rows]


def open_hall(tool: Tool) -> Hall:
    """Let two learners and a teacher enter, and print two questions in two versions, with a blank sheet."""
    ada, bo = (enter(tool, name, name=name) for name in ("ada", "bo"))
    teacher = enter(tool, "t", role="teacher")
    with tool.runtime.database.transaction() as session:
        seat = session.scalars(select(LtiSession).where(LtiSession.uuid == teacher.page.split("/")[2])).one()
        link = Link(
            organisation_id=tool.organisation_id,
            registration_id=seat.registration_id,
            context_id=session.get_one(ResourceLink, seat.resource_link_id).context_id,
            resource_link_id=seat.resource_link_id,
            activity_id=None,
        )
        lesson = items.find_lesson(session.connection(), tool.runtime.contents, tool.organisation_id, LESSON)
        assert lesson
        parts = [item.part for item in lesson.items if item.kind == "one"][:2]
        plan = SheetPlan(title="Test", parts=parts, versions=2, paper=Paper.A4, language="en", blanks=1)
        printed = sheets.make_set(session, tool.runtime.contents, link, plan, now=tool.clock())
    return Hall(tool, link, ada, bo, printed, teacher.who.person_uuid)
