"""What learners write at the end of a unit: read by teachers of the course who were announced, answered, forgotten."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import FlippedReply, FlippedText, Organisation
from lti_tool.services import erasure
from tests.factories.classrooms import Seat
from tests.factories.flipped import LESSONS, BuiltUnit
from tests.factories.launches import LTI, TOOL_ORIGIN

WORDS = "I learnt to bid less, and why."
READING = {"read_by": "teachers"}


def reflect(seat: Seat, words: str = WORDS, **more: str) -> TestResponse:
    return send(seat, "unit/write", kind="reflection", text=words, **(more or READING))


def answer(teacher: Seat, learner: Seat, words: str) -> TestResponse:
    return send(teacher, f"unit/reflections/{learner.who.person_uuid}", text=words)


def send(seat: Seat, path: str, **form: str) -> TestResponse:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', seat.get("unit/").text)
    assert found
    return seat.browser.client.post(seat.page + path, data={"csrf": found[1], **form}, base_url=TOOL_ORIGIN)


def rows_of(built: BuiltUnit, model: type[Any]) -> list[Any]:
    with built.tool.runtime.database.reading() as session:
        found = list(session.scalars(select(model)))
        session.expunge_all()
        return found


def test_a_learner_is_told_who_reads_and_sees_the_answer(built: BuiltUnit) -> None:
    sam, teacher = built.enter("s-1", name="Sam"), built.enter("t-1", name="Tina", role="teacher")
    assert "Teachers of this course read it with your name" in sam.get("unit/").text
    assert "No reflection to read yet" in teacher.get("unit/reflections/").text
    reflect(sam)
    page = teacher.get("unit/reflections/").text
    assert WORDS in page
    assert "Sam" in page
    assert "1 of 1 learner has written" in page
    sent = answer(teacher, sam, "Look at <the> auction again.")
    assert (sent.status_code, "kept=" in sent.headers["Location"]) == (303, True)
    timeline = sam.get("unit/").text
    assert "Your teacher answered" in timeline
    assert "Look at &lt;the&gt; auction again." in timeline
    notices = sam.get("notices/").text
    assert "Your teacher answered your reflection." in notices
    assert "auction" not in notices
    assert "answered your reflection" not in built.enter("s-2", name="Sue").get("notices/").text
    assert "Answer of Tina" in teacher.get("unit/reflections/").text
    [reply] = rows_of(built, FlippedReply)
    assert "auction" not in reply.text_sealed


def test_an_answer_is_changed_and_taken_back(built: BuiltUnit) -> None:
    sam, teacher = built.enter("s-1", name="Sam"), built.enter("t-1", role="teacher")
    reflect(sam)
    answer(teacher, sam, "Good.")
    answer(teacher, sam, "Very good.")
    assert "Very good." in sam.get("unit/").text
    assert len(rows_of(built, FlippedReply)) == 1
    too_long = answer(teacher, sam, "x" * 1001)
    assert too_long.status_code == 422
    assert "x" * 1001 in too_long.text
    assert "Very good." in sam.get("unit/").text
    built.tool.clock.now += timedelta(minutes=5)
    reflect(sam, "I changed my mind.")
    assert "changed after your answer" in teacher.get("unit/reflections/").text
    answer(teacher, sam, "  ")
    assert rows_of(built, FlippedReply) == []
    assert "Your teacher answered" not in sam.get("unit/").text


def test_what_was_written_for_nobody_stays_so(built: BuiltUnit) -> None:
    sam, teacher = built.enter("s-1", name="Sam"), built.enter("t-1", role="teacher")
    # From a page that was open before the change, without the words that say who reads.
    reflect(sam, kept="before")
    page = teacher.get("unit/reflections/").text
    assert WORDS not in page
    assert "1 wrote when nobody else could read it" in page
    assert answer(teacher, sam, "Hello").status_code == 404
    assert "you wrote when nobody else could read it" in sam.get("unit/").text
    reflect(sam)
    assert WORDS in teacher.get("unit/reflections/").text


@pytest.mark.parametrize("role", ["Learner", "Mentor", "Instructor#TeachingAssistant"])
def test_nobody_else_reads_them(built: BuiltUnit, role: str) -> None:
    vocabulary = "http://purl.imsglobal.org/vocab/lis/v2/membership"
    uri = f"{vocabulary}/{role}" if "#" in role else f"{vocabulary}#{role}"
    sam, other = built.enter("s-1", name="Sam"), built.enter("x-1", changes={LTI + "roles": [uri]})
    reflect(sam)
    page = other.get("unit/reflections/")
    assert (page.status_code, WORDS in page.text) == (403, False)
    assert answer(other, sam, "Hello").status_code == 403
    assert rows_of(built, FlippedReply) == []


def test_another_course_reads_and_answers_nothing(built: BuiltUnit) -> None:
    sam = built.enter("s-1", name="Sam")
    reflect(sam)
    course = {"id": "c-2", "label": "B", "title": "Another course", "type": ["CourseSection"]}
    stranger = built.enter("t-2", role="teacher", context=course)
    stranger.get("unit/")
    assert WORDS not in stranger.get("unit/reflections/").text
    assert answer(stranger, sam, "Hello").status_code == 404
    assert rows_of(built, FlippedReply) == []


def test_erasure_takes_text_and_answer(built: BuiltUnit) -> None:
    sam, teacher = built.enter("s-1", name="Sam"), built.enter("t-1", role="teacher")
    reflect(sam)
    answer(teacher, sam, "Good.")
    with built.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, built.tool.organisation_id)
        erasure.erase(session, organisation, sam.who.person_uuid, actor="admin", now=built.tool.clock())
    assert (rows_of(built, FlippedText), rows_of(built, FlippedReply)) == ([], [])
    page = teacher.get("unit/reflections/").text
    assert WORDS not in page
    assert "Sam" not in page


def test_a_look_at_the_timeline_writes_nothing_where_nothing_is_new(
    built: BuiltUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam, teacher = built.enter("s-1", name="Sam"), built.enter("t-1", role="teacher")
    sam.get("unit/")
    built.work(sam, LESSONS[0], right=True)
    reflect(sam)

    def refused() -> NoReturn:
        raise AssertionError("a transaction that writes was opened")

    monkeypatch.setattr(built.tool.runtime.database, "transaction", refused)
    assert "2 of" in sam.get("unit/").text
    assert teacher.get("unit/class/").status_code == 200
    # The first look of somebody else begins an attempt, which is written.
    monkeypatch.undo()
    assert "0 of" in built.enter("s-2", name="Sue").get("unit/").text
