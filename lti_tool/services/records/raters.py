"""Who has judged what counts for a learner, by knowledge point: what the upper levels ask of evidence.

Only a page that shows the gates of a level reads this, once for a learner.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.ledger.markers import find_markers
from lti_tool.services.ledger.standings import read_corrections
from lti_tool.services.mastery.cache import LAST_SEQ, find_adopted
from lti_tool.services.mastery.explanations import Head, unpacked
from lti_tool.services.records.records import Subject
from qualoop.ledger import SCORED_BY_MACHINE, settle_corrections
from qualoop.records.multi_form import assessor_of

_FLOAT: Final = 4
_SEVERITY: Final = Head._fields.index("severity") * _FLOAT + 1
"""Where a rater's severity before and after begins in the packed numbers, counted from 1: both are 0 where nobody rated."""
_UNRATED: Final = bytes(2 * _FLOAT)
# The plus keeps SQLite from reading the whole organisation by its index, instead of a few rows by their numbers.
_RATED: Final = Direct(
    "SELECT u.codes, u.numbers, e.uuid, e.body FROM mastery_update u JOIN ledger_event e ON e.id = u.event_seq "
    "WHERE u.generation_id = ? AND u.learner = ? AND +e.organisation_id = ? AND u.event_seq < ? "
    "AND substr(u.numbers, ?, ?) <> ? ORDER BY u.event_seq"
)
_Judged = tuple[tuple[str, ...], str, str]
"""Knowledge points, attempt and assessor of one piece of evidence."""


def read_raters(
    connection: Connection, subject: Subject, *, before: int | None = None, then: datetime | None = None
) -> Mapping[str, frozenset[str]]:
    """Return the pseudonyms of the persons who judged evidence of the learner that counts, by knowledge point.

    Machines, peers and the learner are none, and neither void nor hidden evidence has any. Whoever marked the same work
    beside the marker whose mark counts has judged it, too. ``before`` keeps what stands in the ledger before that number,
    ``then`` the corrections and marks of up to that moment; None is now.
    """
    judged = _judged(connection, subject, before=before, then=then)
    attempts = {attempt for _, attempt, _ in judged}
    beside = find_markers(connection, subject.organisation_id, attempts, until=then)
    found: dict[str, set[str]] = defaultdict(set)
    for codes, attempt, assessor in judged:
        for code in codes:
            found[code] |= {assessor, *beside.get(attempt, ())}
    return {code: frozenset(raters) for code, raters in found.items()}


def _judged(connection: Connection, subject: Subject, *, before: int | None, then: datetime | None) -> list[_Judged]:
    """Return what persons judged of a learner, as far as it counts, in ledger order."""
    place = find_adopted(connection, subject.organisation_id)
    if place is None:
        return []
    wanted = (place.generation_id, subject.uuid, subject.organisation_id, LAST_SEQ if before is None else before)
    rows = Driver(connection).all(_RATED, (*wanted, _SEVERITY, len(_UNRATED), _UNRATED))
    void = _voided(connection, subject, then) if rows else ()
    found = []
    for codes, numbers, uuid, text in rows:
        body = json.loads(text)
        assessor = assessor_of(body["rater"], body.get("occasion", ""), subject.uuid)
        counts = unpacked(bytes(numbers))[0].omega > 0.0 and uuid not in void and body["attempt"] not in subject.hidden
        if counts and assessor != SCORED_BY_MACHINE:
            found.append((tuple(codes.strip(";").split(";")), body["attempt"], assessor))
    return found


def _voided(connection: Connection, subject: Subject, then: datetime | None) -> Collection[str]:
    """Return the events of a learner that no longer count, whether levels have followed or not."""
    corrections = read_corrections(connection, subject.organisation_id, learner=subject.uuid, recorded_by=then)
    return {uuid for uuid, standing in settle_corrections(corrections).items() if standing.voided}
