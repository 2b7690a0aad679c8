"""From which level on only qualified assessors judge work: the rule of observed practice (`observing`), in this room.

An approval is where a judgement becomes one that counts, so that is where the rule binds: whoever is not qualified on
that day saves drafts and approves nothing, whichever of the marks it is. So grade and evidence wait together for
somebody who is, and who may take such a draft over. What was approved before the rule was set, or while a qualification
held, stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from lti_tool.services.content import parts
from lti_tool.services.courses.staff import CourseStaff, list_staff
from lti_tool.services.marking.cases import Case, Desk
from lti_tool.services.marking.live_people import list_mentors
from lti_tool.services.people.assessor_qualifications import list_of, rule_of
from lti_tool.services.people.roles import Permission, may
from qualoop.assessment.marking import MarkingRefusedError, Position, may_go_on_with
from qualoop.classroom.assessors import QualificationKind, QualificationRule, is_beyond, level_cap, task_level


class BeyondLevelError(MarkingRefusedError):
    """This work is of a level that only assessors with certain qualifications judge, and who would judge has not all."""

    code = "mark-level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Why somebody may not approve marks of a work: its level, from which level on what is asked, and who may approve.

    ``able`` are the markers of the course who may approve the mark in question, by name.
    """

    level: int
    from_level: int
    kinds: Sequence[QualificationKind]
    able: Sequence[CourseStaff]


def is_limited(connection: Connection, desk: Desk, case: Case, day: date) -> bool:
    """Say whether a work is of a level beyond what its marker's qualifications reach on a day."""
    rule = rule_of(connection, case.organisation_id)
    # Most organisations ask for nothing: then neither framework nor tags are read.
    if rule.from_level is None:
        return False
    level = _level(connection, desk, case)
    return _is_beyond(connection, case, rule, level=level, person_id=desk.marker.person_id, day=day)


def check_level(connection: Connection, desk: Desk, case: Case, day: date) -> None:
    """Raise BeyondLevelError where a work is beyond its marker on a day."""
    if is_limited(connection, desk, case, day):
        raise BeyondLevelError


def find_limit(connection: Connection, desk: Desk, case: Case, position: Position, *, day: date) -> Limit | None:
    """Return why a marker may not approve a mark of a work, and who may; None where nothing hinders it."""
    rule = rule_of(connection, case.organisation_id)
    if rule.from_level is None:
        return None
    level = _level(connection, desk, case)
    if level is None or not _is_beyond(connection, case, rule, level=level, person_id=desk.marker.person_id, day=day):
        return None
    able = [
        each
        for each in _candidates(connection, case, position)
        if each.person_id != case.person_id
        and (case.marking.is_released or may_go_on_with(case.marking, position, each.uuid, may_decide=True))
        and not _is_beyond(connection, case, rule, level=level, person_id=each.person_id, day=day)
    ]
    return Limit(level=level, from_level=rule.from_level, kinds=sorted(rule.kinds), able=able)


def find_stuck(connection: Connection, desk: Desk, case: Case, *, day: date) -> Sequence[Position]:
    """Return the marks that were begun by somebody who may not approve them on a day, while the desk's marker may."""
    rule = rule_of(connection, case.organisation_id)
    begun = [position for position in Position if position in case.stored and not case.marking.is_in(position)]
    if rule.from_level is None or not begun or is_limited(connection, desk, case, day):
        return []
    level = _level(connection, desk, case)
    holders = {position: case.stored[position].person_id for position in begun}
    return [
        position
        for position, holder in holders.items()
        if _is_beyond(connection, case, rule, level=level, person_id=holder, day=day)
    ]


def _candidates(connection: Connection, case: Case, position: Position) -> Sequence[CourseStaff]:
    """Return who may give a mark in the course: the first one of a live project its mentors, where it has any."""
    if case.is_live and position is Position.FIRST and (mentors := list_mentors(connection, case.link)):
        return mentors
    needed = Permission.RELEASE_MARKS if position is Position.DECISION else Permission.MARK
    return list_staff(connection, case.link, lambda roles: may(roles, needed))


def _is_beyond(
    connection: Connection, case: Case, rule: QualificationRule, *, level: int | None, person_id: int, day: date
) -> bool:
    own = list_of(connection, case.organisation_id, person_id)
    return is_beyond(level, level_cap(rule, own, day))


def _level(connection: Connection, desk: Desk, case: Case) -> int | None:
    """Return the level of a work: the highest of the units of the knowledge points that its rows serve."""
    framework = desk.contents.find_framework(connection, case.organisation_id)
    return task_level(framework, _codes(connection, case))


def _codes(connection: Connection, case: Case) -> Collection[str]:
    """Return the knowledge points that the rows of a work's rubric serve by the newest tags of its version."""
    version = parts.find_version(connection, case.organisation_id, case.activity, case.content)
    if version is None:
        return ()
    tags = next(iter(parts.tags_around(connection, case.organisation_id, version)), {})
    return {code for row in case.marking.rubric.rows for code, _ in tags.get(row.key, ())}
