"""Replay: computes mastery anew from the ledger, in a generation of its own, and adopts it.

Nothing that people see changes until the adoption, which moves one pointer. It happens only when every event is
replayed, under the same lock under which events are written: an event is either in the replay, or applied to the new
generation when it comes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from lti_tool.models import (
    Activity,
    ContentVersion,
    Job,
    LedgerEvent,
    MasteryGeneration,
    MasteryState,
    MasteryUpdate,
    Organisation,
)
from lti_tool.services import evidence, jobs, ledger, mastery_cache
from lti_tool.services.jobs import Progress
from qualoop.ledger import EventType
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.explanation import MODEL
from qualoop.policies import DEFAULT_TABLE

KIND: Final = "replay"
CHUNK: Final = 200
FILLING, DROPPED = "filling", "dropped"


def start(session: Session, organisation: Organisation, now: datetime) -> Job:
    """Return the organisation's replay: the one that was not finished, else a new one with an empty generation."""
    unfinished = jobs.find_unfinished(session, organisation.id, KIND)
    if unfinished is not None:
        return unfinished
    _clear_dropped(session, organisation.id)
    generation = MasteryGeneration(
        organisation_id=organisation.id,
        number=1 + (session.scalar(_newest_number(organisation.id)) or 0),
        state=FILLING,
        model=MODEL,
        constants=DEFAULT_CONSTANTS.id,
        weights=DEFAULT_TABLE,
        through_seq=0,
        created_at=now,
    )
    session.add(generation)
    session.flush()
    return jobs.create(session, organisation.id, KIND, cursor={"generation": generation.id, "seq": 0}, now=now)


@dataclass(frozen=True, slots=True)
class Part:
    """What a replay must know of a part: the knowledge points it serves, and among how many options one guesses."""

    tags: Mapping[str, str]
    options: int | None


class Replay:
    """The steps of one organisation's replay (see services.jobs)."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation_id = organisation.id
        self._uuid = organisation.uuid
        self._parts: dict[tuple[str, str], Mapping[str, Part]] = {}

    def step(self, session: Session, progress: Progress) -> Progress:
        """Apply the next events; after the last one adopt the generation."""
        place = mastery_cache.Place(self._organisation_id, progress.cursor["generation"])
        after = progress.cursor["seq"]
        events = self._next(session, after)
        if not events:
            _stop_writers(session)
            events = self._next(session, after)
        for event in events:
            self._apply(session, place, event)
        if not events:
            _adopt(session, place, after)
            return Progress(progress.cursor, progress.done, progress.done, finished=True)
        done = progress.done + len(events)
        cursor = {**progress.cursor, "seq": events[-1].id}
        return Progress(cursor, done, done + self._count_after(session, events[-1].id))

    def _next(self, session: Session, after: int) -> Sequence[LedgerEvent]:
        """Return the next pieces of evidence in the order of the ledger."""
        return session.scalars(
            select(LedgerEvent).where(*self._evidence_after(after)).order_by(LedgerEvent.id).limit(CHUNK)
        ).all()

    def _count_after(self, session: Session, after: int) -> int:
        return session.scalar(select(func.count()).select_from(LedgerEvent).where(*self._evidence_after(after))) or 0

    def _evidence_after(self, after: int) -> tuple[Any, ...]:
        return (
            LedgerEvent.organisation_id == self._organisation_id,
            LedgerEvent.id > after,
            LedgerEvent.type == EventType.EVIDENCE_RECORDED.value,
        )

    def _apply(self, session: Session, place: mastery_cache.Place, row: LedgerEvent) -> None:
        """Apply one piece of evidence as if it came now; that of a part without tags goes on waiting for them."""
        event = ledger.as_event(self._uuid, row, json.loads(row.body))
        part = self._find_part(session, event.body["activity"], event.body["content"], event.body["part"])
        if part is None:
            return
        scored = evidence.as_scored(event, row.id, part.options)
        evidence.apply_evidence(session.connection(), place, scored, part.tags)

    def _find_part(self, session: Session, activity: str, content: str, part: str) -> Part | None:
        """Return what is known of a part by the tags that hold now; None where it has none."""
        key = (activity, content)
        if key not in self._parts:
            self._parts[key] = self._read_parts(session, activity, content)
        return self._parts[key].get(part)

    def _read_parts(self, session: Session, activity: str, content: str) -> Mapping[str, Part]:
        version = session.scalar(
            select(ContentVersion)
            .join(Activity, Activity.id == ContentVersion.activity_id)
            .where(
                Activity.organisation_id == self._organisation_id,
                Activity.key == activity,
                ContentVersion.hash == content,
            )
        )
        if version is None:
            return {}
        tags = evidence.find_tags(session.connection(), self._organisation_id, version.id)
        return {
            entry["key"]: Part(tags[entry["key"]], entry.get("options"))
            for entry in version.manifest["parts"]
            if entry["key"] in tags
        }


def _stop_writers(session: Session) -> None:
    """Let nobody append events until the end of the transaction, and wait for those who are at it.

    SQLite's transactions are the only writer from their beginning.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ledger_event IN SHARE MODE"))


def _adopt(session: Session, place: mastery_cache.Place, through: int) -> None:
    """Move the pointer to a generation that holds every event."""
    for generation in session.scalars(
        select(MasteryGeneration).where(
            MasteryGeneration.organisation_id == place.organisation_id,
            MasteryGeneration.state == mastery_cache.ADOPTED,
        )
    ):
        generation.state = DROPPED
    session.flush()
    adopted = session.get_one(MasteryGeneration, place.generation_id)
    adopted.state, adopted.through_seq = mastery_cache.ADOPTED, through
    session.flush()


def _clear_dropped(session: Session, organisation_id: int) -> None:
    """Delete the states of generations that were dropped: the ledger can make them again."""
    dropped = select(MasteryGeneration.id).where(
        MasteryGeneration.organisation_id == organisation_id, MasteryGeneration.state == DROPPED
    )
    session.execute(delete(MasteryState).where(MasteryState.generation_id.in_(dropped)))
    session.execute(delete(MasteryUpdate).where(MasteryUpdate.generation_id.in_(dropped)))


def _newest_number(organisation_id: int) -> Any:
    return select(func.max(MasteryGeneration.number)).where(MasteryGeneration.organisation_id == organisation_id)
