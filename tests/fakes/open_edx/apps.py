"""What edx-platform does for the LTI code, done here: the functions of `lti_consumer.plugin.compat`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from lti_consumer.exceptions import LtiError
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey

from tests.fakes.open_edx.school import MEMBERS, SCHOOL


class OpenEdxApp(AppConfig):
    """The course, as an application of the site."""

    name = "tests.fakes.open_edx"
    label = "school"

    def ready(self) -> None:
        compat.load_enough_xblock = SCHOOL.at
        compat.load_block_as_user = SCHOOL.at
        compat.get_user_from_external_user_id = user_of
        compat.get_course_members = members_of
        compat.batch_get_or_create_externalids = external_ids_of
        compat.user_has_studio_write_access = may_change
        compat.get_course_by_id = lambda course: course
        compat.user_course_access = may_enter
        compat.user_has_access = may_see
        compat.merge_course_forum_roles = with_forum_roles


def may_change(user: Any, course: CourseKey) -> bool:
    """Say whether a user may change the course."""
    return user.is_authenticated and MEMBERS[user.username].is_staff


def may_enter(course: CourseKey, user: Any, *action: str, **conditions: bool) -> bool:
    """Say whether a user may enter the course: everybody who is here is enrolled."""
    return user.is_authenticated


def may_see(user: Any, *what: Any) -> bool:
    """Say whether a user may see a component."""
    return user.is_authenticated


def with_forum_roles(course: CourseKey, members: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the members with their roles in the forum, which the course has not."""
    return members


def user_of(external_id: str) -> Any:
    """Return the user of an external id; raise LtiError for an unknown one, as edx-platform does."""
    member = SCHOOL.known_as(external_id)
    if member is None:
        raise LtiError("Invalid User")
    return get_user_model().objects.get(username=member.username)


def members_of(course: CourseKey) -> dict[int, dict[str, Any]]:
    """Return the members of the course by the platform's own ids."""
    return {
        user.id: {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "name": MEMBERS[user.username].name,
            "roles": [MEMBERS[user.username].role],
        }
        for user in get_user_model().objects.all()
    }


def external_ids_of(users: Any) -> dict[int, SimpleNamespace]:
    """Return the external ids of some users; profiles, which the query prefetches, are edx-platform's."""
    return {
        user.id: SimpleNamespace(external_user_id=MEMBERS[user.username].external_id)
        for user in users.prefetch_related(None)
    }
