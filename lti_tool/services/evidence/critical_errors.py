"""Critical errors that are open: breaches in graded runs, each until a later graded run is free of it.

A table beside the ledger, written in the transaction of its cause and only by graded runs and what corrects them. What
it says follows from the ledger (`qualoop.records.critical_errors`); replays neither need it nor touch it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.db import Direct, Driver
from lti_tool.models import LedgerEvent
from lti_tool.services.content import parts
from lti_tool.services.evidence import locks
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.ledger.standings import read_corrections
from lti_tool.services.mastery.cache import find_adopted
from qualoop.ledger import GRADED_RUN, EventType, Evidence, settle_corrections
from qualoop.records.critical_errors import effect_on_error

_SETTLE: Final = Direct(
    "DELETE FROM critical_error WHERE organisation_id = ? AND learner = ? AND activity = ? AND part = ?"
)
_OPEN: Final = Direct(
    "INSERT INTO critical_error (organisation_id, learner, activity, part, content) VALUES (?, ?, ?, ?, ?)"
)
_READ: Final = Direct(
    "SELECT learner, activity, part, content FROM critical_error WHERE organisation_id = ? AND learner IN ?"
)
_FORGET: Final = Direct("DELETE FROM critical_error WHERE organisation_id = ? AND learner = ?")
_SAID: Final = f'"occasion":"{GRADED_RUN}'
"""What the body of a graded run's evidence holds."""
Key = tuple[int, str, str, str]
"""Organisation, learner, activity and part."""


def follow(connection: Connection, organisation_id: int, graded: Iterable[Submission]) -> None:
    """Let graded runs that are now in the ledger, in their order, open critical errors and settle earlier ones."""
    newest: dict[Key, Evidence | None] = {
        (organisation_id, each.learner, each.evidence.activity, each.evidence.part): each.evidence for each in graded
    }
    _write(Driver(connection), newest)


def resettle(connection: Connection, organisation_id: int, learner: str, corrected: Evidence) -> None:
    """Read anew from the ledger whether the critical error of a part is open, after evidence of it was corrected."""
    if not corrected.is_graded_run:
        return
    driver = Driver(connection)
    locks.take_learner(driver, organisation_id, learner)
    where = (corrected.activity, corrected.part)
    _write(driver, {(organisation_id, learner, *where): _read_opened(connection, organisation_id, learner).get(where)})


def read_open_errors(
    connection: Connection, organisation_id: int, learners: Collection[str]
) -> Mapping[str, frozenset[str]]:
    """Return the knowledge points on which those learners who have any have a critical error open, by pseudonym."""
    driver = Driver(connection)
    return _points(connection, organisation_id, driver.all(_READ, (organisation_id, driver.listed(learners))))


def read_errors_without(
    connection: Connection,
    organisation_id: int,
    learner: str,
    hidden: Collection[str],
    *,
    recorded_by: datetime | None = None,
) -> frozenset[str]:
    """Return the knowledge points on which a learner would have one open without the attempts ``hidden``.

    From the ledger, as it was at a moment (None: is now): the table has the newest run of a part alone, and one that is
    hidden neither opens an error nor settles an earlier one, since both would tell its result.
    """
    opened = _read_opened(connection, organisation_id, learner, hidden, recorded_by=recorded_by)
    rows = [(learner, *place, run.content) for place, run in opened.items()]
    return _points(connection, organisation_id, rows).get(learner, frozenset())


def forget(connection: Connection, organisation_id: int, learner: str) -> None:
    """Drop what is open of a learner who is erased."""
    Driver(connection).run(_FORGET, (organisation_id, learner))


def _read_opened(
    connection: Connection,
    organisation_id: int,
    learner: str,
    hidden: Collection[str] = (),
    *,
    recorded_by: datetime | None = None,
) -> Mapping[tuple[str, str], Evidence]:
    """Return by activity and part which run has left an error open, of those that are recorded and not hidden."""
    corrections = read_corrections(connection, organisation_id, learner=learner, recorded_by=recorded_by)
    standings = settle_corrections(corrections)
    event = LedgerEvent
    query = (
        select(event.uuid, event.body)
        .where(event.organisation_id == organisation_id, event.learner == learner)
        .where(event.type == EventType.EVIDENCE_RECORDED.value, event.body.contains(_SAID))
        .order_by(event.id)
    )
    if recorded_by is not None:
        query = query.where(event.recorded_at <= recorded_by)
    opened: dict[tuple[str, str], Evidence] = {}
    for row in connection.execute(query):
        evidence = Evidence.from_body(json.loads(row.body))
        effect, place = effect_on_error(evidence, standings.get(row.uuid)), (evidence.activity, evidence.part)
        if effect is None or evidence.attempt in hidden:
            continue
        opened.pop(place, None)
        if effect:
            opened[place] = evidence
    return opened


def _points(
    connection: Connection, organisation_id: int, rows: Sequence[Sequence[str]]
) -> Mapping[str, frozenset[str]]:
    """Return by learner what is served by parts with an error open: learner, activity, part and content of each."""
    place = find_adopted(connection, organisation_id) if rows else None
    if place is None:
        return {}
    found: dict[str, set[str]] = defaultdict(set)
    for learner, activity, part, content in rows:
        version = parts.find_version(connection, organisation_id, activity, content)
        if version is not None:
            tags = parts.tags_of(connection, organisation_id, version, place.tags)
            found[learner].update(code for code, _ in tags.get(part, ()))
    return {learner: frozenset(codes) for learner, codes in found.items()}


def _write(driver: Driver, newest: Mapping[Key, Evidence | None]) -> None:
    """Let what the newest graded run of each part says stand; None opens nothing."""
    driver.run_many(_SETTLE, list(newest))
    driver.run_many(_OPEN, [(*key, run.content) for key, run in newest.items() if run is not None and run.critical])
