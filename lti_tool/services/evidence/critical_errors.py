"""Critical errors that are open: breaches in graded runs, each until a later graded run is free of it.

A table beside the ledger, written in the transaction of its cause and only by graded runs and what corrects them. What
it says follows from the ledger (`qualoop.records.critical_errors`); replays neither need it nor touch it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.db import Direct, Driver, micros
from lti_tool.models import LedgerEvent
from lti_tool.services.content import parts
from lti_tool.services.evidence import locks
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.ledger.standings import read_standings
from lti_tool.services.mastery.cache import find_adopted
from qualoop.ledger import GRADED_RUN, EventType, Evidence
from qualoop.records.critical_errors import effect_on_error

_SETTLE: Final = Direct(
    "DELETE FROM critical_error WHERE organisation_id = ? AND learner = ? AND activity = ? AND part = ?"
)
_OPEN: Final = Direct(
    "INSERT INTO critical_error (organisation_id, learner, activity, part, content, attempt, event_seq, opened_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_READ: Final = Direct(
    "SELECT learner, activity, part, content, attempt FROM critical_error WHERE organisation_id = ? AND learner IN ?"
)
_FORGET: Final = Direct("DELETE FROM critical_error WHERE organisation_id = ? AND learner = ?")
_SAID: Final = f'"occasion":"{GRADED_RUN}'
"""What the body of a graded run's evidence holds."""
Key = tuple[int, str, str, str]
"""Organisation, learner, activity and part."""


def follow(connection: Connection, organisation_id: int, graded: Sequence[tuple[Submission, int]]) -> None:
    """Let graded runs that are now in the ledger, each with its number, open critical errors and settle earlier ones."""
    newest: dict[Key, tuple[Evidence, int, int]] = {}
    for submission, seq in graded:
        evidence = submission.evidence
        key = (organisation_id, submission.learner, evidence.activity, evidence.part)
        newest[key] = (evidence, seq, micros(submission.occurred_at))
    _write(Driver(connection), newest)


def resettle(connection: Connection, organisation_id: int, learner: str, corrected: Evidence) -> None:
    """Read anew from the ledger whether the critical error of a part is open, after evidence of it was corrected."""
    if not corrected.is_graded_run:
        return
    driver = Driver(connection)
    locks.take_learner(driver, organisation_id, learner)
    standings = read_standings(connection, organisation_id, learner=learner)
    key = (organisation_id, learner, corrected.activity, corrected.part)
    opened: tuple[Evidence, int, int] | None = None
    event = LedgerEvent
    rows = connection.execute(
        select(event.id, event.uuid, event.occurred_at, event.body)
        .where(event.organisation_id == organisation_id, event.learner == learner)
        .where(event.type == EventType.EVIDENCE_RECORDED.value, event.body.contains(_SAID))
        .order_by(event.id)
    )
    for row in rows:
        evidence = Evidence.from_body(json.loads(row.body))
        effect = effect_on_error(evidence, standings.get(row.uuid))
        if effect is not None and (evidence.activity, evidence.part) == key[2:]:
            opened = (evidence, row.id, micros(row.occurred_at)) if effect else None
    _write(driver, {key: opened})


def read_open_errors(
    connection: Connection, organisation_id: int, learners: Collection[str], *, hidden: Collection[str] = ()
) -> Mapping[str, frozenset[str]]:
    """Return the knowledge points on which those learners who have any have a critical error open, by pseudonym.

    Those of the attempts ``hidden`` are left out: the result would tell them.
    """
    driver = Driver(connection)
    rows = driver.all(_READ, (organisation_id, driver.listed(learners)))
    place = find_adopted(connection, organisation_id) if rows else None
    if place is None:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    for learner, activity, part, content, attempt in rows:
        version = parts.find_version(connection, organisation_id, activity, content)
        if version is not None and attempt not in hidden:
            tags = parts.tags_of(connection, organisation_id, version, place.tags)
            found[learner].update(code for code, _ in tags.get(part, ()))
    return {learner: frozenset(codes) for learner, codes in found.items()}


def forget(connection: Connection, organisation_id: int, learner: str) -> None:
    """Drop what is open of a learner who is erased."""
    Driver(connection).run(_FORGET, (organisation_id, learner))


def _write(driver: Driver, newest: Mapping[Key, tuple[Evidence, int, int] | None]) -> None:
    """Let what the newest graded run of each part says stand: evidence, number and moment; None opens nothing."""
    driver.run_many(_SETTLE, list(newest))
    opening = [
        (*key, run[0].content, run[0].attempt, run[1], run[2])
        for key, run in newest.items()
        if run is not None and run[0].critical
    ]
    driver.run_many(_OPEN, opening)
