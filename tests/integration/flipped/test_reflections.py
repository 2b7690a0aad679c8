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


def answer(teacher: Seat, learner: Seat, words: str, seen: str | None = None) -> TestResponse:
    """Answer what was ``seen``, else what stands on the page now."""
    seen = seen_of(teacher) if seen is None else seen
    return send(teacher, f"unit/reflections/{learner.who.person_uuid}", text=words, seen=seen)


def seen_of(teacher: Seat) -> str:
    """Return what the page of the reflections shows of its only one; empty where it shows none."""
    found = re.search(r'name="seen" value="([^"]+)"', teacher.get("unit/reflections/").text)
    return found[1] if found else ""


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
    assert "1 wrote for nobody else to read" in page
    assert answer(teacher, sam, "Hello").status_code == 404
    assert "Nobody else can read what stands here" in sam.get("unit/").text
    reflect(sam)
    assert WORDS in teacher.get("unit/reflections/").text


def test_an_answer_is_only_to_what_its_author_has_read(built: BuiltUnit) -> None:
    sam = built.enter("s-1", name="Sam")
    tina, tom = (built.enter(f"t-{name}", name=name, role="teacher") for name in ("Tina", "Tom"))
    reflect(sam, "All went well.")
    seen = seen_of(tina)
    built.tool.clock.now += timedelta(minutes=1)
    reflect(sam, "I failed, please help.")
    built.tool.clock.now += timedelta(minutes=1)
    stale = answer(tina, sam, "Fine, nothing to do.", seen)
    assert (stale.status_code, rows_of(built, FlippedReply)) == (409, [])
    assert "I failed, please help." in stale.text
    assert "Fine, nothing to do.</textarea>" in stale.text
    # What the page shows now can be answered; who had it open all the same does not write over that.
    seen = seen_of(tom)
    assert answer(tina, sam, "From Tina.", seen_of(tina)).status_code == 303
    late = answer(tom, sam, "From Tom.", seen)
    assert late.status_code == 409
    assert "From Tina." in late.text
    assert "From Tina." in sam.get("unit/").text
    assert answer(tom, sam, "From Tom.").status_code == 303
    assert "From Tom." in sam.get("unit/").text


def test_a_learner_takes_a_reflection_back(built: BuiltUnit) -> None:
    sam, sue, teacher = (
        built.enter("s-1", name="Sam"),
        built.enter("s-2", name="Sue"),
        built.enter("t-1", role="teacher"),
    )
    reflect(sam)
    answer(teacher, sam, "Good.")
    seen = seen_of(teacher)
    send(sue, "unit/take-back")
    assert len(rows_of(built, FlippedReply)) == 1
    assert "Take the reflection back" in sam.get("unit/").text
    done = re.search(r"\d of \d+ steps done", sam.get("unit/").text)
    taken = send(sam, "unit/take-back")
    assert taken.headers["Location"].endswith("kept=taken-back#taken-back")
    timeline = sam.get("unit/?kept=taken-back").text
    assert "Taken back: nobody else reads it any more." in timeline
    assert WORDS in timeline
    assert "Your teacher answered" not in timeline
    assert done
    assert done[0] in timeline
    assert "Take the reflection back" not in sam.get("unit/").text
    assert "answered your reflection" not in sam.get("notices/").text
    late = answer(teacher, sam, "Not <too> late?", seen)
    assert (late.status_code, WORDS in late.text) == (409, False)
    assert "Not &lt;too&gt; late?" in late.text
    assert rows_of(built, FlippedReply) == []
    reflect(sam, "Again.")
    assert "Again." in teacher.get("unit/reflections/").text


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
