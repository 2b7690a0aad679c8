"""Evidence of a class and of a learner over HTTP, the programme: figures that open, names for staff only."""

from __future__ import annotations

import csv
import io

from lti_tool.services.people.roles import Role
from tests.factories.class_sessions import CHOICE, Classroom
from tests.functional.admin.steps import signed_in


def taught(room: Classroom) -> None:
    """Let five learners work, one of them be in a class and answer a question there."""
    seats = [room.learner(number, f"Learner {number}") for number in range(1, 6)]
    seats[0].answer(right=[True, True, False])
    room.plan()
    poll = room.ask(**CHOICE)
    room.do("open")
    room.do("roll")
    room.move(poll, "first")
    seats[0].post(f"in-class/{room.row().uuid}/here", number=room.number())
    room.vote(seats[0], poll, 1, choice="0")
    room.do("close")


def test_the_table_of_a_class_and_its_file_say_the_same(room: Classroom) -> None:
    taught(room)
    page = room.teacher.get("class/evidence/").text
    rows = list(csv.DictReader(io.StringIO(room.teacher.get("class/evidence.csv").text.lstrip("\ufeff"))))
    assert [row["Learner"] for row in rows] == [f"Learner {number}" for number in range(1, 6)]
    assert (rows[0]["Class sessions attended"], rows[0]["Questions answered in class"]) == ("1", "1")
    assert (rows[1]["Class sessions attended"], rows[1]["Class sessions expected"]) == ("0", "1")
    assert all(row["Learner"] in page for row in rows)


def test_sorting_is_a_link_and_an_unknown_order_is_by_name(room: Classroom) -> None:
    taught(room)
    least = room.teacher.get("class/evidence/?sort=presence").text
    assert least.index("Learner 2") < least.index("Learner 1<")
    for sort in ("gain", "readiness", "fate"):
        assert room.teacher.get(f"class/evidence/?sort={sort}").status_code == 200


def test_each_number_of_a_learner_opens_to_what_it_counts(room: Classroom) -> None:
    taught(room)
    seat = room.learner(1, "Learner 1")
    page = room.teacher.get(f"class/evidence/{seat.who.person_uuid}/").text
    assert f"class/sessions/{room.row().uuid}/roll" in page
    assert "present" in page
    assert f"class/{seat.who.person_uuid}/SEM-1.1/" in page
    assert 'id="form-quiz"' in page
    assert "Missing: 2 more forms and 2 more assessors." in page


def test_a_learner_sees_the_own_evidence_and_nobody_elses(room: Classroom) -> None:
    taught(room)
    seat = room.learner(1, "Learner 1")
    own = seat.get("record/evidence/").text
    assert "record/SEM-1.1/" in own
    assert "Learner 2" not in own
    assert "class/sessions" not in own


def test_empty_pages_say_what_will_stand_there(room: Classroom) -> None:
    assert "Nobody is in this course yet" in room.teacher.get("class/evidence/").text
    seat = room.learner(1)
    assert "A gain can be told from the second answer" in seat.get("record/evidence/").text


def test_the_programme_of_staff_has_their_courses_only(room: Classroom, another: Classroom) -> None:
    taught(room)
    another.learner(9)
    page = room.teacher.get("class/programme/").text
    assert page.count('role="rowheader"') == 1
    assert "Learner 1" not in page


def test_administrators_see_counts_of_all_courses_and_no_names(room: Classroom, another: Classroom) -> None:
    taught(room)
    another.learner(9, "Lonely Learner")
    desktop = signed_in(room.tool)
    page = desktop.get("/admin/programme/").text
    assert page.count('role="rowheader"') >= 2
    assert "Learner 1" not in page
    assert "Lonely" not in page
    rows = list(csv.DictReader(io.StringIO(desktop.get("/admin/programme/courses.csv").text.lstrip("\ufeff"))))
    small = [row for row in rows if row["Learners"] == "< 5"]
    assert small
    assert all(row["Open early warnings"] == "" for row in small)
    assert any(row["Presence %"] == "20" for row in rows)


def test_an_operator_chooses_an_organisation_first(room: Classroom) -> None:
    assert signed_in(room.tool, Role.OPERATOR).get("/admin/programme/").status_code == 303
