"""Judgements that a source tells again: a later try revises the event of the one before, so that both are one piece.

A judgement is what a person gave: a row of a rubric sheet, or points. Told of the same learner, attempt, activity and
part by the same rater with a higher `try`, it is a mark that was changed; another rater's is a judgement of its own. A
lower try that comes after a higher one is superseded before it is there, and is a repeat, also where a person has voided
the higher one since. Answers are never revised: a learner's second try is a meeting of its own.

A revision stands in the ledger under the id of the message, with its try, by which it is known when it comes again. So
does one that says the score anew that holds already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lti_tool.db import Direct, Driver
from lti_tool.models import Organisation
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.checks import Submission
from lti_tool.services.evidence.corrections import Request, Retold
from qualoop.ledger import (
    CORRECTIONS,
    SCORED_BY_MACHINE,
    Correction,
    CorrectionRow,
    EventType,
    Evidence,
    EvidenceForm,
    Reason,
    settle_corrections,
)

_SHEET: Final = "sheet:"

#: What people gave some learners, from any source, and every correction of what those did.
_OF_LEARNERS: Final = Direct(
    "SELECT id, uuid, source, source_id, attempt, learner, type, body FROM ledger_event "
    "WHERE organisation_id = ? AND learner IN ? AND (type IN ('assertion.revised', 'assertion.voided') "
    "OR (type = 'evidence.recorded' AND (body LIKE ? OR body LIKE ?))) ORDER BY id"
)
_GIVEN: Final = (f'%"occasion":"{_SHEET}%', f'%"form":"{EvidenceForm.PROCESS.value}"%')


class Judgement(NamedTuple):
    """What makes two messages the same judgement."""

    source: str
    learner: str
    activity: str
    attempt: str
    part: str
    rater: str


@dataclass(slots=True)
class _Told:
    """What the ledger has of a judgement: the event that a revision goes to, the highest try, and the messages' ids.

    ``voided`` is the highest try of what somebody voided, 0 where that is nothing.
    """

    event: str = ""
    tries: int = 0
    voided: int = 0
    ids: set[str] = field(default_factory=set)

    def note(self, name: str, tries: int, *, event: str = "") -> None:
        """Note a message, in the order of the ledger; ``event`` is the evidence that it made, empty for a revision."""
        self.event = event or self.event
        self.tries = max(self.tries, tries)
        self.ids.add(name)

    def note_voided(self, name: str, tries: int) -> None:
        """Note a message whose evidence somebody voided: nothing goes to it, but what is no later try is told no more."""
        self.voided = max(self.voided, tries)
        self.ids.add(name)

    def supersedes(self, name: str, tries: int) -> bool:
        """Say whether a message came before, or tells a try that something later has taken the place of.

        A first try beside a voided first one is a judgement of its own, as it would be had nobody voided that.
        """
        return name in self.ids or tries < self.tries or (tries <= self.voided and self.voided > 1)


def is_judgement(made: Evidence) -> bool:
    """Say whether a person gave this: a row of a rubric sheet, or points."""
    is_given = made.occasion.startswith(_SHEET) or made.form is EvidenceForm.PROCESS
    return is_given and made.rater != SCORED_BY_MACHINE


def record(
    connection: Connection,
    organisation_id: int,
    submissions: Sequence[Submission],
    *,
    late: Collection[int],
    now: datetime,
) -> list[bool]:
    """Record evidence of sources in the order given; return of each whether it says anything that was not superseded.

    ``late`` are the places of what may have come after something later. A first judgement that is not late is looked
    up nowhere. Raises as `evidence.record_many`; then nothing is written.
    """
    asked = [
        each
        for place, each in enumerate(submissions)
        if is_judgement(each.evidence) and (each.evidence.tries > 1 or place in late)
    ]
    known = _read(connection, organisation_id, asked) if asked else {}
    new: list[Submission] = []
    revisions: list[Submission] = []
    taken = [True] * len(submissions)
    for place, each in enumerate(submissions):
        if not is_judgement(each.evidence):
            new.append(each)
            continue
        told = known.setdefault(_judgement(each), _Told())
        tries, name = each.evidence.tries, each.source[1]
        if told.supersedes(name, tries):
            taken[place] = False
            continue
        # Of the same try and another id: somebody judged once more, as ever.
        (revisions if 0 < told.tries < tries else new).append(each)
        told.note(name, tries)
    if new:
        evidence.record_many(connection, organisation_id, new, now=now)
    if revisions:
        _revise(connection, organisation_id, revisions, now=now)
    return taken


def _judgement(submission: Submission) -> Judgement:
    made = submission.evidence
    return Judgement(submission.source[0], submission.learner, made.activity, made.attempt, made.part, made.rater)


def _revise(connection: Connection, organisation_id: int, revisions: Sequence[Submission], *, now: datetime) -> None:
    """Let each judgement have its newest score; what somebody voided meanwhile stays as it is decided."""
    # Read once more: what they revise may have come in this batch.
    known = _read(connection, organisation_id, revisions)
    retold = [
        Retold(
            request=Request(
                target=UUID(told.event),
                reason=Reason.SUPERSEDED,
                actor=each.evidence.rater,
                score=each.evidence.score,
            ),
            source=(*each.source[:2], str(each.evidence.tries)),
        )
        for each in revisions
        if (told := known.get(_judgement(each))) and told.event
    ]
    with Session(connection) as session:
        corrections.revise_retold(session, session.get_one(Organisation, organisation_id), retold, now=now)
        session.flush()


def _read(connection: Connection, organisation_id: int, submissions: Sequence[Submission]) -> dict[Judgement, _Told]:
    """Return what the ledger has of the judgements of these learners; of what is voided only which tries there were."""
    driver = Driver(connection)
    learners = driver.listed(sorted({each.learner for each in submissions}))
    rows = driver.all(_OF_LEARNERS, (organisation_id, learners, *_GIVEN))
    told = [row for row in rows if EventType(row[6]) not in CORRECTIONS]
    revised = [
        (of, name, tries, CorrectionRow(seq, uuid, Correction.from_body(EventType(kind), json.loads(text))))
        for seq, uuid, of, name, tries, _, kind, text in rows
        if EventType(kind) in CORRECTIONS
    ]
    standings = settle_corrections(row for *_, row in revised)
    found: dict[Judgement, _Told] = {}
    of_event: dict[str, tuple[_Told, bool]] = {}
    for _, uuid, of, name, _, learner, _, text in told:
        body = json.loads(text)
        judgement = Judgement(of, learner, body["activity"], body["attempt"], body["part"], body["rater"])
        one, standing = found.setdefault(judgement, _Told()), standings.get(uuid)
        of_event[uuid] = one, standing is not None and standing.voided
        if of_event[uuid][1]:
            one.note_voided(name, body["try"])
        else:
            one.note(name, body["try"], event=uuid)
    for of, name, tries, row in revised:
        # What people correct has numbers of its own for its tries.
        if of != corrections.SOURCE and (known := of_event.get(str(row.correction.target))):
            one, is_void = known
            (one.note_voided if is_void else one.note)(name, int(tries))
    return found
