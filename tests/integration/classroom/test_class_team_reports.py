"""What teams did, in the report and as a file; where learners find the mates whom they are to rate; the unit's questions."""

from __future__ import annotations

import csv
import io
import uuid

from sqlalchemy import select

from lti_tool.models import ClassAppeal, ClassSession, FlippedUnit
from qualoop.classroom.flipped_unit import CheckItem, UnitPlan
from qualoop.values import Text
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON
from tests.factories.team_classes import ITEMS, TeamClass, team_class

PLAN = {"title": "A poster", "low": "0.5", "high": "1.2", "penalty": "10"}


def rows_of(found: TeamClass) -> list[dict[str, str]]:
    answer = found.room.teacher.get(f"class/sessions/{found.room.row().uuid}/teams.csv")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def taught(room: Classroom) -> TeamClass:
    """Return a team of two that took a test, one of whom rated the other; the work is marked."""
    found = team_class(room, 2)
    first, mate = found.learners
    found.plan_check()
    found.until("individual")
    found.answer(first, item_1=found.right(1), item_3=found.wrong(3))
    found.move("individual-closed")
    found.move("team")
    found.scratch(first, 2, found.wrong(2))
    found.scratch(mate, 2, found.right(2))
    found.post("group-work/plan", **PLAN)
    first.post(
        f"in-class/{room.row().uuid}/team", do="rate", task=found.task().uuid, **{f"points-{mate.who.person_uuid}": "4"}
    )
    team = {"task": found.task().uuid, "team": found.team_of(first).uuid}
    for do in ("close", "product", "approve"):
        found.post("group-work/change", do=do, product="80", **team)
    return found


def test_the_file_has_a_row_for_each_learner_and_activity(room: Classroom) -> None:
    found = taught(room)
    rows = rows_of(found)
    assert [(row["Learner"], row["Activity"]) for row in rows] == [
        ("Learner 1", "Team check 1"),
        ("Learner 2", "Team check 1"),
        ("Learner 1", "A poster"),
        ("Learner 2", "A poster"),
    ]
    assert [rows[0][name] for name in ("Right alone, per cent", "Answers alone (1 right, 0 wrong)")] == [
        "25",
        "1 – 0 –",
    ]
    assert [rows[0][name] for name in ("Scratches of the team", "Points of the team", "Team, per cent")] == [
        "– 2 – –",
        "2",
        "12",
    ]
    assert [(row["Factor"], row["Penalty"], row["Mark of 100"], row["State"]) for row in rows[2:]] == [
        ("1.000", "0", "80.0", "approved"),
        ("1.000", "10", "70.0", "approved"),
    ]
    report = found.page("report")
    assert "Work in teams" in report
    assert "✕★" in report
    # The file names learners, so it is the teacher's alone.
    assert found.learners[0].get(f"class/sessions/{room.row().uuid}/teams.csv").status_code == 403


def test_the_file_has_who_is_in_no_team_and_what_was_appealed(room: Classroom) -> None:
    found = team_class(room, 3, pairs=False)
    found.pair(*found.learners[:2])
    found.plan_check()
    found.until("individual")
    found.answer(found.learners[2], item_1=found.right(1))
    found.move("individual-closed")
    found.move("team")
    found.move("done")
    for number in ("1", "3"):
        found.act(found.learners[0], "appeal", number=number, words=f"=Both fit {number}")
    with room.tool.runtime.database.reading() as session:
        query = select(ClassAppeal.uuid).where(ClassAppeal.check_id == found.check().id, ClassAppeal.number == 3)
        appeal = session.scalars(query).one()
    found.post("team-check/appeal", appeal=appeal, do="decline", reason="It says so.")
    rows = rows_of(found)
    assert [row["Learner"] for row in rows] == ["Learner 1", "Learner 2", "Learner 3"]
    assert [row["Appeals of the team"] for row in rows] == ["1: =Both fit 1\n3: =Both fit 3"] * 2 + [""]
    assert [row["Answers to the appeals"] for row in rows] == ["1: not answered yet\n3: declined It says so."] * 2 + [
        ""
    ]
    alone = rows[2]
    assert (alone["Team"], alone["Right alone, per cent"], alone["Points of the team"]) == ("–", "25", "")


def test_a_learner_finds_the_way_to_rate_the_mates_after_class(room: Classroom) -> None:
    found = team_class(room, 2)
    first, late = found.learners[0], room.learner(9)
    assert "Rate your mates" not in first.get("record/").text
    found.post("group-work/plan", **PLAN)
    room.do("close")
    assert "Rate your mates" in first.get("record/").text
    none = first.get("in-class/").text
    assert "A poster" in none
    assert f"in-class/{room.row().uuid}/" in none
    assert "Who rates nobody loses 10 points of 100." in found.see(first)
    # Who is in no team has nobody to rate.
    assert "A poster" not in late.get("in-class/").text
    found.post("group-work/change", do="close", task=found.task().uuid)
    assert "Rate your mates" not in first.get("record/").text


def test_the_questions_of_the_units_readiness_check_are_offered_first(room: Classroom) -> None:
    found = team_class(room, 2)
    row, now = room.row(), room.tool.clock.now
    check = tuple(CheckItem(activity=LESSON, item=item, point="SEM-1.1") for item in ITEMS[1:])
    plan = UnitPlan(title=Text({"en": "A unit"}), points=("SEM-1.1",), steps=(), check=check)
    with room.tool.runtime.database.transaction() as session:
        unit = FlippedUnit(
            organisation_id=row.organisation_id,
            uuid=str(uuid.uuid4()),
            context_id=row.context_id,
            created_by=room.teacher.who.person_id,
            plan=plan.to_document(),
            undo=[],
            revision=1,
            created_at=now,
            updated_at=now,
        )
        session.add(unit)
        session.flush()
        session.get_one(ClassSession, row.id).flipped_unit_id = unit.id
    page = found.page("team-check/new")
    assert "From the readiness check of the unit" in page
    assert page.count(" checked>") == 3
    found.plan_check(ITEMS[1:])
    assert len(found.check().items) == 3
