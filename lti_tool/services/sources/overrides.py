"""Grades that staff of a source's platform set by hand: kept in the ledger as assertions, and shown to a person.

Such a grade is of a whole place in a course, which names no part and no knowledge point. So it moves no mastery by itself:
whoever sees it in the inbox corrects the evidence where that was wrong, or leaves both as they are.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared
from lti_tool.services.ledger import ledger
from lti_tool.services.mechanisms import inbox
from lti_tool.services.sources import learners
from lti_tool.services.sources.events import AHEAD, ledger_source
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import Fault, GradeOverride, MessageRefusedError, OverrideOutcome, OverrideResult
from qualoop.exchange.message_parts import moment_of
from qualoop.ledger import EventType

KIND: Final = "grade-override"
REASON: Final = "grade-overridden"
SEEN: Final = "dismiss"

_STANDING = Prepared(
    text(
        "SELECT body FROM ledger_event WHERE organisation_id = :organisation_id AND source = :source "
        "AND source_id = :source_id AND attempt = ''"
    )
)


def note(
    connection: Connection, source: KnownSource, override_id: str, sent: GradeOverride, *, now: datetime
) -> OverrideResult:
    """Keep an override under its id, once; raise MessageRefusedError for the future, or where the id says otherwise."""
    at = moment_of(sent.occurred_at)
    if at > now + AHEAD:
        raise MessageRefusedError([Fault(pointer="/occurred_at", detail="lies in the future")])
    body = {"kind": KIND, "course": sent.course, "place": sent.place, "score": sent.score}
    if (standing := _find(connection, source, override_id)) is not None:
        if standing != body:
            raise MessageRefusedError([Fault(pointer="", detail="something else stands under this id")])
        return OverrideResult(outcome=OverrideOutcome.DUPLICATE)
    learner = learners.meet(connection, source, [sent.learner], now)[sent.learner]
    made = ledger.new_event(
        connection,
        source.organisation_id,
        EventType.ASSERTION_MADE,
        body,
        source=(ledger_source(source), override_id, ""),
        now=now,
        learner=learner.uuid,
    )
    event = replace(made, occurred_at=min(at, now))
    if ledger.append(connection, source.organisation_id, event) is None:
        return OverrideResult(outcome=OverrideOutcome.DUPLICATE)
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=source.organisation_id,
            reason=REASON,
            subject=f"{learner.uuid}:{sent.place}"[: inbox.MAX_SUBJECT],
            details={"source": source.key, "learner": learner.uuid, **body},
            owner_role="administrator",
            actions=[SEEN],
            now=now,
        )
    return OverrideResult(outcome=OverrideOutcome.NOTED)


def _find(connection: Connection, source: KnownSource, override_id: str) -> dict[str, Any] | None:
    """Return what stands under an id; None where nothing does."""
    keys = {"organisation_id": source.organisation_id, "source": ledger_source(source), "source_id": override_id}
    row = _STANDING.one(connection, keys)
    found: dict[str, Any] | None = None if row is None else json.loads(row[0])
    return found
