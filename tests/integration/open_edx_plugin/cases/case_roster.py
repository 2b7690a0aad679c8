"""Who takes part in a course, asked of tables like the platform's: sorted and cut there, without those who teach."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.fakes.courseware.models import CourseAccessRole, CourseEnrollment, Person, UserProfile
from xblocks.edx.platform import OpenEdx

from .case_other_people import install

COURSE, OTHER = "course-v1:Acme+SEM+1", "course-v1:Acme+SEM+2"


class Key(str):
    __slots__ = ()
    org = "Acme"


@pytest.fixture(autouse=True)
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    external = SimpleNamespace(
        batch_get_or_create_user_ids=lambda users, _: {
            user.id: SimpleNamespace(external_user_id=f"id-of-{user.username}") for user in users
        }
    )
    modules: dict[str, dict[str, Any]] = {
        "opaque_keys": {},
        "opaque_keys.edx": {},
        "opaque_keys.edx.keys": {"CourseKey": SimpleNamespace(from_string=Key)},
        "common.djangoapps.student.models": {
            "CourseEnrollment": CourseEnrollment,
            "CourseAccessRole": CourseAccessRole,
            "anonymous_id_for_user": lambda user, _: f"anonymous-{user.id}",
        },
        "openedx.core.djangoapps.external_user_ids.models": {"ExternalId": external},
    }
    install(monkeypatch, modules)
    yield
    for model in ("CourseAccessRole", "CourseEnrollment", "UserProfile", "Person"):
        apps.get_model("courseware", model).objects.all().delete()


def person(username: str, name: str = "", *, course: str = COURSE, active: bool = True, **fields: Any) -> Person:
    user: Person = Person.objects.create(username=username, email=f"{username}@x.test", **fields)
    if name:
        UserProfile.objects.create(user=user, name=name)
    CourseEnrollment.objects.create(user=user, course_id=course, is_active=active)
    return user


def role(user: Person, name: str, *, course: str | None = COURSE, org: str = "Acme") -> None:
    CourseAccessRole.objects.create(user=user, role=name, course_id=course, org=org)


def listed(at_most: int = 600) -> list[str]:
    return [entry.username for entry in OpenEdx().roster(COURSE, at_most)]


def test_the_first_by_name_are_listed_whoever_enrolled_first() -> None:
    for username, name in (("a1", "Zoe"), ("b2", "Ann Lee"), ("c3", "Ben"), ("d4", "")):
        person(username, name)
    person("gone", "Aaa", active=False)
    person("elsewhere", "Aaa", course=OTHER)
    with CaptureQueriesContext(connection) as queries:
        assert listed(2) in (["b2", "c3"], ["d4", "b2"])
    assert len(queries) <= 3
    assert set(listed()) == {"a1", "b2", "c3", "d4"}
    entry = next(each for each in OpenEdx().roster(COURSE, 9) if each.username == "b2")
    assert (entry.key, entry.name, entry.email) == ("id-of-b2", "Ann Lee", "b2@x.test")
    assert OpenEdx().learner_count(COURSE) == 4


def test_who_teaches_is_left_out_and_who_only_tests_early_is_not() -> None:
    person("learner", "Ann")
    role(person("tester", "Ben"), "beta_testers")
    role(person("researcher", "Cai"), "data_researcher")
    for name in ("staff", "instructor", "limited_staff"):
        role(person(name), name)
    role(person("org-staff"), "staff", course=None)
    role(person("org-instructor"), "instructor", course=None)
    person("site-staff", is_staff=True)
    role(person("staff-of-another-course", "Dee"), "staff", course=OTHER)
    role(person("staff-of-another-org", "Eve"), "staff", course=None, org="Other")
    assert listed() == ["learner", "tester", "researcher", "staff-of-another-course", "staff-of-another-org"]
    assert OpenEdx().learner_count(COURSE) == 5


def test_where_the_site_has_no_external_ids_blocks_know_people_by_the_courses_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who = person("ann", "Ann")
    module = "openedx.core.djangoapps.external_user_ids.models"
    none = SimpleNamespace(batch_get_or_create_user_ids=lambda *_: None)
    install(monkeypatch, {module: {"ExternalId": none}})
    assert [entry.key for entry in OpenEdx().roster(COURSE, 9)] == [f"anonymous-{who.id}"]
