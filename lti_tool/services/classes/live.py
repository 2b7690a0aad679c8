"""The stage of open sessions in memory: hundreds of phones ask every second, and the database is asked twice a second.

A change by this process is seen at once (`forget`), one by another process within `FRESH_S`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text

from lti_tool.db import Database, Prepared, micros
from lti_tool.services.classes.sessions import EARLY

FRESH_S: Final = 0.5
_COURSES_FRESH_S: Final = 2.0
_RATED_FRESH_S: Final = 10.0
_KEPT: Final = 4096
_EARLY_MICROS: Final = EARLY // timedelta(microseconds=1)

_STAGE = Prepared(text("SELECT version, state, timer_at FROM class_session WHERE uuid = :uuid"))
_TEAM = Prepared(
    text(
        "SELECT s.version + t.version, s.state, s.timer_at FROM class_session s "
        "JOIN class_team t ON t.class_session_id = s.id WHERE s.uuid = :uuid AND t.uuid = :team"
    )
)
_OPEN = Prepared(
    text(
        "SELECT uuid FROM class_session WHERE organisation_id = :organisation_id AND context_id = :context_id "
        "AND state = 'open' ORDER BY opened_at DESC, id DESC LIMIT 1"
    )
)
# Of group work that takes ratings the one that takes them longest: without a deadline, else the latest.
_RATED = Prepared(
    text(
        "SELECT g.deadline_at FROM class_group_task g JOIN class_session s ON s.id = g.class_session_id "
        "WHERE s.organisation_id = :organisation_id AND s.context_id = :context_id AND g.state = 'open' "
        "ORDER BY CASE WHEN g.deadline_at IS NULL THEN 0 ELSE 1 END, g.deadline_at DESC LIMIT 1"
    )
)
_STAMP = Prepared(
    text(
        "SELECT s.starts_at, s.version, (SELECT count(*) FROM class_seat e WHERE e.class_session_id = s.id), "
        "(SELECT max(e.joined_at) FROM class_seat e WHERE e.class_session_id = s.id), "
        "(SELECT count(e.checked_at) FROM class_seat e WHERE e.class_session_id = s.id), "
        "(SELECT count(*) FROM class_seat e WHERE e.class_session_id = s.id AND e.person_id IS NOT NULL), "
        "(SELECT count(*) FROM class_vote v WHERE v.class_poll_id = s.poll_id), "
        "(SELECT max(v.cast_at) FROM class_vote v WHERE v.class_poll_id = s.poll_id), "
        # Questions that are planned or taken out do not touch what learners see.
        "(SELECT count(*) FROM class_poll p WHERE p.class_session_id = s.id), "
        "(SELECT max(p.id) FROM class_poll p WHERE p.class_session_id = s.id), "
        "(SELECT sum(t.version) FROM class_team t WHERE t.class_session_id = s.id), "
        "(SELECT count(*) FROM class_team_answer a JOIN class_team_check c ON c.id = a.check_id "
        "WHERE c.class_session_id = s.id), "
        "(SELECT max(a.answered_at) FROM class_team_answer a JOIN class_team_check c ON c.id = a.check_id "
        "WHERE c.class_session_id = s.id), "
        "(SELECT max(r.rated_at) FROM class_peer_rating r JOIN class_group_task g ON g.id = r.task_id "
        "WHERE g.class_session_id = s.id) "
        "FROM class_session s WHERE s.uuid = :uuid AND s.organisation_id = :organisation_id"
    )
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What learners' pages ask for: the document and its tag; it names nobody and holds no result."""

    body: bytes
    etag: str


@dataclass(slots=True)
class _Kept:
    value: Any
    at: float


class _Memory:
    """Values by key that are good for a while. Of many who ask for one at once, one looks it up."""

    def __init__(self, fresh_s: float) -> None:
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Engine, OrderedDict[Hashable, _Kept]] = WeakKeyDictionary()

    def get(self, engine: Engine, key: Hashable, find: Callable[[], Any]) -> Any:
        """Return what is kept under ``key``, else what ``find`` finds."""
        known = self._kept.get(engine)
        kept = known.get(key) if known is not None else None
        if kept is not None and time.monotonic() - kept.at < self._fresh_s:
            return kept.value
        with self._lock:
            values = self._kept.setdefault(engine, OrderedDict())
            kept = values.get(key)
            if kept is None or time.monotonic() - kept.at >= self._fresh_s:
                # The moment before the look, so that a change during it is not taken for seen.
                at = time.monotonic()
                kept = values[key] = _Kept(find(), at)
                if len(values) > _KEPT:
                    values.popitem(last=False)
        return kept.value

    def forget(self, engine: Engine, key: Hashable) -> None:
        """Let the next one who asks look it up."""
        with self._lock:
            self._kept.setdefault(engine, OrderedDict()).pop(key, None)


_stages: Final = _Memory(FRESH_S)
_courses: Final = _Memory(_COURSES_FRESH_S)
_rated: Final = _Memory(_RATED_FRESH_S)


def find_stage(database: Database, session_uuid: str) -> Stage | None:
    """Return the stage of a session, None where there is no such session."""
    return _find(database, session_uuid, _STAGE, {"uuid": session_uuid.replace("\0", "")})


def find_team_stage(database: Database, session_uuid: str, team_uuid: str) -> Stage | None:
    """Return the stage of a session as a team sees it: its version grows with what only the team does, too.

    A team that there is not (any more) has a version that no page shows, so that whoever asks fetches the page anew and
    finds the new team, if any. None where there is no such session.
    """
    values = {"uuid": session_uuid.replace("\0", ""), "team": team_uuid.replace("\0", "")}
    found = _find(database, (session_uuid, team_uuid), _TEAM, values)
    return found or _without_team(find_stage(database, session_uuid))


def find_open_uuid(
    database: Database, organisation_id: int, context_id: int, within: Connection | None = None
) -> str | None:
    """Return the uuid of a course's open session: every launch asks for it, ``within`` the transaction of its page."""

    def find() -> str | None:
        with database.snapshot() if within is None else nullcontext(within) as connection:
            row = _OPEN.one(connection, {"organisation_id": organisation_id, "context_id": context_id})
        return None if row is None else str(row[0])

    found: str | None = _courses.get(database.engine, (organisation_id, context_id), find)
    return found


def takes_ratings(database: Database, organisation_id: int, context_id: int, now: datetime) -> bool:
    """Say whether mates can be rated in group work of a course now, in whichever session it was set."""

    def find() -> tuple[int | None] | None:
        with database.snapshot() as connection:
            row = _RATED.one(connection, {"organisation_id": organisation_id, "context_id": context_id})
        return None if row is None else (row[0],)

    found: tuple[int | None] | None = _rated.get(database.engine, (organisation_id, context_id), find)
    return found is not None and (found[0] is None or micros(now) < found[0])


def forget(database: Database, session_uuid: str, course: tuple[int, int]) -> None:
    """Let this process see a change at once; ``course`` is (organisation, context). Call it after the commit."""
    _stages.forget(database.engine, session_uuid)
    _courses.forget(database.engine, course)
    _rated.forget(database.engine, course)


def forget_team(database: Database, session_uuid: str, team_uuid: str) -> None:
    """Let this process see at once what a team has done. Call it after the commit."""
    _stages.forget(database.engine, (session_uuid, team_uuid))


def stamp(database: Database, organisation_id: int, session_uuid: str, now: datetime) -> str:
    """Return a text that changes with anything that console or projector show of a session.

    So it does when the code begins to lead in, which no change of the session tells.
    """
    with database.snapshot() as connection:
        row = _STAMP.one(connection, {"uuid": session_uuid.replace("\0", ""), "organisation_id": organisation_id})
    if row is None:
        return ""
    starts_at, *counted = row
    leads_in = starts_at is not None and starts_at - _EARLY_MICROS <= micros(now)
    return "-".join(str(each or 0) for each in (starts_at, int(leads_in), *counted))


def _find(database: Database, key: Hashable, statement: Prepared, values: dict[str, str]) -> Stage | None:
    def find() -> Stage | None:
        with database.snapshot() as connection:
            row = statement.one(connection, values)
        if row is None:
            return None
        version, state, timer_at = row
        # Milliseconds, as scripts count.
        document = {"version": version, "state": state, "timer": timer_at // 1000 if timer_at else None}
        of = "-".join(value[:8] for _, value in sorted(values.items(), reverse=True))
        return Stage(json.dumps(document, separators=(",", ":")).encode(), f'"{of}-{version}"')

    found: Stage | None = _stages.get(database.engine, key, find)
    return found


def _without_team(stage: Stage | None) -> Stage | None:
    """Return the stage of a session for the page of a team that is no more."""
    if stage is None:
        return None
    document = json.loads(stage.body) | {"version": 0}
    return Stage(json.dumps(document, separators=(",", ":")).encode(), f'{stage.etag[:-1]}-none"')
