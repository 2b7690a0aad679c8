"""Attempts: found or begun, stepped, scored. One answer is one transaction: attempt, evidence, mastery, score, outbox."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros, stored_json
from lti_tool.services import evidence, scores
from lti_tool.services.contents import ContentMissingError, Contents, OpenContent
from qualoop.assessment import AttemptState, LinkSettings
from qualoop.assessment.attempts import begin
from qualoop.player import Action, Answered, Finished, StaleActionError, State
from qualoop.values import Score

SEED_BITS: Final = 31

_COLUMNS = "id, uuid, number, version_id, status, state, score"
_LATEST = (
    f"SELECT {_COLUMNS} FROM attempt WHERE resource_link_id = :link AND person_id = :person "  # noqa: S608 - our own column names
    "AND organisation_id = :organisation_id ORDER BY number DESC LIMIT 1"
)
_FIND = Prepared(text(_LATEST))
_LOCK = Prepared(text(_LATEST + " FOR UPDATE"))
_STATUSES = Prepared(
    text(
        "SELECT status FROM attempt WHERE resource_link_id = :link AND person_id = :person "
        "AND organisation_id = :organisation_id ORDER BY number"
    )
)
_VERSION = Prepared(
    text("SELECT version_id FROM activity WHERE id = :activity_id AND organisation_id = :organisation_id")
)
_BEGIN = Prepared(
    text(
        "INSERT INTO attempt (organisation_id, uuid, person_id, resource_link_id, version_id, number, status, state, "
        "score, done, total, started_at, updated_at) VALUES (:organisation_id, :uuid, :person, :link, :version_id, "
        ":number, 'active', :state, '0', :done, :total, :now, :now) "
        "ON CONFLICT (resource_link_id, person_id, number) DO NOTHING"
    )
)
_SAVE = Prepared(
    text(
        "UPDATE attempt SET state = :state, status = :status, score = :score, done = :done, total = :total, "
        "updated_at = :now, submitted_at = coalesce(submitted_at, :submitted_at) WHERE id = :id"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose attempt at which link; ``counts`` says whether what is done is a learner's own work."""

    organisation_id: int
    person_id: int
    person_uuid: str
    resource_link_id: int
    activity_id: int | None
    settings: LinkSettings
    counts: bool


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


def find(connection: Connection, who: Who) -> Attempt | None:
    """Return the newest attempt, or None before the first."""
    return _find(connection, _FIND, who)


def current(connection: Connection, contents: Contents, who: Who, now: datetime) -> tuple[Attempt, OpenContent]:
    """Return the newest attempt with its content, begun here where there is none yet."""
    found = find(connection, who)
    if found is None:
        _begin(connection, contents, who, number=1, now=now)
        found = _found(find(connection, who))
    return found, contents.get(connection, who.organisation_id, found.version_id)


def restart(connection: Connection, contents: Contents, who: Who, *, shown: str, now: datetime) -> None:
    """Begin another attempt, on the activity's newest version.

    ``shown`` is the attempt whose page asks for it. Raises StaleActionError where that is not the newest any more,
    AttemptRefusedError where no further attempt is allowed.
    """
    newest = _locked(connection, who, shown)
    statuses = [AttemptState(row[0]) for row in _STATUSES.all(connection, _keys(who))]
    if newest.status is AttemptState.ACTIVE:
        raise StaleActionError
    begin(statuses, who.settings)
    _begin(connection, contents, who, number=len(statuses) + 1, now=now)


def act(
    connection: Connection, contents: Contents, who: Who, *, shown: str, action: Action, now: datetime
) -> tuple[Attempt, OpenContent]:
    """Apply a learner's action to the newest attempt; store the attempt and all that follows from it.

    ``shown`` is the attempt whose page sent the action: another attempt has other orders and other numbers. Raises
    what the activity kind's `step` raises, StaleActionError for the page of an earlier attempt; then nothing is stored.
    """
    attempt = _locked(connection, who, shown)
    opened = contents.get(connection, who.organisation_id, attempt.version_id)
    step = opened.kind.step(opened.content, attempt.state, action, settings=who.settings, now=now)
    finished = any(isinstance(event, Finished) for event in step.events)
    after = replace(
        attempt,
        state=step.state,
        status=AttemptState.EVALUATED if finished else attempt.status,
        score=opened.kind.score(opened.content, step.state, who.settings),
    )
    _save(connection, after, opened.kind.progress(opened.content, step.state), finished=finished, now=now)
    answers = [event for event in step.events if isinstance(event, Answered)]
    if who.counts and (answers or finished):
        learner = evidence.Learner(organisation_id=who.organisation_id, uuid=who.person_uuid)
        evidence.record_answers(connection, learner, opened, attempt.uuid, answers=answers, now=now)
        scores.update(
            connection,
            who.organisation_id,
            who.resource_link_id,
            who.person_id,
            counts=who.settings.counts,
            now=now,
        )
    return after, opened


def _locked(connection: Connection, who: Who, shown: str) -> Attempt:
    """Return the newest attempt, locked for this transaction, if it is the one that the page showed."""
    lock = _FIND if connection.dialect.name == "sqlite" else _LOCK
    attempt = _found(_find(connection, lock, who))
    if attempt.uuid != shown:
        raise StaleActionError
    return attempt


def _save(
    connection: Connection, attempt: Attempt, progress: tuple[int, int], *, finished: bool, now: datetime
) -> None:
    """Store an attempt as an action left it."""
    _SAVE.run(
        connection,
        {
            "id": attempt.id,
            "state": _json(attempt.state),
            "status": attempt.status.value,
            "score": attempt.score.as_text(),
            "done": progress[0],
            "total": progress[1],
            "now": micros(now),
            "submitted_at": micros(now) if finished else None,
        },
    )


def _begin(connection: Connection, contents: Contents, who: Who, *, number: int, now: datetime) -> None:
    """Store a new attempt; one that another tab began in the same moment stands."""
    row = _VERSION.one(connection, {"activity_id": who.activity_id, "organisation_id": who.organisation_id})
    if row is None or row[0] is None:
        raise ContentMissingError
    opened = contents.get(connection, who.organisation_id, row[0])
    state = opened.kind.initial_state(opened.content, secrets.randbits(SEED_BITS))
    done, total = opened.kind.progress(opened.content, state)
    _BEGIN.run(
        connection,
        {
            **_keys(who),
            "uuid": str(uuid.uuid4()),
            "version_id": opened.version_id,
            "number": number,
            "state": _json(state),
            "done": done,
            "total": total,
            "now": micros(now),
        },
    )


def _keys(who: Who) -> dict[str, Any]:
    """Return the parameters that find the attempts of somebody at a link."""
    return {"organisation_id": who.organisation_id, "person": who.person_id, "link": who.resource_link_id}


def _find(connection: Connection, statement: Prepared, who: Who) -> Attempt | None:
    """Return the newest attempt, or None."""
    row = statement.one(connection, _keys(who))
    if row is None:
        return None
    return Attempt(
        id=row[0],
        uuid=row[1],
        number=row[2],
        version_id=row[3],
        status=AttemptState(row[4]),
        state=stored_json(row[5]),
        score=Score(row[6]),
    )


def _found(attempt: Attempt | None) -> Attempt:
    """Return an attempt that must be there: every page begins one."""
    if attempt is None:
        raise ContentMissingError
    return attempt


def _json(state: Mapping[str, Any]) -> str:
    """Return a state as it is stored."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))
