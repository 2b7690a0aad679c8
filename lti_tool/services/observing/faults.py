"""Observations that cannot be evidence are found one by one, so that one of them does not hold up a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, Person
from lti_tool.services.evidence import checks
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.observing.ledger import Seen, submission_of
from qualoop.classroom.observation_merge import Judged
from qualoop.values import Score

NO_EVIDENCE: Final = "observation-no-evidence"
"""The ledger would refuse it: its attempt began later, or its rubric's version has no such row any more."""


def keep_faulty(session: Session, rows: Sequence[ObservationCapture], *, now: datetime) -> None:
    """Let captures that are about to be kept wait for a person where the ledger would refuse them."""
    whole = [row for row in rows if row.problem == ""]
    if not whole:
        return
    organisation_id = whole[0].organisation_id
    assessor = session.scalars(
        select(Person.uuid).where(Person.organisation_id == organisation_id, Person.id == whole[0].person_id)
    ).one()
    numbered = [(number, each) for number, row in enumerate(whole) for each in _submissions(row, assessor)]
    for fault in checks.find_faults(session.connection(), organisation_id, numbered, now=now):
        whole[fault.row].problem = NO_EVIDENCE


def _submissions(row: ObservationCapture, assessor: str) -> Sequence[Submission]:
    """Return the judged rows of a capture as the ledger would get them, of whomever it is about."""
    seen = Seen(row=row, assessor=assessor, device="", members=())
    return [
        submission_of(
            seen,
            Judged(root=row.capture, assessor=assessor, learner="", row=part, steps=()),
            Score(said["score"]),
        )
        for part, said in row.judged.items()
    ]
