"""The evidence of a course's learners in columns, kept in memory: the ledger only grows, so what was read once stays.

A large course has a quarter of a million pieces, which take seconds to read and a few milliseconds to look at. Kept is
what the ledger says, of pseudonyms, and nothing of what it counts for: corrections, tags and sessions are joined at each
look. Events get their numbers before they are committed; what is younger than SETTLES is therefore read anew each time.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from lti_tool.db import Direct, Driver, micros
from lti_tool.services.classes.team_evidence import SOURCE as TEAM_CHECK

AT_ONCE: Final = 5_000
"""Learners per statement: every database takes as many parameters."""
SETTLES: Final = timedelta(minutes=15)
"""After this no transaction is still open that has written to the ledger."""
KEPT: Final = 8
"""Courses that a process keeps: those that were looked at last."""

_EVIDENCE: Final = Direct(
    "SELECT id, learner, occurred_at, recorded_at, body, CASE WHEN source = ? THEN source_id ELSE '' END FROM ledger_event WHERE organisation_id = ? "
    "AND learner IN ? AND id > ? AND id <= ? AND type = 'evidence.recorded'"
)
# From the newest on: what has come since then is all that is read. Numbers are one row for all organisations, and to look
# for the own ones would take as long as there are others.
_SETTLED: Final = Direct("SELECT id FROM ledger_event WHERE recorded_at <= ? ORDER BY id DESC LIMIT 1")
_EVERY: Final = 2**62
"""More than any number of an event."""

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


class Key(NamedTuple):
    """What the stage and the knowledge points of evidence depend on, but for the session of its attempt.

    ``check`` is the uuid of the team test that it is of, else empty.
    """

    activity: str
    content: str
    part: str
    form: str
    tries: int
    check: str


class Columns(NamedTuple):
    """Evidence, a row for each piece: moments in microseconds since 1970, ``attempt`` as `attempt_number` gives it."""

    seq: Indices
    learner: Indices
    key: Indices
    attempt: Indices
    at: Indices
    recorded: Indices
    score: Floats

    def where(self, wanted: NDArray[np.bool_]) -> Columns:
        """Return some of the rows."""
        whole = np.array([each[wanted] for each in self[:-1]], np.int64)
        return columns_of(whole, self.score[wanted])


class Read(NamedTuple):
    """Evidence as it was recorded; ``columns.key`` are indices into ``keys``, ``columns.learner`` into who was asked for."""

    keys: Sequence[Key]
    columns: Columns


@dataclass(slots=True)
class _Log:
    """What is kept of one course: all evidence of ``learners`` up to the number ``through``."""

    columns: Columns
    through: int = 0
    learners: dict[str, int] = field(default_factory=dict)
    keys: dict[tuple[Any, ...], int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def read(self, connection: Connection, organisation_id: int, learners: Sequence[str], now: datetime) -> Columns:
        """Return all evidence of some learners, and of those who are in the log already."""
        driver = Driver(connection)
        found = driver.one(_SETTLED, (micros(now - SETTLES),))
        settled = max(int(found[0]) if found else 0, self.through)
        unknown = [learner for learner in learners if learner not in self.learners]
        self.learners.update({learner: len(self.learners) + place for place, learner in enumerate(unknown)})
        try:
            earlier = self._rows(driver, organisation_id, unknown, since=0, until=self.through)
            newer = self._rows(driver, organisation_id, list(self.learners), since=self.through, until=_EVERY)
        except BaseException:
            # Whoever is not read must not be taken for known.
            for learner in unknown:
                del self.learners[learner]
            raise
        is_settled = newer.seq <= settled
        self.columns = _together(self.columns, earlier, newer.where(is_settled))
        self.through = settled
        return _together(self.columns, newer.where(~is_settled))

    def _rows(
        self, driver: Driver, organisation_id: int, learners: Sequence[str], *, since: int, until: int
    ) -> Columns:
        """Return evidence with numbers above ``since``, up to and with ``until``."""
        found = []
        for start in range(0, len(learners) if until > since else 0, AT_ONCE):
            some = driver.listed(learners[start : start + AT_ONCE])
            rows = driver.all(_EVIDENCE, (TEAM_CHECK, organisation_id, some, since, until))
            found.append(self._columns(rows))
        return _together(*found) if found else NOTHING

    def _columns(self, rows: Sequence[tuple[Any, ...]]) -> Columns:
        # One reading of all bodies takes a third of the time of as many readings of one.
        bodies = json.loads("[" + ",".join([row[4] for row in rows]) + "]")
        places, keys = self.learners, self.keys
        facts = [
            (
                row[0],
                places[row[1]],
                keys.setdefault(
                    (body["activity"], body["content"], body["part"], body["form"], body["try"], check_of(row[5])),
                    len(keys),
                ),
                attempt_number(body["attempt"]),
                row[2],
                row[3],
            )
            for row, body in zip(rows, bodies, strict=True)
        ]
        whole = np.array(facts, np.int64).reshape(-1, 6).T
        return columns_of(whole, np.array([float(body["score"]) for body in bodies], np.float64))


def columns_of(whole: Indices, score: Floats) -> Columns:
    """Return columns of a table with six rows of whole numbers, in their order, and the scores."""
    seq, learner, key, attempt, at, recorded = whole
    return Columns(seq=seq, learner=learner, key=key, attempt=attempt, at=at, recorded=recorded, score=score)


NOTHING: Final = columns_of(np.zeros((6, 0), np.int64), np.zeros(0, np.float64))

_logs: WeakKeyDictionary[Engine, OrderedDict[tuple[int, int], _Log]] = WeakKeyDictionary()
_lock: Final = Lock()


def read_log(connection: Connection, course: tuple[int, int], learners: Sequence[str], *, now: datetime) -> Read:
    """Return the evidence of some learners of a course (organisation, context), by pseudonym in the order given."""
    log = _log_of(connection.engine, course)
    with log.lock:
        columns = log.read(connection, course[0], learners, now)
        keys, size = [Key(*key) for key in log.keys], len(log.learners)
        asked = np.full(size, -1, np.int64)
        for place, learner in enumerate(learners):
            asked[log.learners[learner]] = place
    there = asked[columns.learner] >= 0
    kept = columns if bool(there.all()) else columns.where(there)
    return Read(keys, kept._replace(learner=asked[kept.learner]))


def check_of(source_id: str) -> str:
    """Return which team test evidence is of, from what it calls its source: the test, then the learner."""
    return source_id.partition(":")[0]


def attempt_number(attempt: str) -> int:
    """Return by which number an attempt is known: 64 bits, so that of a million two are taken for one once in 37 million."""
    return hash(attempt)


def _log_of(engine: Engine, course: tuple[int, int]) -> _Log:
    with _lock:
        logs = _logs.setdefault(engine, OrderedDict())
        log = logs.setdefault(course, _Log(NOTHING))
        logs.move_to_end(course)
        if len(logs) > KEPT:
            logs.popitem(last=False)
        return log


def _together(*parts: Columns) -> Columns:
    there = [part for part in parts if len(part.seq)]
    if len(there) == 1:
        return there[0]
    if not there:
        return NOTHING
    whole = np.concatenate([np.array(part[:-1], np.int64) for part in there], axis=1)
    return columns_of(whole, np.concatenate([part.score for part in there]))
