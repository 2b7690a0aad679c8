"""From LTI role names to the tool's role names (LTI 1.3 core, appendix A.2).

Roles of the context (the course) alone give rights in it. Roles of the institution or of the system give none: an
administrator of the platform who opens a course as nothing else is nobody in it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

_CONTEXT: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
#: A sub-role is written .../membership/PRINCIPAL#SUBROLE.
_CONTEXT_SUB: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
_TEST_USER: Final = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

#: Context role of LTI -> role of the tool. The rest (Manager, Member, Officer) gives no rights.
_ROLES: Final = {
    "Administrator": "teacher",
    "Instructor": "teacher",
    "ContentDeveloper": "designer",
    "Mentor": "mentor",
    "Learner": "learner",
}
#: Sub-roles of Instructor that are less than a teacher. Platforms send the principal role beside the sub-role
#: (A.2.3.1), so the principal alone must not lift an assistant to a teacher.
_ASSISTANTS: Final = (
    "TeachingAssistant",
    "TeachingAssistantGroup",
    "TeachingAssistantOffering",
    "TeachingAssistantSection",
    "TeachingAssistantSectionAssociation",
    "TeachingAssistantTemplate",
    "Grader",
)

#: Every role that a launch can give, the strongest first.
LAUNCH_ROLES: Final = ("teacher", "assistant", "designer", "mentor", "learner")


class LaunchRoles(NamedTuple):
    """What somebody is in the course: names out of LAUNCH_ROLES, in that order, perhaps none.

    `test_user`: the platform says that this is a teacher's stand-in, whose work is nobody's.
    """

    names: tuple[str, ...]
    test_user: bool


@lru_cache(maxsize=512)
def read_roles(uris: tuple[str, ...]) -> LaunchRoles:
    """Return the tool's roles of a roles claim; unknown and empty names count for nothing."""
    found: set[str] = set()
    instructor = full_teacher = False
    for uri in uris:
        principal, sub_role = _split(uri)
        if principal == "Instructor":
            instructor = True
            full_teacher |= sub_role not in {"", *_ASSISTANTS}
            found |= {"assistant"} if sub_role in _ASSISTANTS else set()
        elif principal in _ROLES:
            found.add(_ROLES[principal])
    if instructor and (full_teacher or "assistant" not in found):
        found.add("teacher")
    return LaunchRoles(tuple(name for name in LAUNCH_ROLES if name in found), _TEST_USER in uris)


def _split(uri: str) -> tuple[str, str]:
    """Return principal role and sub-role of a context role, ("", "") for any other.

    A name without a scheme is the short form, which stands for context roles only.
    """
    if uri.startswith(_CONTEXT):
        return uri.removeprefix(_CONTEXT), ""
    if uri.startswith(_CONTEXT_SUB):
        principal, _, sub_role = uri.removeprefix(_CONTEXT_SUB).partition("#")
        return principal, sub_role
    return ("Instructor", uri) if uri in _ASSISTANTS else (uri, "")
