"""Attempts: found, begun, stored. `stepping` takes them from one state to the next."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros, stored_json
from lti_tool.services.attempts import submissions
from lti_tool.services.attempts.practice_rounds import FREE, Pace, pace_for
from lti_tool.services.attempts.submitted_work import Work
from lti_tool.services.content.contents import ContentMissingError, Contents, OpenContent
from lti_tool.services.grades import scores
from lti_tool.services.platforms.link_settings import SCHEDULE, schedule_of
from qualoop.assessment import AttemptState, LinkClosedError, LinkNotOpenError, Phase, Schedule
from qualoop.assessment.attempts import begin
from qualoop.player import Finished, StaleActionError, State, Step, WorkSubmitted
from qualoop.values import Score

SEED_BITS: Final = 128
"""Too many to be searched for by who sees what was drawn from them."""

_COLUMNS: Final = f"{SCHEDULE} a.id, a.uuid, a.number, a.version_id, a.status, a.state, a.score, y.version_id "
_ACTIVITY: Final = "LEFT JOIN activity y ON y.id = :activity_id AND y.organisation_id = l.organisation_id "
_EXTENSION: Final = (
    "LEFT JOIN link_extension e ON e.resource_link_id = l.id AND e.person_id = :person AND e.taken_back_at IS NULL "
)
_FIND = Prepared(
    text(
        f"{_COLUMNS} FROM resource_link l {_EXTENSION} {_ACTIVITY}"
        "LEFT JOIN attempt a ON a.resource_link_id = l.id AND a.person_id = :person "
        "WHERE l.id = :link AND l.organisation_id = :organisation_id ORDER BY a.number DESC LIMIT 1"
    )
)
_LATEST: Final = (
    f"{_COLUMNS} FROM attempt a JOIN resource_link l ON l.id = a.resource_link_id {_EXTENSION} {_ACTIVITY}"
    "WHERE a.resource_link_id = :link AND a.person_id = :person AND a.organisation_id = :organisation_id "
    "ORDER BY a.number DESC LIMIT 1"
)
_NEWEST = Prepared(text(_LATEST))
_LOCK = Prepared(text(f"{_LATEST} FOR UPDATE OF a"))
_STATUSES = Prepared(
    text(
        "SELECT status FROM attempt WHERE resource_link_id = :link AND person_id = :person "
        "AND organisation_id = :organisation_id ORDER BY number"
    )
)
_RESET = Prepared(text("UPDATE attempt SET closes_at = :closes_at WHERE id = :id AND status = 'active'"))
_BEGIN = Prepared(
    text(
        "INSERT INTO attempt (organisation_id, uuid, person_id, resource_link_id, version_id, number, status, state, "
        "score, done, total, closes_at, started_at, updated_at) VALUES (:organisation_id, :uuid, :person, :link, "
        ":version_id, :number, 'active', :state, '0', :done, :total, :closes_at, :now, :now) "
        "ON CONFLICT (resource_link_id, person_id, number) DO NOTHING RETURNING id"
    )
)
_SAVE = Prepared(
    text(
        "UPDATE attempt SET state = :state, status = :status, score = :score, done = :done, total = :total, "
        "earned = earned || :earned, closes_at = :closes_at, updated_at = :now, "
        "submitted_at = coalesce(submitted_at, :submitted_at) WHERE id = :id"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose attempt at which link.

    ``counts`` says whether what is done is a learner's own work, ``is_bound`` whether dates and limits hold: a teacher may
    always look. ``secret`` is the installation's, which keeps the key that a learner's work is sealed with.
    """

    organisation_id: int
    person_id: int
    person_uuid: str
    resource_link_id: int
    activity_id: int | None
    counts: bool
    is_bound: bool
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt as it is stored."""

    id: int
    uuid: str
    number: int
    version_id: int
    status: AttemptState
    state: State
    score: Score


class Standing(NamedTuple):
    """Where somebody stands at a link: the newest attempt, None before the first, and what holds for it.

    ``version_id`` is the version of the activity with which a new attempt begins, None where none is installed.
    """

    attempt: Attempt | None
    plan: Schedule
    version_id: int | None


class Current(NamedTuple):
    """An attempt, its content, and what holds for it."""

    attempt: Attempt
    opened: OpenContent
    plan: Schedule


def find(connection: Connection, who: Who) -> Standing:
    """Return where somebody stands at a link."""
    return _standing(connection, _FIND, who)


def is_over(who: Who, standing: Standing, now: datetime) -> bool:
    """Say whether the attempt is still open although its time is over: the next look hands it in as it stands."""
    attempt = standing.attempt
    is_open = attempt is not None and attempt.status is AttemptState.ACTIVE
    return is_open and phase_for(who, standing.plan, now) is Phase.CLOSED


def current(
    connection: Connection, contents: Contents, who: Who, now: datetime, *, standing: Standing | None = None
) -> Current:
    """Return the newest attempt with its content, begun here where there is none yet.

    ``standing`` is where the caller has found them. Raises LinkNotOpenError before the link opens, LinkClosedError where it
    closed before the first attempt. Does not hand in: where `is_over` says so, `stepping.hand_in_if_over` goes before.
    """
    standing = standing or find(connection, who)
    phase = phase_for(who, standing.plan, now)
    if phase is Phase.NOT_OPEN:
        raise LinkNotOpenError
    if standing.attempt is None:
        if phase is Phase.CLOSED:
            raise LinkClosedError
        begun = _begin(connection, contents, who, standing, number=1, now=now)
        standing = standing._replace(attempt=begun) if begun else find(connection, who)
    attempt = found(standing.attempt)
    opened = contents.get(connection, who.organisation_id, attempt.version_id)
    shown = replace(attempt, state=pace_of(connection, who, opened).taken(opened, attempt.state, now))
    return Current(shown, opened, standing.plan)


def restart(connection: Connection, contents: Contents, who: Who, *, shown: str, now: datetime) -> None:
    """Begin another attempt, on the activity's newest version.

    ``shown`` is the attempt whose page asks for it. Raises StaleActionError where that is not the newest any more,
    AttemptRefusedError where no further attempt is allowed, or none at this time.
    """
    standing = lock(connection, who)
    if found(standing.attempt).uuid != shown:
        raise StaleActionError(of_another=True)
    statuses = [AttemptState(row[0]) for row in _STATUSES.all(connection, _keys(who))]
    attempt = found(standing.attempt)
    if attempt.status is AttemptState.ACTIVE:
        raise StaleActionError
    check_open(who, standing.plan, now)
    opened = contents.get(connection, who.organisation_id, attempt.version_id)
    pace_of(connection, who, opened).check_begin(opened, now)
    begin(statuses, standing.plan.settings_at(now))
    _begin(connection, contents, who, standing, number=len(statuses) + 1, now=now)


def learn_closing(connection: Connection, who: Who) -> None:
    """Let the newest attempt know when the clock hands it in: somebody changed the dates."""
    standing = lock(connection, who)
    if standing.attempt is not None:
        _RESET.run(connection, {"id": standing.attempt.id, "closes_at": _closes(who, standing.plan)})


def pace_of(connection: Connection, who: Who, opened: OpenContent, *, waits: bool = False) -> Pace:
    """Return which rounds are open for somebody; a teacher who looks is held back by nothing."""
    where = (who.organisation_id, who.resource_link_id)
    return pace_for(connection, opened.content, *where, waits=waits) if who.is_bound else FREE


def phase_for(who: Who, plan: Schedule, now: datetime) -> Phase:
    """Return how now lies to the dates for somebody."""
    return plan.phase(now) if who.is_bound else Phase.OPEN


def check_open(who: Who, plan: Schedule, now: datetime) -> None:
    """Raise LinkNotOpenError or LinkClosedError where nothing may begin now."""
    phase = phase_for(who, plan, now)
    if phase is Phase.NOT_OPEN:
        raise LinkNotOpenError
    if phase is Phase.CLOSED:
        raise LinkClosedError


def lock(connection: Connection, who: Who) -> Standing:
    """Return where somebody who has an attempt stands at a link, locked for this transaction."""
    return _standing(connection, _NEWEST if connection.dialect.name == "sqlite" else _LOCK, who)


def store(
    connection: Connection,
    who: Who,
    before: Attempt,
    opened: OpenContent,
    *,
    plan: Schedule,
    step: Step,
    score: Score,
    now: datetime,
) -> Attempt:
    """Store an attempt as a step left it, and what was submitted in it; return it."""
    finished = any(isinstance(event, Finished) for event in step.events)
    works = [event for event in step.events if isinstance(event, WorkSubmitted)] if who.counts else []
    over = AttemptState.SUBMITTED if works else AttemptState.EVALUATED
    after = replace(before, state=step.state, status=over if finished else before.status, score=score)
    done, total = opened.kind.progress(opened.content, step.state)
    _SAVE.run(
        connection,
        {
            "id": after.id,
            "state": _json(after.state),
            "status": after.status.value,
            "score": after.score.as_text(),
            "done": done,
            "total": total,
            "earned": scores.earned_mark(score, now) if score > before.score else "",
            "closes_at": _closes(who, plan),
            "now": micros(now),
            "submitted_at": micros(now) if finished else None,
        },
    )
    for work in works:
        _hand_over(connection, who, after, work, now=now)
    return after


def _hand_over(connection: Connection, who: Who, attempt: Attempt, work: WorkSubmitted, *, now: datetime) -> None:
    """Hand work to the people who judge it: the attempt has its score from them, and waits until then."""
    author = submissions.Author(
        organisation_id=who.organisation_id,
        person_id=who.person_id,
        uuid=who.person_uuid,
        resource_link_id=who.resource_link_id,
    )
    with Session(connection) as session:
        submissions.submit(session, author, attempt.uuid, Work(text=work.text), secret=who.secret, now=now)


def _begin(
    connection: Connection, contents: Contents, who: Who, standing: Standing, *, number: int, now: datetime
) -> Attempt | None:
    """Store and return a new attempt; None where one that another tab began in the same moment stands."""
    if standing.version_id is None:
        raise ContentMissingError
    opened = contents.get(connection, who.organisation_id, standing.version_id)
    state = opened.kind.initial_state(opened.content, secrets.randbits(SEED_BITS))
    done, total = opened.kind.progress(opened.content, state)
    attempt = Attempt(
        id=0,
        uuid=str(uuid.uuid4()),
        number=number,
        version_id=opened.version_id,
        status=AttemptState.ACTIVE,
        state=state,
        score=Score(0),
    )
    made = _BEGIN.one(
        connection,
        {
            **_keys(who),
            "uuid": attempt.uuid,
            "version_id": attempt.version_id,
            "number": number,
            "state": _json(state),
            "done": done,
            "total": total,
            "closes_at": _closes(who, standing.plan),
            "now": micros(now),
        },
    )
    return replace(attempt, id=made[0]) if made else None


def _closes(who: Who, plan: Schedule) -> int | None:
    """Return when the clock hands an attempt in: never one that does not count."""
    return micros(plan.closes.at) if who.counts and plan.closes is not None else None


def _keys(who: Who) -> dict[str, Any]:
    """Return the parameters that find the attempts of somebody at a link."""
    return {
        "organisation_id": who.organisation_id,
        "person": who.person_id,
        "link": who.resource_link_id,
        "activity_id": who.activity_id,
    }


def _standing(connection: Connection, statement: Prepared, who: Who) -> Standing:
    """Return the newest attempt with what holds for it."""
    row = statement.one(connection, _keys(who))
    if row is None:
        raise ContentMissingError
    plan = schedule_of(row)
    if row[5] is None:
        return Standing(None, plan, row[12])
    attempt = Attempt(
        id=row[5],
        uuid=row[6],
        number=row[7],
        version_id=row[8],
        status=AttemptState(row[9]),
        state=stored_json(row[10]),
        score=Score(row[11]),
    )
    return Standing(attempt, plan, row[12])


def found(attempt: Attempt | None) -> Attempt:
    """Return an attempt that must be there: every page begins one."""
    if attempt is None:
        raise ContentMissingError
    return attempt


def _json(state: Mapping[str, Any]) -> str:
    """Return a state as it is stored."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))
