"""Who decides in a live project: the mentors of its course; where there is none, whoever releases marks there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from lti_tool.models import Activity, LiveEntry, LiveLink
from lti_tool.services.courses.members import Link
from lti_tool.services.courses.staff import CourseStaff, list_staff
from lti_tool.services.marking.cases import Case, Marker
from lti_tool.services.people.roles import Permission, Role, may
from qualoop.assessment.live import LiveRefusedError
from qualoop.assessment.marking import MarkNotYoursError
from qualoop.content_packages import LIVE_KIND


class MentorDecidesError(LiveRefusedError):
    """A mentor is in the course, so nobody else decides."""

    code = "live-mentor-decides"


class MentorJudgesError(MarkNotYoursError):
    """A mentor is in the course, so a live project is judged by a mentor first."""

    code = "mark-mentor-judges"


def list_mentors(connection: Connection, link: Link) -> Sequence[CourseStaff]:
    """Return the mentors of the link's course who have not left, by name."""
    return list_staff(connection, link, lambda roles: Role.MENTOR.value in roles)


def is_live(connection: Connection, link: Link) -> bool:
    """Say whether a link shows a live project."""
    kind = connection.scalar(
        select(Activity.kind).where(Activity.organisation_id == link.organisation_id, Activity.id == link.activity_id)
    )
    return kind == LIVE_KIND


def offered_enterprise(connection: Connection, link: Link, person_id: int) -> str:
    """Return for which enterprise somebody decided last, else the one that the link's projects are done for, else nothing."""
    last = connection.scalar(
        select(LiveEntry.enterprise)
        .where(
            LiveEntry.organisation_id == link.organisation_id,
            LiveEntry.by_person_id == person_id,
            LiveEntry.enterprise != "",
        )
        .order_by(LiveEntry.at.desc(), LiveEntry.id.desc())
        .limit(1)
    )
    return last or find_enterprise(connection, link.organisation_id, link.resource_link_id)


def find_enterprise(connection: Connection, organisation_id: int, resource_link_id: int) -> str:
    """Return the enterprise that a link's projects are done for, empty where nobody named it."""
    found = connection.scalar(
        select(LiveLink.enterprise).where(
            LiveLink.organisation_id == organisation_id, LiveLink.resource_link_id == resource_link_id
        )
    )
    return found or ""


def may_decide(connection: Connection, link: Link, marker: Marker) -> bool:
    """Say whether somebody decides about projects of the link's course."""
    if Role.MENTOR.value in marker.roles:
        return True
    return may(marker.roles, Permission.RELEASE_MARKS) and not list_mentors(connection, link)


def check_may_decide(connection: Connection, link: Link, marker: Marker) -> None:
    """Raise MentorDecidesError unless somebody decides about projects of the link's course."""
    if not may_decide(connection, link, marker):
        raise MentorDecidesError


def may_judge(connection: Connection, case: Case, marker: Marker) -> bool:
    """Say whether somebody may give the first mark: that of a live project is a mentor's."""
    return not case.is_live or may_decide(connection, case.link, marker)


def check_may_judge(connection: Connection, case: Case, marker: Marker) -> None:
    """Raise MentorJudgesError where the first mark of a live project is a mentor's, and this marker is none."""
    if not may_judge(connection, case, marker):
        raise MentorJudgesError
