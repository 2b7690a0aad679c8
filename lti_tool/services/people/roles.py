"""Roles are one table: what each may do stands here, routes name what they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

TEST_USER: Final = "test-user"
"""The mark beside the roles of a teacher's stand-in: grants nothing, and what is done under it is no evidence."""


class Role(StrEnum):
    """Who somebody is within an organisation or one of its courses."""

    VISITOR = "visitor"
    LEARNER = "learner"
    DESIGNER = "designer"
    TEACHER = "teacher"
    ASSISTANT = "assistant"
    MENTOR = "mentor"
    ASSESSOR = "assessor"
    FRAMEWORK_EDITOR = "framework-editor"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    EMPLOYER = "employer"


class Permission(StrEnum):
    """What a route may need."""

    VIEW_ACTIVITY = "activity.view"
    ANSWER = "activity.answer"
    VIEW_OWN_RECORD = "record.view-own"
    VIEW_NOTICES = "notices.view"
    VIEW_CLASS = "class.view"
    READ_REFLECTIONS = "reflections.read"
    READ_PEER_RATINGS = "peer-ratings.read"
    RESEND_GRADES = "grades.resend"
    CHOOSE_COLUMNS = "grades.choose-columns"
    SET_LINK = "link.set"
    ASSERT = "evidence.assert"
    MARK = "work.mark"
    RELEASE_MARKS = "work.release-marks"
    EDIT_FRAMEWORK = "framework.edit"
    MANAGE_PLATFORMS = "platforms.manage"
    INSTALL_CONTENT = "content.install"
    OPERATE = "installation.operate"
    ADMINISTER = "administration.open"
    MANAGE_DELIVERIES = "deliveries.manage"
    CHOOSE_ACTIVITIES = "activities.choose"
    DECIDE_WARNINGS = "warnings.decide"
    KEEP_TEACHER_RECORD = "teacher-record.keep"
    CONFIRM_TEACHER_RECORDS = "teacher-record.confirm"
    VIEW_PROGRAMME = "programme.view"
    VIEW_SHARED_RECORD = "record.view-shared"


_NAMES: Final = frozenset(role.value for role in Role)

MAY: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VISITOR: frozenset({Permission.VIEW_ACTIVITY}),
    Role.DESIGNER: frozenset({Permission.VIEW_ACTIVITY, Permission.ANSWER, Permission.CHOOSE_ACTIVITIES}),
    Role.LEARNER: frozenset(
        {Permission.VIEW_ACTIVITY, Permission.ANSWER, Permission.VIEW_OWN_RECORD, Permission.VIEW_NOTICES}
    ),
    Role.TEACHER: frozenset(
        {
            Permission.VIEW_ACTIVITY,
            Permission.ANSWER,
            Permission.VIEW_OWN_RECORD,
            Permission.VIEW_NOTICES,
            Permission.VIEW_CLASS,
            Permission.READ_REFLECTIONS,
            Permission.READ_PEER_RATINGS,
            Permission.RESEND_GRADES,
            Permission.CHOOSE_COLUMNS,
            Permission.SET_LINK,
            Permission.ASSERT,
            Permission.MARK,
            Permission.RELEASE_MARKS,
            Permission.CHOOSE_ACTIVITIES,
            Permission.DECIDE_WARNINGS,
            Permission.KEEP_TEACHER_RECORD,
            Permission.VIEW_PROGRAMME,
        }
    ),
    Role.ASSISTANT: frozenset(
        {
            Permission.VIEW_ACTIVITY,
            Permission.VIEW_OWN_RECORD,
            Permission.VIEW_NOTICES,
            Permission.VIEW_CLASS,
            Permission.MARK,
            Permission.DECIDE_WARNINGS,
            Permission.KEEP_TEACHER_RECORD,
            Permission.VIEW_PROGRAMME,
        }
    ),
    Role.MENTOR: frozenset({Permission.VIEW_ACTIVITY, Permission.VIEW_NOTICES, Permission.ASSERT, Permission.MARK}),
    Role.ASSESSOR: frozenset(
        {
            Permission.VIEW_ACTIVITY,
            Permission.VIEW_NOTICES,
            Permission.ASSERT,
            Permission.MARK,
            Permission.RELEASE_MARKS,
        }
    ),
    Role.FRAMEWORK_EDITOR: frozenset({Permission.EDIT_FRAMEWORK}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.ADMINISTER,
            Permission.MANAGE_PLATFORMS,
            Permission.MANAGE_DELIVERIES,
            Permission.INSTALL_CONTENT,
            Permission.EDIT_FRAMEWORK,
            Permission.CONFIRM_TEACHER_RECORDS,
            Permission.VIEW_PROGRAMME,
        }
    ),
    Role.OPERATOR: frozenset(
        {
            Permission.OPERATE,
            Permission.ADMINISTER,
            Permission.MANAGE_PLATFORMS,
            Permission.MANAGE_DELIVERIES,
            Permission.INSTALL_CONTENT,
            Permission.CONFIRM_TEACHER_RECORDS,
            Permission.VIEW_PROGRAMME,
        }
    ),
    Role.EMPLOYER: frozenset({Permission.VIEW_SHARED_RECORD}),
}


def may(roles: Iterable[str], permission: Permission) -> bool:
    """Say whether any of ``roles`` grants ``permission``; names that are no role of ours grant nothing."""
    return any(permission in MAY[Role(name)] for name in roles if name in _NAMES)
