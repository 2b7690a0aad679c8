"""S24: what the roles of a launch are worth."""

from __future__ import annotations

import pytest

from lti_tool.lti.roles import LAUNCH_ROLES, read_roles

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
CONTEXT = VOCABULARY + "membership#"
SUB = VOCABULARY + "membership/"
INSTITUTION = VOCABULARY + "institution/person#"
SYSTEM = VOCABULARY + "system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.mark.parametrize(
    ("uris", "names"),
    [
        ([CONTEXT + "Learner"], ["learner"]),
        ([CONTEXT + "Instructor"], ["teacher"]),
        ([CONTEXT + "Administrator"], ["teacher"]),
        ([CONTEXT + "ContentDeveloper"], ["designer"]),
        ([CONTEXT + "Mentor"], ["mentor"]),
        (["Learner"], ["learner"]),
        (["Instructor"], ["teacher"]),
        (["TeachingAssistant"], ["assistant"]),
        ([CONTEXT + "Learner", CONTEXT + "Instructor"], ["teacher", "learner"]),
        ([SUB + "Learner#GuestLearner"], ["learner"]),
        ([SUB + "Instructor#PrimaryInstructor"], ["teacher"]),
        ([SUB + "Instructor#TeachingAssistant"], ["assistant"]),
        ([CONTEXT + "Instructor", SUB + "Instructor#TeachingAssistant"], ["assistant"]),
        ([CONTEXT + "Instructor", SUB + "Instructor#Grader"], ["assistant"]),
        ([SUB + "Instructor#Lecturer", SUB + "Instructor#TeachingAssistant"], ["teacher", "assistant"]),
    ],
)
def test_s24_context_roles_full_and_short(uris: list[str], names: list[str]) -> None:
    assert list(read_roles(tuple(uris)).names) == names


@pytest.mark.parametrize(
    "uris",
    [
        [],
        [""],
        [INSTITUTION + "Administrator"],
        [SYSTEM + "Administrator"],
        [INSTITUTION + "Instructor"],
        [INSTITUTION + "Student"],
        [CONTEXT + "Manager"],
        [CONTEXT],
        [SUB + "Owner#Learner"],
        ["instructor"],
        ["https://example.test/membership#Instructor"],
        [CONTEXT + "Instructor "],
    ],
)
def test_s24_nothing_else_gives_rights_in_a_course(uris: list[str]) -> None:
    assert read_roles(tuple(uris)).names == ()


def test_s24_an_administrator_of_the_institution_who_learns_is_a_learner() -> None:
    assert read_roles((INSTITUTION + "Administrator", CONTEXT + "Learner")).names == ("learner",)


def test_s24_a_test_user_is_marked() -> None:
    assert read_roles((CONTEXT + "Learner", TEST_USER)) == (("learner",), True)
    assert not read_roles((CONTEXT + "Learner",)).test_user


def test_roles_come_in_one_order() -> None:
    roles = read_roles(tuple(CONTEXT + name for name in ("Learner", "Mentor", "ContentDeveloper", "Instructor")))
    assert roles.names == tuple(name for name in LAUNCH_ROLES if name != "assistant")
