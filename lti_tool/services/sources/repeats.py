"""Events that a source sends again: the same does nothing, something else under the same id goes to the inbox."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lti_tool.db import Direct, Driver
from lti_tool.services.mechanisms import inbox
from lti_tool.services.sources import learners as source_learners
from lti_tool.services.sources import waiting
from lti_tool.services.sources.events import ledger_source
from lti_tool.services.sources.learners import SourceLearnerRow
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import EvidenceEvent
from qualoop.ledger import SCORED_BY_MACHINE, EventType

_STANDING = Direct(
    "SELECT source_id, uuid, learner, body, type, attempt, actor FROM ledger_event WHERE organisation_id = ? "
    "AND source = ? AND source_id IN ?"
)
_REVISED = Direct("SELECT uuid, body FROM ledger_event WHERE organisation_id = ? AND uuid IN ?")

_STILL_KNOWN = Direct(
    "SELECT p.uuid FROM source_learner l JOIN person p ON p.id = l.person_id "
    "WHERE l.organisation_id = ? AND l.source_id = ? AND p.uuid IN ?"
)


class Repeat(Enum):
    """How an event is to the one that stands under its id."""

    SAME = auto()
    DIFFERENT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What stands under an id: of whom, what it says, and its uuid in the ledger; None where it waits.

    ``learner`` is None for one whom the source does not know any more, who was erased since. What a revision stands for
    (`sources.judgements`) says less: then ``uuid`` is that of the evidence that it revised.
    """

    learner: str | None
    said: Mapping[str, Any]
    rater: str
    uuid: str | None = None
    is_revision: bool = False


def find(
    connection: Connection, source: KnownSource, events: Iterable[EvidenceEvent], *, now: datetime
) -> dict[str, Repeat]:
    """Return what has come before, by id; what differs from it is put into the inbox.

    A repeat makes nobody: where the source no longer knows the learner, who was erased since, it is a repeat all the same.
    """
    sent = {event.id: event for event in events}
    standing = _read(connection, source, sent)
    if not standing:
        return {}
    named = {each for event_id in standing for each in (sent[event_id].learner, sent[event_id].rater) if each}
    known = source_learners.find_known(connection, source, named)
    found: dict[str, Repeat] = {}
    for event_id, stands in standing.items():
        event = sent[event_id]
        same_people, said = _is_of_same_people(event, stands, known), _said(event)
        if stands.is_revision:
            said = {name: said[name] for name in stands.said}
        found[event_id] = Repeat.SAME if same_people and said == stands.said else Repeat.DIFFERENT
        if found[event_id] is Repeat.DIFFERENT:
            # The new score may be taken where nothing but the score is new.
            is_score_alone = same_people and said | {"score": stands.said["score"]} == stands.said
            _note(connection, source, event, stands, is_score_alone=is_score_alone, now=now)
    return found


def _read(connection: Connection, source: KnownSource, ids: Iterable[str]) -> dict[str, _Standing]:
    """Return what stands under some ids, in the ledger or among what waits."""
    driver, wanted = Driver(connection), [*ids]
    keys = (source.organisation_id, ledger_source(source), driver.listed(wanted))
    rows = driver.all(_STANDING, keys)
    learners = (source.organisation_id, source.id, driver.listed({row[2] for row in rows}))
    known = {uuid for (uuid,) in driver.all(_STILL_KNOWN, learners)} if rows else set()
    revised = _read_revised(driver, source, rows)
    found: dict[str, _Standing] = {}
    for event_id, uuid, learner, text, kind, tries, actor in rows:
        whose = learner if learner in known else None
        if kind == EventType.EVIDENCE_RECORDED.value:
            body = json.loads(text)
            rater = body.pop("rater")
            found[event_id] = _Standing(learner=whose, said=body, rater=rater, uuid=uuid)
        else:
            target, said = revised[uuid]
            said |= {"try": int(tries)}
            found[event_id] = _Standing(learner=whose, said=said, rater=actor, uuid=target, is_revision=True)
    for event_id, kept in waiting.find_events(connection, source, wanted).items():
        found[event_id] = _Standing(learner=kept.learner, said=_said(kept), rater=kept.rater or SCORED_BY_MACHINE)
    return found


def _read_revised(
    driver: Driver, source: KnownSource, rows: Iterable[tuple[Any, ...]]
) -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Return for each revision among some events the evidence that it revised, by uuid, and what it says itself."""
    said = {uuid: json.loads(text) for _, uuid, _, text, kind, *_ in rows if kind == EventType.ASSERTION_REVISED.value}
    if not said:
        return {}
    targets = driver.listed({body["target"] for body in said.values()})
    bodies = {uuid: json.loads(text) for uuid, text in driver.all(_REVISED, (source.organisation_id, targets))}
    return {
        uuid: (
            body["target"],
            {name: bodies[body["target"]][name] for name in ("activity", "attempt", "part")} | {"score": body["score"]},
        )
        for uuid, body in said.items()
    }


def _said(event: EvidenceEvent) -> dict[str, Any]:
    """Return what an event says, as the body of its evidence has it, but for who judged."""
    names = {"activity", "attempt", "content", "form", "hints", "part", "score", "try_"}
    names |= {name for name in ("occasion", "run", "critical") if getattr(event, name)}
    return event.model_dump(mode="json", by_alias=True, include=names)


def _is_of_same_people(event: EvidenceEvent, stands: _Standing, known: Mapping[str, SourceLearnerRow]) -> bool:
    """Say whether an event names the people of the one that stands. Nobody differs from whom the source has lost."""
    learner, rater = known.get(event.learner), known.get(event.rater or "")
    if stands.learner is not None and (learner is None or learner.uuid != stands.learner):
        return False
    if (event.rater is None) is not (stands.rater == SCORED_BY_MACHINE):
        return False
    return rater is None or rater.uuid == stands.rater


def _note(
    connection: Connection,
    source: KnownSource,
    event: EvidenceEvent,
    stands: _Standing,
    *,
    is_score_alone: bool,
    now: datetime,
) -> None:
    """Put an event that contradicts what stands into the inbox, as `ledger.append` does."""
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=source.organisation_id,
            reason="evidence-conflict",
            subject=f"{ledger_source(source)}:{event.id}:"[: inbox.MAX_SUBJECT],
            details={"event": stands.uuid, "body": _said(event)},
            owner_role="administrator",
            actions=["keep", "revise"] if is_score_alone and stands.uuid else ["keep"],
            now=now,
        )
