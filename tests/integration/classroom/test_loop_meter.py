"""The loop meter of a course on each database: planted gains and delays, corrections, erasure, groups, other courses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from lti_tool.db import Database
from lti_tool.models import ClassSession, ClassTeamCheck, LedgerEvent, Organisation
from lti_tool.services import erasure
from lti_tool.services.evidence import corrections
from lti_tool.services.loops import log as loop_meter_log
from qualoop.ledger import EvidenceForm, Reason
from qualoop.records.loop import Hop, Run, Stage
from qualoop.values import Score
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.loops import MONDAY, LoopCourse, open_loop_course, plant
from tests.factories.tool import Tool

COURSES = count(1)
CODE = "SEM-1.1"


@pytest.fixture
def course(tool: Tool) -> LoopCourse:
    return new_course(tool)


def new_course(tool: Tool, learners: int = 6) -> LoopCourse:
    name = f"loop-{next(COURSES)}"
    open_classroom(tool, name)
    return open_loop_course(tool, name, learners=learners)


def hop_of(run: Run, start: Stage) -> Hop:
    return next(hop for hop in run.hops if hop.start is start)


def gain_of(run: Run, start: Stage) -> tuple[int, float]:
    gain = hop_of(run, start).gain
    assert gain
    return gain.n, round(gain.gain, 4)


def test_the_planted_loop_is_found(course: LoopCourse) -> None:
    planted = plant(course, CODE)
    found = course.read()
    [point] = found.points
    assert (point.point.code, found.learners, found.missing) == (CODE, 6, [Stage.TEAM])
    assert [stage.stage for stage in point.run.stages] == [
        Stage.CHECK,
        Stage.FIRST_VOTE,
        Stage.SECOND_VOTE,
        Stage.PRACTICE,
        Stage.RECORD,
    ]
    assert gain_of(point.run, Stage.CHECK) == (6, 0.1)
    assert gain_of(point.run, Stage.FIRST_VOTE) == (6, 0.2)
    assert gain_of(point.run, Stage.SECOND_VOTE) == (6, 0.05)
    delays = [hop.delay.median for hop in point.run.hops if hop.delay]
    assert delays == pytest.approx([18, 0.1, 47.9, 0.5], abs=1e-3)
    assert gain_of(found.together, Stage.CHECK) == (6, 0.1)
    [move] = found.moves
    assert (move.hour.uuid, move.moved.n) == (planted.hour, 6)
    assert move.moved.votes
    assert move.moved.votes.gain == pytest.approx(0.2)
    assert move.moved.followed
    assert (move.moved.followed.n, round(move.moved.followed.gain, 4)) == (6, 0.35)


def test_what_was_corrected_counts_as_it_stands(course: LoopCourse) -> None:
    planted = plant(course, CODE)
    for target, score in ((planted.practice[0], None), (planted.practice[1], Score("0"))):
        with course.tool.runtime.database.transaction() as session:
            organisation = session.get_one(Organisation, course.tool.organisation_id)
            request = corrections.Request(target=UUID(target), reason=Reason.ERROR, actor="teacher", score=score)
            secret = course.tool.runtime.settings.secret_key
            corrections.correct(session, organisation, request, secret=secret, now=course.tool.clock())
    [point] = course.read().points
    # One counts no more; the other one fell from 0.28 + 0.35 - 0.01 to 0.
    n, gain = gain_of(point.run, Stage.SECOND_VOTE)
    assert n == 5
    before = [0.05 - 0.02 * (-1) ** number for number in range(1, 6)]
    assert gain == pytest.approx((sum(before) - (0.28 + 0.34)) / 5, abs=1e-4)


def test_who_was_erased_is_in_nothing(course: LoopCourse) -> None:
    plant(course, CODE)
    with course.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, course.tool.organisation_id)
        erasure.erase(session, organisation, course.learners[0], actor="admin", now=course.tool.clock())
    found = course.read()
    assert found.learners == 5
    assert gain_of(found.points[0].run, Stage.CHECK)[0] == 5


def test_groups_units_sessions_and_days_are_filters(course: LoopCourse) -> None:
    first = plant(course, CODE)
    second = plant(course, "DA-1.1", hour=course.session("Hour two", 200), at=200)
    group = course.group("Red", [0, 1])
    assert {each.point.code for each in course.read().points} == {CODE, "DA-1.1"}
    assert [each.point.code for each in course.read(unit="DA-1").points] == ["DA-1.1"]
    assert course.read(unit="NO-1").points == []
    of_group = course.read(group=group)
    assert (of_group.learners, gain_of(of_group.points[0].run, Stage.CHECK)[0]) == (2, 2)
    assert course.read(group=99999).learners == 0
    [only] = course.read(session=second.hour).points
    assert only.point.code == "DA-1.1"
    assert [move.hour.uuid for move in course.read().moves] == [second.hour, first.hour]
    assert [move.hour.uuid for move in course.read(session=first.hour).moves] == [first.hour]
    # Both days are counted in: the check of the first loop was on Monday, its class on Tuesday.
    monday = course.read(since=date(2026, 2, 2), until=date(2026, 2, 2))
    [point] = monday.points
    assert [stage.stage for stage in point.run.stages] == [Stage.CHECK, Stage.RECORD]
    post = next(post for post in course.read().posts if "DA-1" in post.units)
    assert "DA-1.1" in {each.point.code for each in course.read(post=post.code).points}
    assert course.read(post="none").points == []


def test_a_day_that_is_left_out_moves_nothing_to_another_stage(course: LoopCourse) -> None:
    planted = plant(course, CODE)
    # The check once more, on the day after the class.
    course.record(planted.check, EvidenceForm.PROCESS, 45, [0.9] * 6)
    # Monday's is the only check; the class was on Tuesday.
    [point] = course.read().points
    check = point.run.find(Stage.CHECK)
    assert check
    assert check.mean == pytest.approx(0.4)
    for since in (date(2026, 2, 3), date(2026, 2, 4)):
        [point] = course.read(since=since).points
        assert point.run.find(Stage.CHECK) is None
        assert point.run.find(Stage.PRACTICE)


def test_a_team_test_is_one_thing_that_was_done(course: LoopCourse) -> None:
    planted = plant(course, CODE)
    items = [
        course.place("class-question", code, key=f"bank-{number}-{course.name}")
        for number, code in enumerate((CODE, "SEM-1.2"))
    ]
    checks = [team_check(course, planted.hour, number) for number in (1, 2)]
    for number, check in enumerate(checks):
        for item in items[: 2 - number]:
            course.record(item, EvidenceForm.QUIZ, 20.5 + number, [0.5] * 6, attempt=planted.hour, check=check)
    moves = [move for move in course.read().moves if not move.is_vote]
    assert [(move.number, len(move.points), move.moved.n) for move in moves] == [(1, 2, 6), (2, 1, 6)]


def team_check(course: LoopCourse, hour: str, number: int) -> str:
    """Add a team test to a class session, by its uuid; return its own."""
    with course.tool.runtime.database.transaction() as session:
        room = session.scalars(select(ClassSession).where(ClassSession.uuid == hour)).one()
        row = ClassTeamCheck(
            organisation_id=course.tool.organisation_id,
            class_session_id=room.id,
            uuid=str(uuid4()),
            number=number,
            state="done",
            items=[],
            created_at=course.tool.clock(),
        )
        session.add(row)
        return row.uuid


def test_a_class_of_another_course_is_no_class_here(tool: Tool, course: LoopCourse) -> None:
    plant(course, CODE)
    other = new_course(tool, learners=0)
    other.learners, other.people = course.learners, course.people
    elsewhere = other.place("class-question", "SEM-1.2")
    other.record(elsewhere, EvidenceForm.POLL, 30, [1.0] * 6, attempt=other.session("Elsewhere", 30))
    assert [each.point.code for each in course.read().points] == [CODE]
    assert other.read().points == []
    assert other.read().learners == 0


def test_what_is_kept_in_memory_is_what_another_process_reads(course: LoopCourse) -> None:
    planted = plant(course, CODE)
    course.read()
    course.enrol(2)
    course.record(planted.check, EvidenceForm.PROCESS, 1, [None] * 6 + [0.9, 0.1])
    course.record(planted.project, EvidenceForm.PROJECT, 90, [1.0] * 8)
    of_all = course.read()
    assert gain_of(of_all.points[0].run, Stage.SECOND_VOTE)[0] == 6
    assert of_all.learners == 8
    database = Database(course.tool.runtime.database.engine.url.render_as_string(hide_password=False))
    assert course.read(database) == of_all
    group = course.group("Red", [7, 0])
    assert course.read(group=group) == course.read(database, group=group)
    database.close()


def test_what_was_read_once_is_not_read_again(course: LoopCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(course, CODE)
    first = course.read()
    read: list[tuple[Any, ...]] = []
    columns = loop_meter_log._Log._columns

    def noted(log: loop_meter_log._Log, rows: Sequence[tuple[Any, ...]]) -> loop_meter_log.Columns:
        read.extend(rows)
        return columns(log, rows)

    monkeypatch.setattr(loop_meter_log._Log, "_columns", noted)
    assert course.read() == first
    assert read == []


def test_a_look_that_fails_leaves_nobody_half_known(course: LoopCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = plant(course, CODE)
    course.read()
    course.enrol(1)
    course.record(planted.check, EvidenceForm.PROCESS, 1, [None] * 6 + [0.9])

    def broken(*_: Any, **__: Any) -> NoReturn:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(loop_meter_log._Log, "_rows", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            course.read()
    check = course.read().points[0].run.find(Stage.CHECK)
    assert check
    assert check.n == 7


def test_an_event_that_is_committed_after_a_later_one_is_not_missed(course: LoopCourse) -> None:
    """Numbers are given before the commit: what is young is read again."""
    planted = plant(course, CODE)
    now = course.tool.clock()
    hours = (now - MONDAY) / timedelta(hours=1) - 1
    course.record(planted.project, EvidenceForm.PROJECT, hours, [1.0])
    with course.tool.runtime.database.transaction() as session:
        newest = session.scalars(
            select(LedgerEvent)
            .where(LedgerEvent.organisation_id == course.tool.organisation_id)
            .order_by(LedgerEvent.id.desc())
        ).first()
        assert newest
        row = {each.key: getattr(newest, each.key) for each in LedgerEvent.__mapper__.column_attrs}

    def commit(number: int, place: int) -> None:
        own = {"id": row["id"] + number, "uuid": str(uuid4()), "source_id": f"late-{number}", "recorded_at": now}
        with course.tool.runtime.database.transaction() as session:
            session.execute(insert(LedgerEvent).values({**row, **own, "learner": course.learners[place]}))

    def practised() -> float:
        found = course.read().points[0].run.find(Stage.PRACTICE)
        assert found
        return found.mean

    before = practised()
    # Far from the numbers that the database gives next.
    commit(1_000_020, 1)
    later = practised()
    commit(1_000_010, 2)
    assert before < later < practised()


def test_real_votes_fill_the_page(room: Classroom) -> None:
    first, second = room.learner(1), room.learner(2)
    assert "The loop has not begun yet" in room.teacher.get("class/loop/").text
    room.plan()
    room.do("open")
    poll = room.ask()
    room.move(poll, "first")
    room.vote(first, poll, 1, choice="1")
    room.vote(second, poll, 1, choice="0")
    for wanted in ("first-closed", "discussion", "second"):
        room.move(poll, wanted)
    room.vote(first, poll, 2, choice="0")
    room.vote(second, poll, 2, choice="0")
    room.move(poll, "second-closed")
    page = room.teacher.get("class/loop/").text
    assert "From the first vote to the second vote: +50 points" in page
    assert "for 2 learners" in page
    assert "Which one?" in page
    assert "Learner 1" not in page
    assert f'value="{room.row().uuid}"' in page
    rows = room.teacher.get("class/loop.csv").get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert rows[0].startswith("Code,Knowledge point,From,To")
    assert any(row.startswith("SEM-1.1,") and ",Vote 1,Vote 2,2,50,100,50," in row for row in rows)
    assert first.get("class/loop/").status_code == 403
    assert first.get("class/loop.csv").status_code == 403
    assert "loop/" in room.teacher.get(f"class/sessions/{room.row().uuid}/report").text
    # What is no filter leaves the page as it is.
    for query in (
        "since=yesterday",
        "group=x",
        "session=none",
        "unit=%00",
        "until=0000-00-00",
        "since=0001-01-01&until=9999-12-31",
    ):
        assert room.teacher.get(f"class/loop/?{query}").status_code == 200
