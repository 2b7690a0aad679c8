"""A flipped unit and its dates: they bind its steps, what was done in time counts whoever notices, nothing later does."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import Attempt, LinkScore, LtiSession, ResourceLink
from lti_tool.services.attempts.closing import close_due
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.grades.link_changes import rescore
from tests.factories.classrooms import Seat
from tests.factories.flipped import LESSONS, BuiltUnit
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.marking import Room, fit_lesson
from tests.factories.rubrics import the_rubric


def test_a_closed_unit_is_there_to_read(built: BuiltUnit) -> None:
    sam = built.enter("s-1")
    built.work(sam, LESSONS[0], right=True)
    assert "Why do scores matter?" in write(sam, "muddiest", "Why do scores matter?").text
    csrf = csrf_of(sam)
    close(built, sam)
    built.tool.clock.advance(hours=2)
    assert sam.get().headers["Location"].endswith("/unit/")
    page = sam.get("unit/")
    assert page.status_code == 200
    assert "This unit is closed" in page.text
    assert "unit/write" not in page.text
    assert "Why do scores matter?" in page.text
    assert f"~{LESSONS[0]}/" in page.text
    assert f"~{LESSONS[1]}/" not in page.text
    # Nothing is kept any more, and nobody is led round in circles.
    sent = write(sam, "reflection", "Too late", csrf)
    assert sent.status_code == 200
    assert "Too late" not in sent.text
    late = built.enter("s-2")
    assert late.get("unit/").headers["Location"] == late.page
    assert "This activity is closed" in follow(late)
    assert f"~{LESSONS[1]}/" in built.enter("t-1", role="teacher").get("unit/").text


def test_the_dates_of_a_unit_bind_its_steps(built: BuiltUnit) -> None:
    sam = built.enter("s-1")
    done, begun = built.work(sam, LESSONS[0], right=True), built.at_step(sam, LESSONS[1])
    begun.answer(right=[True])
    before = score(built, sam)
    csrf = {"csrf": csrf_of(begun), "attempt": attempt_at(built, begun).uuid}
    state = attempt_at(built, begun).state
    close(built, sam)
    built.tool.clock.advance(hours=2)
    for path in ("do/go", "submission/hand-in", "live/withdraw"):
        form = {**csrf, "step": "_summary"}
        led = begun.browser.client.post(begun.page + path, data=form, base_url=TOOL_ORIGIN)
        assert led.status_code == 303
        assert led.headers["Location"] == begun.page
    assert attempt_at(built, begun).state == state
    assert "this step was not handed in" in begun.get().text
    looked = done.get().text
    assert "do/restart" not in looked
    # What goes past the pages is not in the grade either.
    begun.finish()
    assert sam.get("unit/").status_code == 200
    assert score(built, sam) == before
    extended(built, sam, timedelta(hours=4))
    assert sam.get("unit/").text.count("unit/write")
    assert float(score(built, sam)) > float(before)


def test_a_step_is_not_there_before_its_unit(built: BuiltUnit) -> None:
    sam = built.enter("s-1")
    sam.get("unit/")
    there = f"{sam.page[:-1]}~{LESSONS[0]}/"
    set_link(built, sam.who.resource_link_id, opens_at=built.tool.clock.now + timedelta(hours=1))
    assert "not open yet" in sam.browser.get(there).text
    assert "not open yet" in follow(sam)
    assert [row for row in attempts(built) if row.resource_link_id != sam.who.resource_link_id] == []
    built.tool.clock.advance(hours=2)
    assert sam.browser.get(there).status_code == 200


def test_the_clock_moves_the_grade_of_the_unit(built: BuiltUnit) -> None:
    sam = built.enter("s-1")
    sam.get("unit/")
    begun = built.at_step(sam, LESSONS[0])
    begun.answer(right=[True])
    closes = set_link(built, begun.who.resource_link_id, closes_at=built.tool.clock.now + timedelta(hours=1))
    built.tool.clock.advance(hours=3)
    runtime = built.tool.runtime
    secret, clock = runtime.settings.secret_key, built.tool.clock
    assert close_due(runtime.database, runtime.contents, secret=secret, clock=clock, is_ending=lambda: False) == 1
    assert float(score(built, sam)) > 0
    [unit] = [row for row in attempts(built) if row.resource_link_id == sam.who.resource_link_id]
    assert unit.earned.startswith(f"{int(closes.timestamp()) * 1_000_000} ")
    # The unit closes, too, and nobody has looked since.
    before = score(built, sam)
    forget_grade(built, sam)
    close(built, sam)
    built.tool.clock.advance(hours=2)
    assert close_due(runtime.database, runtime.contents, secret=secret, clock=clock, is_ending=lambda: False) == 1
    assert score(built, sam) == before


def test_work_that_people_judge_moves_the_grade_of_the_unit(built: BuiltUnit) -> None:
    sam, teacher = built.enter("s-1"), built.enter("t-1", role="teacher")
    sam.get("unit/")
    there = built.at_step(sam, LESSONS[0])
    room = marked(built, there, teacher)
    form = {"csrf": csrf_of(there), "text": "My copy"}
    sent = there.browser.client.post(there.page + "submission/hand-in", data=form, base_url=TOOL_ORIGIN)
    assert sent.status_code == 303
    handed_in = score(built, sam)
    assert float(handed_in) > 0
    forget_grade(built, sam)
    found = room.found(there)
    assert found
    room.approve(teacher, found.uuid, 2, 1)
    built.tool.clock.advance(hours=1)
    assert room.release() == 1
    assert score(built, sam) == handed_in


def write(seat: Seat, kind: str, text: str, csrf: str = "") -> TestResponse:
    """Write something in the unit, and return the page that this leads to."""
    form = {"csrf": csrf or csrf_of(seat), "kind": kind, "text": text}
    return seat.browser.client.post(f"{seat.page}unit/write", data=form, base_url=TOOL_ORIGIN, follow_redirects=True)


def marked(built: BuiltUnit, there: Seat, teacher: Seat) -> Room:
    """Let work at a step be judged by the rubric."""
    rubric = the_rubric()
    fit_lesson(built.tool, rubric)
    with built.tool.runtime.database.transaction() as session:
        stored = rubrics.install(session, built.tool.organisation_id, rubric, built.tool.clock.now)
    room = Room(built.tool, "c-1", link_at(built, there), stored, teacher)
    room.setup()
    return room


def link_at(built: BuiltUnit, seat: Seat) -> Link:
    with built.tool.runtime.database.reading() as session:
        launch = session.scalars(select(LtiSession).where(LtiSession.person_id == seat.who.person_id)).first()
        assert launch
        return Link(
            organisation_id=built.tool.organisation_id,
            registration_id=launch.registration_id,
            context_id=launch.context_id,
            resource_link_id=seat.who.resource_link_id,
            activity_id=seat.who.activity_id,
        )


def set_link(built: BuiltUnit, link: int, **dates: datetime) -> datetime:
    """Set dates of a link, and let the attempts there learn of it; return the last of them."""
    with built.tool.runtime.database.transaction() as session:
        row = session.get_one(ResourceLink, link)
        row.settings = {**row.settings, **{name: at.isoformat() for name, at in dates.items()}}
        session.flush()
        place = Link(
            organisation_id=row.organisation_id,
            registration_id=0,
            context_id=row.context_id,
            resource_link_id=link,
            activity_id=row.activity_id,
        )
        rescore(session.connection(), place, now=built.tool.clock.now)
    return max(dates.values())


def close(built: BuiltUnit, seat: Seat) -> None:
    """Let the unit close in an hour."""
    set_link(built, seat.who.resource_link_id, closes_at=built.tool.clock.now + timedelta(hours=1))


def extended(built: BuiltUnit, seat: Seat, time: timedelta) -> None:
    set_link(built, seat.who.resource_link_id, closes_at=built.tool.clock.now + time)


def forget_grade(built: BuiltUnit, seat: Seat) -> None:
    """Let the unit's attempt stand as if nobody had noticed what was done."""
    with built.tool.runtime.database.transaction() as session:
        for row in session.scalars(select(LinkScore)):
            session.delete(row)
        for attempt in session.scalars(select(Attempt).where(Attempt.resource_link_id == seat.who.resource_link_id)):
            attempt.score, attempt.done, attempt.earned = "0", 0, ""


def attempts(built: BuiltUnit) -> list[Attempt]:
    with built.tool.runtime.database.reading() as session:
        found = list(session.scalars(select(Attempt)))
        session.expunge_all()
        return found


def attempt_at(built: BuiltUnit, seat: Seat) -> Attempt:
    [found] = [row for row in attempts(built) if row.resource_link_id == seat.who.resource_link_id]
    return found


def score(built: BuiltUnit, seat: Seat) -> str:
    with built.tool.runtime.database.reading() as session:
        found = session.scalar(select(LinkScore.value).where(LinkScore.resource_link_id == seat.who.resource_link_id))
        return found or "0"


def follow(seat: Seat) -> str:
    """Return the page that the activity's address leads to."""
    return seat.browser.client.get(seat.page, base_url=TOOL_ORIGIN, follow_redirects=True).text


def csrf_of(seat: Seat) -> str:
    """Return the token of a launch, which all its forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', follow(seat))
    assert found
    return found[1]
