"""Course Groups Service 1.0: the groups of a course come with its list of members, and class pages can be of one group."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.lti.roster_errors import RosterError
from lti_tool.models import Context, CourseGroup, CourseGroupMember, Identity, Organisation
from lti_tool.services.courses.members import Link
from lti_tool.services.erasure import erase
from lti_tool.services.rosters.groups import list_groups, people_in
from tests.factories.rosters import Course
from tests.fakes.listing_platform import Answer, Request, member

GS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
SCOPE = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
GROUPS_TYPE = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


class Groups:
    """The platform's service of groups beside its list of members: strict about the media type, odd on demand."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.groups: list[Any] = []
        self.answer: Answer | None = None
        self.page_size = 100
        self.link = ""
        self.asked: list[Request] = []
        course.platform.odd = self
        course.more_claims = {
            GS: {
                "context_groups_url": f"{course.platform.url}/courses/1/groups",
                "scope": [SCOPE],
                "service_versions": ["1.0"],
            }
        }
        course.teacher()

    def __call__(self, request: Request) -> Answer | None:
        if not request.path.startswith("/courses/1/groups"):
            return None
        self.asked.append(request)
        if request.headers.get("authorization") != f"Bearer token-{self.course.platform.tokens}":
            return Answer(401)
        if request.headers.get("accept") != GROUPS_TYPE:
            return Answer(400)
        return self.answer or self._page(request)

    def _page(self, request: Request) -> Answer:
        start = int(request.query.get("from", ["0"])[0])
        headers = {"Content-Type": GROUPS_TYPE}
        if start + self.page_size < len(self.groups):
            url = f"{self.course.platform.url}/courses/1/groups?from={start + self.page_size}"
            headers["Link"] = self.link or f'<{url}>; rel="next"'
        found = self.groups[start : start + self.page_size]
        return Answer(200, json.dumps({"id": "x", "groups": found}).encode(), headers)

    def stored(self) -> dict[str, list[str]]:
        """Return the subjects of each group by its name."""
        with self.course.tool.runtime.database.reading() as session:
            rows = session.execute(
                select(CourseGroup.name, Identity.subject)
                .join(CourseGroupMember, CourseGroupMember.group_id == CourseGroup.id, isouter=True)
                .join(Identity, Identity.person_id == CourseGroupMember.person_id, isouter=True)
            )
            found: dict[str, list[str]] = {}
            for name, subject in rows:
                found.setdefault(name, []).extend([subject] if subject else [])
        return {name: sorted(subjects) for name, subjects in found.items()}

    def failure(self) -> str | None:
        return self.course.context().groups_failure


@pytest.fixture
def groups(course: Course) -> Groups:
    return Groups(course)


def group(key: Any, name: Any = "") -> dict[str, Any]:
    return {"id": key, "name": name}


def in_groups(subject: str, *keys: Any, **more: Any) -> dict[str, Any]:
    return member(subject, group_enrollments=[{"group_id": key} for key in keys], **more)


SAM, LI = in_groups("s-1", "a", name="Sam Student"), in_groups("s-2", "a", "b", name="李 小龍")


def test_groups_come_with_the_list_of_members(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A"), group("b", "Group B"), group("c", "Nobody's")]
    course.read(SAM, LI)
    assert groups.stored() == {"Group A": ["s-1", "s-2"], "Group B": ["s-2"], "Nobody's": []}
    assert groups.failure() is None
    # The members were asked for with their groups.
    assert all(request.query["groups"] == ["true"] for request in course.platform.asked if "members" in request.path)


def test_groups_follow_the_platform(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A"), group("b", "Group B")]
    course.read(SAM, LI)
    groups.groups = [group("a", "Renamed")]
    course.read(in_groups("s-1", name="Sam Student"), LI)
    assert groups.stored() == {"Renamed": ["s-2"]}


def test_who_leaves_the_course_leaves_its_groups(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(SAM, LI)
    course.read(LI)
    assert groups.stored() == {"Group A": ["s-2"]}


def test_pages_are_followed_and_the_last_of_repeated_groups_counts(course: Course, groups: Groups) -> None:
    groups.groups, groups.page_size = [group("a", "First"), group("b", "B"), group("a", "Last")], 2
    course.read(SAM, LI)
    assert groups.stored() == {"Last": ["s-1", "s-2"], "B": ["s-2"]}


def test_odd_names_are_shown_as_text_and_bounded(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "x" * 500), group("b", "<b>Two\nlines</b>"), group(7, None)]
    course.read(in_groups("s-1", "a", "b", 7, name="Sam Student"))
    assert sorted(groups.stored()) == ["", "<b>Two lines</b>", "x" * 255]
    page = course.teacher().get("class/")
    assert "&lt;b&gt;Two lines&lt;/b&gt;" in page.text
    assert "Group without a name" in page.text


@pytest.mark.parametrize("listed", [None, "a", [1, None, "x"], [{"group_id": None}], [{"group_id": "x" * 300}], {}])
def test_what_a_member_says_of_groups_never_costs_the_list(course: Course, groups: Groups, listed: Any) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(member("s-1", name="Sam Student", group_enrollments=listed))
    assert (course.names(), groups.stored()) == (["Sam Student"], {"Group A": []})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(200, b"<html>Sign in</html>"), "roster-unreadable"),
        (Answer(200, b'{"groups": [{"name": "no id"}]}'), "roster-unreadable"),
        (Answer(200, b'{"groups": {}}'), "roster-unreadable"),
        (Answer(200, b"[" * 5000), "roster-unreadable"),
        (Answer(200, b'{"groups": []}', {"Link": "<<broken"}), "roster-link"),
        (Answer(302, b"", {"Location": "/login"}), "roster-unreadable"),
        (Answer(403), "roster-refused"),
        (Answer(404), "roster-gone"),
        (Answer(500), "roster-platform"),
    ],
)
def test_groups_that_cannot_be_read_leave_everything_else(
    course: Course, groups: Groups, answer: Answer, code: str
) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(SAM)
    groups.answer = answer
    assert course.read(SAM, LI).members == 3
    assert groups.stored() == {"Group A": ["s-1"]}
    assert (groups.failure() or "").startswith(code), groups.failure()
    groups.answer = None
    course.read(SAM, LI)
    assert (groups.stored(), groups.failure()) == ({"Group A": ["s-1", "s-2"]}, None)


def test_a_next_page_of_another_origin_is_not_asked(course: Course, groups: Groups) -> None:
    groups.groups, groups.page_size = [group("a", "A"), group("b", "B")], 1
    groups.link = '<https://evil.example.test/groups>; rel="next"'
    course.read(SAM)
    assert (groups.stored(), groups.failure()) == ({}, "lti-service-origin")


def test_a_list_of_members_that_fails_asks_for_no_groups(course: Course, groups: Groups) -> None:
    with pytest.raises(RosterError):
        course.read({"user_id": None})
    assert not groups.asked


def test_without_the_service_nothing_is_asked_or_shown(course: Course) -> None:
    course.read(SAM)
    assert all("groups" not in request.query for request in course.platform.asked)
    assert "All groups" not in course.teacher().get("class/").text
    assert "All groups" not in course.teacher().get("class/levels/").text


def test_a_claim_without_our_scope_is_no_service(course: Course) -> None:
    course.more_claims = {GS: {"context_groups_url": "https://lms.example.test/groups", "scope": ["https://other"]}}
    course.teacher()
    assert course.context().groups_url is None


# -- The pages


def test_the_class_page_shows_one_group(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A"), group("b", "Group B")]
    course.read(SAM, LI)
    teacher = course.teacher()
    page = teacher.get("class/").text
    chosen = re.search(r'<option value="(\d+)">Group B \(1\)</option>', page)
    assert chosen
    assert "Sam Student" in page
    assert "李 小龍" in page
    of_group = teacher.get(f"class/?group={chosen[1]}").text
    assert "李 小龍" in of_group
    assert "Sam Student" not in of_group
    assert f'<option value="{chosen[1]}" selected>' in of_group


def test_the_levels_are_of_one_group(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A"), group("b", "Group B")]
    course.launch("s-1", name="Sam Student").answer(right=[True, True])
    course.launch("s-2", name="李 小龍").answer(right=[False, False])
    course.read(SAM, LI)
    teacher = course.teacher()
    chosen = re.search(r'<option value="(\d+)">Group B \(1\)</option>', teacher.get("class/levels/").text)
    assert chosen
    page = teacher.get(f"class/levels/?group={chosen[1]}").text
    assert "1 of 1 learner" in page
    assert "Sam Student" not in page
    # The weakest points are the group's, and what leads on from them stays in the group.
    assert "mean of 1 learner" in page
    assert f"group={chosen[1]}#map" in page
    rows = teacher.get(f"class/levels.csv?group={chosen[1]}").text
    assert "Sam Student" not in rows
    assert "李 小龍" in rows


@pytest.mark.parametrize("asked", ["x", "-1", "0", "", "9" * 30, "1.5"])
def test_what_is_no_group_is_everybody_or_nobody(course: Course, groups: Groups, asked: str) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(SAM)
    teacher = course.teacher()
    assert teacher.get(f"class/?group={asked}").status_code == 200
    assert teacher.get(f"class/levels/?group={asked}").status_code == 200


def test_a_group_of_another_course_is_nobody(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(SAM)
    with course.tool.runtime.database.reading() as session:
        row = session.scalars(select(CourseGroup)).one()
        context = session.scalars(select(Context)).one()
        mine = Link(
            organisation_id=row.organisation_id,
            registration_id=1,
            context_id=context.id,
            resource_link_id=1,
            activity_id=None,
        )
        assert len(people_in(session.connection(), mine, row.id)) == 1
        others = [
            Link(
                organisation_id=mine.organisation_id + one,
                registration_id=1,
                context_id=mine.context_id + 1 - one,
                resource_link_id=1,
                activity_id=None,
            )
            for one in (0, 1)
        ]
        for other in others:
            assert not people_in(session.connection(), other, row.id)
            assert not list_groups(session.connection(), other)


def test_erasure_forgets_the_groups(course: Course, groups: Groups) -> None:
    groups.groups = [group("a", "Group A")]
    course.read(SAM)
    [sam] = course.members()
    with course.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, course.tool.organisation_id)
        erase(session, organisation, sam.subject.uuid, actor="test", now=course.tool.clock())
    assert groups.stored() == {"Group A": []}
