"""The facts about the learners of a course by which early warning looks. Reads only, and nothing of anybody else.

The same facts stand on the pages that each reason opens: readiness, roll call, levels, evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSession, FlippedUnit
from lti_tool.services.classes.readiness import Coming, class_readiness
from lti_tool.services.courses.joining import joined
from lti_tool.services.courses.members import Link, Member
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.learners.evidence import Required
from lti_tool.services.learners.evidence_process import Course, Process, read_process
from lti_tool.services.learners.evidence_trends import Trends, read_trends
from lti_tool.services.mastery.class_cells import ClassCells, read_cells
from lti_tool.services.warnings.activity import Known, last_done
from qualoop.classroom.flipped_unit import UnitPlan
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
    coming: Mapping[int, Coming]


def read_facts(session: Session, link: Link, members: Sequence[Member], around: Around) -> dict[int, LearnerFacts]:
    """Return the facts of the learners of the link's course, by person."""
    connection = session.connection()
    uuids = [member.subject.uuid for member in members]
    course = Course(organisation_id=link.organisation_id, context_id=link.context_id)
    processes = read_process(session, course, [member.subject.person_id for member in members])
    plans = _plans(session, link)
    units = _units(session, link, plans, around)
    codes = _codes(units, around.about.codes)
    cells = read_cells(connection, link.organisation_id, uuids, codes=codes, now=around.now)
    trends = read_trends(connection, link.organisation_id, uuids, around.about.codes)
    sinces = joined(session, (link.organisation_id, link.context_id), processes)
    lasts = last_done(session, link, Known(members=members, processes=processes, cells=cells))
    is_running = _is_running(session, link, plans, lasts, around=around)
    found = {}
    for row, member in enumerate(members):
        person = member.subject.person_id
        found[person] = LearnerFacts(
            since=sinces.get(person, around.now),
            last=lasts.get(person),
            is_running=is_running,
            units=[_unit_facts(unit, person, _unseen(unit, codes, cells, row)) for unit in units],
            sessions=_sessions(processes[person]),
            trends=_trends(trends.get(member.subject.uuid, Trends()), around.framework),
        )
    return found


def learner_units(session: Session, link: Link, member: Member, around: Around) -> Sequence[UnitFacts]:
    """Return the units of the link's course that a warning could be about now, as one learner stands to them."""
    units = _units(session, link, _plans(session, link), around)
    codes = _codes(units, ())
    subject = member.subject
    cells = read_cells(session.connection(), subject.organisation_id, [subject.uuid], codes=codes, now=around.now)
    return [_unit_facts(unit, subject.person_id, _unseen(unit, codes, cells, 0)) for unit in units]


def _codes(units: Sequence[_Unit], codes: Sequence[str]) -> tuple[str, ...]:
    """Return some knowledge points with those of the units, each once."""
    return tuple(dict.fromkeys((*codes, *(code for unit in units for code in unit.plan.points))))


def _is_running(
    session: Session,
    link: Link,
    plans: Sequence[tuple[FlippedUnit, UnitPlan]],
    lasts: Mapping[int, datetime],
    *,
    around: Around,
) -> bool:
    """Say whether the course goes on: somebody worked there lately, or a date of a unit or of a class lies ahead."""
    lately = around.now - timedelta(days=around.policy.idle.days)
    dates = (at for _, plan in plans for at in (plan.dates.before, plan.dates.class_at, plan.dates.after))
    if any(at > lately for at in lasts.values()) or any(at is not None and at > around.now for at in dates):
        return True
    planned = exists().where(
        ClassSession.organisation_id == link.organisation_id,
        ClassSession.context_id == link.context_id,
        ClassSession.starts_at > around.now,
    )
    return bool(session.scalar(select(planned)))


def _plans(session: Session, link: Link) -> Sequence[tuple[FlippedUnit, UnitPlan]]:
    """Return the units that were placed in the course, with their plans."""
    rows = session.scalars(
        select(FlippedUnit)
        .where(
            FlippedUnit.organisation_id == link.organisation_id,
            FlippedUnit.context_id == link.context_id,
            FlippedUnit.activity_id.is_not(None),
        )
        .order_by(FlippedUnit.id)
    ).all()
    return [(row, plan_of(row)) for row in rows]


def _units(session: Session, link: Link, plans: Sequence[tuple[FlippedUnit, UnitPlan]], around: Around) -> list[_Unit]:
    """Return the units of the course that a rule could be about now; those long over are not read."""
    found = []
    for row, plan in plans:
        if _is_current(plan, around):
            ready = class_readiness(session, row, link, secret=around.secret)
            coming = {each.member.subject.person_id: each for each in ready.learners}
            found.append(_Unit(key=row.uuid, plan=plan, coming=coming))
    return found


def _is_current(plan: UnitPlan, around: Around) -> bool:
    class_at, due_at = plan.dates.class_at, plan.dates.after
    if class_at is None or class_at > around.now - READY_WINDOW:
        return True
    return due_at is not None and around.now < due_at <= around.now + timedelta(days=around.policy.unit_due.days)


def _unit_facts(unit: _Unit, person: int, unseen: tuple[str, ...]) -> UnitFacts:
    coming, plan = unit.coming[person], unit.plan
    prepared = coming.prepared
    scores = prepared.scores if prepared.has_handed_in else {}
    return UnitFacts(
        key=unit.key,
        title=plan.title,
        class_at=plan.dates.class_at,
        due_at=plan.dates.after or plan.dates.before,
        has_started=prepared.has_begun,
        checked={code: Score.of(sum(own, Decimal(0)), len(own)) for code, own in scores.items() if own},
        checked_at=coming.checked_at,
        unseen=unseen,
    )


def _unseen(unit: _Unit, codes: Sequence[str], cells: ClassCells, row: int) -> tuple[str, ...]:
    return tuple(code for code in unit.plan.points if not cells.n[row, codes.index(code)])


def _sessions(process: Process) -> list[SessionFacts]:
    """Return the sessions of a learner, but for those from which somebody was excused."""
    return [
        SessionFacts(key=each.uuid, at=each.at, was_absent=each.presence is Presence.ABSENT)
        for each in process.sessions
        if each.presence is not Presence.EXCUSED
    ]


def _trends(trends: Trends, framework: Framework) -> list[Trend]:
    return [
        Trend(code=code, title=_title(framework, code), moves=moves) for code, moves in sorted(trends.moves.items())
    ]


def _title(framework: Framework, code: str) -> Text:
    point = framework.find_knowledge_point(code)
    return point.title if point else Text({"en": code})
