"""A copied course: whose unit it takes, what its own edits change, and what the links of its steps are called."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lti_tool.models import Activity, FlippedUnit, LtiSession, ResourceLink
from lti_tool.services.courses.lessons import course_lessons
from lti_tool.services.courses.members import Link
from qualoop.classroom.flipped_unit import from_document
from tests.factories.classrooms import Seat
from tests.factories.flipped import LESSONS, BuiltUnit, edit
from tests.factories.launches import LTI


def enter_copy(built: BuiltUnit, course: str, *ancestors: str) -> Seat:
    """Let a teacher open the unit's link of a copied course, which names the links that it was copied from."""
    changes: dict[str, Any] = {LTI + "resource_link": {"id": f"r-{course}", "title": "Unit"}}
    if ancestors:
        changes[LTI + "custom"] = {"qualoop_activity": built.key, "resource_link_id_history": ",".join(ancestors)}
    context = {"id": course, "label": course, "title": course, "type": ["CourseSection"]}
    return built.enter(f"t-{course}", role="teacher", context=context, changes=changes)


def unit_in(built: BuiltUnit, seat: Seat) -> FlippedUnit:
    """Return the unit of a seat's course, made by the look at its page."""
    assert seat.get("unit/").status_code == 200
    with built.tool.runtime.database.reading() as session:
        found = session.scalars(
            select(FlippedUnit)
            .join(ResourceLink, ResourceLink.context_id == FlippedUnit.context_id)
            .where(ResourceLink.id == seat.who.resource_link_id)
        ).one()
        session.expunge(found)
        return found


def test_a_copy_takes_the_unit_that_its_link_was_copied_from(built: BuiltUnit) -> None:
    first = f"r-{built.key}"
    built.enter("t-1", role="teacher")
    version = version_of(built)
    second = enter_copy(built, "c-2", first)
    edited = unit_in(built, second)
    changed = edit(second, f"{second.page}unit/plan/{edited.uuid}/", "remove:reflection")
    assert "refused" not in changed.headers["Location"]
    # What the first course's unit is offered as is not the copy's to change.
    assert version_of(built) == version
    of_first = unit_in(built, enter_copy(built, "c-3", first))
    of_second = unit_in(built, enter_copy(built, "c-4", "r-c-2", first))
    unknown = unit_in(built, enter_copy(built, "c-5"))
    assert (of_first.source_id, of_second.source_id, unknown.source_id) == (built.row.id, edited.id, built.row.id)
    assert "reflection" in from_document(of_first.plan).keys
    assert "reflection" not in from_document(of_second.plan).keys


def test_a_course_copied_twice_finds_its_unit_through_the_one_between(built: BuiltUnit) -> None:
    built.enter("t-1", role="teacher")
    # The course between was launched, and its unit never looked at.
    enter_copy(built, "c-2", f"r-{built.key}")
    assert unit_in(built, enter_copy(built, "c-3", "r-c-2")).source_id == built.row.id


def test_the_links_of_steps_are_called_by_their_steps(built: BuiltUnit) -> None:
    teacher = built.enter("t-1", role="teacher")
    with built.tool.runtime.database.reading() as session:
        titles = set(
            session.scalars(select(ResourceLink.title).where(ResourceLink.platform_key.startswith("flipped:")))
        )
        launch = session.scalars(select(LtiSession).where(LtiSession.person_id == teacher.who.person_id)).one()
        link = Link(
            organisation_id=launch.organisation_id,
            registration_id=launch.registration_id,
            context_id=launch.context_id,
            resource_link_id=launch.resource_link_id,
            activity_id=teacher.who.activity_id,
        )
        lessons = course_lessons(session.connection(), link)
    assert "" not in titles
    check = f"Readiness check: {from_document(built.row.plan).title['en']}"
    assert check in titles
    shown = {lesson.title for served in lessons.values() for lesson in served}
    assert check in shown
    assert not any(title.startswith(("readiness-check-", "sem-")) for title in shown)
    # A reader of another language reads the step's title in it.
    learner = built.enter("s-1", locale="zh-CN")
    assert "准备检查" in built.at_step(learner, "check").get().text
    assert "<title>Readiness" not in built.at_step(learner, LESSONS[0]).get().text


def version_of(built: BuiltUnit) -> int | None:
    with built.tool.runtime.database.reading() as session:
        return session.scalars(select(Activity.version_id).where(Activity.key == built.key)).one()
