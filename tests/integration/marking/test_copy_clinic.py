"""A judged project from its page to its marks: the machine's parts at once, people's marks when they are released."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from lti_tool.models import Attempt, LedgerEvent, LinkScore, LtiSession, SubmissionRow
from lti_tool.services.attempts import attempts, marking_setups
from lti_tool.services.attempts.closing import close_due
from lti_tool.services.attempts.marking_setups import Setup
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.mastery.content_install import ContentImport
from qualoop.assessment.marking import MarkSheet, RowMark, Stage
from qualoop.assessment.rubric import Rubric
from qualoop.content_packages import Package, Project, load_package
from qualoop.framework import load_framework, shipped_content
from qualoop.player.project_state import GRADED, PRACTICE, Mode, ProjectState
from qualoop.simulators import Decision, WorldKey
from qualoop.simulators.entering import cell_name, typed_values
from tests.factories.classrooms import Seat, enter
from tests.factories.marking import Room
from tests.factories.tool import SECRET, Tool
from tests.integration.link_settings.settings_page import change

PROJECT: Final = "cw-copy-clinic"
ROOT: Final = shipped_content() / "ecommerce"
COURSES: Final = count(1)
ROWS: Final = ("accuracy", "benefit", "structure", "tone")


@cache
def package() -> Package:
    return load_package(ROOT / "projects" / PROJECT, load_framework(ROOT))


@pytest.fixture(scope="module")
def content() -> ContentImport:
    return ContentImport(source=PROJECT, framework=load_framework(ROOT), packages=[package()])


@pytest.fixture
def course() -> str:
    """A course of its own for each test: tools are shared by all."""
    return f"clinic-{next(COURSES)}"


def enter_course(tool: Tool, course: str, subject: str, **more: Any) -> Seat:
    context = {"id": course, "title": "Copywriting", "type": ["CourseSection"]}
    return enter(tool, f"{course}-{subject}", lesson=PROJECT, title="Copy clinic", context=context, **more)


@pytest.fixture
def seat(tool: Tool, course: str) -> Seat:
    return enter_course(tool, course, "s-1", name="Sam Student")


@pytest.fixture
def room(tool: Tool, course: str) -> Room:
    """The marking room of the link, where no teacher has set anything."""
    teacher = enter_course(tool, course, "t-1", role="teacher", name="Tina Teacher")
    with tool.runtime.database.reading() as session:
        launch = session.scalars(select(LtiSession).where(LtiSession.person_id == teacher.who.person_id)).first()
        stored = rubrics.find_newest(session.connection(), tool.organisation_id, "copy-clinic")
        assert launch
        assert stored
        link = Link(
            organisation_id=tool.organisation_id,
            registration_id=launch.registration_id,
            context_id=launch.context_id,
            resource_link_id=teacher.who.resource_link_id,
            activity_id=teacher.who.activity_id,
        )
    return Room(tool, course, link, stored, teacher)


def standing(seat: Seat) -> tuple[attempts.Attempt, Project, ProjectState]:
    parts = seat.tool.runtime
    with parts.database.connection() as connection:
        attempt, opened, _ = attempts.current(connection, parts.contents, seat.who, seat.tool.clock())
    return attempt, opened.content, ProjectState.from_json(attempt.state)


def act(seat: Seat, name: str, mode: Mode, **fields: str) -> None:
    attempt, _, state = standing(seat)
    run = state.run(mode)
    moment = {"mode": mode, "world": str(run.number), "round": str(run.played)} if run else {}
    assert seat.post(f"do/{name}", attempt=attempt.uuid, **moment, **fields).status_code == 303


def world_of(seat: Seat, mode: Mode) -> Any:
    """Return the world of the run at which an attempt stands."""
    _, project, state = standing(seat)
    run = state.run(mode)
    assert run
    key = WorldKey.of_seed(state.seed, project.key, PRACTICE, run.number)
    if mode == GRADED:
        key = WorldKey.of_seed(state.seed, project.key, GRADED).derive("form", run.number)
    return project.engine.world(project.spec, key)


def write(seat: Seat, mode: Mode, *, rounds: int = 2) -> Decision:
    """Open a mode and write the author's model answer, as draft and as final text."""
    act(seat, "open", mode, to=mode)
    engine, world = standing(seat)[1].engine, world_of(seat, mode)
    decision: Decision = engine.reference(world)[-1]
    fields = {
        cell_name(field, row.key): text
        for table, field in engine.form(world)
        for row, text in zip(table.rows, typed_values(field, decision[field.key]), strict=True)
    }
    for _ in range(rounds):
        act(seat, "run", mode, **fields)
    return decision


def hand_in(seat: Seat) -> Decision:
    decision = write(seat, GRADED)
    act(seat, "hand-in", GRADED)
    return decision


def recorded(seat: Seat) -> dict[str, str]:
    """Return the score of each part of which the learner has evidence."""
    of_learner = select(LedgerEvent.body).where(
        LedgerEvent.type == "evidence.recorded", LedgerEvent.learner == seat.who.person_uuid
    )
    with seat.tool.runtime.database.reading() as session:
        bodies = [json.loads(body) for body in session.scalars(of_learner)]
    return {body["part"]: body["score"] for body in bodies}


def of_learner(seat: Seat, table: type[Attempt | LinkScore | SubmissionRow], column: str) -> list[Any]:
    """Return a column of the learner's rows."""
    with seat.tool.runtime.database.reading() as session:
        rows = session.scalars(select(table).where(table.person_id == seat.who.person_id))
        return [getattr(row, column) for row in rows]


def grades(seat: Seat) -> list[Any]:
    return of_learner(seat, LinkScore, "value")


def statuses(seat: Seat) -> list[Any]:
    return of_learner(seat, Attempt, "status")


def works(seat: Seat) -> list[Any]:
    return of_learner(seat, SubmissionRow, "uuid")


def all_secure(rubric: Rubric) -> MarkSheet:
    return MarkSheet(
        rows={row.key: RowMark(level=2, points=row.levels[2].points, comment="") for row in rubric.rows}, overall=""
    )


def test_the_set_up_is_there_without_a_teacher(room: Room) -> None:
    with room.tool.runtime.database.reading() as session:
        setup = marking_setups.find_setup(session.connection(), room.link.organisation_id, room.link.resource_link_id)
        other = marking_setups.find_setup(
            session.connection(), room.link.organisation_id + 1, room.link.resource_link_id
        )
    assert setup == Setup(rubric_version_id=room.rubric.version_id)
    assert other is None
    assert room.teacher.get("marking/").status_code == 200
    assert "Product copy" in room.teacher.get("marking/setup/").text


def test_a_teacher_may_set_it_otherwise(room: Room) -> None:
    room.setup(second_share=100)
    with room.tool.runtime.database.reading() as session:
        found = marking_setups.find_setup(session.connection(), room.link.organisation_id, room.link.resource_link_id)
    assert found
    assert found.second_share == 100


def test_practice_is_not_handed_to_anybody(seat: Seat) -> None:
    write(seat, PRACTICE)
    assert set(recorded(seat)) == {"compliance", "search"}
    assert works(seat) == []
    assert statuses(seat) == ["active"]
    assert grades(seat) == []


def test_what_is_handed_in_waits_for_people(seat: Seat, room: Room) -> None:
    decision = hand_in(seat)
    assert standing(seat)[0].status.value == "submitted"
    assert recorded(seat) == {"compliance": "1", "search": "1"}
    assert grades(seat) == [], "no grade before people have judged"
    submission = room.found(seat)
    assert submission
    assert submission.stage is Stage.WAITING
    assert all(str(decision[key][0]).strip() in submission.work.text for key in ("title", "bullet-3", "faq"))
    assert [work.uuid for work in room.queue(room.teacher).works] == [submission.uuid]


def test_the_page_says_who_marks_and_where(seat: Seat) -> None:
    hand_in(seat)
    page = seat.get().text
    assert "People mark your text" in page
    assert f'href="{seat.page}submission/"' in page
    assert "of 100 points" not in page
    own = seat.get("submission/")
    assert own.status_code == 200
    assert "Product copy" in own.text
    assert 'name="text"' not in own.text, "work is changed by the activity's page, or not at all"


def test_the_page_says_it_in_chinese(tool: Tool, course: str) -> None:
    seat = enter_course(tool, course, "s-2", locale="zh-CN")
    hand_in(seat)
    assert "文稿由人评分" in seat.get().text


def test_nobody_goes_round_the_checks(seat: Seat) -> None:
    seat.get()
    assert seat.post("submission/hand-in", text="The best cup in the world.").status_code == 403
    assert works(seat) == []
    assert statuses(seat) == ["active"]


def test_marks_become_the_grade(seat: Seat, room: Room) -> None:
    hand_in(seat)
    submission = room.found(seat)
    assert submission
    room.save(room.teacher, submission.uuid, all_secure(room.rubric.rubric), approve=True)
    assert grades(seat) == []
    assert room.release() == 1
    assert standing(seat)[0].status.value == "evaluated"
    assert grades(seat) == ["0.8"]
    assert recorded(seat) == {"compliance": "1", "search": "1"} | dict.fromkeys(ROWS, "0.666667")
    assert "16" in seat.get("submission/").text


def test_time_over_hands_in_what_is_written(seat: Seat, room: Room) -> None:
    write(seat, GRADED, rounds=1)
    assert change(room.teacher, closes_at=f"{room.now + timedelta(hours=1):%Y-%m-%dT%H:%M}").status_code == 303
    seat.tool.clock.advance(hours=2)
    runtime = seat.tool.runtime
    closed = close_due(
        runtime.database, runtime.contents, secret=SECRET, clock=seat.tool.clock, is_ending=lambda: False
    )
    assert closed == 1
    assert statuses(seat) == ["submitted"]
    submission = room.found(seat)
    assert submission
    assert "Title" in submission.work.text


def test_time_over_without_a_word_is_nothing_to_mark(seat: Seat, room: Room) -> None:
    act(seat, "open", GRADED, to=GRADED)
    assert change(room.teacher, closes_at=f"{room.now + timedelta(hours=1):%Y-%m-%dT%H:%M}").status_code == 303
    seat.tool.clock.advance(hours=2)
    seat.get()
    assert statuses(seat) == ["evaluated"]
    assert works(seat) == []


def test_an_attempt_keeps_the_rubric_that_it_began_with(seat: Seat, room: Room, tmp_path: Path) -> None:
    write(seat, GRADED)
    folder = shutil.copytree(ROOT / "projects" / PROJECT, tmp_path / PROJECT)
    text = (folder / "rubric.yaml").read_text(encoding="utf-8")
    (folder / "rubric.yaml").write_text(text.replace("- key: tone", "- key: voice"), encoding="utf-8")
    (folder / "samples.yaml").unlink()
    install(seat.tool, load_package(folder, load_framework(ROOT)))
    try:
        act(seat, "hand-in", GRADED)
        submission = room.found(seat)
        assert submission
        assert submission.rubric_version_id == room.rubric.version_id
    finally:
        install(seat.tool, package())


def install(tool: Tool, new: Package) -> None:
    with tool.runtime.database.transaction() as session:
        ContentImport(source=PROJECT, packages=[new]).apply(session, tool.organisation_id, tool.clock.now)


def test_installing_again_changes_nothing(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        before = rubrics.list_newest(session.connection(), tool.organisation_id)
        content = ContentImport(source=PROJECT, packages=[package()])
        assert content.diff(session, tool.organisation_id) == []
        content.apply(session, tool.organisation_id, tool.clock.now)
        assert rubrics.list_newest(session.connection(), tool.organisation_id) == before
