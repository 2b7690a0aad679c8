"""Early warnings of a course: a look opens, updates and withdraws them, a person decides, and nothing else follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Base, EarlyWarning, Organisation, WarningEvent, WarningSetting
from lti_tool.services import erasure
from lti_tool.services.classes.sessions import ClassMissingError
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.records.records import Subject
from lti_tool.services.warnings import early_warnings, looking
from lti_tool.services.warnings.early_warnings import (
    DECIDED,
    OPEN,
    WITHDRAWN,
    WarningMissingError,
    WarningMovedError,
    WarningRefusedError,
)
from lti_tool.services.warnings.erasure import purge_warnings
from lti_tool.services.warnings.history import words_to
from lti_tool.services.warnings.looking import Looked, look_due
from lti_tool.services.warnings.rules import course_rules, set_thresholds, undo_thresholds
from qualoop.policies.warning_policy import ThresholdsRefusedError
from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.tool import SECRET
from tests.integration.programme.steps import link_of, plan_ahead
from tests.integration.programme.warning_steps import acts, colleague, decide, idle_learner, keys, look, rows

IDLE = "idle:2026-03-02"


def test_a_look_opens_one_warning_with_owner_and_due_date(room: Classroom) -> None:
    seat, row = idle_learner(room)
    assert (row.person_id, row.owner_id, row.state) == (seat.who.person_id, room.teacher.who.person_id, OPEN)
    assert (row.due_at - row.opened_at).days == 7
    assert keys(row) == [IDLE]
    assert acts(room, row) == ["opened"]


def test_looking_again_changes_nothing_but_the_days(room: Classroom) -> None:
    idle_learner(room)
    assert look(room) == Looked(learners=1)
    room.tool.clock.advance(days=1)
    assert look(room) == Looked(learners=1, updated=1)
    [row] = rows(room)
    assert row.reasons[0]["figures"]["days"] == 21
    assert acts(room, row) == ["opened"]


def test_the_worker_does_what_the_button_does(room: Classroom) -> None:
    parts, clock = room.tool.runtime, room.tool.clock
    plan_ahead(room)
    room.learner(1).answer(right=[True])
    clock.advance(days=20)
    assert look_due(parts.database, parts.contents, secret=SECRET, now=clock.now) >= 1
    by_worker = [(keys(row), row.due_at, row.owner_id) for row in rows(room)]
    assert len(by_worker) == 1
    assert look(room) == Looked(learners=1)
    assert [(keys(row), row.due_at, row.owner_id) for row in rows(room)] == by_worker
    # Looked at today already.
    assert look_due(parts.database, parts.contents, secret=SECRET, now=clock.now) == 0


def test_a_learner_who_comes_back_has_no_warning_any_more(room: Classroom) -> None:
    seat, row = idle_learner(room)
    seat.read()
    assert look(room).withdrawn == 1
    assert [each.state for each in rows(room)] == [WITHDRAWN]
    assert acts(room, row) == ["withdrawn", "opened"]


def test_what_was_decided_stays_quiet_until_its_time_is_over(room: Classroom) -> None:
    _, row = idle_learner(room)
    decide(room, row)
    assert look(room) == Looked(learners=1)
    room.tool.clock.advance(days=13, hours=23)
    assert look(room) == Looked(learners=1)
    room.tool.clock.advance(hours=1)
    assert look(room).opened == 1
    assert [each.state for each in rows(room)] == [DECIDED, OPEN]


def test_a_new_reason_opens_a_warning_while_the_old_one_is_quiet(room: Classroom) -> None:
    _, row = idle_learner(room)
    decide(room, row)
    # Her launch of three weeks ago has ended.
    here = open_classroom(room.tool, room.name)
    for _ in range(2):
        here.plan()
        for step in ("open", "roll", "close"):
            here.do(step)
    assert look(room).opened == 1
    new = rows(room)[-1]
    assert [each["rule"] for each in new.reasons] == ["absent", "idle"]


def test_only_what_is_open_can_be_decided_and_only_with_a_note(room: Classroom) -> None:
    _, row = idle_learner(room)
    for wrong in ({"note": " "}, {"decision": "expel"}, {"note": "x" * 2001}):
        with pytest.raises(WarningRefusedError):
            decide(room, row, **wrong)
    decide(room, row)
    with pytest.raises(WarningMovedError):
        decide(room, row)
    assert rows(room)[0].decision == "talked"


def test_a_decision_can_be_taken_back_and_its_words_go_with_it(room: Classroom) -> None:
    seat, row = idle_learner(room)
    decide(room, row, words="Come on Monday at ten.")
    subject = Subject(
        organisation_id=room.tool.organisation_id, person_id=seat.who.person_id, uuid=seat.who.person_uuid
    )
    database = room.tool.runtime.database
    with database.reading() as session:
        assert [each.words for each in words_to(session, subject, secret=SECRET)] == ["Come on Monday at ten."]
    with database.transaction() as session:
        early_warnings.take_back(
            session, link_of(room), row.uuid, by=room.teacher.who.person_id, now=room.tool.clock.now
        )
    with database.reading() as session:
        assert words_to(session, subject, secret=SECRET) == []
    assert rows(room)[0].state == OPEN
    assert look(room) == Looked(learners=1)


def test_notes_are_stored_under_the_learners_key(room: Classroom) -> None:
    _, row = idle_learner(room)
    decide(room, row, note="Illness in the family.", words="Take your time.")
    with room.tool.runtime.database.reading() as session:
        stored = [
            str(tuple(each))
            for table in (WarningEvent, EarlyWarning)
            for each in session.execute(select(*table.__table__.columns))
        ]
    assert not any("Illness" in each or "Take your time" in each for each in stored)


def test_nothing_follows_from_a_warning(room: Classroom) -> None:
    """No event, no score, no other row: a warning touches its own tables only."""
    _, row = idle_learner(room)
    after_work = contents(room)
    decide(room, row, words="Hello")
    look(room)
    changed = {name for name, found in contents(room).items() if found != after_work[name]}
    assert changed <= {"early_warning", "warning_event", "warning_setting", "learner_key"}
    assert changed >= {"early_warning", "warning_event"}


def contents(room: Classroom) -> dict[str, list[str]]:
    with room.tool.runtime.database.reading() as session:
        return {
            table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


def test_another_course_finds_no_warning_of_ours(room: Classroom, another: Classroom) -> None:
    _, row = idle_learner(room)
    with another.tool.runtime.database.transaction() as session, pytest.raises(WarningMissingError):
        early_warnings.get_warning(session, link_of(another), row.uuid)
    with another.tool.runtime.database.transaction() as session, pytest.raises(WarningMissingError):
        early_warnings.take_back(session, link_of(another), row.uuid, by=1, now=another.tool.clock.now)


def test_a_warning_is_handed_over_to_staff_of_the_course_only(room: Classroom, another: Classroom) -> None:
    _, row = idle_learner(room)
    now, due = room.tool.clock.now, row.due_at
    by, own = room.teacher.who.person_id, room.teacher.who.person_uuid
    stranger, late = another.teacher.who.person_uuid, now.replace(year=2027)
    with room.tool.runtime.database.transaction() as session, pytest.raises(WarningRefusedError):
        early_warnings.arrange(session, link_of(room), row.uuid, owner=stranger, due_at=due, by=by, now=now)
    with room.tool.runtime.database.transaction() as session, pytest.raises(WarningRefusedError):
        early_warnings.arrange(session, link_of(room), row.uuid, owner=own, due_at=late, by=by, now=now)
    with room.tool.runtime.database.transaction() as session:
        later = due.replace(hour=23)
        early_warnings.arrange(
            session, link_of(room), row.uuid, owner=room.teacher.who.person_uuid, due_at=later, by=by, now=now
        )
    assert acts(room, row) == ["arranged", "opened"]


def test_thresholds_hold_for_one_course_and_can_be_undone(room: Classroom, another: Classroom) -> None:
    idle_learner(room)
    database, now, by = room.tool.runtime.database, room.tool.clock.now, room.teacher.who.person_id
    with database.transaction() as session:
        set_thresholds(session, link_of(room), {"idle.days": 30}, by=by, now=now)
    assert look(room).withdrawn == 1
    with database.reading() as session:
        mine, theirs = course_rules(session, link_of(room)), course_rules(session, link_of(another))
    assert (mine.policy.idle.days, mine.revision, theirs.policy.idle.days) == (30, 2, 14)
    with database.transaction() as session, pytest.raises(ThresholdsRefusedError):
        set_thresholds(session, link_of(room), {"idle.days": 0}, by=by, now=now)
    with database.transaction() as session:
        assert undo_thresholds(session, link_of(room), by=by, now=now)
    assert look(room).opened == 1
    with database.transaction() as session:
        assert not undo_thresholds(session, link_of(room), by=by, now=now)


def test_a_course_follows_the_newest_policy_unless_its_own_thresholds_rest_on_another(room: Classroom) -> None:
    _, row = idle_learner(room)
    database, now, by, link = room.tool.runtime.database, room.tool.clock.now, room.teacher.who.person_id, link_of(room)
    with database.transaction() as session:
        # As a course was left that had been looked at before there was a newer one.
        session.execute(update(WarningSetting).where(WarningSetting.context_id == link.context_id).values(policy="e1"))
        session.execute(update(EarlyWarning).where(EarlyWarning.uuid == row.uuid).values(policy="e1"))
        assert (course_rules(session, link).policy.id, course_rules(session, link).policy.falling.drop) == ("e2", 7)
    assert "by Early warning 1, version" in colleague(room).get(f"class/warnings/{row.uuid}/").text
    with database.transaction() as session:
        setting = session.scalars(select(WarningSetting).where(WarningSetting.context_id == link.context_id)).one()
        setting.thresholds = {"idle.days": 30}
        session.flush()
        assert (course_rules(session, link).policy.id, course_rules(session, link).policy.falling.drop) == ("e1", 10)
        assert given_up_and_set(session, link, by=by, now=now) == ("e2", 20)


def given_up_and_set(session: Session, link: Link, *, by: int, now: datetime) -> tuple[str, int]:
    """Give up all own thresholds, then set one: return the policy that holds, and what was set."""
    set_thresholds(session, link, {"idle.days": 14}, by=by, now=now)
    set_thresholds(session, link, {"idle.days": 20}, by=by, now=now)
    policy = course_rules(session, link).policy
    return policy.id, policy.idle.days


def test_erasure_forgets_the_warnings_of_a_learner(room: Classroom) -> None:
    seat, row = idle_learner(room)
    decide(room, row)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, seat.who.person_uuid, actor="operator", now=room.tool.clock.now)
    assert rows(room) == []
    with room.tool.runtime.database.reading() as session:
        assert session.scalars(select(WarningEvent).where(WarningEvent.early_warning_id == row.id)).all() == []
    look(room)
    assert rows(room) == []


def test_the_warnings_of_an_erased_teacher_are_somebody_elses_at_the_next_look(room: Classroom) -> None:
    _, row = idle_learner(room)
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        erasure.erase(session, organisation, room.teacher.who.person_uuid, actor="operator", now=room.tool.clock.now)
    [row] = rows(room)
    assert (row.owner_id, row.state) == (None, OPEN)
    other = colleague(room)
    assert look(room) == Looked(learners=1)
    assert rows(room)[0].owner_id == other.who.person_id
    assert acts(room, row) == ["arranged", "opened"]
    look(room)
    assert acts(room, row) == ["arranged", "opened"]


def test_closed_warnings_are_deleted_after_a_year(room: Classroom) -> None:
    _, row = idle_learner(room)
    decide(room, row)
    room.tool.clock.advance(days=365)
    with room.tool.runtime.database.transaction() as session:
        purge_warnings(session, room.tool.clock.now)
    assert len(rows(room)) == 1
    room.tool.clock.advance(seconds=1)
    with room.tool.runtime.database.transaction() as session:
        purge_warnings(session, room.tool.clock.now)
    assert rows(room) == []


def test_a_course_into_which_nobody_comes_any_more_is_left_alone(room: Classroom) -> None:
    parts, clock = room.tool.runtime, room.tool.clock
    room.learner(1)

    def looked_at() -> datetime | None:
        with parts.database.reading() as session:
            query = select(WarningSetting.looked_at).where(WarningSetting.context_id == link_of(room).context_id)
            return session.scalar(query)

    clock.advance(days=59)
    look_due(parts.database, parts.contents, secret=SECRET, now=clock.now)
    last = looked_at()
    assert last == clock.now
    clock.advance(days=2)
    look_due(parts.database, parts.contents, secret=SECRET, now=clock.now)
    assert looked_at() == last


def test_looks_at_the_same_moment_open_one_warning(room: Classroom) -> None:
    plan_ahead(room)
    room.learner(1).answer(right=[True])
    room.tool.clock.advance(days=20)
    with ThreadPoolExecutor(4) as pool:
        looks = [each.result() for each in [pool.submit(look, room) for _ in range(4)]]
    assert sum(each.opened for each in looks) == 1
    assert [row.state for row in rows(room)] == [OPEN]


def test_a_course_that_cannot_be_looked_at_keeps_no_other_from_it(
    room: Classroom, another: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.learner(1).answer(right=[True])
    another.learner(1).answer(right=[True])
    broken, parts, now = link_of(room).context_id, room.tool.runtime, room.tool.clock.now
    find = looking.find_reasons

    def failing(session: Session, contents: Contents, link: Link, **named: Any) -> looking.Found | None:
        if link.context_id == broken:
            raise ClassMissingError
        return find(session, contents, link, **named)

    monkeypatch.setattr(looking, "find_reasons", failing)
    assert look_due(parts.database, parts.contents, secret=SECRET, now=now) >= 1
    with parts.database.reading() as session:
        assert course_rules(session, link_of(room)).looked_at is None
        assert course_rules(session, link_of(another)).looked_at == now
