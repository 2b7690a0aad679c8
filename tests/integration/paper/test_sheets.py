"""Sheets on both kinds of database: from print to evidence, erased learners, readings that were killed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.models import Job, MarkFile, Organisation, Sheet, SheetAnswer, SheetFile, SheetPage, SheetUpload
from lti_tool.services.erasure import erase
from lti_tool.services.sheets import results, sheets
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.marks_files import MarkFileTwiceError
from lti_tool.services.sheets.purge import KEPT, purge_paper
from lti_tool.services.sheets.sheets import SheetPlan
from qualoop.assessment import reveal
from qualoop.classroom.sheets.shapes import Paper
from tests.factories.classrooms import LESSON
from tests.factories.mark_tables import bring, change_table
from tests.factories.paper_halls import Hall


def test_from_print_to_evidence_and_back(hall: Hall) -> None:
    upload = hall.upload(hall.scans(hall.right()))
    assert hall.read() == 1
    hall.change(upload)
    found = hall.events("evidence.recorded")
    assert [(body["form"], body["score"]) for body in found] == [("paper", "1")] * 4
    assert [body["learner"] for body in found] == [hall.ada.who.person_uuid] * 2 + [hall.bo.who.person_uuid] * 2
    # Two versions, and each answer is of its own item.
    assert {body["part"] for body in found[:2]} == {body["part"] for body in found[2:]}
    with hall.tool.runtime.database.reading() as reading:
        row = sheets.get_set(reading, hall.link, hall.printed.uuid)
        shown = results.results(reading, hall.tool.runtime.contents, hall.link, row)
        assert [str(each.score) for each in shown.learners] == ["1", "1"]
        assert shown.codes
        assert len(sheets.list_sets(reading, hall.link)) == 1
    hall.change(upload, undo=True)
    assert len(hall.events("assertion.voided")) == 4
    with hall.tool.runtime.database.reading() as reading:
        row = sheets.get_set(reading, hall.link, hall.printed.uuid)
        assert not results.results(reading, hall.tool.runtime.contents, hall.link, row).learners
    # Taken back, the same sheets can come again.
    again = hall.upload(hall.scans(hall.right()))
    hall.read()
    hall.change(again)
    assert len(hall.events("evidence.recorded")) == 8


def test_readiness_items_on_paper_are_of_preparation_only(hall: Hall) -> None:
    """As what is answered online: it shows who is prepared, and moves nobody's level."""
    asked = [hall.printed.items[0]["part"], f"{LESSON}/ready-intent"]
    plan = SheetPlan(title="R", parts=asked, versions=2, paper=Paper.A4, language="en", blanks=0)
    with hall.tool.runtime.database.transaction() as session:
        hall.printed = sheets.make_set(session, hall.tool.runtime.contents, hall.link, plan, now=hall.tool.clock())
    lesson = hall.ada._lesson()
    known = {**lesson.items, **lesson.readiness}
    upload = hall.upload(
        [hall.scan(0, {each["part"]: reveal(known[each["item"]]).response for each in hall.printed.items})]
    )
    hall.read()
    hall.change(upload)
    forms = {body["part"]: (body["form"], body["score"]) for body in hall.events("evidence.recorded")}
    assert forms == {hall.printed.items[0]["item"]: ("paper", "1"), "ready-intent": ("process", "1")}


def test_an_erased_learner_leaves_no_picture(hall: Hall) -> None:
    hall.upload(hall.scans({part: [] for part in hall.right()}))
    hall.read()
    table = bring(hall, b"Student number,Attendance\nada,late\n")
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
        owners = reading.scalars(select(Sheet.person_id).order_by(Sheet.number)).all()
        assert owners == [None, hall.bo.who.person_id, None]
        # Nobody can tell whom it names without reading it.
        row = reading.scalars(select(MarkFile).where(MarkFile.uuid == table)).one()
        assert (row.state, row.table_sealed) == ("undone", None)


def test_a_killed_reading_is_taken_up_and_nothing_is_twice(hall: Hall) -> None:
    hall.upload(hall.scans(hall.right()))
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
    data = b"Student number,Attendance\nada,late\nbo,absent\n"
    table = bring(hall, data)
    change_table(hall, table)
    present = [(hall.ada.who.person_uuid, "attendance")]
    assert [(body["learner"], body["form"]) for body in hall.events("evidence.recorded")] == present
    # The same list again is a slip, unless it is of another day.
    again = bring(hall, data)
    with pytest.raises(MarkFileTwiceError):
        change_table(hall, again)
    assert len(hall.events("evidence.recorded")) == 1
    change_table(hall, bring(hall, data, day=26))
    assert len(hall.events("evidence.recorded")) == 2
    change_table(hall, table, undo=True)
    assert len(hall.events("assertion.voided")) == 1
    change_table(hall, again)
    assert len(hall.events("evidence.recorded")) == 3


def test_what_nobody_came_back_to_is_thrown_away(hall: Hall) -> None:
    table, upload = bring(hall, b"Student number,Attendance\nada,late\n"), hall.upload([hall.scan(0, {})])
    with hall.tool.runtime.database.transaction() as session:
        session.scalars(select(Job).where(Job.kind == sheets_upload.KIND)).one().state = "failed"
    for later, state in ((KEPT, "read"), (KEPT + timedelta(seconds=1), "undone")):
        with hall.tool.runtime.database.transaction() as session:
            purge_paper(session, hall.tool.clock() + later)
            row = session.scalars(select(MarkFile).where(MarkFile.uuid == table)).one()
            assert (row.state, row.table_sealed is None) == (state, state == "undone")
    with hall.tool.runtime.database.reading() as reading:
        assert reading.scalars(select(SheetUpload.state).where(SheetUpload.uuid == upload)).one() == "undone"
        assert reading.scalars(select(SheetFile.data_sealed)).one() is None
    assert hall.read() == 0
