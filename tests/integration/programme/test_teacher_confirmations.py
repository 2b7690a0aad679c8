"""Who confirms what is in teachers' records, what administrators are told of it, what a record reads and how much it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from lti_tool.models import Enrolment, InboxItem, Organisation
from lti_tool.sealing import Sealer
from lti_tool.services import erasure
from lti_tool.services.administration.administration import Actor, AdminMissingError, Desk
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.courses import members
from lti_tool.services.people import assessor_qualifications, learner_keys
from lti_tool.services.people.assessor_qualifications import NewQualification, QualificationMissingError
from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records_built import list_built
from lti_tool.services.programme.teacher_records_review import (
    EXPIRING,
    OwnRecordError,
    confirm_qualification,
    get_document,
    get_holder,
    warn_of_expiry,
)
from lti_tool.services.records.records import RecordMissingError
from qualoop.classroom.assessors import QualificationKind
from qualoop.records.teacher_record import TeacherEntryRefusedError
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import enter
from tests.factories.tool import SECRET
from tests.integration.programme.steps import link_of
from tests.integration.programme.test_teacher_records import PDF, add, confirm, entries, holder

LICENCE = NewQualification(
    kind=QualificationKind.TEACHING, title="Licence", holds_from=date(2020, 1, 1), holds_until=date(2026, 4, 1)
)


@contextmanager
def statements(room: Classroom) -> Iterator[list[str]]:
    """Collect the statements that are run meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = room.tool.runtime.database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def qualified(room: Classroom, new: NewQualification, *, is_confirmed: bool = True) -> str:
    organisation, now = room.tool.organisation_id, room.tool.clock.now
    with room.tool.runtime.database.transaction() as session:
        made = assessor_qualifications.add(
            session, organisation, room.teacher.who.person_id, new, by="somebody", now=now
        )
        if is_confirmed:
            assessor_qualifications.confirm(session, organisation, made.uuid, by="somebody-else", now=now)
    return made.uuid


def told(room: Classroom) -> int:
    with room.tool.runtime.database.transaction() as session:
        return warn_of_expiry(session, room.tool.organisation_id, now=room.tool.clock.now)


def items(room: Classroom, subject: str) -> list[InboxItem]:
    with room.tool.runtime.database.reading() as session:
        query = select(InboxItem).where(InboxItem.reason == EXPIRING, InboxItem.subject == subject)
        return list(session.scalars(query))


def test_a_list_of_entries_reads_no_document_and_looks_for_the_key_once(
    room: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []

    def find_key(connection: Connection, owner: learner_keys.KeyOwner) -> Sealer | None:
        keys.append(owner.learner)
        return learner_keys_found(connection, owner)

    learner_keys_found = learner_keys._find_key
    for _ in range(3):
        key = add(room, PDF)
    confirm(room, key)
    monkeypatch.setattr(learner_keys, "_find_key", find_key)
    with statements(room) as seen:
        assert len(entries(room)) == 3
    assert not [each for each in seen if "file_sealed" in each]
    assert keys == [room.teacher.who.person_uuid]


def test_all_documents_of_a_record_have_a_size_together(room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    half = NewFile(name="proof.pdf", data=b"%PDF-1.7 " + b"0" * 491)
    monkeypatch.setattr(teacher_records, "MAX_FILES", 1100)
    key = add(room, half)
    add(room, half)
    with pytest.raises(TeacherEntryRefusedError) as refused:
        add(room, half)
    assert refused.value.wrong == {"file": "full"}
    assert len(entries(room)) == 2
    body = entries(room)[0].entry.body
    with room.tool.runtime.database.transaction() as session:
        # The document that is replaced does not count twice.
        teacher_records.change(session, holder(room), key, body, file=half, seen=1, now=room.tool.clock.now)
    assert len(entries(room)) == 2


@pytest.mark.parametrize("by", ["Helen", "tina  TEACHER", "\uff34ina Teacher"])
def test_whoever_confirms_says_to_be_somebody_else_and_is_called_otherwise(room: Classroom, by: str) -> None:
    declared = by != "Helen"
    key, own = add(room), qualified(room, LICENCE, is_confirmed=False)
    with pytest.raises(OwnRecordError):
        confirm(room, key, by=by, declared=declared)
    with room.tool.runtime.database.transaction() as session:
        desk = Desk(
            session=session, organisation_id=room.tool.organisation_id, actor=Actor(by), now=room.tool.clock.now
        )
        with pytest.raises(OwnRecordError):
            confirm_qualification(desk, holder(room), own, declared=declared, by="a-session")
    assert entries(room)[0].revision == 1
    confirm(room, key, confirmed=False, reason="No document.", by=by, declared=declared)
    assert entries(room)[0].reason == "No document."


def test_a_qualification_is_confirmed_on_the_page_of_its_holder_only(room: Classroom, another: Classroom) -> None:
    own = qualified(room, LICENCE, is_confirmed=False)
    other = enter(room.tool, "t-else", name="Other Teacher", role="teacher").who.person_uuid
    with room.tool.runtime.database.transaction() as session:
        desk = Desk(
            session=session, organisation_id=room.tool.organisation_id, actor=Actor("Helen"), now=room.tool.clock.now
        )
        someone = get_holder(session, room.tool.organisation_id, other, secret=SECRET)
        with pytest.raises(AdminMissingError):
            confirm_qualification(desk, someone, own, declared=True, by="a-session")


def test_administrators_do_not_open_the_document_of_an_entry_that_was_taken_back(room: Classroom) -> None:
    key, database = add(room, PDF), room.tool.runtime.database
    place = (room.tool.organisation_id, room.teacher.who.person_uuid, key)
    with database.reading() as session:
        assert get_document(session, *place, secret=SECRET)[1] == PDF.data
    with database.transaction() as session:
        teacher_records.take_back(session, holder(room), key, seen=1, now=room.tool.clock.now)
    with database.reading() as session, pytest.raises(AdminMissingError):
        get_document(session, *place, secret=SECRET)


@pytest.mark.parametrize(
    ("begins", "kind", "state", "new"),
    [
        (date(2026, 3, 1), QualificationKind.TEACHING, "confirmed", 0),
        (date(2026, 4, 2), QualificationKind.TEACHING, "confirmed", 0),
        (date(2026, 4, 3), QualificationKind.TEACHING, "confirmed", 1),
        (date(2026, 3, 1), QualificationKind.INDUSTRY, "confirmed", 1),
        (date(2026, 3, 1), QualificationKind.TEACHING, "claimed", 1),
    ],
)
def test_what_is_renewed_without_a_gap_is_not_told(
    room: Classroom, begins: date, kind: QualificationKind, state: str, new: int
) -> None:
    ending = qualified(room, LICENCE)
    later = NewQualification(kind=kind, title="Licence", holds_from=begins, holds_until=date(2030, 4, 1))
    qualified(room, later, is_confirmed=state == "confirmed")
    told(room)
    found = items(room, ending)
    assert len(found) == new
    assert all(item.details["person"] == room.teacher.who.person_uuid for item in found)


def test_what_asks_for_a_renewal_goes_with_an_erased_teacher(room: Classroom) -> None:
    ending = qualified(room, LICENCE)
    told(room)
    assert items(room, ending)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, room.teacher.who.person_uuid, actor="operator", now=room.tool.clock.now)
    assert not items(room, ending)


def test_classes_count_while_somebody_was_in_the_course(room: Classroom) -> None:
    tool, context = room.tool, {"id": room.name, "title": "Search marketing", "type": ["CourseSection"]}
    room.plan(title="Hour one")
    room.do("open")
    room.do("close")
    tool.clock.advance(days=1)
    left = update(Enrolment).where(Enrolment.person_id == room.teacher.who.person_id)
    with tool.runtime.database.transaction() as session:
        session.execute(left.values(left_at=tool.clock.now))
    tool.clock.advance(days=30)
    later = Classroom(tool, room.name, enter(tool, f"t-{room.name}", name="Other", role="teacher", context=context))
    later.plan(title="Hour two")
    later.do("open")
    later.do("close")
    with tool.runtime.database.reading() as session:
        titles = [[each.title["en"] for each in list_built(session, holder(whose))] for whose in (room, later)]
    assert titles == [["Hour one"], ["Hour two"]]


def test_addresses_with_a_zero_byte_lead_to_nothing(room: Classroom) -> None:
    with room.tool.runtime.database.transaction() as session:
        with pytest.raises(RecordMissingError):
            members.get_member(session.connection(), link_of(room), "\0")
        with pytest.raises(QualificationMissingError):
            assessor_qualifications.withdraw(
                session, room.tool.organisation_id, "\0", by="somebody", now=room.tool.clock.now
            )
