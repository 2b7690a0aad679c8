"""The session of a launch as each of its requests reads it: the hottest path, so one statement on the driver's cursor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros, stored_json
from lti_tool.services.platforms.link_settings import SCHEDULE, schedule_of
from qualoop.assessment import Schedule

_SESSION = Prepared(
    text(
        "SELECT s.uuid, s.secret_hash, s.organisation_id, s.registration_id, s.person_id, p.uuid, s.context_id, "
        "s.resource_link_id, s.roles, s.language, s.return_url, l.activity_id, l.title, l.settings "
        "FROM lti_session s JOIN person p ON p.id = s.person_id JOIN resource_link l ON l.id = s.resource_link_id "
        "WHERE s.uuid = :uuid AND s.expires_at > :now"
    )
)
_STEP = Prepared(
    text(
        f"{SCHEDULE} s.id, s.activity_id, s.settings FROM flipped_step f "
        "JOIN flipped_unit u ON u.id = f.flipped_unit_id JOIN resource_link s ON s.id = f.resource_link_id "
        "JOIN resource_link l ON l.id = :unit_link AND l.organisation_id = :organisation_id "
        "LEFT JOIN link_extension e ON e.resource_link_id = l.id AND e.person_id = :person AND e.taken_back_at IS NULL "
        "WHERE f.key = :step AND f.organisation_id = :organisation_id AND u.organisation_id = :organisation_id "
        "AND u.context_id = :context_id AND u.activity_id = :activity_id AND s.context_id = :context_id"
    )
)


class SessionRow(NamedTuple):
    """A session that has not ended, whose it is and the link that it was launched at; roles are parted by commas."""

    uuid: str
    secret_hash: str
    organisation_id: int
    registration_id: int
    person_id: int
    person_uuid: str
    context_id: int
    resource_link_id: int
    roles: str
    language: str
    return_url: str | None
    activity_id: int | None
    link_title: str
    link_settings: Mapping[str, Any]


class StepRow(NamedTuple):
    """A step of a flipped unit: its link, and what holds for one learner in the unit."""

    unit_plan: Schedule
    resource_link_id: int
    activity_id: int | None
    link_settings: Mapping[str, Any]


def find_session(connection: Connection, session_uuid: str, now: datetime) -> SessionRow | None:
    """Return the session of a uuid, proven by nothing yet; None where there is none or it has ended."""
    row = _SESSION.one(connection, {"uuid": session_uuid, "now": micros(now)})
    return None if row is None else SessionRow._make((*row[:-1], stored_json(row[-1])))


def find_step(connection: Connection, keys: Mapping[str, Any]) -> StepRow | None:
    """Return the step with the key ``step`` of the unit whose link is ``unit_link``; None where there is none.

    The other keys are the unit's ``organisation_id``, ``context_id`` and ``activity_id``, and the learner: ``person``.
    """
    row = _STEP.one(connection, keys)
    return None if row is None else StepRow(schedule_of(row), row[5], row[6], stored_json(row[7]))
