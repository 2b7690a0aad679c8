"""Appeals and withdrawals: events over a learner's knowledge points, and the flags that they leave on every page.

Who decides an appeal is somebody else than who opened it, than the learner, and than whoever has judged what it is
about. Neither changes a score: what an appeal finds wrong is mended by a correction (services.corrections).
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lti_tool.models import RARE, LedgerEvent, Organisation, Person
from lti_tool.services.ledger import ledger
from lti_tool.services.ledger.first_assessors import find_first_assessors
from lti_tool.services.people.learner_keys import KeyOwner, LearnerMissingError, sealed_text
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.ledger import EventType
from qualoop.records import APPEAL_OUTCOMES, Flag, FlagRow, Outcome, open_appeals, settle_flags

#: As literals, so that both databases see that their index of the rare events serves.
_ARE_FLAGS: Final = text("type IN ('appeal.opened', 'appeal.decided', 'decision.made')")


class AppealRefusedError(QualoopError):
    """There is no such open appeal, or who opened it would decide it."""

    code = "appeal-refused"


class FirstAssessorDecidesError(AppealRefusedError):
    """Who would decide this appeal has judged what it is about: somebody who has not judged it decides."""

    code = "appeal-first-assessor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody (a pseudonym) says of a learner's knowledge points, with free words of their own.

    The words are kept under the learner's data key; ``secret`` is the installation's.
    """

    learner: UUID
    codes: tuple[str, ...]
    actor: str
    secret: str
    words: str = ""


def open_appeal(
    session: Session, organisation: Organisation, framework: Framework, notice: Notice, *, now: datetime
) -> UUID:
    """Put knowledge points under appeal and return the uuid of the appeal.

    Raises LearnerMissingError, UnknownCodeError for a knowledge point that the framework does not hold.
    """
    body = _body(session, organisation, framework, notice, now=now)
    return _append(session, organisation, (EventType.APPEAL_OPENED, body), notice, now=now)


def decide_points(
    session: Session,
    organisation: Organisation,
    framework: Framework,
    notice: Notice,
    *,
    outcome: Outcome,
    now: datetime,
) -> UUID:
    """Withdraw knowledge points, or take that back. Raises as `open_appeal`."""
    body = {**_body(session, organisation, framework, notice, now=now), "outcome": outcome.value}
    return _append(session, organisation, (EventType.DECISION_MADE, body), notice, now=now)


def decide_appeal(
    session: Session, organisation: Organisation, appeal: UUID, outcome: Outcome, *, actor: str, now: datetime
) -> UUID:
    """Close an open appeal. Raises AppealRefusedError, FirstAssessorDecidesError."""
    opened = session.scalar(
        select(LedgerEvent).where(
            LedgerEvent.organisation_id == organisation.id,
            LedgerEvent.uuid == str(appeal),
            LedgerEvent.type == EventType.APPEAL_OPENED.value,
        )
    )
    if opened is None or opened.learner is None or outcome not in APPEAL_OUTCOMES:
        raise AppealRefusedError("there is no such appeal")
    if actor in {opened.actor, opened.learner}:
        raise AppealRefusedError("somebody else than who opened an appeal decides it")
    codes = json.loads(opened.body)["knowledge_points"]
    if actor in find_first_assessors(session.connection(), opened, opened.learner, codes):
        raise FirstAssessorDecidesError(
            f"{actor} has judged evidence of {', '.join(codes)} that counted when it was opened: somebody else decides it"
        )
    event = ledger.new_event(
        session.connection(),
        organisation.id,
        EventType.APPEAL_DECIDED,
        {"appeal": opened.uuid, "outcome": outcome.value},
        source=("appeal", opened.uuid, "decision"),
        learner=opened.learner,
        actor=actor,
        now=now,
    )
    rows = _rows(session.connection(), organisation.id, [opened.learner]).get(opened.learner, [])
    if opened.uuid not in open_appeals(rows) or ledger.append(session.connection(), organisation.id, event) is None:
        raise AppealRefusedError("this appeal is decided already")
    return event.uuid


def read_flags(
    connection: Connection, organisation_id: int, learners: Sequence[str], *, recorded_by: datetime | None = None
) -> Mapping[str, Mapping[str, Flag]]:
    """Return the flags of those learners that have any, by pseudonym and knowledge point: now, or at a moment."""
    found = _rows(connection, organisation_id, learners, recorded_by)
    return {learner: flags for learner, rows in found.items() if (flags := settle_flags(rows))}


def _rows(
    connection: Connection, organisation_id: int, learners: Sequence[str], recorded_by: datetime | None = None
) -> Mapping[str, Sequence[FlagRow]]:
    """Return the events that can flag, by learner and in ledger order.

    They are few in any ledger, so they are filtered here: with learners named, databases would go through their answers.
    """
    wanted = set(learners)
    query = (
        select(LedgerEvent.learner, LedgerEvent.uuid, LedgerEvent.type, LedgerEvent.body)
        .where(LedgerEvent.organisation_id == organisation_id, RARE, _ARE_FLAGS)
        .order_by(LedgerEvent.id)
    )
    if recorded_by is not None:
        query = query.where(LedgerEvent.recorded_at <= recorded_by)
    found: defaultdict[str, list[FlagRow]] = defaultdict(list)
    for row in connection.execute(query):
        if row.learner in wanted:
            found[row.learner].append(FlagRow(row.uuid, EventType(row.type), json.loads(row.body)))
    return found


def _body(
    session: Session, organisation: Organisation, framework: Framework, notice: Notice, *, now: datetime
) -> dict[str, Any]:
    """Return what both kinds of event say."""
    known = select(Person.id).where(Person.organisation_id == organisation.id, Person.uuid == str(notice.learner))
    if session.scalar(known) is None:
        raise LearnerMissingError
    codes = [framework.get_knowledge_point(code).code for code in dict.fromkeys(notice.codes)]
    body: dict[str, Any] = {"framework": framework.version, "knowledge_points": codes}
    if notice.words:
        owner = KeyOwner(organisation_id=organisation.id, learner=str(notice.learner), secret=notice.secret)
        body["grounds"] = sealed_text(session.connection(), owner, notice.words, now)
    return body


def _append(
    session: Session,
    organisation: Organisation,
    event: tuple[EventType, dict[str, Any]],
    notice: Notice,
    *,
    now: datetime,
) -> UUID:
    made = ledger.new_event(
        session.connection(),
        organisation.id,
        *event,
        source=("person", str(uuid.uuid4()), ""),
        learner=str(notice.learner),
        actor=notice.actor,
        now=now,
    )
    ledger.append(session.connection(), organisation.id, made)
    return made.uuid
