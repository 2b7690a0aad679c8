"""Qualifications of assessors: entered, confirmed by somebody else, withdrawn; and what an organisation asks for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import (
    NewQualification,
    QualificationMissingError,
    QualificationRefusedError,
)
from qualoop.classroom.assessors import QualificationKind, QualificationRule
from tests.factories.phones import TASK, PracticeCourse, join, link_in, refresh

NEW = NewQualification(kind=QualificationKind.INDUSTRY, title="Store manager", holds_from=date(2026, 1, 1))


def test_nobody_confirms_the_own_one_and_withdrawn_holds_no_more(course: PracticeCourse) -> None:
    tool, teacher = course.tool, course.teacher.who
    with tool.runtime.database.transaction() as session:
        place, now = (session, tool.organisation_id), tool.clock.now
        made = assessor_qualifications.add(*place, teacher.person_id, NEW, by=teacher.person_uuid, now=now)
        assert not made.holds_on(now.date())
        with pytest.raises(QualificationRefusedError):
            assessor_qualifications.confirm(*place, made.uuid, by=teacher.person_uuid, now=now)
        confirmed = assessor_qualifications.confirm(*place, made.uuid, by="admin", now=now)
        assert confirmed.holds_on(now.date())
        withdrawn = assessor_qualifications.withdraw(*place, made.uuid, by="admin", now=now)
        assert not withdrawn.holds_on(now.date())
        listed = assessor_qualifications.list_of(session.connection(), tool.organisation_id, teacher.person_id)
        assert list(listed) == [withdrawn]


def test_nothing_of_another_organisation_is_found(course: PracticeCourse) -> None:
    tool, teacher = course.tool, course.teacher.who
    with tool.runtime.database.transaction() as session:
        now, other = tool.clock.now, tool.organisation_id + 1
        made = assessor_qualifications.add(session, tool.organisation_id, teacher.person_id, NEW, by="a", now=now)
        for act in (assessor_qualifications.confirm, assessor_qualifications.withdraw):
            with pytest.raises(QualificationMissingError):
                act(session, other, made.uuid, by="b", now=now)
        with pytest.raises(QualificationMissingError):
            assessor_qualifications.add(session, other, teacher.person_id, NEW, by="a", now=now)
        assert not assessor_qualifications.list_of(session.connection(), other, teacher.person_id)


def test_an_end_before_the_beginning_is_refused(course: PracticeCourse) -> None:
    tool = course.tool
    backwards = NewQualification(
        kind=NEW.kind, title="x", holds_from=NEW.holds_from, holds_until=NEW.holds_from - timedelta(days=1)
    )
    place = (tool.organisation_id, course.teacher.who.person_id, backwards)
    with tool.runtime.database.transaction() as session, pytest.raises(QualificationRefusedError):
        assessor_qualifications.add(session, *place, by="a", now=tool.clock.now)


def test_from_a_level_on_only_who_is_qualified_judges(course: PracticeCourse) -> None:
    """The mentor waits; so does the teacher's decision to count it, until the teacher is qualified."""
    tool = course.tool
    rule = QualificationRule(from_level=2, kinds=frozenset({QualificationKind.INDUSTRY}))
    set_rule(course, rule)
    try:
        phone = join(tool, link_in(course.invite().text))
        assert phone.pack["assessor"]["level_cap"] == 1
        made = phone.capture("Learner One", 2)
        assert phone.states(made) == [("kept", "observation-level")]
        assert course.decide(made, "count") == "refused=own-level"
        own = join(tool, course.own_link())
        assert next(each for each in own.pack["tasks"] if each["key"] == TASK)["beyond"] is True
        with tool.runtime.database.transaction() as session:
            place, person = (session, tool.organisation_id), course.teacher.who.person_id
            entered = assessor_qualifications.add(*place, person, NEW, by="admin", now=tool.clock.now)
            assessor_qualifications.confirm(*place, entered.uuid, by="admin", now=tool.clock.now)
        refresh(own)
        assert own.pack["assessor"]["level_cap"] is None
        assert own.states(own.capture("Learner Two", 2)) == [("recorded", "")]
        assert course.decide(made, "count") == "done=count"
    finally:
        set_rule(course, QualificationRule())


def set_rule(course: PracticeCourse, rule: QualificationRule) -> None:
    with course.tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(session, course.tool.organisation_id, rule, now=course.tool.clock.now)
