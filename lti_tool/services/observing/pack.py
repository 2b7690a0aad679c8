"""All that a phone needs to observe without a network: who learns in the course, what can be observed, by which rubrics.

It names learners by pseudonym and by the name that the platform tells; nothing else about them leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    CourseGroup,
    CourseGroupMember,
    ObservationCapture,
    ObservationInvitation,
    Organisation,
)
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.courses.titles import find_title
from lti_tool.services.observing import tasks as observing_tasks
from lti_tool.services.observing.devices import Phone
from lti_tool.services.observing.invitations import AssessorRole, last_day, link_of_invitation
from lti_tool.services.observing.receive import course_uuid
from lti_tool.services.observing.tasks import Task
from lti_tool.services.people.assessor_qualifications import list_of, rule_of
from lti_tool.services.rosters import groups
from qualoop.assessment.rubric import Rubric
from qualoop.classroom.assessors import is_beyond, level_cap
from qualoop.ledger import canonical_body, utc_text
from qualoop.values import Text


def make_pack(session: Session, phone: Phone, contents: Contents, now: datetime) -> dict[str, Any]:
    """Return the pack of a phone as plain JSON; its `version` is the same as long as nothing of it changes."""
    invitation, connection = phone.invitation, session.connection()
    link = link_of_invitation(invitation)
    organisation = session.get_one(Organisation, phone.organisation_id)
    cap = level_cap(
        rule_of(connection, phone.organisation_id),
        list_of(connection, phone.organisation_id, invitation.person_id),
        now.date(),
        invited_to=invitation.level_cap,
    )
    tasks = _tasks(connection, phone, link, contents)
    body: dict[str, Any] = {
        "device": {"uuid": phone.row.uuid, "seq": _last_seq(session, phone)},
        "assessor": _assessor(invitation, cap),
        "invitation": {
            "title": invitation.title,
            "from": utc_text(invitation.starts_at),
            "until": utc_text(_midnight_after(last_day(invitation))),
        },
        "course": {
            "uuid": course_uuid(organisation.uuid, invitation.context_id),
            "title": find_title(connection, (link.organisation_id, link.context_id)),
        },
        "learners": _learners(connection, phone, link),
        "teams": [],
        "tasks": [_task_body(task, cap) for task in tasks],
        "rubrics": {task.rubric.hash: _rubric_body(task.rubric.rubric) for task in tasks},
        "language": invitation.language,
        "organisation": organisation.name,
    }
    # What counts up with each capture must not make every pack a new one.
    told = {name: value for name, value in body.items() if name != "device"}
    version = hashlib.sha256(canonical_body({"pack": told, "device": phone.row.uuid})).hexdigest()[:16]
    return {"version": version, **body, "server_time": utc_text(now)}


def _midnight_after(moment: datetime) -> datetime:
    """Return when the day of a moment ends: an invitation says its last day, and is good some hours longer for the west."""
    return datetime.combine(moment.date() + timedelta(days=1), time.min, UTC)


def _assessor(invitation: ObservationInvitation, cap: int | None) -> dict[str, Any]:
    """Return who observes, and up to which level."""
    return {
        "name": invitation.name,
        "role": invitation.role,
        "is_enterprise": invitation.role == AssessorRole.MENTOR.value,
        "enterprise": invitation.enterprise,
        "level_cap": cap,
    }


def _tasks(connection: Connection, phone: Phone, link: Link, contents: Contents) -> Sequence[Task]:
    """Return what the invitation is for."""
    wanted = frozenset(phone.invitation.tasks)
    found = observing_tasks.list_tasks(connection, contents, link)
    return [task for task in found if not wanted or task.key in wanted]


def _task_body(task: Task, cap: int | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "key": task.key,
        "title": _words(task.title),
        "rubric": task.rubric.hash,
        "activity": task.activity,
        "content": task.content,
    }
    return {**body, "beyond": True} if is_beyond(task.level, cap) else body


def _rubric_body(rubric: Rubric) -> dict[str, Any]:
    return {
        "key": rubric.key,
        "title": _words(rubric.title),
        "rows": [
            {
                "key": row.key,
                "title": _words(row.title),
                "about": None if row.about is None else _words(row.about),
                "levels": [
                    {
                        "title": _words(level.title),
                        "descriptor": _words(level.descriptor),
                        "points": format(level.points, "f"),
                        "up_to": None if level.up_to is None else format(level.up_to, "f"),
                    }
                    for level in row.levels
                ],
            }
            for row in rubric.rows
        ],
    }


def _learners(connection: Connection, phone: Phone, link: Link) -> list[dict[str, Any]]:
    """Return the learners of the invitation by name, with the name of a group of each."""
    group = phone.invitation.group_id
    inside = None if group is None else groups.people_in(connection, link, group)
    names = _group_names(connection, link)
    return [
        {
            "uuid": member.subject.uuid,
            "name": _name(member),
            "group": names.get(member.subject.person_id),
        }
        for member in list_members(connection, link, people=inside)
    ]


def _name(member: Member) -> str:
    return member.name or member.short


def _group_names(connection: Connection, link: Link) -> Mapping[int, str]:
    rows = connection.execute(
        select(CourseGroupMember.person_id, CourseGroup.name)
        .join(CourseGroup, CourseGroup.id == CourseGroupMember.group_id)
        .where(
            CourseGroup.organisation_id == link.organisation_id,
            CourseGroupMember.organisation_id == link.organisation_id,
            CourseGroup.context_id == link.context_id,
            CourseGroup.name != "",
        )
        .order_by(CourseGroup.name.desc(), CourseGroup.id)
    )
    return {row[0]: row[1] for row in rows}


def _last_seq(session: Session, phone: Phone) -> int:
    last = session.scalar(
        select(func.max(ObservationCapture.seq)).where(
            ObservationCapture.organisation_id == phone.organisation_id,
            ObservationCapture.device_id == phone.row.id,
        )
    )
    return last or 0


def _words(words: Text) -> dict[str, str]:
    return dict(words.by_language)
