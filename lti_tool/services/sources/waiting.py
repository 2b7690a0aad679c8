"""Events of content versions that nobody has registered yet: kept when they come, recorded once somebody has.

A version comes by the source's own registration (`sources.versions`) or by an install of the package; the worker looks
for the latter. Until then a person sees in the inbox what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Database, Direct, Driver, Prepared, micros, stored_json
from lti_tool.models import InboxItem
from lti_tool.services.evidence import checks
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.mechanisms import inbox
from lti_tool.services.sources import judgements, learners, scores
from lti_tool.services.sources.events import submission_of
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import EvidenceEvent
from qualoop.ledger import EvidenceRefusedError

AT_ONCE: Final = 500
VERSION_UNKNOWN: Final = "version-unknown"
EVIDENCE_IMPOSSIBLE: Final = "evidence-impossible"
DISMISS: Final = "dismiss"
REGISTERED: Final = "registered"

_KEEP = Prepared(
    text(
        "INSERT INTO source_evidence (organisation_id, source_id, person_id, event, activity, content, sequence, "
        "document, received_at) VALUES (:organisation_id, :source_id, :person_id, :event, :activity, :content, "
        ":sequence, :document, :now) ON CONFLICT (source_id, event) DO NOTHING"
    )
)
_KEPT = Direct("SELECT event, document FROM source_evidence WHERE organisation_id = ? AND source_id = ? AND event IN ?")
_OF_VERSION: Final = (
    "SELECT e.id, e.person_id, e.document, s.id, s.key, s.registration_id FROM source_evidence e "
    "JOIN source s ON s.id = e.source_id WHERE e.organisation_id = ? AND e.activity = ? AND e.content = ? "
    "ORDER BY e.person_id, e.sequence, e.id LIMIT ?"
)
# Two who take up the same at once: the second waits, and finds nothing left.
_WAITING: Final = {True: Direct(_OF_VERSION), False: Direct(f"{_OF_VERSION} FOR UPDATE OF e")}
_DROP = Direct("DELETE FROM source_evidence WHERE organisation_id = ? AND id IN ?")
_READY = Prepared(
    text(
        "SELECT DISTINCT e.organisation_id, e.activity, e.content FROM source_evidence e "
        "JOIN activity a ON a.organisation_id = e.organisation_id AND a.key = e.activity "
        "JOIN content_version v ON v.activity_id = a.id AND v.hash = e.content"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An event that waits: its row, of whom it is, who sent it."""

    row_id: int
    person_id: int
    source: KnownSource
    event: EvidenceEvent

    def submission(self, now: datetime) -> Submission:
        """Return it as evidence; it was kept with people by pseudonym. Raises EvidenceRefusedError."""
        event = self.event
        return submission_of(event, self.source, learner=event.learner, rater=event.rater, now=now)


def find_events(connection: Connection, source: KnownSource, ids: Iterable[str]) -> dict[str, EvidenceEvent]:
    """Return which of some events of a source wait, by id, with people by pseudonym."""
    driver = Driver(connection)
    rows = driver.all(_KEPT, (source.organisation_id, source.id, driver.listed(ids)))
    return {event: EvidenceEvent.model_validate(stored_json(document)) for event, document in rows}


def keep(
    connection: Connection, source: KnownSource, document: Mapping[str, Any], *, person_id: int, now: datetime
) -> None:
    """Keep an event, in its kept form, until its version is registered, and tell a person that it waits."""
    row = {
        "organisation_id": source.organisation_id,
        "source_id": source.id,
        "person_id": person_id,
        "event": document["id"],
        "activity": document["activity"],
        "content": document["content"],
        "sequence": document["sequence"],
        "document": json.dumps(document),
        "now": micros(now),
    }
    _KEEP.run(connection, row)
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=source.organisation_id,
            reason=VERSION_UNKNOWN,
            subject=_subject(document["activity"], document["content"]),
            details={"source": source.key, "activity": document["activity"], "content": document["content"]},
            owner_role="administrator",
            actions=[DISMISS],
            now=now,
        )


def take_up(connection: Connection, organisation_id: int, activity: str, content: str, *, now: datetime) -> int:
    """Record the events that waited for a version, which is there now; return how many are in the ledger.

    In the caller's transaction; `AT_ONCE` at most, the worker goes on with the rest.
    """
    driver = Driver(connection)
    rows = driver.all(_WAITING[driver.is_sqlite], (organisation_id, activity, content, AT_ONCE))
    waiting = [_waiting(organisation_id, row) for row in rows]
    # Before the ledger is read: a batch that is being recorded may tell a later try of the same judgement.
    learners.hold(connection, organisation_id, {(each.source.id, each.person_id) for each in waiting})
    ready = _possible(connection, organisation_id, waiting, now)
    # What is later may have come since, of another version.
    made = [submission for _, submission in ready]
    judgements.record(connection, organisation_id, made, late=range(len(made)), now=now)
    for each, _ in ready:
        scores.keep_total(connection, each.source, each.event, person_id=each.person_id, now=now)
    if waiting:
        driver.run(_DROP, (organisation_id, driver.listed(each.row_id for each in waiting)))
        _close(connection, organisation_id, _subject(activity, content), now)
    return len(ready)


def take_up_ready(
    database: Database, *, clock: Callable[[], datetime], is_ending: Callable[[], bool] = lambda: False
) -> None:
    """Record what waited for versions that were installed since, a transaction for each five hundred."""
    with database.snapshot() as connection:
        ready = _READY.all(connection, {})
    for organisation_id, activity, content in ready:
        more = True
        while more and not is_ending():
            with database.connection() as connection:
                more = take_up(connection, organisation_id, activity, content, now=clock()) == AT_ONCE


def _waiting(organisation_id: int, row: tuple[Any, ...]) -> _Waiting:
    row_id, person_id, document, source_id, key, registration_id = row
    source = KnownSource(id=source_id, organisation_id=organisation_id, key=key, registration_id=registration_id)
    event = EvidenceEvent.model_validate(stored_json(document))
    return _Waiting(row_id=row_id, person_id=person_id, source=source, event=event)


def _possible(
    connection: Connection, organisation_id: int, waiting: list[_Waiting], now: datetime
) -> list[tuple[_Waiting, Submission]]:
    """Return what can be evidence; what cannot goes to the inbox whole, for it was acknowledged."""
    made: list[tuple[_Waiting, Submission]] = []
    for each in waiting:
        try:
            made.append((each, each.submission(now)))
        except EvidenceRefusedError as error:
            _report(connection, each, [str(error)], now)
    numbered = enumerate((submission for _, submission in made), 1)
    wrong: dict[int, list[str]] = {}
    for fault in checks.find_faults(connection, organisation_id, numbered, now=now):
        wrong.setdefault(fault.row - 1, []).append(f"{fault.field}: {fault.message}")
    for place, faults in wrong.items():
        _report(connection, made[place][0], faults, now)
    return [pair for place, pair in enumerate(made) if place not in wrong]


def _report(connection: Connection, each: _Waiting, faults: list[str], now: datetime) -> None:
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=each.source.organisation_id,
            reason=EVIDENCE_IMPOSSIBLE,
            subject=f"{each.source.key}:{each.event.id}",
            details={"faults": faults, "event": each.event.model_dump(mode="json", by_alias=True)},
            owner_role="administrator",
            actions=[DISMISS],
            now=now,
        )


def _close(connection: Connection, organisation_id: int, subject: str, now: datetime) -> None:
    """Close what the inbox says of a version that is registered now."""
    with Session(connection) as session:
        item = session.scalar(
            select(InboxItem).where(
                InboxItem.organisation_id == organisation_id,
                InboxItem.reason == VERSION_UNKNOWN,
                InboxItem.subject == subject,
                InboxItem.state == inbox.OPEN,
            )
        )
        if item is not None:
            item.state, item.resolved_at, item.resolution = inbox.RESOLVED, now, REGISTERED
            session.flush()


def _subject(activity: str, content: str) -> str:
    return f"{activity}:{content}"[: inbox.MAX_SUBJECT]
