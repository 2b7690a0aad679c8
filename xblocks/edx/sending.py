"""Sends what waits: batches to POST /api/v1/evidence, each learner's events in order, until the tool has settled them.

A sender claims learners under a lease, sends outside of any transaction, then notes what became of each event. What a
crashed sender held is free again when its lease ends; sending it twice is harmless, for the tool knows events by id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q
from pydantic import ValidationError

from qualoop.exchange import BatchResult, EventResult, Outcome
from xblocks.edx import overrides, versions
from xblocks.edx.clock import Clock
from xblocks.edx.config import batch_size
from xblocks.edx.models import EvidenceEvent, EvidenceOutbox
from xblocks.edx.states import DEAD, DONE, DUE, NEEDS_PERSON, REFUSED, SENT, WAITING
from xblocks.edx.terms import TERMS, Terms
from xblocks.edx.tool import UNREACHABLE, UNREADABLE, Answer, Tool

TARGET: Final = "/api/v1/evidence"
MOST_BATCHES: Final = 200
BODY_ROOM: Final = 900_000
"""Bytes of events in one request: the tool takes a mebibyte."""

HOPELESS: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    }
)
"""The tool does not understand the batch: no repeat mends that. A wrong key or address is mended by the site meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Events of claimed learners, in order."""

    lease: str
    events: Sequence[Any]

    @property
    def body(self) -> bytes:
        """Return the request's body."""
        return ('{"events":[' + ",".join(event.payload for event in self.events) + "]}").encode()


@dataclass(slots=True, kw_only=True)
class Sent:
    """What a run of the sender did; ``error`` is the code with which it ended early."""

    batches: int = 0
    events: int = 0
    refused: int = 0
    error: str = ""


def send_due(tool: Tool, clock: Clock, *, random: Random, terms: Terms = TERMS) -> Sent:
    """Send until nothing is due, or until the tool cannot be reached: then the rest waits for the next run."""
    sent = Sent()
    if not versions.register_due(tool, clock(), random=random, terms=terms):
        sent.error = UNREACHABLE
        # Nothing was tried of the events, so nothing of them is delayed.
        return sent
    while sent.batches < MOST_BATCHES:
        parcel = claim(clock(), at_most=batch_size(), terms=terms)
        if parcel is None:
            break
        answer = tool.ask("POST", TARGET, parcel.body) if parcel.events else Answer(status=HTTPStatus.OK, body={})
        results = _results(parcel, answer)
        sent.batches += 1
        if results is None:
            sent.error = answer.code or UNREADABLE
            _put_off(parcel, answer, clock(), random=random, terms=terms)
            break
        settle(parcel, results, clock())
        sent.events += len(results)
        sent.refused += sum(result.outcome is Outcome.REFUSED for result in results)
    if not sent.error and not overrides.send_due(tool, clock(), random=random, terms=terms):
        sent.error = UNREACHABLE
    return sent


def claim(now: datetime, *, at_most: int, terms: Terms = TERMS) -> Parcel | None:
    """Lease learners whose events are due, and return their events; None where there are none."""
    lease = str(uuid.uuid4())
    is_due = Q(state=DUE, next_at__lte=now) & (Q(lease="") | Q(leased_until__lte=now))
    due = list(EvidenceOutbox.objects.filter(is_due).order_by("next_at", "id").values_list("id", flat=True)[:at_most])
    # Whoever comes second finds these rows changed, and gets those that are left, if any.
    if not due or not EvidenceOutbox.objects.filter(is_due, id__in=due).update(
        lease=lease, leased_until=now + terms.lease, attempts=F("attempts") + 1
    ):
        return None
    waiting = EvidenceEvent.objects.filter(outbox__lease=lease, state=WAITING).order_by("outbox_id", "id")
    return Parcel(lease=lease, events=_that_fit(waiting[:at_most]))


def settle(parcel: Parcel, results: Sequence[EventResult], now: datetime) -> None:
    """Note what became of the events of a parcel. A lease that another sender has taken over changes no row."""
    with transaction.atomic():
        rows = {row.id: row for row in EvidenceOutbox.objects.select_for_update().filter(lease=parcel.lease)}
        _note(parcel, results, now)
        left = set(
            EvidenceEvent.objects.filter(outbox__in=list(rows), state=WAITING).values_list("outbox_id", flat=True)
        )
        for has_more in (True, False):
            EvidenceOutbox.objects.filter(id__in=[key for key in rows if (key in left) is has_more]).update(
                state=DUE if has_more else DONE, attempts=0, next_at=now, last_error="", **_freed(HTTPStatus.OK, now)
            )


def _note(parcel: Parcel, results: Sequence[EventResult], now: datetime) -> None:
    """Note what became of each event: one statement for all that became of the same."""
    alike: dict[tuple[Outcome, str], list[int]] = {}
    for event, result in zip(parcel.events, results, strict=True):
        alike.setdefault((result.outcome, _why(result)), []).append(event.id)
    for (outcome, why), ids in alike.items():
        state = REFUSED if outcome is Outcome.REFUSED else SENT
        EvidenceEvent.objects.filter(id__in=ids).update(state=state, outcome=outcome.value, problem=why, settled_at=now)


def send_again(now: datetime, learner: str = "") -> int:
    """Let what was given up, refused or put off be due at once, of one learner or of all; return how many learners."""
    rows = EvidenceOutbox.objects.filter(learner=learner) if learner else EvidenceOutbox.objects.all()
    with transaction.atomic():
        refused = EvidenceEvent.objects.filter(outbox__in=rows, state=REFUSED).exclude(payload="")
        refused.update(state=WAITING, outcome="", problem="", settled_at=None)
        stuck = rows.filter(events__state=WAITING).values_list("id", flat=True).distinct()
        count: int = EvidenceOutbox.objects.filter(id__in=list(stuck)).update(state=DUE, attempts=0, next_at=now)
        versions.send_again(now)
        overrides.send_again(now)
    return count


def _that_fit(events: Any) -> list[Any]:
    """Return the first events that one request has room for: at least one."""
    fitting: list[Any] = []
    room = BODY_ROOM
    for event in events:
        room -= len(event.payload.encode()) + 1
        if fitting and room < 0:
            break
        fitting.append(event)
    return fitting


def _results(parcel: Parcel, answer: Answer) -> Sequence[EventResult] | None:
    """Return what the tool says of each event; None where it does not say it of all of them, in their order."""
    if not parcel.events:
        return ()
    if answer.status != HTTPStatus.OK:
        return None
    try:
        results = BatchResult.model_validate_json(json.dumps(answer.body)).results
    except ValidationError:
        return None
    told = [result.id for result in results]
    return results if told == [str(event.event_id) for event in parcel.events] else None


def _put_off(parcel: Parcel, answer: Answer, now: datetime, *, random: Random, terms: Terms) -> None:
    """Note that a try failed: each learner waits longer than before, and after the last try for a person."""
    with transaction.atomic():
        for row in EvidenceOutbox.objects.select_for_update().filter(lease=parcel.lease):
            delay = max(terms.delay(row.attempts, random), timedelta(seconds=answer.retry_after_s))
            EvidenceOutbox.objects.filter(id=row.id).update(
                state=_state_after(row.attempts, answer, terms),
                next_at=now + delay,
                last_error=answer.code or UNREADABLE,
                **_freed(answer.status, now),
            )


def _state_after(attempts: int, answer: Answer, terms: Terms) -> str:
    if answer.status in HOPELESS:
        return NEEDS_PERSON
    return DEAD if attempts >= terms.tries else DUE


def _freed(status: int | None, now: datetime) -> Mapping[str, Any]:
    return {"lease": "", "leased_until": None, "last_status": status, "updated_at": now}


def _why(result: EventResult) -> str:
    """Return the code of a refusal and the first thing that is wrong, cut to its column."""
    if result.problem is None:
        return ""
    faults = [f"{fault.pointer} {fault.detail}" for fault in result.problem.errors[:1]]
    return ": ".join([result.problem.code, *faults])[:255]
