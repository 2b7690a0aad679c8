"""The delivery queue of an organisation: what waits, what failed and why; send again, put aside.

Behind the administration pages and `qualoop delivery`. As on a teacher's page, "all" leaves alone what has arrived and
every grade that somebody changed in the grade book: those are picked by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Context,
    Delivery,
    Deployment,
    Identity,
    MasteryColumn,
    MoodleMatch,
    OutboxRow,
    Person,
    Registration,
    ResourceLink,
)
from lti_tool.services.administration.administration import Action, Desk
from lti_tool.services.grades import outbox_decisions, scores
from lti_tool.services.grades.delivery_status import SHOWN_TRIES
from lti_tool.services.grades.outbox_decisions import FAILED, Condition, has_failed, is_dismissed
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Outcome, State

PAGE: Final = 50
#: No more rows than this can be picked one by one.
MAX_PICKED: Final = 500
MAX_COURSE: Final = 200
#: The channels whose targets are no links. Their modules stand above this one.
MASTERY, MOODLE = "ags_mastery", "moodle_competency"


class Shown(StrEnum):
    """Which rows of the queue are looked at, by how they stand."""

    ATTENTION = "attention"
    """Failed, and nobody has put it aside."""
    WAITING = "waiting"
    DONE = "done"
    DISMISSED = "dismissed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is looked for. ``course`` is a part of the course's title; None and "" mean any."""

    shown: Shown = Shown.ATTENTION
    registration_id: int | None = None
    channel: str = ""
    reason: Reason | None = None
    course: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try, as it is shown."""

    started_at: datetime
    outcome: Outcome
    status: int | None
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the queue with its place: names are None where they are not, or no longer, known."""

    id: int
    channel: str
    state: State
    is_dismissed: bool
    attempts: int
    next_at: datetime | None
    updated_at: datetime
    reason: Reason | None
    person: str | None
    person_uuid: str | None
    course: str | None
    link: str | None
    platform_id: int | None
    platform: str | None
    tries: Sequence[Try]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the queue; ``total`` is how many rows the filter finds."""

    lines: Sequence[Line]
    total: int

    @property
    def last(self) -> int:
        """Return the number of the last page, from 0."""
        return max(self.total - 1, 0) // PAGE


def look(session: Session, organisation_id: int, wanted: Filter, *, page: int = 0) -> Page:
    """Return a page of the queue, what changed last first; ``page`` counts from 0."""
    found = _placed(
        select(
            OutboxRow,
            Identity.name,
            Person.uuid,
            Context.title,
            func.coalesce(MasteryColumn.title, MoodleMatch.title, ResourceLink.title),
            Registration.id,
            Registration.name,
            Registration.issuer,
        )
    ).where(*_fits(organisation_id, wanted))
    total = session.scalar(_placed(select(func.count(OutboxRow.id))).where(*_fits(organisation_id, wanted)))
    rows = session.execute(
        found.order_by(OutboxRow.updated_at.desc(), OutboxRow.id.desc()).limit(PAGE).offset(page * PAGE)
    ).all()
    tries = _tries(session, organisation_id, [row[0].id for row in rows])
    return Page([_line(row, tries.get(row[0].id, ())) for row in rows], total or 0)


def counts(session: Session, organisation_id: int) -> Mapping[Shown, int]:
    """Return how many rows stand how, all of them under ALL."""
    kind = case(
        (is_dismissed(), Shown.DISMISSED.value),
        (has_failed(), Shown.ATTENTION.value),
        (OutboxRow.state == State.DONE.value, Shown.DONE.value),
        else_=Shown.WAITING.value,
    )
    rows = session.execute(
        select(kind, func.count()).where(OutboxRow.organisation_id == organisation_id).group_by(kind)
    ).all()
    found = {Shown(name): count for name, count in rows}
    return {shown: found.get(shown, 0) for shown in Shown} | {Shown.ALL: sum(found.values())}


def reasons(session: Session, organisation_id: int) -> Sequence[tuple[Reason, int]]:
    """Return why rows need somebody, the most frequent reason first."""
    rows = session.execute(
        select(OutboxRow.last_error, func.count())
        .where(*_fits(organisation_id, Filter()), OutboxRow.last_error.is_not(None))
        .group_by(OutboxRow.last_error)
        .order_by(func.count().desc(), OutboxRow.last_error)
    ).all()
    return [(reason, count) for code, count in rows if (reason := _reason(code))]


def send_again(desk: Desk, wanted: Filter | Collection[int]) -> int:
    """Send again at once: the rows of these numbers, or what the filter finds and has not arrived. Return how many."""
    open_ones = [outbox_decisions.has_not_arrived()]
    if not (isinstance(wanted, Filter) and wanted.reason is Reason.OVERRIDDEN):
        open_ones.append(outbox_decisions.may_go_by_itself())
    sent = outbox_decisions.send_again(desk.session, desk.scope, _chosen(desk.scope, wanted, *open_ones), now=desk.now)
    if sent:
        desk.note(Action.SENT_AGAIN, str(sent), **_asked(wanted))
    return sent


def dismiss(desk: Desk, wanted: Filter | Collection[int]) -> int:
    """Put failures aside until something changes: they need nobody, and stay as they are. Return how many."""
    done = outbox_decisions.put_aside(desk.session, desk.scope, _chosen(desk.scope, wanted), now=desk.now)
    if done:
        desk.note(Action.DISMISSED, str(done), **_asked(wanted))
    return done


def _chosen(organisation_id: int, wanted: Filter | Collection[int], *more: Condition) -> Condition:
    """Return the condition that a row is one of these numbers, or that a filter finds it and ``more`` holds for it."""
    if not isinstance(wanted, Filter):
        return OutboxRow.id.in_(sorted(wanted)[:MAX_PICKED])
    return OutboxRow.id.in_(_placed(select(OutboxRow.id)).where(*_fits(organisation_id, wanted), *more))


def _asked(wanted: Filter | Collection[int]) -> dict[str, Any]:
    """Return for the list of changes what was asked for."""
    if not isinstance(wanted, Filter):
        return {"rows": sorted(wanted)[:MAX_PICKED]}
    asked = {
        "shown": wanted.shown.value,
        "platform": wanted.registration_id,
        "channel": wanted.channel,
        "reason": wanted.reason.value if wanted.reason else None,
        "course": wanted.course,
    }
    return {name: value for name, value in asked.items() if value}


def _placed(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return the query with the places of each row: person, course, link and platform, whatever the channel."""
    return (
        query.select_from(OutboxRow)
        .outerjoin(MasteryColumn, (OutboxRow.channel == MASTERY) & (MasteryColumn.id == OutboxRow.target))
        .outerjoin(
            ResourceLink,
            ResourceLink.id
            == case((OutboxRow.channel == scores.AGS, OutboxRow.target), else_=MasteryColumn.resource_link_id),
        )
        .outerjoin(Context, Context.id == ResourceLink.context_id)
        .outerjoin(Deployment, Deployment.id == Context.deployment_id)
        .outerjoin(MoodleMatch, (OutboxRow.channel == MOODLE) & (MoodleMatch.id == OutboxRow.target))
        .outerjoin(
            Registration, Registration.id == func.coalesce(Deployment.registration_id, MoodleMatch.registration_id)
        )
        .outerjoin(Person, Person.id == OutboxRow.subject)
        .outerjoin(Identity, (Identity.person_id == Person.id) & (Identity.registration_id == Registration.id))
    )


def _fits(organisation_id: int, wanted: Filter) -> list[Condition]:
    """Return the conditions of a filter."""
    found: list[Condition] = [OutboxRow.organisation_id == organisation_id, *_stands(wanted.shown)]
    if wanted.registration_id is not None:
        found.append(Registration.id == wanted.registration_id)
    if wanted.channel:
        found.append(OutboxRow.channel == wanted.channel)
    if wanted.reason is not None:
        found.append(OutboxRow.last_error == wanted.reason.value)
    if wanted.course:
        found.append(Context.title.icontains(wanted.course[:MAX_COURSE], autoescape=True))
    return found


def _stands(shown: Shown) -> list[Condition]:
    """Return the conditions that a row stands so."""
    match shown:
        case Shown.ATTENTION:
            return [has_failed(), ~is_dismissed()]
        case Shown.WAITING:
            return [OutboxRow.state == State.DUE.value]
        case Shown.DONE:
            return [OutboxRow.state == State.DONE.value]
        case Shown.DISMISSED:
            return [is_dismissed()]
        case Shown.ALL:
            return []


def _tries(session: Session, organisation_id: int, rows: Collection[int]) -> Mapping[int, Sequence[Try]]:
    """Return the newest tries by row."""
    number = func.row_number().over(partition_by=Delivery.outbox_id, order_by=Delivery.id.desc()).label("number")
    newest = (
        select(Delivery.id, number)
        .where(Delivery.organisation_id == organisation_id, Delivery.outbox_id.in_(rows))
        .subquery()
    )
    found: dict[int, list[Try]] = {}
    for row in session.scalars(
        select(Delivery)
        .join(newest, newest.c.id == Delivery.id)
        .where(newest.c.number <= SHOWN_TRIES)
        .order_by(Delivery.id.desc())
    ):
        found.setdefault(row.outbox_id, []).append(
            Try(
                started_at=row.started_at,
                outcome=Outcome(row.outcome),
                status=row.status,
                reason=_reason(row.detail),
            )
        )
    return found


def _line(row: Any, tries: Sequence[Try]) -> Line:
    """Return a row as it is shown."""
    queued, name, person_uuid, course, link, platform_id, platform, issuer = row
    return Line(
        id=queued.id,
        channel=queued.channel,
        state=State(queued.state),
        is_dismissed=queued.state in FAILED and queued.dismissed_rev == queued.rev,
        attempts=queued.attempts,
        next_at=queued.next_at if queued.state == State.DUE else None,
        updated_at=queued.updated_at,
        reason=_reason(queued.last_error),
        person=name or None,
        person_uuid=person_uuid,
        course=course or None,
        link=link or None,
        platform_id=platform_id,
        platform=platform or issuer,
        tries=tries,
    )


def _reason(code: str | None) -> Reason | None:
    """Return the reason of a stored code; None for none, and for one of another version."""
    return Reason(code) if code in {each.value for each in Reason} else None
