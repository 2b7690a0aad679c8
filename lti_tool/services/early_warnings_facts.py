"""The facts about the learners of a course by which early warning looks. Reads only, and nothing of anybody else.

The same facts stand on the pages that each reason opens: readiness, roll call, levels, evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, Context, FlippedUnit, Person, ResourceLink
from lti_tool.services.class_cells import ClassCells, read_cells
from lti_tool.services.class_members import Link, Member
from lti_tool.services.flipped_units import plan_of
from lti_tool.services.learner_evidence import Required
from lti_tool.services.learner_evidence_process import Course, Process, read_process
from lti_tool.services.learner_evidence_trends import Trends, read_trends
from lti_tool.services.readiness import class_readiness
from qualoop.classroom.flipped_unit import UnitPlan
from qualoop.classroom.readiness import Prepared
from qualoop.classroom.roll_call import Presence
from qualoop.framework import Framework
from qualoop.policies.warning_policy import WarningPolicy
from qualoop.records.early_warning import READY_WINDOW, LearnerFacts, SessionFacts, Trend, UnitFacts
from qualoop.values import Score, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the facts of every learner of a course are read with; ``secret`` is the installation's."""

    framework: Framework
    about: Required
    policy: WarningPolicy
    secret: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A unit to look at, and how each learner comes to it."""

    key: str
    plan: UnitPlan
    prepared: Mapping[int, Prepared]


def read_facts(session: Session, link: Link, members: Sequence[Member], around: Around) -> dict[int, LearnerFacts]:
    """Return the facts of the learners of the link's course, by person."""
    connection = session.connection()
    uuids = [member.subject.uuid for member in members]
    course = Course(organisation_id=link.organisation_id, context_id=link.context_id)
    processes = read_process(session, course, [member.subject.person_id for member in members])
    units = _units(session, link, around)
    codes = tuple(dict.fromkeys((*around.about.codes, *(code for unit in units for code in unit.plan.points))))
    cells = read_cells(connection, link.organisation_id, uuids, codes=codes, now=around.now)
    trends = read_trends(connection, link.organisation_id, uuids, around.about.codes)
    sinces, worked = _sinces(session, link, list(processes)), _worked(session, link)
    found = {}
    for row, member in enumerate(members):
        person = member.subject.person_id
        process, since = processes[person], sinces.get(person, around.now)
        found[person] = LearnerFacts(
            since=since,
            last=_last(process, worked.get(person), cells, row),
            units=[_unit_facts(unit, person, _unseen(unit, codes, cells, row)) for unit in units],
            sessions=_sessions(process, since),
            trends=_trends(trends.get(member.subject.uuid, Trends()), around.framework),
        )
    return found


def _units(session: Session, link: Link, around: Around) -> list[_Unit]:
    """Return the units of the course that a rule could be about now; those long over are not read."""
    rows = session.scalars(
        select(FlippedUnit)
        .where(
            FlippedUnit.organisation_id == link.organisation_id,
            FlippedUnit.context_id == link.context_id,
            FlippedUnit.activity_id.is_not(None),
        )
        .order_by(FlippedUnit.id)
    ).all()
    found = []
    for row in rows:
        plan = plan_of(row)
        if _is_current(plan, around):
            ready = class_readiness(session, row, link, secret=around.secret)
            prepared = {each.member.subject.person_id: each.prepared for each in ready.learners}
            found.append(_Unit(key=row.uuid, plan=plan, prepared=prepared))
    return found


def _is_current(plan: UnitPlan, around: Around) -> bool:
    class_at, due_at = plan.dates.class_at, plan.dates.after
    if class_at is None or class_at > around.now - READY_WINDOW:
        return True
    return due_at is not None and around.now < due_at <= around.now + timedelta(days=around.policy.unit_due.days)


def _unit_facts(unit: _Unit, person: int, unseen: tuple[str, ...]) -> UnitFacts:
    prepared, plan = unit.prepared[person], unit.plan
    scores = prepared.scores if prepared.has_handed_in else {}
    return UnitFacts(
        key=unit.key,
        title=plan.title,
        class_at=plan.dates.class_at,
        due_at=plan.dates.after or plan.dates.before,
        has_started=prepared.has_begun,
        checked={code: Score.of(sum(own, Decimal(0)), len(own)) for code, own in scores.items() if own},
        unseen=unseen,
    )


def _unseen(unit: _Unit, codes: Sequence[str], cells: ClassCells, row: int) -> tuple[str, ...]:
    return tuple(code for code in unit.plan.points if not cells.n[row, codes.index(code)])


def _sessions(process: Process, since: datetime) -> list[SessionFacts]:
    """Return the sessions that were held since the learner was there, but for those from which somebody was excused."""
    return [
        SessionFacts(key=each.uuid, was_absent=each.presence is Presence.ABSENT)
        for each in process.sessions
        if each.presence is not Presence.EXCUSED and each.at >= since
    ]


def _trends(trends: Trends, framework: Framework) -> list[Trend]:
    return [
        Trend(code=code, title=_title(framework, code), levels=tuple(each.level for each in moved))
        for code, moved in sorted(trends.moved.items())
    ]


def _title(framework: Framework, code: str) -> Text:
    point = framework.find_knowledge_point(code)
    return point.title if point else Text({"en": code})


def _last(process: Process, worked: datetime | None, cells: ClassCells, row: int) -> datetime | None:
    """Return when the learner last did anything in the course, however it came about."""
    answered = cells.at[row]
    seconds = [float(each) for each in answered[~np.isnan(answered)]]
    moments: Iterable[datetime | None] = (
        worked,
        datetime.fromtimestamp(max(seconds), UTC) if seconds else None,
        *(each.at for each in process.sessions if each.presence in {Presence.PRESENT, Presence.LATE}),
        *(each.at for each in process.works),
        *process.reviewed,
    )
    return max((at for at in moments if at is not None), default=None)


def _worked(session: Session, link: Link) -> dict[int, datetime]:
    """Return when each learner last worked at a link of the course; handing in by the clock is no work."""
    rows = session.execute(
        select(Attempt.person_id, func.max(func.coalesce(Attempt.submitted_at, Attempt.updated_at)))
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .where(
            Attempt.organisation_id == link.organisation_id,
            ResourceLink.organisation_id == link.organisation_id,
            ResourceLink.context_id == link.context_id,
        )
        .group_by(Attempt.person_id)
    )
    return dict(rows.all())


def _sinces(session: Session, link: Link, people: Sequence[int]) -> dict[int, datetime]:
    """Return from when on each person could do something: since course and person are known here."""
    began = session.scalar(
        select(Context.created_at).where(Context.organisation_id == link.organisation_id, Context.id == link.context_id)
    )
    if began is None:
        return {}
    known = select(Person.id, Person.created_at).where(
        Person.organisation_id == link.organisation_id, Person.id.in_(people)
    )
    return {person: max(began, at) for person, at in session.execute(known)}
