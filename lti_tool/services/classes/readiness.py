"""The evening before a class: who is prepared, for which knowledge points, what is unclear, and what to ask in the room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, ClassSession, FlippedUnit, TagSet
from lti_tool.services.attempts.flipped_progress import find_class, progresses, step_links
from lti_tool.services.classes import polls, sessions
from lti_tool.services.classes.sessions import ClassPlan
from lti_tool.services.content import tag_sets
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.flipped.supply import Stock
from lti_tool.services.flipped.texts import list_muddiest
from lti_tool.services.flipped.units import plan_of
from qualoop.assessment import AttemptState
from qualoop.classroom import muddiest
from qualoop.classroom.flipped_unit import StepKind, UnitPlan
from qualoop.classroom.muddiest import Group
from qualoop.classroom.questions import KINDS
from qualoop.classroom.readiness import (
    Candidate,
    PointReadiness,
    Preparation,
    Prepared,
    Suggestion,
    point_readiness,
    preparations,
    suggest,
)
from qualoop.classroom.session import SessionState
from qualoop.player.state import LessonState
from qualoop.values import ZERO, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A learner, and how prepared. ``last`` is when something of the unit was worked at, ``checked_at`` when the check
    was handed in, None for never.
    """

    member: Member
    prepared: Prepared
    last: datetime | None
    checked_at: datetime | None = None

    @property
    def preparation(self) -> Preparation:
        """Return how the learner comes to class."""
        return self.prepared.preparation


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReadiness:
    """A class before its hour. ``unclear`` is None where fewer than five learners wrote something."""

    learners: Sequence[Coming]
    points: Sequence[PointReadiness]
    counts: Mapping[Preparation, int]
    unclear: Sequence[Group] | None

    def of(self, preparation: Preparation) -> list[Coming]:
        """Return who comes to class in a way."""
        return [learner for learner in self.learners if learner.preparation is preparation]


def class_readiness(session: Session, unit: FlippedUnit, link: Link, *, secret: str) -> ClassReadiness:
    """Return how a class stands. Nobody but the learners of the link's course is ever looked at."""
    connection, plan = session.connection(), plan_of(unit)
    members = {member.subject.person_id: member for member in list_members(connection, link)}
    checks, lasts = _checks(connection, unit, members), _lasts(connection, unit, members)
    far = progresses(connection, unit, members)
    learners = [
        Coming(
            member=member,
            prepared=Prepared(
                scores=checks[person].scores if person in checks else {},
                has_begun=bool(far[person].doing),
                has_handed_in=person in checks and checks[person].is_done,
            ),
            last=lasts.get(person),
            checked_at=far[person].moments.get(StepKind.CHECK.value),
        )
        for person, member in members.items()
    ]
    prepared = [learner.prepared for learner in learners]
    return ClassReadiness(
        learners=learners,
        points=point_readiness(dict.fromkeys(item.point for item in plan.check), prepared),
        counts=preparations(prepared),
        unclear=muddiest.group(list_muddiest(session, unit, set(members), secret=secret)),
    )


def suggest_questions(
    session: Session, unit: FlippedUnit, link: Link, stock: Stock, *, points: Sequence[PointReadiness]
) -> list[Suggestion]:
    """Return up to three questions to ask in the room, with the reason for each.

    They are of the unit's lessons, of kinds that fit on a phone; one that nobody has seen comes first.
    """
    plan, connection = plan_of(unit), session.connection()
    members = {member.subject.person_id for member in list_members(connection, link)}
    seen = _seen(connection, unit, plan, members)
    asked = {item.id for item in plan.check}
    candidates = [
        Candidate(
            activity=question.activity,
            content=stock.things[question.activity].content_hash,
            item=question.item,
            point=question.point,
            seen=seen.get((question.activity, question.item), 0) / len(members) if members else 0.0,
            is_asked=question.id in asked,
        )
        for question in stock.questions([step.key for step in plan.steps if step.kind is StepKind.LESSON])
        if not question.is_own and stock.things[question.activity].items[question.item].type in KINDS
    ]
    return suggest(points, candidates)


def plan_class(session: Session, unit: FlippedUnit, link: Link, *, language: str, now: datetime) -> ClassSession:
    """Return the class session of a unit, planned here from its class plan where there is none that is still to come."""
    follow_date(session, unit)
    found, plan = find_class(session, unit), plan_of(unit)
    if found is not None and found.state != SessionState.CLOSED:
        return sessions.get_session(session, link, found.uuid, locked=True)
    wanted = ClassPlan(
        title=plan.title[language],
        titles=plan.title.by_language,
        steps=plan.class_plan,
        starts_at=plan.dates.class_at,
    )
    return sessions.plan_session(session, link, wanted, flipped_unit_id=unit.id, now=now)


def follow_date(session: Session, unit: FlippedUnit) -> None:
    """Let the class of a unit begin when the unit's plan says; one that was opened keeps when it was to begin."""
    starts_at = plan_of(unit).dates.class_at
    session.execute(
        update(ClassSession)
        .where(
            ClassSession.organisation_id == unit.organisation_id,
            ClassSession.context_id == unit.context_id,
            ClassSession.flipped_unit_id == unit.id,
            ClassSession.state == SessionState.PLANNED.value,
        )
        .values(starts_at=starts_at)
    )


def add_questions(session: Session, class_session: ClassSession, chosen: Sequence[Suggestion], *, now: datetime) -> int:
    """Add questions to a class session as polls, and return how many; one that is planned already stays one."""
    for each in chosen:
        polls.plan_poll(
            session,
            class_session,
            activity_key=each.candidate.activity,
            content_hash=each.candidate.content,
            item_key=each.candidate.item,
            now=now,
        )
    return len(chosen)


@dataclass(frozen=True, slots=True)
class _Check:
    """What somebody answered in the readiness check, by knowledge point."""

    scores: Mapping[str, Sequence[Score]]
    is_done: bool


def _checks(connection: Connection, unit: FlippedUnit, people: Mapping[int, Member]) -> dict[int, _Check]:
    """Return the last readiness check of each of some people."""
    link = step_links(connection, unit).get(StepKind.CHECK.value)
    if link is None:
        return {}
    rows = connection.execute(
        select(Attempt.person_id, Attempt.version_id, Attempt.status, Attempt.state)
        .where(Attempt.organisation_id == unit.organisation_id, Attempt.resource_link_id == link)
        .order_by(Attempt.number)
    ).all()
    versions = {version for _, version, _, _ in rows}
    tags: dict[int, dict[str, Any]] = dict(
        connection.execute(
            select(TagSet.version_id, TagSet.tags).where(
                TagSet.organisation_id == unit.organisation_id, TagSet.version_id.in_(versions), tag_sets.holds()
            )
        ).all()
    )
    found = {}
    for person, version, status, state in rows:
        if person in people:
            is_done = status != AttemptState.ACTIVE
            scores = _scores_by_point(LessonState.from_json(state), tags.get(version, {}), is_done=is_done)
            found[person] = _Check(scores, is_done)
    return found


def _scores_by_point(
    state: LessonState, tags: Mapping[str, Mapping[str, str]], *, is_done: bool
) -> dict[str, list[Score]]:
    """Return the scores by every knowledge point that is asked; a question left open counts 0 once that is handed in."""
    found: dict[str, list[Score]] = {code: [] for codes in tags.values() for code in codes}
    for part, codes in tags.items():
        item = state.items.get(part)
        score = item.tries[0].score if item and item.tries else ZERO if is_done else None
        if score is not None:
            for code in codes:
                found[code].append(score)
    return found


def _lasts(connection: Connection, unit: FlippedUnit, people: Mapping[int, Member]) -> dict[int, datetime]:
    links = step_links(connection, unit).values()
    found: dict[int, datetime] = {}
    for person, at in connection.execute(
        select(Attempt.person_id, Attempt.updated_at).where(
            Attempt.organisation_id == unit.organisation_id, Attempt.resource_link_id.in_(links)
        )
    ):
        if person in people:
            found[person] = max(at, found.get(person, at))
    return found


def _seen(connection: Connection, unit: FlippedUnit, plan: UnitPlan, people: set[int]) -> Mapping[tuple[str, str], int]:
    """Return how many of some people have answered each question of the unit's lessons, here."""
    lessons = {step.key for step in plan.steps if step.kind is StepKind.LESSON}
    links = {link: key for key, link in step_links(connection, unit).items() if key in lessons}
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for link, person, state in connection.execute(
        select(Attempt.resource_link_id, Attempt.person_id, Attempt.state).where(
            Attempt.organisation_id == unit.organisation_id,
            Attempt.resource_link_id.in_(links),
            Attempt.person_id.in_(people),
        )
    ):
        for item, done in LessonState.from_json(state).items.items():
            if done.touched:
                found[links[link], item].add(person)
    return {question: len(who) for question, who in found.items()}
