"""The class follows the platform's list: who is new, who has left, what they are called, which role counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.lti.roster_errors import RosterRunningError
from lti_tool.models import Attempt, Context, Enrolment, Identity, LedgerEvent, RosterRead
from lti_tool.services.rosters.roster import LEASE, Outcome
from tests.factories.launches import LTI, MEMBERSHIP
from tests.factories.rosters import TEACHER, Course
from tests.fakes.listing_platform import Answer, Request, member

SAM, LI = member("s-1", name="Sam Student"), member("s-2", name="李 小龍")


def roles(course: Course, subject: str) -> str:
    with course.tool.runtime.database.reading() as session:
        query = select(Enrolment.roles).join(Identity, Identity.person_id == Enrolment.person_id)
        return session.scalars(query.where(Identity.subject == subject)).one()


# -- Who is there


def test_people_are_in_the_class_before_their_first_launch(course: Course) -> None:
    applied = course.read(SAM, LI)
    assert (applied.members, applied.added, applied.departed) == (3, 2, 0)
    assert course.names() == ["Sam Student", "李 小龍"]
    assert not any(each.has_launched for each in course.members())


def test_a_first_launch_finds_the_pseudonym_that_the_list_made(course: Course) -> None:
    course.read(SAM)
    [before] = course.members()
    people = course.people()
    course.launch("s-1", name="Sam Student")
    [after] = course.members()
    assert (after.subject, after.has_launched) == (before.subject, True)
    assert course.people() == people


def test_reading_again_changes_nothing(course: Course) -> None:
    course.read(SAM, LI)
    people, members = course.people(), course.members()
    applied = course.read(SAM, LI)
    assert (applied.members, applied.added, applied.departed) == (3, 0, 0)
    assert (course.people(), course.members()) == (people, members)


def test_who_is_absent_has_left_and_the_evidence_stays(course: Course) -> None:
    seat = course.launch("s-1", name="Sam Student")
    seat.answer(right=[True])
    assert course.read(LI).departed == 1
    assert course.names() == ["李 小龍"]
    with course.tool.runtime.database.reading() as session:
        assert session.scalars(select(Attempt.person_id)).all() == [seat.who.person_id]
        assert session.scalars(select(LedgerEvent.id).where(LedgerEvent.learner == seat.who.person_uuid)).all()


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_who_is_not_active_has_left(course: Course, status: str) -> None:
    course.read(SAM, LI)
    assert course.read(SAM | {"status": status}, LI).departed == 1
    assert course.names() == ["李 小龍"]


def test_who_was_never_active_is_not_made(course: Course) -> None:
    people = course.people()
    course.read(LI, SAM | {"status": "Inactive"})
    assert course.people() == people + 1


def test_who_comes_back_is_the_same_learner(course: Course) -> None:
    course.read(SAM, LI)
    before = course.members()
    course.read(LI)
    assert course.read(SAM, LI).added == 1
    assert course.members() == before


def test_a_launch_brings_back_who_had_left(course: Course) -> None:
    course.launch("s-1", name="Sam Student")
    course.read(LI)
    course.launch("s-1", name="Sam Student")
    assert course.names() == ["Sam Student", "李 小龍"]


def test_who_launches_while_the_list_is_read_has_not_left(course: Course) -> None:
    def late(_: Request) -> Answer | None:
        course.platform.odd = lambda _: None
        course.tool.clock.advance(seconds=3)
        course.launch("s-9", name="Late Learner")
        return None

    course.platform.odd = late
    course.read(SAM)
    assert course.names() == ["Late Learner", "Sam Student"]
    course.read(SAM)
    assert course.names() == ["Sam Student"]


def test_who_launches_for_the_first_time_while_the_list_is_read_is_one_person(course: Course) -> None:
    def first(_: Request) -> Answer | None:
        course.platform.odd = lambda _: None
        course.launch("s-1", name="Sam Student")
        return None

    course.platform.odd = first
    people = course.people()
    course.read(SAM)
    assert (course.names(), course.people()) == (["Sam Student"], people + 1)


# -- What they are called


def test_names_that_a_launch_told_stay_where_the_list_withholds_them(course: Course) -> None:
    course.launch("s-1", name="Sam Student")
    course.read(member("s-1"), member("s-2"))
    assert course.names() == ["Sam Student", None]


def test_a_new_name_is_taken(course: Course) -> None:
    course.read(SAM)
    course.read(member("s-1", given_name="Samira", family_name="Student"))
    assert course.names() == ["Samira Student"]


# -- Which role counts


def test_a_teacher_by_launch_is_no_learner_by_list(course: Course) -> None:
    """Moodle lists a non-editing teacher as a learner."""
    course.launch("a-1", role="teacher", name="Ada Assistant")
    course.read(SAM, member("a-1", "Learner", name="Ada Assistant"))
    assert course.names() == ["Sam Student"]
    assert roles(course, "a-1") == "teacher"


def test_a_teacher_who_looked_as_a_student_is_no_learner(course: Course) -> None:
    course.launch("t-1", role="learner", name="Tina Teacher")
    assert course.names() == ["Tina Teacher"]
    course.read(SAM)
    assert course.names() == ["Sam Student"]
    assert roles(course, "t-1") == "teacher"


def test_a_learner_who_becomes_a_teacher_leaves_the_class_and_may_come_back(course: Course) -> None:
    course.read(SAM)
    course.read(member("s-1", MEMBERSHIP + "Instructor", name="Sam Student"))
    assert course.names() == []
    course.read(SAM)
    assert course.names() == ["Sam Student"]


def test_stand_ins_are_nobody(course: Course) -> None:
    stand_in = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    people = course.people()
    applied = course.read(SAM, member("x-1", stand_in) | {"roles": ["Learner", stand_in]})
    assert (applied.members, course.people(), course.names()) == (2, people + 1, ["Sam Student"])
    assert course.reads()[0].remarks == {"test-users": 1}


def test_somebody_without_role_is_no_learner(course: Course) -> None:
    course.read(SAM, member("v-1") | {"roles": []})
    assert course.names() == ["Sam Student"]
    assert roles(course, "v-1") == "visitor"


# -- When it is read


def test_a_teacher_s_launch_lets_the_worker_read_and_only_once(course: Course) -> None:
    course.platform.members = [TEACHER, SAM]
    assert (course.work(), course.work()) == (1, 0)
    assert course.names() == ["Sam Student"]
    [read] = course.reads()
    assert (read.asked_by, read.outcome, read.members) == ("launch", Outcome.DONE, 2)


def test_launches_of_teachers_read_every_quarter_of_an_hour_at_most(course: Course) -> None:
    course.platform.members = [TEACHER, SAM]
    course.work()
    for minutes, reads in ((1, 0), (13, 0), (1, 1), (14, 0)):
        course.tool.clock.advance(minutes=minutes)
        course.teacher()
        assert course.work() == reads
    assert len(course.reads()) == 2


def test_a_launch_that_came_too_early_is_not_forgotten(course: Course) -> None:
    course.platform.members = [TEACHER, SAM]
    course.work()
    course.tool.clock.advance(minutes=5)
    course.teacher()
    course.tool.clock.advance(minutes=10)
    assert course.work() == 1


def test_a_learner_s_launch_reads_nothing(course: Course) -> None:
    course.platform.members = [TEACHER, SAM]
    course.work()
    course.tool.clock.advance(hours=2)
    course.launch("s-1", name="Sam Student")
    assert course.work() == 0


def test_a_launch_outside_of_any_course_has_no_list(course: Course) -> None:
    course.more_claims = {LTI + "context": None}
    course.teacher()
    with course.tool.runtime.database.reading() as session:
        assert session.scalars(select(Context.memberships_url).where(Context.platform_key == "")).all() == [None]


def test_a_reading_whose_process_was_killed_is_begun_anew(course: Course) -> None:
    def kill(_: Request) -> Answer | None:
        course.platform.odd = lambda _: None
        with course.tool.runtime.database.transaction() as session:
            read = session.scalars(select(RosterRead)).one()
            assert read.outcome == Outcome.RUNNING
        return Answer(500)

    course.platform.members = [TEACHER, SAM]
    course.platform.odd = kill
    course.work()
    with course.tool.runtime.database.transaction() as session:
        # As kill -9 leaves it.
        read = session.scalars(select(RosterRead)).one()
        read.outcome, read.finished_at, read.code, read.status = Outcome.RUNNING.value, None, None, None
    with pytest.raises(RosterRunningError):
        course.reader().update(course.tool.organisation_id, course.context().id)
    course.tool.clock.now += LEASE - timedelta(seconds=1)
    assert course.work() == 0
    course.tool.clock.advance(seconds=1)
    assert course.work() == 1
    assert [each.outcome for each in course.reads()] == [Outcome.DONE, Outcome.FAILED]
    assert course.names() == ["Sam Student"]


def test_a_reading_that_somebody_took_over_changes_nothing(course: Course) -> None:
    def overtake(_: Request) -> Answer | None:
        course.platform.odd = lambda _: None
        course.tool.clock.now += LEASE
        course.platform.members = [TEACHER, LI]
        assert course.work() == 1
        course.platform.members = [TEACHER, SAM]
        return None

    course.platform.members = [TEACHER]
    course.platform.odd = overtake
    course.work()
    assert course.names() == ["李 小龍"]


def test_a_worker_that_ends_hands_the_reading_back(course: Course) -> None:
    course.platform.members = [TEACHER, SAM, LI]
    course.platform.page_size = 1
    asked = course.platform.asked
    assert course.reader().update_due(lambda: len(asked) >= 2) == 1
    assert (course.reads(), course.names()) == ([], [])
    assert course.work() == 1
    assert course.names() == ["Sam Student", "李 小龍"]


def test_old_readings_go(course: Course) -> None:
    course.read(SAM)
    course.tool.clock.advance(days=91)
    course.read(SAM)
    assert len(course.reads()) == 1


def test_first_launches_beside_readings_make_each_person_once(course: Course) -> None:
    """Readings and launches name the same people at the same moment."""
    subjects = [f"s-{number}" for number in range(12)]
    course.platform.members = [TEACHER, *(member(subject, name=subject) for subject in subjects)]
    people, context = course.people(), course.context().id

    def read() -> None:
        for _ in range(3):
            course.reader().update(course.tool.organisation_id, context)

    with ThreadPoolExecutor(4) as pool:
        reading = pool.submit(read)
        launches = [pool.submit(course.launch, subject, name=subject) for subject in subjects]
        for each in (reading, *launches):
            each.result()
    assert course.people() == people + len(subjects)
    assert [(each.name, each.has_launched) for each in course.members()] == [(name, True) for name in sorted(subjects)]
