"""What is done in a real flipped unit stands in the loop meter where it belongs."""

from __future__ import annotations

import csv
import io

from lti_tool.services.courses.members import Link
from lti_tool.services.loops.loop_meter import LoopFilters, LoopMeter, read_loop
from qualoop.records.loop import Stage
from tests.factories.classrooms import Seat
from tests.factories.flipped import LESSONS, BuiltUnit


def loop_of(built: BuiltUnit, seat: Seat) -> LoopMeter:
    parts = built.tool.runtime
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, built.tool.organisation_id)
        assert framework
        link = Link(
            organisation_id=built.tool.organisation_id,
            registration_id=1,
            context_id=built.row.context_id,
            resource_link_id=seat.who.resource_link_id,
            activity_id=seat.who.activity_id,
        )
        return read_loop(connection, framework, link, filters=LoopFilters(), now=built.tool.clock())


def test_the_check_is_the_first_stage_and_lessons_are_none(built: BuiltUnit) -> None:
    strong, weak = built.enter("s-1", name="Sam"), built.enter("s-2", name="Sue")
    teacher = built.enter("t-1", role="teacher")
    built.work(strong, LESSONS[0], right=True)
    before = loop_of(built, teacher)
    assert {stage.stage for stage in before.together.stages} <= {Stage.RECORD}
    built.work(strong, "check", right=True)
    built.work(weak, "check", right=False)
    found = loop_of(built, teacher)
    assert {each.point.code for each in found.points} == {"SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4"}
    for each in found.points:
        check = each.run.find(Stage.CHECK)
        assert check
        assert check.n == 2
        assert 0 < check.mean < 1
    # The answers of the lesson are in the level, which the one who worked at it has.
    [first] = [each for each in found.points if each.point.code == "SEM-1.1"]
    record = first.run.find(Stage.RECORD)
    assert record
    assert record.n == 1
    page = teacher.get("class/loop/").text
    assert "Sam" not in page
    rows = list(csv.reader(io.StringIO(teacher.get("class/loop.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert ["SEM-1.1", "Check", "Level", "1"] in [[row[0], row[2], row[3], row[4]] for row in rows]


def test_the_pages_of_a_unit_lead_to_both(built: BuiltUnit) -> None:
    built.enter("s-1", name="Sam")
    teacher = built.enter("t-1", role="teacher")
    for path in ("unit/class/", "class/sessions/"):
        page = teacher.get(path).text
        assert "class/loop/" in page
        assert "unit/reflections/" in page
