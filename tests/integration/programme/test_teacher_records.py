"""A teacher's record: entries, confirmation by somebody else, documents, what the database shows, erasure, export."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from lti_tool.models import InboxItem, Organisation, TeacherEntryEvent, TeacherEntryRow
from lti_tool.services import erasure
from lti_tool.services.administration.administration import Actor, AdminMissingError, Desk
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import NewQualification
from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records import Holder, TeacherEntryMissingError, TeacherEntryMovedError
from lti_tool.services.programme.teacher_records_built import BuiltKind, list_built
from lti_tool.services.programme.teacher_records_erasure import purge_teacher_entries
from lti_tool.services.programme.teacher_records_export import record_document
from lti_tool.services.programme.teacher_records_review import decide_entry, get_file, list_records, warn_of_expiry
from qualoop.classroom.assessors import QualificationKind
from qualoop.records.teacher_record import Built, EntryBody, EntryKind, EntryState, TeacherEntryRefusedError, indicators
from tests.factories.class_sessions import Classroom
from tests.factories.tool import SECRET

BODY = EntryBody(
    kind=EntryKind.ENTERPRISE,
    title="Ran the winter campaign",
    place="Umbrella Works",
    starts=date(2026, 1, 5),
    ends=date(2026, 1, 16),
    days=10,
)
PDF = NewFile(name="proof.pdf", data=b"%PDF-1.7 proof")


def holder(room: Classroom) -> Holder:
    who = room.teacher.who
    return Holder(
        organisation_id=room.tool.organisation_id, person_id=who.person_id, uuid=who.person_uuid, secret=SECRET
    )


def add(room: Classroom, file: NewFile | None = None) -> str:
    with room.tool.runtime.database.transaction() as session:
        return teacher_records.add(session, holder(room), BODY, file, now=room.tool.clock.now)


def entries(room: Classroom) -> list[teacher_records.EntryLine]:
    with room.tool.runtime.database.reading() as session:
        return list(teacher_records.list_entries(session, holder(room)))


def confirm(
    room: Classroom,
    key: str,
    *,
    confirmed: bool = True,
    reason: str = "",
    seen: int = 1,
    by: str = "Helen",
    declared: bool = True,
) -> None:
    with room.tool.runtime.database.transaction() as session:
        desk = Desk(
            session=session,
            organisation_id=room.tool.organisation_id,
            actor=Actor(by),
            now=room.tool.clock.now,
        )
        person = room.teacher.who.person_uuid
        decide_entry(desk, person, key, confirmed=confirmed, declared=declared, reason=reason, seen=seen, secret=SECRET)


def test_an_entry_counts_once_somebody_else_has_confirmed_it(room: Classroom) -> None:
    key = add(room)
    [line] = entries(room)
    assert (line.entry.state, line.entry.body) == (EntryState.CLAIMED, BODY)
    confirm(room, key)
    [line] = entries(room)
    assert (line.entry.state, line.by) == (EntryState.CONFIRMED, "Helen")
    found = indicators((each.entry for each in entries(room)), Built(), today=date(2026, 3, 2), years=5)
    assert found.enterprise_days == 10


def test_a_refusal_has_a_reason_and_a_change_is_to_be_confirmed_again(room: Classroom) -> None:
    key = add(room)
    with pytest.raises(TeacherEntryRefusedError):
        confirm(room, key, confirmed=False)
    confirm(room, key, confirmed=False, reason="The document is of another year.")
    [line] = entries(room)
    assert (line.entry.state, line.reason) == (EntryState.REFUSED, "The document is of another year.")
    with room.tool.runtime.database.transaction() as session:
        teacher_records.change(session, holder(room), key, BODY, file=PDF, seen=2, now=room.tool.clock.now)
    [line] = entries(room)
    assert (line.entry.state, line.reason, line.revision) == (EntryState.CLAIMED, "", 3)
    assert line.document
    assert line.document.media_type == "application/pdf"


def test_a_page_that_is_old_changes_nothing(room: Classroom) -> None:
    key = add(room)
    confirm(room, key)
    with room.tool.runtime.database.transaction() as session, pytest.raises(TeacherEntryMovedError):
        teacher_records.take_back(session, holder(room), key, seen=1, now=room.tool.clock.now)
    assert entries(room)[0].entry.state is EntryState.CONFIRMED


def test_what_is_taken_back_can_be_restored_for_a_month(room: Classroom) -> None:
    key, database = add(room), room.tool.runtime.database
    with database.transaction() as session:
        teacher_records.take_back(session, holder(room), key, seen=1, now=room.tool.clock.now)
    room.tool.clock.advance(days=31)
    with database.transaction() as session:
        purge_teacher_entries(session, room.tool.clock.now)
        teacher_records.restore(session, holder(room), key, seen=2, now=room.tool.clock.now)
    assert entries(room)[0].entry.state is EntryState.CLAIMED
    with database.transaction() as session:
        teacher_records.take_back(session, holder(room), key, seen=3, now=room.tool.clock.now)
    room.tool.clock.advance(days=32)
    with database.transaction() as session:
        purge_teacher_entries(session, room.tool.clock.now)
    assert entries(room) == []


def test_documents_are_checked_by_their_content_and_kept_encrypted(room: Classroom) -> None:
    for wrong in (
        NewFile(name="x.pdf", data=b"<script>"),
        NewFile(name="x.pdf", data=b"%PDF-" + b"0" * 5 * 1024 * 1024),
    ):
        with pytest.raises(TeacherEntryRefusedError):
            add(room, wrong)
    key = add(room, PDF)
    with room.tool.runtime.database.reading() as session:
        assert teacher_records.get_file(session, holder(room), key)[1] == PDF.data
        stored = session.execute(select(*TeacherEntryRow.__table__.columns).where(TeacherEntryRow.uuid == key)).one()
    assert not any(text in str(tuple(stored)) for text in ("proof", "Umbrella", "winter"))


def test_nobody_reads_the_record_of_somebody_else(room: Classroom, another: Classroom) -> None:
    key = add(room, PDF)
    with another.tool.runtime.database.transaction() as session:
        with pytest.raises(TeacherEntryMissingError):
            teacher_records.get_file(session, holder(another), key)
        with pytest.raises(TeacherEntryMissingError):
            teacher_records.take_back(session, holder(another), key, seen=1, now=another.tool.clock.now)
    assert entries(another) == []


def test_what_was_built_and_held_counts_by_itself(room: Classroom) -> None:
    room.plan(title="Hour one")
    room.do("open")
    room.do("close")
    with room.tool.runtime.database.reading() as session:
        found = list_built(session, holder(room))
    assert [(each.kind, each.title["en"], each.course) for each in found] == [
        (BuiltKind.CLASS, "Hour one", "Search marketing")
    ]


def test_administrators_see_who_waits(room: Classroom) -> None:
    add(room)
    stranger = room.learner(1).who.person_uuid
    with room.tool.runtime.database.reading() as session:
        [line] = [
            each
            for each in list_records(session, room.tool.organisation_id)
            if each.uuid == room.teacher.who.person_uuid
        ]
        found = get_file(session, room.tool.organisation_id, line.uuid, secret=SECRET)
        with pytest.raises(AdminMissingError):
            get_file(session, room.tool.organisation_id, stranger, secret=SECRET)
    assert (line.name, line.waiting, len(found.entries)) == ("Tina Teacher", 1, 1)


def test_the_export_holds_what_counts_and_says_who_confirmed(room: Classroom) -> None:
    key = add(room)
    confirm(room, key)
    lines = entries(room)
    found = indicators((line.entry for line in lines), Built(units=1), today=date(2026, 3, 2), years=5)
    document = json.loads(
        record_document("pseudonym", lines, [], [], name="Tina", found=found, now=room.tool.clock.now)
    )
    assert document["name"] == "Tina"
    assert document["format"] == "qualoop-teacher-record"
    assert document["entries"][0]["decided_by"] == "Helen"
    assert document["indicators"]["enterprise_days"] == 10
    assert document["double_qualified"] is False


def test_erasure_forgets_the_record_of_a_teacher(room: Classroom) -> None:
    add(room, PDF)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, room.teacher.who.person_uuid, actor="operator", now=room.tool.clock.now)
    with room.tool.runtime.database.reading() as session:
        for table in (TeacherEntryRow, TeacherEntryEvent):
            query = select(table.id).where(table.organisation_id == room.tool.organisation_id)
            own = (
                query.where(TeacherEntryRow.person_id == room.teacher.who.person_id)
                if table is TeacherEntryRow
                else query.where(TeacherEntryEvent.teacher_entry_id.not_in(select(TeacherEntryRow.id)))
            )
            assert session.scalars(own).all() == []


def test_a_qualification_that_ends_soon_is_told_to_administrators_once(room: Classroom) -> None:
    now = room.tool.clock.now
    organisation, person = room.tool.organisation_id, room.teacher.who.person_id
    new = NewQualification(
        kind=QualificationKind.INDUSTRY,
        title="Search specialist",
        holds_from=date(2020, 1, 1),
        holds_until=now.date().replace(year=now.year + 1),
    )
    with room.tool.runtime.database.transaction() as session:
        made = assessor_qualifications.add(session, organisation, person, new, by="somebody", now=now)
        assessor_qualifications.confirm(session, organisation, made.uuid, by="somebody-else", now=now)
        assert warn_of_expiry(session, organisation, now=now) == 0
        later = now.replace(year=now.year + 1, day=1)
        assert warn_of_expiry(session, organisation, now=later) == 1
        assert warn_of_expiry(session, organisation, now=later) == 0
        item = session.scalars(select(InboxItem).where(InboxItem.subject == made.uuid)).one()
    assert (item.owner_role, item.reason) == ("administrator", "qualification-expires")


@pytest.mark.parametrize("path", ["teacher/%00/document", "class/warnings/%00/", "class/warnings/x/"])
def test_an_address_that_leads_nowhere_is_told_so(room: Classroom, path: str) -> None:
    assert room.teacher.get(path).status_code == 404
    assert find_holder_of_nobody(room) is None


def find_holder_of_nobody(room: Classroom) -> Holder | None:
    with room.tool.runtime.database.reading() as session:
        return teacher_records.find_holder(session, room.tool.organisation_id, "\0", SECRET)
