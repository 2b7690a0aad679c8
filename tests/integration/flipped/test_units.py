"""A flipped unit from its proposal to the grade: built, placed, worked through, seen by its own course alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import (
    Attempt,
    ClassPoll,
    ClassSession,
    FlippedText,
    FlippedUnit,
    LedgerEvent,
    LinkScore,
    MasteryPoint,
    Organisation,
)
from lti_tool.services import erasure
from qualoop.classroom.flipped_unit import from_document
from tests.factories.classrooms import Seat
from tests.factories.flipped import LESSONS, BuiltUnit, open_builder
from tests.factories.launches import TOOL_ORIGIN

OTHER_COURSE = {"id": "c-2", "label": "B", "title": "Another course", "type": ["CourseSection"]}


def rows_of(built: BuiltUnit, model: type[Any]) -> list[Any]:
    with built.tool.runtime.database.reading() as session:
        found = list(session.scalars(select(model)))
        session.expunge_all()
        return found


def test_a_proposal_covers_the_unit_and_is_placed_by_one_link(built: BuiltUnit) -> None:
    plan = from_document(built.row.plan)
    assert plan.keys[:5] == (*LESSONS, "check")
    assert plan.keys[5] == "class"
    assert plan.keys[-1] == "reflection"
    assert {item.point for item in plan.check} == {"SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4"}
    assert built.key.startswith("flipped-unit-")
    listed = open_builder(built.tool).get().text
    assert built.key in listed
    assert "readiness-check-" not in listed
    assert "This is what learners see" in built.chooser.browser.get(f"{built.base}preview").text


def test_edits_are_taken_back_and_an_old_page_changes_nothing(built: BuiltUnit) -> None:
    assert "refused" not in built.edit(f"down:{LESSONS[0]}").headers["Location"]
    assert from_document(built.row.plan).keys[:2] == (LESSONS[1], LESSONS[0])
    built.edit("move:check:0")
    built.edit("remove:reflection")
    assert "reflection" not in from_document(built.row.plan).keys
    stale = built.chooser.post(built.base.removeprefix(built.chooser.base) + "edit", do="undo", revision="1")
    assert "flipped-stale" in stale.headers["Location"]
    built.edit("undo")
    assert from_document(built.row.plan).keys[-1] == "reflection"
    assert "check-late" in built.edit("move:check:9").headers["Location"]
    for odd in ("move:check:x", "swap:check", "single:", "nonsense", "up:", "add:lesson", "ask:a/b"):
        assert built.edit(odd).status_code == 303


def test_dates_follow_the_class_and_a_copy_shifts_them(built: BuiltUnit) -> None:
    built.edit("dates", class_at="2026-03-10T08:00")
    dates = from_document(built.row.plan).dates
    assert dates.before == datetime(2026, 3, 9, 20, tzinfo=UTC)
    assert dates.after == datetime(2026, 3, 17, 8, tzinfo=UTC)
    path = built.base.removeprefix(built.chooser.base)
    copied = built.chooser.post("flipped/copy", source=path.split("/")[1], class_at="2026-09-01T08:00")
    assert copied.status_code == 303
    new = next(unit for unit in rows_of(built, FlippedUnit) if unit.id != built.row.id)
    assert from_document(new.plan).dates.before == datetime(2026, 8, 31, 20, tzinfo=UTC)


def test_a_learner_goes_through_the_unit(built: BuiltUnit) -> None:
    sam = built.enter("s-1", name="Sam")
    timeline = sam.get("unit/")
    assert timeline.status_code == 200
    assert timeline.text.index("Keywords and search intent") < timeline.text.index("Readiness check")
    built.work(sam, LESSONS[0], right=True)
    finished = built.at_step(sam, LESSONS[0]).get().text
    assert f"~{LESSONS[1]}/" in finished
    built.work(sam, "check", right=False)
    bodies = [json.loads(event.body) for event in rows_of(built, LedgerEvent)]
    assert {body["form"] for body in bodies if "form" in body} == {"quiz", "process"}
    checked = next(body["activity"] for body in bodies if body.get("form") == "process")
    assert checked.startswith("readiness-check-")
    # Answers of the check show who is prepared, and move nobody's mastery.
    assert {row.code for row in rows_of(built, MasteryPoint)} == {"SEM-1.1"}
    assert write(sam, "reflection", "I learnt a lot.").status_code == 303
    score = next(row.value for row in rows_of(built, LinkScore) if row.resource_link_id == sam.who.resource_link_id)
    plan = from_document(built.row.plan)
    assert abs(float(score) - 3 / (len(plan.steps) - 1)) < 1e-5
    attempt = next(row for row in rows_of(built, Attempt) if row.resource_link_id == sam.who.resource_link_id)
    assert (attempt.done, attempt.total) == (3, len(plan.steps) - 1)
    [text] = rows_of(built, FlippedText)
    assert "learnt" not in text.text_sealed


def test_the_evening_before(built: BuiltUnit) -> None:
    people = [built.enter(f"s-{number}", name=f"Learner {number}") for number in range(1, 6)]
    built.work(people[0], "check", right=True)
    built.work(people[1], "check", right=False)
    built.at_step(people[2], LESSONS[0])
    for number, seat in enumerate(people[:4]):
        write(seat, "muddiest", f"Why do quality scores matter? ({number})")
    teacher = built.enter("t-1", name="Tina", role="teacher")
    page = teacher.get("unit/class/").text
    assert "quality scores" not in page
    write(people[4], "muddiest", "How is a quality score made?")
    page = teacher.get("unit/class/").text
    assert page.count("quality score") >= 5
    counts = re.findall(r'data-way="([a-z-]+)"><dt>[^<]*</dt><dd><strong>(\d+)', page)
    assert dict(counts) == {"nothing": "2", "begun": "1", "not-understood": "1", "ready": "1"}
    assert "1 of 2 who answered are ready" in page
    muddy = page[page.index('id="unclear"') : page.index('id="who"')]
    assert "Learner" not in muddy
    assert "Learner 4" in page[page.index('id="who"') :]
    names = re.findall(r'name="question" value="([^"]+/[^"]+)"', page)
    assert len(names) == 3
    asked = teacher.browser.client.post(
        teacher.page + "unit/ask", data={"csrf": csrf(page), "question": "all"}, base_url=TOOL_ORIGIN
    )
    assert "done=asked" in asked.headers["Location"]
    polls = rows_of(built, ClassPoll)
    assert {f"{poll.activity_key}/{poll.part}" for poll in polls} == set(names)
    [room] = rows_of(built, ClassSession)
    assert room.flipped_unit_id == built.row.id
    learner = people[0].browser.client.get(people[0].page + "unit/class/", base_url=TOOL_ORIGIN)
    assert learner.status_code == 403


def test_who_leaves_most_of_the_check_open_is_not_ready(built: BuiltUnit) -> None:
    there = built.at_step(built.enter("s-1", name="Sam"), "check")
    there.answer(right=[True])
    teacher = built.enter("t-1", role="teacher")
    assert "0 of" not in teacher.get("unit/class/").text
    there.finish()
    page = teacher.get("unit/class/").text
    counts = re.findall(r'data-way="([a-z-]+)"><dt>[^<]*</dt><dd><strong>(\d+)', page)
    assert dict(counts) == {"nothing": "0", "begun": "0", "not-understood": "1", "ready": "0"}
    # What was left open is an answer of nobody who understood.
    assert "0 of 1 who answered" in page


def test_no_other_course_sees_the_unit(built: BuiltUnit) -> None:
    other = open_builder(built.tool, "t-2", OTHER_COURSE)
    path = f"flipped/{built.row.uuid}/"
    assert built.key not in other.get().text
    assert built.row.uuid not in other.get("flipped/").text
    assert other.get(path).status_code == 404
    assert other.get(f"{path}preview").status_code == 404
    for verb, form in (("edit", {"do": "undo", "revision": "1"}), ("place", {})):
        assert other.post(path + verb, **form).status_code == 404
    assert other.post("flipped/copy", source=built.row.uuid).status_code == 404
    stranger = built.tool.browser()
    assert stranger.get(f"{built.enter('s-1').page[:-1]}~{LESSONS[0]}/").status_code == 401


def test_a_copied_course_has_a_unit_of_its_own_without_dates(built: BuiltUnit) -> None:
    built.edit("dates", class_at="2026-03-10T08:00")
    sam = built.enter("s-1", context=OTHER_COURSE)
    assert sam.get("unit/").status_code == 200
    copied = next(unit for unit in rows_of(built, FlippedUnit) if unit.id != built.row.id)
    assert (copied.source_id, copied.activity_id) == (built.row.id, built.row.activity_id)
    assert from_document(copied.plan).dates.class_at is None
    assert sam.browser.get(f"{sam.page[:-1]}~{LESSONS[0]}/").status_code == 200
    teacher = built.enter("t-1", role="teacher")
    assert "0 learners" in teacher.get("unit/class/").text


def test_an_erased_learner_leaves_no_text(built: BuiltUnit) -> None:
    sam = built.enter("s-1", name="Sam")
    write(sam, "muddiest", "All of it.")
    assert write(sam, "reflection", "").status_code == 422
    with built.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, sam.who.organisation_id)
        erasure.erase(session, organisation, sam.who.person_uuid, actor="system", now=built.tool.clock())
    assert rows_of(built, FlippedText) == []


def write(seat: Seat, kind: str, text: str) -> TestResponse:
    form = {"csrf": csrf(seat.get("unit/").text), "kind": kind, "text": text}
    return seat.browser.client.post(seat.page + "unit/write", data=form, base_url=TOOL_ORIGIN)


def csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
    assert found
    return found[1]
