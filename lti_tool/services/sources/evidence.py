"""A batch of evidence from a source: each event is looked at by itself, and what is taken is in the ledger together.

The events of a learner are recorded in the order of their numbers; what comes late is recorded when it comes, with its
own time, as everywhere in the ledger. An event whose content version nobody has registered is kept (`waiting`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from lti_tool.services.content import parts
from lti_tool.services.evidence import checks
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.sources import judgements, learners, repeats, scores, waiting
from lti_tool.services.sources.events import kept_form, submission_of
from lti_tool.services.sources.learners import SourceLearnerRow
from lti_tool.services.sources.repeats import Repeat
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import (
    BatchResult,
    EventResult,
    EvidenceEvent,
    Fault,
    Gap,
    MessageRefusedError,
    Outcome,
    Problem,
    read_message,
)
from qualoop.exchange.problems import PREFIX
from qualoop.ledger import EvidenceRefusedError

TITLES: Final[Mapping[str, str]] = {
    "event-malformed": "The event is not of its form.",
    "event-repeated": "The batch holds this id before, with something else.",
    "event-conflict": "Something else stands under this id. It stays; a person sees this event in the inbox.",
    "event-impossible": "The event says what cannot be.",
    "part-unknown": "The registered version has no such part.",
}


@dataclass(slots=True)
class _Batch:
    """A batch at work: the results by place, and the events that are still to be decided."""

    results: dict[int, EventResult] = field(default_factory=dict)
    open: dict[int, EvidenceEvent] = field(default_factory=dict)

    def settle(self, place: int, outcome: Outcome) -> None:
        self.results[place] = EventResult(id=self.open.pop(place).id, outcome=outcome)

    def refuse(self, place: int, code: str, faults: Iterable[Fault] = ()) -> None:
        event = self.open.pop(place)
        self.results[place] = EventResult(id=event.id, outcome=Outcome.REFUSED, problem=_problem(code, faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """An event that can be recorded, at its place in the batch; ``is_late`` where a later one of the learner came before."""

    place: int
    event: EvidenceEvent
    submission: Submission
    is_late: bool


def record_batch(connection: Connection, source: KnownSource, events: Sequence[Any], *, now: datetime) -> BatchResult:
    """Record what can be recorded of ``events``, which are plain JSON, and say of each what became of it.

    The caller's transaction holds all of it. Raises TagsMovedError: then nothing was done, and the same may be sent again.
    """
    batch = _Batch()
    for place, sent in enumerate(events):
        _read(batch, place, sent)
    _settle_repeats(connection, source, batch, now)
    for place, event in [*batch.open.items()]:
        if not event.counts:
            batch.settle(place, Outcome.NOT_COUNTED)
    gaps = _take(connection, source, batch, now) if batch.open else []
    return BatchResult(results=[batch.results[place] for place in range(len(events))], gaps=gaps)


def _problem(code: str, faults: Iterable[Fault]) -> Problem:
    return Problem(type=PREFIX + code, title=TITLES[code], status=422, code=code, errors=[*faults])


def _read(batch: _Batch, place: int, sent: Any) -> None:
    """Read one event; what is no event is refused."""
    try:
        batch.open[place] = read_message(EvidenceEvent, sent, f"/events/{place}")
    except MessageRefusedError as error:
        found = sent.get("id") if isinstance(sent, dict) else None
        told = found[:36] if isinstance(found, str) and found.isprintable() else None
        refused = _problem("event-malformed", error.faults)
        batch.results[place] = EventResult(id=told, outcome=Outcome.REFUSED, problem=refused)


def _settle_repeats(connection: Connection, source: KnownSource, batch: _Batch, now: datetime) -> None:
    """Settle what stands in the batch twice, and what came before."""
    first: dict[str, EvidenceEvent] = {}
    for place, event in [*batch.open.items()]:
        before = first.setdefault(event.id, event)
        if before is not event and before == event:
            batch.settle(place, Outcome.DUPLICATE)
        elif before is not event:
            batch.refuse(place, "event-repeated")
    found = repeats.find(connection, source, batch.open.values(), now=now)
    for place, event in [*batch.open.items()]:
        if found.get(event.id) is Repeat.SAME:
            batch.settle(place, Outcome.DUPLICATE)
        elif found.get(event.id) is Repeat.DIFFERENT:
            batch.refuse(place, "event-conflict")


def _take(connection: Connection, source: KnownSource, batch: _Batch, now: datetime) -> list[Gap]:
    """Record the events that are left, in the order of each learner; return whose numbers have gaps."""
    in_order = sorted(batch.open.items(), key=lambda item: (item[1].learner, item[1].number, item[0]))
    people = {event.learner for _, event in in_order}
    raters = {event.rater for _, event in in_order if event.rater is not None}
    rows = learners.meet(connection, source, people | raters, now)
    ready: list[_Ready] = []
    seats: set[tuple[int, str]] = set()
    for place, event in in_order:
        row = rows[event.learner]
        is_late = event.number < row.highest
        row.count(event.number)
        made = _submission(event, source, rows, now)
        if isinstance(made, Fault):
            batch.refuse(place, "event-impossible", [made])
            continue
        seats.add((row.person_id, event.course))
        if parts.find_version(connection, source.organisation_id, event.activity, event.content) is None:
            document = kept_form(event, learner=row.uuid, rater=made.evidence.rater if event.rater else None)
            waiting.keep(connection, source, document, person_id=row.person_id, now=now)
            batch.settle(place, Outcome.WAITS)
        else:
            ready.append(_Ready(place=place, event=event, submission=made, is_late=is_late))
    _record(connection, source, batch, ready, rows=rows, now=now)
    learners.enrol(connection, source, seats, now)
    learners.save_counts(connection, source, (rows[learner] for learner in people))
    return [Gap(learner=learner, missing=rows[learner].missing) for learner in sorted(people) if rows[learner].missing]


def _submission(
    event: EvidenceEvent, source: KnownSource, rows: Mapping[str, SourceLearnerRow], now: datetime
) -> Submission | Fault:
    """Return an event as evidence is handed in, or what is wrong with it."""
    rater = rows[event.rater].uuid if event.rater is not None else None
    try:
        return submission_of(event, source, learner=rows[event.learner].uuid, rater=rater, now=now)
    except EvidenceRefusedError as error:
        return Fault(pointer=f"/{error.field}", detail=str(error).removeprefix(f"{error.field}: "))


def _record(
    connection: Connection,
    source: KnownSource,
    batch: _Batch,
    ready: Sequence[_Ready],
    *,
    rows: Mapping[str, SourceLearnerRow],
    now: datetime,
) -> None:
    """Record what can be evidence; what cannot is refused with every fault."""
    wrong: dict[int, list[Fault]] = {}
    numbered = ((each.place, each.submission) for each in ready)
    for fault in checks.find_faults(connection, source.organisation_id, numbered, now=now):
        wrong.setdefault(fault.row, []).append(Fault(pointer=f"/{fault.field}", detail=fault.message))
    good = [each for each in ready if each.place not in wrong]
    taken = judgements.record(
        connection,
        source.organisation_id,
        [each.submission for each in good],
        late={place for place, each in enumerate(good) if each.is_late},
        now=now,
    )
    for each, is_taken in zip(good, taken, strict=True):
        person_id = rows[each.event.learner].person_id
        scores.keep_total(connection, source, each.event, person_id=person_id, now=now)
        batch.settle(each.place, Outcome.ACCEPTED if is_taken else Outcome.DUPLICATE)
    for place, faults in wrong.items():
        is_part = any(fault.pointer == "/part" for fault in faults)
        batch.refuse(place, "part-unknown" if is_part else "event-impossible", faults)
