"""What a person should hear of: derived from the ledger and the links each time that somebody looks.

No producer has to announce anything, so none can forget to. Stored is only up to when a person has seen them.
A further source, such as responses that wait to be marked, is one more function in `OF_LEARNER` or `OF_CLASS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text

from lti_tool.models import (
    RARE,
    Attempt,
    FlippedReply,
    FlippedUnit,
    LedgerEvent,
    LinkChange,
    LinkExtension,
    LinkScore,
    ResourceLink,
)
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.evidence.corrected import CorrectedEntry, list_corrected
from lti_tool.services.live.live_queue import LiveWork
from lti_tool.services.records.records import Subject
from qualoop.assessment import Extension
from qualoop.ledger import EventType
from qualoop.records import Outcome
from qualoop.values import Score, Text

MOST: Final = 100

#: As literals, so that both databases see that their index of the rare events serves.
_ARE_APPEALS: Final = text("type IN ('appeal.opened', 'appeal.decided')")


class Kind(StrEnum):
    """What a notice is about."""

    CORRECTED = "corrected"
    """Evidence was revised or voided."""
    APPEAL_ANSWERED = "appeal-answered"
    RELEASED = "released"
    """A score that was held back is shown."""
    RESCORED = "rescored"
    """A teacher's dates, rules or extension moved a score that is shown."""
    EXTENDED = "extended"
    REFLECTION_ANSWERED = "reflection-answered"
    """A teacher answered what the learner wrote at the end of a flipped unit."""
    NEEDS_DECISION = "needs-decision"
    """An open appeal of a learner of the class."""
    CLASS_RELEASED = "class-released"
    """Scores of the link that were held back are shown to its learners."""
    LIVE_ACCEPTED = "live-accepted"
    """A plan or a milestone of a live project was accepted."""
    LIVE_RETURNED = "live-returned"
    """A plan or a milestone of a live project was sent back."""
    LIVE_WAITING = "live-waiting"
    """A plan or a milestone waits for this person's decision."""
    LIVE_JUDGES = "live-judges"
    """A live project waits for this person's judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice; each kind fills what it is about. ``link`` is the id of a resource link, ``title`` its title.

    ``score`` is what counts now, ``extension`` what was given, ``codes`` the knowledge points of an appeal, ``member``
    whose appeal it is; ``task`` a milestone's title (None for the plan), ``live`` the project that waits.
    """

    kind: Kind
    at: datetime
    link: int | None = None
    title: str = ""
    score: Score | None = None
    corrected: CorrectedEntry | None = None
    codes: tuple[str, ...] = ()
    outcome: Outcome | None = None
    extension: Extension | None = None
    member: Member | None = None
    task: Text | None = None
    live: LiveWork | None = None


def learner_notices(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    """Give what a learner should hear of, in no order."""
    for source in OF_LEARNER:
        yield from source(connection, subject, now)


def class_notices(connection: Connection, link: Link, now: datetime) -> Iterator[Notice]:
    """Give what those who may view the class of a link should hear of, in no order."""
    for source in OF_CLASS:
        yield from source(connection, link, now)


def newest_first(notices: Iterator[Notice]) -> Sequence[Notice]:
    """Return the newest notices, at most `MOST`."""
    return sorted(notices, key=lambda each: each.at, reverse=True)[:MOST]


def _corrected(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    """Give the corrections that may be seen: those of a result that is held back name it."""
    found = list_corrected(connection, subject.organisation_id, subject.uuid)
    for each in (each for each in found if each.entry.evidence.attempt not in subject.hidden):
        yield Notice(kind=Kind.CORRECTED, at=each.at, corrected=each, score=each.score)


def _answered(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    opened: dict[str, tuple[str, ...]] = {}
    for row in _appeals(connection, subject.organisation_id, subject.uuid):
        body = json.loads(row.body)
        if row.type == EventType.APPEAL_OPENED.value:
            opened[row.uuid] = tuple(body["knowledge_points"])
        else:
            yield Notice(
                kind=Kind.APPEAL_ANSWERED,
                at=row.recorded_at,
                codes=opened.get(body["appeal"], ()),
                outcome=Outcome(body["outcome"]),
            )


def _scores(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    """Give the scores that came to be shown by a date, or were moved by a teacher.

    What a teacher changes and the scores that follow are written at the same moment; what a learner does is not.
    """
    score, link = LinkScore, ResourceLink
    mine = (score.organisation_id == subject.organisation_id, score.person_id == subject.person_id)
    is_moved, worked, waited = _about_scores()
    query = (
        select(score.resource_link_id, link.title, score.value, score.held_until, score.updated_at)
        .add_columns(is_moved.label("is_moved"), waited.label("has_waited"))
        .join(link, link.id == score.resource_link_id)
        .where(*mine, worked, or_(score.held_until.is_(None), score.held_until <= now))
    )
    for row in connection.execute(query):
        found = {"link": row.resource_link_id, "title": row.title or "", "score": Score(row.value)}
        if row.is_moved and (row.held_until is None or row.held_until < row.updated_at):
            yield Notice(kind=Kind.RESCORED, at=row.updated_at, **found)
        elif row.held_until is not None and row.has_waited:
            yield Notice(kind=Kind.RELEASED, at=row.held_until, **found)


def _about_scores() -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Return whether a teacher made a score what it is, whether it was worked for, and whether it waited for its date."""
    score = LinkScore
    there = {"organisation_id": score.organisation_id, "resource_link_id": score.resource_link_id}
    changed = select(LinkChange.id).filter_by(**there).where(LinkChange.at == score.updated_at)
    extended = (
        select(LinkExtension.id)
        .filter_by(**there, person_id=score.person_id)
        .where(or_(LinkExtension.given_at == score.updated_at, LinkExtension.taken_back_at == score.updated_at))
    )
    attempts = select(Attempt.id).filter_by(**there, person_id=score.person_id)
    # The first score of a person at a link is made, not moved; and what was never worked at is no result.
    return (
        and_(score.rev > 1, or_(changed.exists(), extended.exists())),
        attempts.where(or_(Attempt.submitted_at.is_not(None), Attempt.earned != "")).exists(),
        attempts.where(Attempt.submitted_at < score.held_until).exists(),
    )


def _extended(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    given = LinkExtension
    query = (
        select(given.resource_link_id, given.due_at, given.closes_at, given.extra_attempts, given.given_at)
        .add_columns(ResourceLink.title)
        .join(ResourceLink, ResourceLink.id == given.resource_link_id)
        .where(
            given.organisation_id == subject.organisation_id,
            given.person_id == subject.person_id,
            given.taken_back_at.is_(None),
        )
    )
    for row in connection.execute(query):
        extension = Extension(due_at=row.due_at, closes_at=row.closes_at, extra_attempts=row.extra_attempts)
        yield Notice(
            kind=Kind.EXTENDED,
            at=row.given_at,
            link=row.resource_link_id,
            title=row.title or "",
            extension=extension,
        )


def _undecided(connection: Connection, link: Link, now: datetime) -> Iterator[Notice]:
    """Give the open appeals of the learners of the class."""
    rows = _appeals(connection, link.organisation_id)
    decided = {json.loads(row.body)["appeal"] for row in rows if row.type == EventType.APPEAL_DECIDED.value}
    waiting = [row for row in rows if row.type == EventType.APPEAL_OPENED.value and row.uuid not in decided]
    if not waiting:
        return
    members = {member.subject.uuid: member for member in list_members(connection, link)}
    for row in waiting:
        if row.learner in members:
            yield Notice(
                kind=Kind.NEEDS_DECISION,
                at=row.recorded_at,
                codes=tuple(json.loads(row.body)["knowledge_points"]),
                member=members[row.learner],
            )


def _class_released(connection: Connection, link: Link, now: datetime) -> Iterator[Notice]:
    """Give when the scores of the link that were held back came to be shown: at the last of the learners' own dates."""
    score = LinkScore
    row = connection.execute(
        select(func.max(score.held_until).label("at"), func.max(ResourceLink.title).label("title"))
        .join(ResourceLink, ResourceLink.id == score.resource_link_id)
        .where(
            score.organisation_id == link.organisation_id,
            score.resource_link_id == link.resource_link_id,
            score.held_until <= now,
        )
    ).one()
    if row.at is not None:
        yield Notice(kind=Kind.CLASS_RELEASED, at=row.at, link=link.resource_link_id, title=row.title or "")


def _reflections(connection: Connection, subject: Subject, now: datetime) -> Iterator[Notice]:
    """Give the answers to a learner's reflections as they stand: one that was changed is told anew."""
    rows = connection.execute(
        select(
            FlippedReply.written_at,
            func.min(ResourceLink.id).label("link"),
            func.min(ResourceLink.title).label("title"),
        )
        .join(FlippedUnit, FlippedUnit.id == FlippedReply.flipped_unit_id)
        .join(
            ResourceLink,
            (ResourceLink.context_id == FlippedUnit.context_id) & (ResourceLink.activity_id == FlippedUnit.activity_id),
        )
        .where(
            FlippedReply.organisation_id == subject.organisation_id,
            FlippedUnit.organisation_id == subject.organisation_id,
            ResourceLink.organisation_id == subject.organisation_id,
            FlippedReply.person_id == subject.person_id,
        )
        .group_by(FlippedReply.id, FlippedReply.written_at)
    )
    for row in rows:
        yield Notice(kind=Kind.REFLECTION_ANSWERED, at=row.written_at, link=row.link, title=row.title or "")


def _appeals(connection: Connection, organisation_id: int, learner: str | None = None) -> Sequence[Any]:
    """Return the openings and decisions of appeals, in ledger order."""
    event = LedgerEvent
    query = (
        select(event.uuid, event.type, event.learner, event.body, event.recorded_at)
        .where(event.organisation_id == organisation_id, RARE, _ARE_APPEALS)
        .order_by(event.id)
    )
    return connection.execute(query if learner is None else query.where(event.learner == learner)).all()


OF_LEARNER: Final[tuple[Callable[[Connection, Subject, datetime], Iterator[Notice]], ...]] = (
    _corrected,
    _answered,
    _scores,
    _extended,
    _reflections,
)
OF_CLASS: Final[tuple[Callable[[Connection, Link, datetime], Iterator[Notice]], ...]] = (_undecided, _class_released)
