"""Rounds of graded runs that a teacher opens: what is held back, what happens in a market, what the class is told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lti_tool.models import Attempt, Enrolment, Person
from lti_tool.services.attempts import attempts
from qualoop.commands.sim_check import NO_FORM, task_of
from qualoop.content_packages import Package, open_project
from qualoop.player.project_state import GRADED, ProjectState, Run, Shock
from qualoop.simulators import WorldKey, get_engine
from qualoop.simulators.entering import cell_name, typed_values
from qualoop.simulators.form_survey import survey
from qualoop.simulators.verifying import read_record, verify
from tests.factories.classrooms import Seat
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.rooms import Course, market_content

CONSOLE = "class/runs/rounds"


def run_of(seat: Seat) -> Run:
    run = attempt_of(seat)[0].graded
    assert run is not None
    return run


def attempt_of(seat: Seat) -> tuple[ProjectState, str]:
    parts = seat.tool.runtime
    with parts.database.connection() as connection:
        attempt, _, _ = attempts.current(connection, parts.contents, seat.who, seat.tool.clock())
    return ProjectState.from_json(attempt.state), attempt.uuid


def act(seat: Seat, name: str, **fields: str) -> TestResponse:
    state, uuid = attempt_of(seat)
    run = state.graded
    moment = {"mode": GRADED, "world": str(run.number), "round": str(run.played)} if run else {}
    return seat.post(f"do/{name}", attempt=uuid, **moment, **fields)


def decide(seat: Seat, name: str, bid: float | None = 0.8) -> TestResponse:
    """Send a decision: every keyword exact, at one bid; without one, what the reference does first."""
    parts = seat.tool.runtime
    with parts.database.connection() as connection:
        opened = attempts.current(connection, parts.contents, seat.who, seat.tool.clock()).opened
    project, state = opened.content, attempt_of(seat)[0]
    key = WorldKey.of_seed(state.seed, project.key, GRADED).derive("form", run_of(seat).number)
    world = project.engine.world(project.spec, key)
    form = project.engine.form(world)
    reference = project.engine.reference(world)[0]
    decision = reference if bid is None else {**form.defaults(), "bid": [bid] * 12, "match": ["exact"] * 12}
    fields = {
        cell_name(field, row.key): text
        for table, field in form
        for row, text in zip(table.rows, typed_values(field, decision[field.key]), strict=True)
        if text
    }
    return act(seat, name, **fields)


def teach(course: Course, do: str, **fields: str) -> TestResponse:
    page = course.teacher.get("class/runs/").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    return course.teacher.post(CONSOLE, do=do, **{"seen": seen[1], **fields})


def hold(course: Course) -> None:
    assert "done=paced" in teach(course, "pace", by_teacher="yes", shows_class="yes").headers["Location"]


def begun(course: Course, number: int = 1) -> Seat:
    seat = course.learner(number)
    act(seat, "open", to=GRADED)
    return seat


@pytest.mark.parametrize("package", market_content().packages, ids=lambda package: package.key)
def test_no_learner_is_left_without_a_form(package: Package) -> None:
    found = survey(task_of(open_project(package.document)), worlds=60)
    assert found.none_chance < NO_FORM


def test_a_closed_round_is_not_played_and_the_decision_stays(course: Course) -> None:
    seat = begun(course)
    before = decide(seat, "run").status_code, run_of(seat).played
    assert before == (303, 1), "nobody holds anything back"
    hold(course)
    assert decide(seat, "run", bid=1.23).status_code == 303
    run = run_of(seat)
    assert (run.played, run.draft is not None) == (1, True)
    page = seat.get().text
    assert "Round 2 is not open yet" in page
    assert 'value="1.23"' in page
    assert "Play round" not in page
    console = course.teacher.get("class/runs/").text
    assert 'name="do" value="open:2"' in console
    assert 'name="do" value="end:1"' in console
    assert "done=opened" in teach(course, "open:2").headers["Location"]
    assert decide(seat, "run", bid=1.23).status_code == 303
    assert (run_of(seat).played, run_of(seat).draft) == (2, None)


def test_rounds_open_by_date_and_close_again(course: Course) -> None:
    seat, now = begun(course), course.tool.clock.now
    hold(course)
    first, second = now + timedelta(hours=1), now + timedelta(hours=2)
    dates = {"at.1": f"{first:%Y-%m-%dT%H:%M}", "at.2": f"{second:%Y-%m-%dT%H:%M}"}
    wrong = teach(course, "dates", **{"at.1": dates["at.2"], "at.2": dates["at.1"]})
    assert "refused=pace-dates" in wrong.headers["Location"]
    assert "refused=pace-dates" in teach(course, "dates", **{"at.1": "soon"}).headers["Location"]
    teach(course, "dates", **dates)
    decide(seat, "run")
    assert run_of(seat).played == 0
    assert f"{first:%Y-%m-%dT%H}" in seat.get().text
    course.tool.clock.advance(minutes=90)
    decide(seat, "run")
    decide(seat, "run")
    assert run_of(seat).played == 1
    assert "done=closed" in teach(course, "close:1").headers["Location"]
    late = begun(course, 2)
    decide(late, "run")
    assert (run_of(late).played, run_of(late).draft is not None) == (0, True)


def test_what_happens_is_in_the_run_and_its_file(course: Course) -> None:
    seat, calm = begun(course), begun(course, 2)
    hold(course)
    teach(course, "open:1")
    decide(seat, "run")
    assert "refused=pace-shock" in teach(course, "shock:rival_enters:1").headers["Location"]
    assert "Announce it" in course.teacher.get("class/runs/?ask=rival_enters:3").text
    assert "done=shocked" in teach(course, "shock:rival_enters:3").headers["Location"]
    for refused in ("shock:earthquake:3", "shock:rival_enters:9", "shock:rival_enters:x"):
        assert "refused=pace-shock" in teach(course, refused).headers["Location"]
    assert "One more rival bids in every auction" in seat.get().text
    teach(course, "open:2")
    teach(course, "open:3")
    assert "refused=pace-shock" in teach(course, "drop:3").headers["Location"], "the round is open"
    for _ in range(2):
        decide(seat, "run")
    act(seat, "hand-in")
    assert run_of(seat).shocks == (Shock(round=3, kind="rival_enters"),)
    record = read_record(act(seat, "verification").data)
    assert record.world["shocks"] == [{"round": 3, "kind": "rival_enters"}]
    assert verify(record).faults == ()
    assert record.score == run_of(seat).score.as_text()
    tampered = record.model_copy(update={"world": {**record.world, "shocks": []}})
    assert verify(tampered).faults
    decide(calm, "run")
    assert run_of(calm).shocks == run_of(seat).shocks, "it happens to everybody"


def test_a_page_from_before_changes_nothing(course: Course) -> None:
    hold(course)
    assert "done=opened" in teach(course, "open:1", seen="1").headers["Location"]
    assert "refused=pace-stale" in teach(course, "open:2", seen="1").headers["Location"]
    assert "refused=pace-refused" in teach(course, "open:3").headers["Location"], "one after the other"
    assert teach(course, "explode").status_code == 400


def test_only_a_teacher_of_this_course_paces_it(course: Course, another: Course) -> None:
    assert course.learner(1).post(CONSOLE, do="pace", seen="0", by_teacher="yes").status_code == 403
    hold(another)
    seat = begun(course)
    decide(seat, "run")
    assert run_of(seat).played == 1
    assert "Everybody plays the rounds at their own pace" in course.teacher.get("class/runs/").text


def test_a_teacher_who_tries_it_is_held_back_by_nothing(course: Course) -> None:
    hold(course)
    act(course.teacher, "open", to=GRADED)
    decide(course.teacher, "run")
    assert run_of(course.teacher).played == 1


@pytest.fixture
def finished(course: Course) -> Seat:
    """A learner who has handed in."""
    seat = begun(course)
    for _ in range(3):
        decide(seat, "run")
    act(seat, "hand-in")
    return seat


def test_who_has_finished_sees_the_class_without_names(course: Course, finished: Seat) -> None:
    _others(course, finished, 4)
    assert "How the class did" not in finished.get().text, "four could be told by their scores"
    _others(course, finished, 1)
    page = finished.get().text
    assert "How the class did" in page
    assert "5 other learners have finished" in page
    assert "Other 1" not in page
    teach(course, "pace")
    assert "How the class did" not in finished.get().text


def _others(course: Course, like: Seat, count: int) -> None:
    """Let others have finished as well; the row of who is like them says how."""
    with course.tool.runtime.database.transaction() as session:
        mine = session.query(Attempt).filter_by(person_id=like.who.person_id).one()
        seat = session.query(Enrolment).filter_by(person_id=like.who.person_id, context_id=course.link.context_id).one()
        for number in range(count):
            person = Person(
                organisation_id=mine.organisation_id,
                uuid=f"other-{count}-{number}-{mine.id}",
                created_at=mine.started_at,
            )
            session.add(person)
            session.flush()
            for row, changes in ((mine, {"uuid": f"a-{person.uuid}"[:36], "score": f"0.{number}5"}), (seat, {})):
                session.add(_copy(row, person_id=person.id, **changes))


def _copy(row: Any, **changes: Any) -> Any:
    values = {column.key: getattr(row, column.key) for column in type(row).__table__.columns if column.key != "id"}
    return type(row)(**{**values, **changes})


def test_the_page_is_whole_without_a_console_in_another_language(course: Course, finished: Seat) -> None:
    hold(course)
    course.teacher.post("language", language="zh-Hans")
    page = course.teacher.browser.client.get(course.teacher.page + "class/runs/", base_url=TOOL_ORIGIN).text
    assert "由我开放计分运行的轮次" in page
    assert "One more rival" not in page


def test_the_console_shows_what_the_project_itself_brings(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = get_engine("search-market")
    spec = campaign.spec_model.model_validate({"shocks": [{"round": 3, "kind": "rival_enters"}]})
    own = campaign.events(spec)  # type: ignore[attr-defined]
    monkeypatch.setattr(type(campaign), "events", lambda *_: own)
    rows = re.findall(r'<tr role="row">.*?</tr>', course.teacher.get("class/runs/").text, re.DOTALL)
    brought = [row for row in rows if "(from the project itself)" in row]
    assert len(brought) == 1
    assert "Round 3" in brought[0]
    assert "One more rival bids in every auction" in brought[0]
