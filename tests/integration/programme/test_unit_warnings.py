"""Reasons that flipped units give: nothing begun before class, gaps in the check, a unit that is due without evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Context, Deployment, EarlyWarning, ResourceLink
from lti_tool.services.courses.members import Link
from lti_tool.services.warnings.looking import Looked, look_now
from tests.factories.classrooms import Seat
from tests.factories.flipped import BuiltUnit, build_unit
from tests.factories.tool import NOON, SECRET, make_tool


@pytest.fixture
def built(database_url: str) -> Iterator[BuiltUnit]:
    tool = make_tool(database_url)
    made = build_unit(tool)
    made.edit("dates", class_at="2026-03-10T08:00")
    yield made
    tool.runtime.database.close()
    tool.runtime.http.close()


def look(built: BuiltUnit, seat: Seat) -> Looked:
    parts = built.tool.runtime
    with parts.database.reading() as session:
        context, registration = session.execute(
            select(ResourceLink.context_id, Deployment.registration_id)
            .join(Context, Context.id == ResourceLink.context_id)
            .join(Deployment, Deployment.id == Context.deployment_id)
            .where(ResourceLink.id == seat.who.resource_link_id)
        ).one()
    link = Link(
        organisation_id=built.tool.organisation_id,
        registration_id=registration,
        context_id=context,
        resource_link_id=seat.who.resource_link_id,
        activity_id=seat.who.activity_id,
    )
    looked = look_now(parts.database, parts.contents, link, secret=SECRET, now=built.tool.clock.now)
    assert looked is not None
    return looked


def reasons_of(built: BuiltUnit, seat: Seat) -> Sequence[dict[str, Any]]:
    """Return the reasons of the learner's open warning."""
    with built.tool.runtime.database.reading() as session:
        rows = session.scalars(
            select(EarlyWarning).where(EarlyWarning.person_id == seat.who.person_id, EarlyWarning.state == "open")
        ).all()
    return [reason for row in rows for reason in row.reasons]


def rules_of(built: BuiltUnit, seat: Seat) -> Sequence[str]:
    return [reason["rule"] for reason in reasons_of(built, seat)]


def test_who_has_begun_nothing_is_told_two_days_before_class(built: BuiltUnit) -> None:
    began, idle = built.enter("s-1", name="One"), built.enter("s-2", name="Two")
    built.work(began, "sem-1-1-keywords-and-intent", right=True)
    built.tool.clock.now = NOON.replace(day=8, hour=7)
    assert look(built, idle) == Looked(learners=2)
    built.tool.clock.now = NOON.replace(day=8, hour=8)
    assert look(built, idle).opened == 1
    assert rules_of(built, idle) == ["not-started"]
    assert rules_of(built, began) == []
    with built.tool.runtime.database.reading() as session:
        due = session.scalars(select(EarlyWarning.due_at).where(EarlyWarning.person_id == idle.who.person_id)).one()
    assert due == NOON.replace(day=9, hour=20)


def test_gaps_in_the_check_are_told_and_not_those_of_who_knows(built: BuiltUnit) -> None:
    good, weak = built.enter("s-1", name="One"), built.enter("s-2", name="Two")
    built.work(good, "check", right=True)
    built.work(weak, "check", right=False)
    look(built, good)
    assert "not-ready" in rules_of(built, weak)
    assert "not-ready" not in rules_of(built, good)


def test_a_unit_that_is_due_without_evidence_is_told_until_there_is_some(built: BuiltUnit) -> None:
    built.edit("dates", before="2026-03-09T20:00", class_at="2026-03-10T08:00", after="2026-03-20T20:00")
    seat = built.enter("s-1", name="One")
    # What is for practice has begun, so that nothing but the knowledge points is a reason.
    built.tool.clock.now = NOON.replace(day=16)
    look(built, seat)
    assert "unit-due" in rules_of(built, seat)
    later = built.enter("s-1", name="One")
    for key in (
        "sem-1-1-keywords-and-intent",
        "sem-1-2-organic-search",
        "sem-1-3-paid-search",
        "sem-1-4-measuring-results",
    ):
        built.work(later, key, right=True)
    look(built, later)
    assert "unit-due" not in rules_of(built, later)


def test_a_warning_goes_when_the_date_of_the_class_moves_away(built: BuiltUnit) -> None:
    built.edit("dates", class_at="2026-03-03T08:00")
    seat = built.enter("s-1", name="One")
    look(built, seat)
    assert rules_of(built, seat) == ["not-started"]
    built.edit("dates", class_at="2026-04-10T08:00")
    assert look(built, seat).withdrawn == 1
    assert rules_of(built, seat) == []


def test_the_figures_of_a_unit_stand_on_the_page_that_they_open(built: BuiltUnit) -> None:
    built.edit("dates", before="2026-03-04T10:00", class_at="2026-03-04T11:00", after="2026-03-06T20:00")
    weak, idle = built.enter("s-1", name="One"), built.enter("s-2", name="Two")
    built.work(weak, "check", right=False)
    look(built, weak)
    teacher = built.enter("t-1", name="Tina", role="teacher")
    listed = unescape(teacher.get("class/warnings/").text)
    pages = [unescape(teacher.get(f"class/evidence/{seat.who.person_uuid}/").text) for seat in (weak, idle)]
    assert all('id="units"' in page for page in pages)
    for seat, page in zip((weak, idle), pages, strict=True):
        assert f"class/evidence/{seat.who.person_uuid}/#units" in listed
        [row] = re.findall(r'<tr role="row"><th scope="row" role="rowheader">.*?class: .*?</tr>', page, re.DOTALL)
        begun, low, unseen = re.findall(r'<td role="cell" data-label.*?</td>', row, re.DOTALL)
        for each in reasons_of(built, seat):
            told = {
                "not-started": ("no</td>", begun),
                "not-ready": ("<strong>{points}/{asked}</strong>", low),
                "unit-due": ("<strong>{points}</strong>", unseen),
            }[each["rule"]]
            assert told[0].format(**each["figures"]) in told[1], each
    assert {each["rule"] for seat in (weak, idle) for each in reasons_of(built, seat)} == {
        "not-started",
        "not-ready",
        "unit-due",
    }
    assert "Units now" not in weak.get("record/evidence/").text
