"""A learner practises, plays a graded run and hands it in; the ledger, the grade, the class and the file tell the same."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lti_tool.models import Activity, LedgerEvent, LinkScore, ResourceLink
from lti_tool.services.attempts import attempts
from qualoop.content_packages import Project
from qualoop.ledger import Evidence
from qualoop.player.project_state import GRADED, PRACTICE, Mode, ProjectState
from qualoop.simulators import Decision, WorldKey
from qualoop.simulators.entering import cell_name, typed_values
from qualoop.simulators.verifying import read_record, verify
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import Tool
from tests.integration.practice.conftest import PROJECT


def project_of(seat: Seat) -> tuple[Project, ProjectState, str]:
    """Return the project, where the attempt stands, and the attempt's uuid."""
    parts = seat.tool.runtime
    with parts.database.connection() as connection:
        attempt, opened, _ = attempts.current(connection, parts.contents, seat.who, seat.tool.clock())
    return opened.content, ProjectState.from_json(attempt.state), attempt.uuid


def act(seat: Seat, name: str, mode: Mode, **fields: str) -> Any:
    """Send an action with the fields that its page carries."""
    _, state, uuid = project_of(seat)
    run = state.run(mode)
    moment = {"mode": mode, "world": str(run.number), "round": str(run.played)} if run else {}
    return seat.post(f"do/{name}", attempt=uuid, **moment, **fields)


def fields_of(project: Project, world: Any, decision: Decision) -> dict[str, str]:
    """Return a decision as the page's form sends it."""
    return {
        cell_name(field, row.key): text
        for table, field in project.engine.form(world)
        for row, text in zip(table.rows, typed_values(field, decision[field.key]), strict=True)
        if text
    }


def play(seat: Seat, mode: Mode) -> None:
    """Play every round by the defaults of the form, and hand a graded run in."""
    act(seat, "open", mode, to=mode)
    project, state, _ = project_of(seat)
    world = project.engine.world(project.spec, key_of(seat, mode))
    fields = fields_of(project, world, project.engine.reference(world)[0])
    run = state.run(mode)
    assert run is not None
    for _ in range(run.rounds):
        assert act(seat, "run", mode, **fields).status_code == 303
    if mode == GRADED:
        assert act(seat, "hand-in", mode).status_code == 303


def standing_fields(seat: Seat) -> dict[str, str]:
    project, _, _ = project_of(seat)
    world = project.engine.world(project.spec, key_of(seat, PRACTICE))
    return fields_of(project, world, project.engine.reference(world)[0])


def key_of(seat: Seat, mode: Mode) -> WorldKey:
    project, state, _ = project_of(seat)
    run = state.run(mode)
    assert run is not None
    if mode == PRACTICE:
        return WorldKey.of_seed(state.seed, project.key, PRACTICE, run.number)
    return WorldKey.of_seed(state.seed, project.key, GRADED).derive("form", run.number)


def evidence_in(tool: Tool) -> list[Evidence]:
    with tool.runtime.database.reading() as reading:
        bodies = reading.scalars(
            select(LedgerEvent.body).where(LedgerEvent.type == "evidence.recorded").order_by(LedgerEvent.id)
        )
        return [Evidence.from_body(json.loads(body)) for body in bodies]


def test_a_link_begins_with_what_the_project_says(tool: Tool, seat: Seat) -> None:
    with tool.runtime.database.reading() as reading:
        link = reading.get_one(ResourceLink, seat.who.resource_link_id)
        assert link.settings == {"max_attempts": 3, "counts": "mean"}
        assert reading.scalar(select(Activity.kind).where(Activity.key == PROJECT)) == "practice-project"


def test_practice_is_evidence_of_little_weight_and_no_score(tool: Tool, seat: Seat) -> None:
    play(seat, PRACTICE)
    found = evidence_in(tool)
    assert {each.part for each in found} == {"power", "ratio", "peeking", "verdict"}
    assert {each.occasion for each in found} == {"practice-run:4"}
    assert {each.form.value for each in found} == {"project"}
    with tool.runtime.database.reading() as reading:
        assert reading.scalars(select(LinkScore)).all() == []


def test_a_graded_run_in_ledger_grade_class_and_file(tool: Tool, seat: Seat) -> None:
    play(seat, GRADED)
    found = evidence_in(tool)
    assert {each.occasion for each in found} == {"graded-run:4:0.95"}
    assert {each.score.as_text() for each in found} == {"1"}
    with tool.runtime.database.reading() as reading:
        assert reading.scalars(select(LinkScore.value)).all() == ["1"]

    answer = act(seat, "verification", GRADED)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    record = read_record(answer.data)
    assert verify(record).faults == ()
    assert {each.run for each in found} == {record.run}, "the ledger names the run's file"

    teacher = enter(tool, "t-1", role="teacher", name="Tina Teacher", lesson=PROJECT, title="The A/B referee")
    page = teacher.get("class/runs/").text
    assert "Sam Student" in page
    assert "100" in page
    rows = list(csv.reader(io.StringIO(teacher.get("class/runs.csv").data.decode("utf-8-sig"))))
    assert rows[1][0] == "Sam Student"
    assert rows[1][2:6] == ["1", str(len(record.steps)), "1", "1"]
    same = teacher.get(f"review/{seat.who.person_uuid}/1/run.json")
    assert read_record(same.data) == record


def test_a_run_is_shown_to_nobody_else_and_not_before_it_was_handed_in(tool: Tool, seat: Seat) -> None:
    act(seat, "open", GRADED, to=GRADED)
    assert act(seat, "verification", GRADED).status_code == 404
    other = enter(tool, "s-2", name="Other Student", lesson=PROJECT, title="The A/B referee")
    assert other.get("class/runs/").status_code == 403
    assert other.get(f"review/{seat.who.person_uuid}/1/run.json").status_code == 403


def test_a_double_click_is_one_round(tool: Tool, seat: Seat) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    _, state, uuid = project_of(seat)
    assert state.practice is not None
    play(seat, PRACTICE)
    again = {"mode": PRACTICE, "world": "1", "round": "0", **standing_fields(seat)}
    assert seat.post("do/run", attempt=uuid, **again).status_code == 303
    assert len(evidence_in(tool)) == 4


def test_an_older_page_is_told_what_was_not_taken_and_keeps_it(tool: Tool, seat: Seat) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    _, _, uuid = project_of(seat)
    first = {"mode": PRACTICE, "world": "1", "round": "0", **standing_fields(seat)}
    assert seat.post("do/run", attempt=uuid, **first).status_code == 303
    typed = {name: "4321" if name.startswith("planned.") else text for name, text in first.items()}
    for language, words in (("en", "Round 1 had been played already"), ("zh-Hans", "第 1 轮已在另一个页面运行")):
        seat.post("language", language=language)
        late = seat.post("do/run", attempt=uuid, **typed)
        assert late.status_code == 409
        assert words in late.text
        assert "<!doctype html>" in late.text.lower(), "without a script it is a page of its own"
        assert 'value="4321"' in late.text
    assert project_of(seat)[1].practice.played == 1  # type: ignore[union-attr]
    assert seat.post("do/run", attempt="another", **typed).status_code == 409
    assert "另一个页面已开始新的作答" in seat.post("do/run", attempt="another", **typed).text


def test_a_lesson_has_no_runs(tool: Tool) -> None:
    teacher = enter(tool, "t-1", role="teacher", name="Tina Teacher")
    assert "class/runs/" not in teacher.get("class/").text
    assert teacher.get("class/runs/").status_code == 404


def test_what_the_clock_hands_in_is_evidence_too(tool: Tool, seat: Seat) -> None:
    act(seat, "open", GRADED, to=GRADED)
    closes = tool.clock.now + timedelta(hours=1)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{closes:%Y-%m-%dT%H:%MZ}"}
    tool.clock.advance(minutes=90)
    seat.get()
    assert project_of(seat)[1].handed_in
    assert evidence_in(tool) == [], "no round was played: nothing was shown"


def test_a_round_that_was_played_counts_when_time_is_up(tool: Tool, seat: Seat) -> None:
    act(seat, "open", GRADED, to=GRADED)
    project, state, _ = project_of(seat)
    world = project.engine.world(project.spec, key_of(seat, GRADED))
    fields = fields_of(project, world, project.engine.reference(world)[0])
    assert state.graded is not None
    act(seat, "run", GRADED, **fields)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{tool.clock.now + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"}
    tool.clock.advance(minutes=90)
    seat.get()
    assert {each.occasion for each in evidence_in(tool)} == {"graded-run:4:0.95"}
