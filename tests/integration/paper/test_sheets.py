"""Sheets on both kinds of database: from print to evidence, erased learners, readings that were killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from lti_tool.models import (
    Job,
    LedgerEvent,
    LtiSession,
    Organisation,
    ResourceLink,
    SheetAnswer,
    SheetPage,
    SheetSet,
)
from lti_tool.services import marks_files, sheets, sheets_evidence, sheets_items, sheets_results, sheets_upload
from lti_tool.services.class_members import Link
from lti_tool.services.erasure import erase
from lti_tool.services.marks_files import Bringer, Brought, MarkImport
from lti_tool.services.sheets import PrintWords, SheetPlan
from lti_tool.services.sheets_evidence import SheetImport
from lti_tool.services.sheets_reading import read_waiting
from lti_tool.services.sheets_upload import Uploader
from lti_tool.services.submitted_work import NewFile
from qualoop.assessment import reveal
from qualoop.classroom.mark_tables import ATTENDANCE
from qualoop.classroom.sheets.shapes import Paper
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.paper import Pen, fill, pictures, png
from tests.factories.tool import SECRET, Tool, make_tool

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

    def scans(self, marks: dict[str, list[str]]) -> list[NewFile]:
        with self.tool.runtime.database.reading() as reading:
            row = sheets.get_set(reading, self.link, self.printed.uuid)
            pdf = sheets.print_set(reading, self.link, row, WORDS, secret=SECRET)
            pages = [sheets.pages_of(row, version)[0] for version in "AB"]
        filled = [png(fill(seen, page, Pen(marks))) for seen, page in zip(pictures(pdf), pages, strict=False)]
        return [NewFile(name="a.png", data=each) for each in filled]

    def upload(self, files: list[NewFile]) -> str:
        by = Uploader(link=self.link, actor=self.teacher, secret=SECRET)
        with self.tool.runtime.database.transaction() as session:
            return sheets_upload.upload(session, by, files, now=self.tool.clock()).uuid

    def read(self) -> int:
        runtime = self.tool.runtime
        return read_waiting(runtime.database, secret=SECRET, clock=runtime.clock)

    def change(self, uuid: str, *, undo: bool = False) -> None:
        with self.tool.runtime.database.transaction() as session:
            row = sheets_upload.get_upload(session, self.link, uuid, locked=True)
            made = SheetImport(row=row, contents=self.tool.runtime.contents, actor=self.teacher, secret=SECRET)
            do = sheets_evidence.undo_upload if undo else sheets_evidence.apply_upload
            do(session, made, now=self.tool.clock())

    def events(self, kind: str) -> list[dict[str, str]]:
        with self.tool.runtime.database.reading() as reading:
            rows = reading.execute(
                select(LedgerEvent.learner, LedgerEvent.body).where(LedgerEvent.type == kind).order_by(LedgerEvent.id)
            )
            return [{"learner": who, **json.loads(body)} for who, body in rows]


@pytest.fixture
def hall(database_url: str) -> Iterator[Hall]:
    tool = make_tool(database_url)
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
        lesson = sheets_items.find_lesson(session.connection(), tool.runtime.contents, tool.organisation_id, LESSON)
        assert lesson
        parts = [item.part for item in lesson.items if item.kind == "one"][:2]
        plan = SheetPlan(title="Test", parts=parts, versions=2, paper=Paper.A4, language="en")
        printed = sheets.make_set(session, tool.runtime.contents, link, plan, now=tool.clock())
    yield Hall(tool, link, ada, bo, printed, teacher.who.person_uuid)
    tool.runtime.database.close()
    tool.runtime.http.close()


def right(hall: Hall) -> dict[str, list[str]]:
    lesson = hall.ada._lesson()
    return {item["part"]: list(reveal(lesson.items[item["item"]]).response) for item in hall.printed.items}


def test_from_print_to_evidence_and_back(hall: Hall) -> None:
    upload = hall.upload(hall.scans(right(hall)))
    assert hall.read() == 1
    hall.change(upload)
    found = hall.events("evidence.recorded")
    assert [(body["form"], body["score"]) for body in found] == [("paper", "1")] * 4
    assert [body["learner"] for body in found] == [hall.ada.who.person_uuid] * 2 + [hall.bo.who.person_uuid] * 2
    # Two versions, and each answer is of its own item.
    assert {body["part"] for body in found[:2]} == {body["part"] for body in found[2:]}
    with hall.tool.runtime.database.reading() as reading:
        row = sheets.get_set(reading, hall.link, hall.printed.uuid)
        shown = sheets_results.results(reading, hall.tool.runtime.contents, hall.link, row)
        assert [str(each.score) for each in shown.learners] == ["1", "1"]
        assert shown.codes
        assert len(sheets.list_sets(reading, hall.link)) == 1
    hall.change(upload, undo=True)
    assert len(hall.events("assertion.voided")) == 4
    # Taken back, the same sheets can come again.
    again = hall.upload(hall.scans(right(hall)))
    hall.read()
    hall.change(again)
    assert len(hall.events("evidence.recorded")) == 8


def test_an_erased_learner_leaves_no_picture(hall: Hall) -> None:
    hall.upload(hall.scans({part: [] for part in right(hall)}))
    hall.read()
    with hall.tool.runtime.database.transaction() as session:
        pictures_ = session.scalars(select(SheetPage.picture).order_by(SheetPage.id)).all()
        assert all(pictures_)
        organisation = session.get_one(Organisation, hall.tool.organisation_id)
        erase(session, organisation, hall.ada.who.person_uuid, actor="operator", now=hall.tool.clock())
    with hall.tool.runtime.database.reading() as reading:
        kept = reading.execute(select(SheetPage.person_id, SheetPage.picture)).all()
        assert {person: bool(picture) for person, picture in kept} == {
            hall.ada.who.person_id: False,
            hall.bo.who.person_id: True,
        }


def test_a_killed_reading_is_taken_up_and_nothing_is_twice(hall: Hall) -> None:
    hall.upload(hall.scans(right(hall)))
    with hall.tool.runtime.database.transaction() as session:
        job = session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one()
        job.state, job.leased_until = "running", hall.tool.clock()
    assert hall.read() == 0
    hall.tool.clock.advance(seconds=40)
    assert hall.read() == 1
    assert hall.read() == 0
    with hall.tool.runtime.database.reading() as reading:
        assert len(reading.scalars(select(SheetAnswer.id)).all()) == 4


def test_a_table_of_attendance(hall: Hall) -> None:
    by = Bringer(link=hall.link, actor=hall.teacher, secret=SECRET)
    data = b"Student number,Attendance\nada,late\nbo,absent\n"
    held = datetime(2026, 2, 27, tzinfo=UTC)
    brought = Brought(name="a.csv", data=data, kind=ATTENDANCE, full=Decimal(1), held_at=held)
    tool = hall.tool
    with tool.runtime.database.transaction() as session:
        row = marks_files.keep(session, by, brought, now=tool.clock())
        framework = tool.runtime.contents.find_framework(session.connection(), tool.organisation_id)
        importer = MarkImport(row=row, by=by, framework=framework)
        assert marks_files.apply_file(session, importer, now=tool.clock())
    assert [(body["learner"], body["form"]) for body in hall.events("evidence.recorded")] == [
        (hall.ada.who.person_uuid, "attendance")
    ]
    with tool.runtime.database.transaction() as session:
        row = marks_files.get_file(session, hall.link, row.uuid, locked=True)
        marks_files.undo_file(session, MarkImport(row=row, by=by, framework=framework), now=tool.clock())
    assert len(hall.events("assertion.voided")) == 1
