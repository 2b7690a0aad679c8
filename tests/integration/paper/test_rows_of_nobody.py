"""Rows of a recorded table that are nobody's for sure wait in the inbox, are recorded when somebody names them, and go with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from lti_tool.models import InboxItem, LedgerEvent, MarkFile, Organisation
from lti_tool.services.erasure import erase
from lti_tool.services.learners.evidence_process import Course, read_process
from lti_tool.services.mechanisms import inbox
from lti_tool.services.sheets.marks_files import MARKS, MarkFileMovedError
from lti_tool.services.sheets.marks_left import REASON, LeftRow, list_left
from lti_tool.services.sheets.marks_rolls import Held
from lti_tool.services.sheets.marks_settling import RowRefusedError, dismiss_rows, settle_rows
from qualoop.classroom.mark_tables import Trouble
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.mark_tables import bring, bringer, change_table, with_table
from tests.factories.paper_halls import Hall

PART = f"{LESSON}/same-meaning"
TABLE = f"Student number,Name,{PART}\nada,,7\n007,bo.,5\n,Nobody,\nghost,Ghost,3\n,B,x\n".encode()


def left(hall: Hall, table: str) -> list[LeftRow]:
    with hall.tool.runtime.database.reading() as session:
        row = session.scalars(select(MarkFile).where(MarkFile.uuid == table)).one()
        return list(list_left(session, bringer(hall), row, most=60))


def waiting(hall: Hall) -> list[tuple[str, int]]:
    with hall.tool.runtime.database.reading() as session:
        items = session.scalars(select(InboxItem).where(InboxItem.reason == REASON, InboxItem.state == inbox.OPEN))
        return [(item.subject, item.details["rows"]) for item in items]


def settle(hall: Hall, table: str, matches: Mapping[int, str]) -> None:
    with_table(hall, table, lambda session, made: settle_rows(session, made, matches, now=hall.tool.clock()))


def dismiss(hall: Hall, table: str, *numbers: int) -> None:
    with_table(hall, table, lambda session, made: dismiss_rows(session, made, numbers, now=hall.tool.clock()))


def marks(hall: Hall) -> list[tuple[str, str]]:
    return [(body["learner"], body["score"]) for body in hall.events("evidence.recorded")]


def recorded(hall: Hall) -> str:
    table = bring(hall, TABLE, kind=MARKS, full=10)
    change_table(hall, table)
    return table


def test_rows_of_nobody_wait_and_are_recorded_as_the_rest(hall: Hall) -> None:
    ada, bo = hall.ada.who.person_uuid, hall.bo.who.person_uuid
    table = recorded(hall)
    assert marks(hall) == [(ada, "0.7")]
    assert waiting(hall) == [(table, 3)]
    # A row that says nothing does not wait.
    assert [(each.number, each.text) for each in left(hall, table)] == [(3, "007, bo."), (5, "ghost, Ghost"), (6, "B")]
    assert left(hall, table)[0].cells == [(PART, "5")]
    settle(hall, table, {3: bo})
    assert marks(hall) == [(ada, "0.7"), (bo, "0.5")]
    first, second = hall.events("evidence.recorded")
    assert {key: first[key] for key in ("attempt", "form", "rater")} == {
        key: second[key] for key in ("attempt", "form", "rater")
    }
    assert waiting(hall) == [(table, 2)]
    with pytest.raises(MarkFileMovedError):
        settle(hall, table, {3: bo})
    dismiss(hall, table, 5, 6)
    assert waiting(hall) == []
    assert left(hall, table) == []
    change_table(hall, table, undo=True)
    assert len(hall.events("assertion.voided")) == 2


def test_taking_a_table_back_takes_its_waiting_rows_along(hall: Hall) -> None:
    table = recorded(hall)
    change_table(hall, table, undo=True)
    assert waiting(hall) == []
    with pytest.raises(MarkFileMovedError):
        settle(hall, table, {3: hall.bo.who.person_uuid})
    with hall.tool.runtime.database.reading() as session:
        assert session.scalars(select(MarkFile.table_sealed).where(MarkFile.uuid == table)).one() is None


def test_nothing_is_recorded_twice_and_nobody_else_is_named(hall: Hall) -> None:
    ada, bo = hall.ada.who.person_uuid, hall.bo.who.person_uuid
    table = recorded(hall)
    for matches, reason in (
        ({3: ada}, "learner-twice"),
        ({3: bo, 5: bo}, "learner-twice"),
        ({6: bo}, "row-wrong"),
        ({3: hall.teacher}, "row-nobody"),
        ({}, "row-nobody"),
    ):
        with pytest.raises(RowRefusedError) as refused:
            settle(hall, table, matches)
        assert refused.value.reason == reason
    assert marks(hall) == [(ada, "0.7")]
    assert waiting(hall) == [(table, 3)]


def test_of_two_tables_of_marks_taking_the_first_back_loses_nothing_of_the_second(hall: Hall) -> None:
    first = recorded(hall)
    settle(hall, first, {3: hall.bo.who.person_uuid})
    second = bring(hall, f"Student number,{PART}\nada,9\nbo,8\nb0,1\n".encode(), kind=MARKS, full=10)
    change_table(hall, second)
    change_table(hall, first, undo=True)
    events = {body["uuid"]: body["score"] for body in events_of(hall, "evidence.recorded")}
    gone = {body["target"] for body in hall.events("assertion.voided")}
    assert sorted(score for uuid, score in events.items() if uuid not in gone) == ["0.8", "0.9"]
    assert waiting(hall) == [(second, 1)]
    assert [each.number for each in left(hall, second)] == [4]


def events_of(hall: Hall, kind: str) -> list[dict[str, str]]:
    with hall.tool.runtime.database.reading() as session:
        rows = session.execute(select(LedgerEvent.uuid, LedgerEvent.body).where(LedgerEvent.type == kind))
        return [{"uuid": uuid, **json.loads(body)} for uuid, body in rows]


def test_a_learner_twice_waits_for_the_teacher_to_say_which_counts(hall: Hall) -> None:
    table = bring(hall, f"Student number,{PART}\nada,7\nbo,1\nada,8\n".encode(), kind=MARKS, full=10)
    change_table(hall, table)
    assert [each.number for each in left(hall, table)] == [2, 4]
    settle(hall, table, {4: hall.ada.who.person_uuid})
    assert marks(hall)[-1] == (hall.ada.who.person_uuid, "0.8")
    with pytest.raises(RowRefusedError):
        settle(hall, table, {2: hall.ada.who.person_uuid})


def test_marks_of_readiness_items_are_of_preparation_only(hall: Hall) -> None:
    """As what is answered online: it shows who is prepared, and moves nobody's level."""
    table = bring(hall, f"Student number,{PART},{LESSON}/ready-intent\nada,7,8\n".encode(), kind=MARKS, full=10)
    change_table(hall, table)
    assert {body["part"]: body["form"] for body in hall.events("evidence.recorded")} == {
        "same-meaning": "paper",
        "ready-intent": "process",
    }


def test_who_comes_into_the_course_later_is_known_by_the_row(hall: Hall) -> None:
    table = recorded(hall)
    ghost = enter(hall.tool, "ghost", name="Ghost")
    [row] = [each for each in left(hall, table) if each.number == 5]
    assert row.trouble is None
    assert [(each.learner, each.by) for each in row.suggestions] == [(ghost.who.person_uuid, "now")]


def test_attendance_of_nobody_waits_too(hall: Hall) -> None:
    table = bring(hall, b"Student number,Attendance\nada,absent\nb0,late\n")
    change_table(hall, table, held=Held(title="Lecture"))
    assert waiting(hall) == [(table, 1)]
    settle(hall, table, {3: hall.bo.who.person_uuid})
    assert stands(hall, hall.bo) == ["late"]
    assert marks(hall) == [(hall.bo.who.person_uuid, "1")]
    change_table(hall, table, undo=True)
    assert stands(hall, hall.bo) == []
    assert len(hall.events("assertion.voided")) == 1


def stands(hall: Hall, seat: Seat) -> list[str]:
    course = Course(organisation_id=hall.link.organisation_id, context_id=hall.link.context_id)
    with hall.tool.runtime.database.reading() as session:
        found = read_process(session, course, [seat.who.person_id])[seat.who.person_id]
    return [each.presence.value for each in found.sessions]


def test_an_erased_learner_leaves_no_row_of_the_course(hall: Hall) -> None:
    """Whom a row names is encrypted, and may be the learner."""
    table = recorded(hall)
    with hall.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, hall.tool.organisation_id)
        erase(session, organisation, hall.bo.who.person_uuid, actor="operator", now=datetime(2026, 3, 3, tzinfo=UTC))
    assert left(hall, table) == []
    assert waiting(hall) == []


def test_a_waiting_row_is_read_by_the_columns_of_the_whole_table(hall: Hall) -> None:
    """Two columns of one task are left out, whatever a single row fills of them."""
    other = f"{LESSON}/ready-intent"
    data = f"Student number,{other},{PART},{PART}\nada,4,7,8\nghost,3,,5\n".encode()
    table = bring(hall, data, kind=MARKS, full=10)
    change_table(hall, table)
    settle(hall, table, {3: hall.bo.who.person_uuid})
    assert [score for _, score in marks(hall)] == ["0.4", "0.3"]


def test_a_row_that_names_nobody_is_recorded_when_somebody_is_named(hall: Hall) -> None:
    data = f"Student number,Task,Mark\nada,{PART},7\n,{PART},5\n".encode()
    table = bring(hall, data, kind=MARKS, full=10)
    change_table(hall, table)
    assert [(each.number, each.trouble) for each in left(hall, table)] == [(3, Trouble.NOBODY)]
    settle(hall, table, {3: hall.bo.who.person_uuid})
    assert [score for _, score in marks(hall)] == ["0.7", "0.5"]


def test_a_row_without_a_task_says_that_the_task_is_missing(hall: Hall) -> None:
    table = bring(hall, f"Student number,Task,Mark\nada,{PART},7\nghost,,5\n".encode(), kind=MARKS, full=10)
    change_table(hall, table)
    [row] = left(hall, table)
    assert [each.trouble for each in row.faults] == [Trouble.UNKNOWN_TASK]


def test_a_faulty_cell_of_a_waiting_row_is_shown_and_never_left_out_in_silence(hall: Hall) -> None:
    other = f"{LESSON}/ready-intent"
    data = f"Student number,{PART},{other}\nada,7,7\nghost,5,x\n".encode()
    table = bring(hall, data, kind=MARKS, full=10)
    change_table(hall, table)
    [row] = left(hall, table)
    assert [(each.trouble, each.column, each.text) for each in row.faults] == [(Trouble.NOT_A_MARK, other, "x")]
    with pytest.raises(RowRefusedError) as refused:
        settle(hall, table, {3: hall.bo.who.person_uuid})
    assert refused.value.reason == "row-wrong"
    assert waiting(hall) == [(table, 1)]
