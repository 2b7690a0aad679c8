"""Reasons that flipped units give: nothing begun before class, gaps in the check, a unit that is due without evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import select

from lti_tool.models import Context, Deployment, EarlyWarning, ResourceLink
from lti_tool.services.class_members import Link
from lti_tool.services.early_warnings_looking import Looked, look_now
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
    return look_now(parts.database, parts.contents, link, secret=SECRET, now=built.tool.clock.now)


def rules_of(built: BuiltUnit, seat: Seat) -> Sequence[str]:
    """Return the rules of the learner's open warning."""
    with built.tool.runtime.database.reading() as session:
        rows = session.scalars(
            select(EarlyWarning).where(EarlyWarning.person_id == seat.who.person_id, EarlyWarning.state == "open")
        ).all()
    return [reason["rule"] for row in rows for reason in row.reasons]


def test_who_has_begun_nothing_is_told_two_days_before_class(built: BuiltUnit) -> None:
    began, idle = built.enter("s-1", name="One"), built.enter("s-2", name="Two")
    built.work(began, "sem-1-1-keywords-and-intent", right=True)
    built.tool.clock.now = NOON.replace(day=8, hour=7)
    assert look(built, idle) == Looked(learners=2)
    built.tool.clock.now = NOON.replace(day=8, hour=8)
    assert look(built, idle).opened == 1
    assert rules_of(built, idle) == ["not-started"]
    assert rules_of(built, began) == []


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
