"""Corrections in the database: void or revise what the ledger says, by a later event. Nothing old is touched.

Mastery follows by a replay, which each correction asks for. A grade that a platform has already is not changed by it:
it is the score of an attempt, not of the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import LedgerEvent, Organisation
from lti_tool.services.evidence import critical_errors
from lti_tool.services.ledger import ledger
from lti_tool.services.ledger.standings import read_corrections
from lti_tool.services.mastery import replay
from lti_tool.services.people.learner_keys import KeyOwner, sealed_text
from qualoop.errors import QualoopError
from qualoop.ledger import (
    CORRECTABLE,
    CORRECTIONS,
    Correction,
    CorrectionRefusedError,
    CorrectionRow,
    Event,
    EventType,
    Evidence,
    Reason,
    Standing,
    settle_corrections,
)
from qualoop.values import Score

SOURCE: Final = "correction"
_AT_ONCE: Final = 500
"""So many events are named in one statement."""


class EventMissingError(QualoopError):
    """There is no such event in this organisation's ledger."""

    code = "ledger-event-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants corrected: the uuid of an event, why, by whom (a pseudonym), and the new score.

    ``score`` None voids. ``note`` is free text of the corrector; it is kept under the learner's data key.
    """

    target: UUID
    reason: Reason
    actor: str
    score: Score | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """A revision that a message asks for; ``source`` is (source, source id, attempt), the key of repeats."""

    request: Request
    source: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The correction as it now stands in the ledger, and the job that will make mastery follow."""

    seq: int
    uuid: UUID
    learner: str
    job: str


def correct(session: Session, organisation: Organisation, request: Request, *, secret: str, now: datetime) -> Corrected:
    """Append a correction and ask for a replay.

    ``secret`` is the installation's. Raises EventMissingError where the organisation has no such event,
    CorrectionRefusedError for what cannot be corrected so, LearnerErasedError for a note about an erased learner.
    """
    connection = session.connection()
    target = _find(session, organisation, request.target)
    rows = read_corrections(connection, organisation.id, learner=target.learner)
    _refuse_unless_correctable(target, request.score, rows)
    owner = KeyOwner(organisation_id=organisation.id, learner=str(target.learner), secret=secret)
    note = sealed_text(connection, owner, request.note, now) if request.note else ""
    correction = Correction(target=request.target, reason=request.reason, score=request.score, note=note)
    seq, event = _append(connection, (target, rows), correction, actor=request.actor, now=now)
    job = replay.start(session, organisation, now, replay.KEEPING_TAGS)
    return Corrected(seq=seq, uuid=event.uuid, learner=str(target.learner), job=job.uuid)


def void_many(
    session: Session, organisation: Organisation, events: Collection[str], *, actor: str, now: datetime
) -> None:
    """Void what was recorded in error, and ask for one replay; what somebody voided before stays as it is.

    Raises EventMissingError where the organisation has no such event.
    """
    connection, wanted = session.connection(), sorted(set(events))
    found: dict[str, list[LedgerEvent]] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        named = LedgerEvent.uuid.in_(wanted[first : first + _AT_ONCE])
        query = select(LedgerEvent).where(LedgerEvent.organisation_id == organisation.id, named)
        for target in session.scalars(query.order_by(LedgerEvent.id)):
            found.setdefault(target.learner or "", []).append(target)
    if "" in found or sum(map(len, found.values())) < len(wanted):
        raise EventMissingError
    for learner, targets in sorted(found.items()):
        rows = read_corrections(connection, organisation.id, learner=learner)
        for target in targets:
            with suppress(CorrectionRefusedError):
                _refuse_unless_correctable(target, None, rows)
                correction = Correction(target=UUID(target.uuid), reason=Reason.ERROR)
                _append(connection, (target, rows), correction, actor=actor, now=now)
    if wanted:
        replay.start(session, organisation, now, replay.KEEPING_TAGS)


def revise_retold(session: Session, organisation: Organisation, retold: Sequence[Retold], *, now: datetime) -> None:
    """Revise what messages tell anew, in their order, without notes, and ask for one replay.

    What was voided since stays so. The score that holds already is told in the ledger, too: else nothing would say that
    the message came, and which try was the last.
    """
    connection, is_new = session.connection(), False
    for each in retold:
        target = _find(session, organisation, each.request.target)
        rows = read_corrections(connection, organisation.id, learner=target.learner)
        correction = Correction(target=each.request.target, reason=each.request.reason, score=each.request.score)
        with suppress(CorrectionRefusedError):
            _refuse_unless_correctable(target, correction.score, rows, may_repeat=True)
            _append(connection, (target, rows), correction, actor=each.request.actor, source=each.source, now=now)
            is_new = True
    if is_new:
        replay.start(session, organisation, now, replay.KEEPING_TAGS)


def _find(session: Session, organisation: Organisation, event: UUID) -> LedgerEvent:
    """Return an event of somebody; raise EventMissingError."""
    query = select(LedgerEvent).where(LedgerEvent.organisation_id == organisation.id, LedgerEvent.uuid == str(event))
    found = session.scalar(query)
    if found is None or found.learner is None:
        raise EventMissingError
    return found


def _append(
    connection: Connection,
    of: tuple[LedgerEvent, Sequence[CorrectionRow]],
    correction: Correction,
    *,
    actor: str,
    now: datetime,
    source: tuple[str, str, str] | None = None,
) -> tuple[int, Event]:
    """Append the correction of an event whose learner's corrections are these; raise CorrectionRefusedError.

    ``source`` is the key of repeats of a correction that a message asks for.
    """
    target, rows = of
    before = sum(str(row.correction.target) == target.uuid for row in rows)
    event = ledger.new_event(
        connection,
        target.organisation_id,
        correction.type,
        correction.to_body(),
        # Numbered, so that of two people who correct the same at the same moment one is refused.
        source=source or (SOURCE, target.uuid, str(before + 1)),
        learner=target.learner,
        actor=actor,
        now=now,
    )
    seq = ledger.append(connection, target.organisation_id, event)
    if seq is None:
        raise CorrectionRefusedError("somebody else has just corrected it: look at it again")
    _settle_errors(connection, target, rows)
    return seq, event


def _settle_errors(connection: Connection, target: LedgerEvent, rows: Sequence[CorrectionRow]) -> None:
    """Let critical errors follow the correction of evidence, or of a correction of it, which are these."""
    kind, body = target.type, target.body
    if EventType(kind) in CORRECTIONS:
        targets = {row.uuid: str(row.correction.target) for row in rows}
        named = target.uuid
        while named in targets:
            named = targets[named]
        kind, body = connection.execute(
            select(LedgerEvent.type, LedgerEvent.body).where(
                LedgerEvent.organisation_id == target.organisation_id, LedgerEvent.uuid == named
            )
        ).one()
    if kind == EventType.EVIDENCE_RECORDED.value:
        evidence = Evidence.from_body(json.loads(body))
        critical_errors.resettle(connection, target.organisation_id, str(target.learner), evidence)


def _refuse_unless_correctable(
    target: LedgerEvent, score: Score | None, rows: Sequence[CorrectionRow], *, may_repeat: bool = False
) -> None:
    """Raise CorrectionRefusedError for what makes no sense: docs/ledger.md, corrections.

    ``may_repeat`` lets a revision give the score that holds already.
    """
    kind = EventType(target.type)
    standings = settle_corrections(rows)
    standing = standings.get(target.uuid)
    if kind not in (CORRECTABLE | CORRECTIONS if score is None else CORRECTABLE):
        raise CorrectionRefusedError(f"{kind} cannot be {'voided' if score is None else 'revised'}")
    if standing and standing.voided:
        raise CorrectionRefusedError(f"it is voided already, by {standing.by}: void that first, and it holds again")
    if kind in CORRECTIONS:
        corrected = next(str(row.correction.target) for row in rows if row.uuid == target.uuid)
        if standings[corrected].by != target.uuid:
            raise CorrectionRefusedError(f"a newer correction holds: {standings[corrected].by}")
    elif score is not None and not may_repeat and score == _present_score(target, standing):
        raise CorrectionRefusedError("that is its score already")


def _present_score(target: LedgerEvent, standing: Standing | None) -> Score | None:
    """Return the score that an event has now, where it has one."""
    if standing is not None:
        return standing.score
    found = json.loads(target.body).get("score")
    return None if found is None else Score(found)
