"""Adds to what happened in a live project, and keeps what follows from it for queue and class page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, LiveEntry, LiveProjectRow, SubmissionRow
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.live.cases import LiveCase
from lti_tool.services.people.learner_keys import sealed_bytes
from qualoop.assessment.live import Act, Entry, Standing, StepState, standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """What is added: who (person and pseudonym) does what to which task; ``body`` is what was written, not yet sealed."""

    step: str
    act: Act
    person_id: int
    by: str
    body: bytes | None = None
    enterprise: str = ""


def lock(session: Session, organisation_id: int, work: str) -> None:
    """Let nobody else change a project before this transaction ends; raise SubmissionMissingError.

    The work's row is what is locked, as whoever marks it does.
    """
    found = session.scalar(
        select(SubmissionRow.id)
        .where(SubmissionRow.organisation_id == organisation_id, SubmissionRow.uuid == work)
        .with_for_update()
    )
    if found is None:
        raise SubmissionMissingError


def comment_body(comment: str) -> bytes | None:
    """Return a comment as it is sealed; None where there is none."""
    return json.dumps({"comment": comment}, ensure_ascii=False).encode() if comment else None


def add(session: Session, case: LiveCase, new: New, *, now: datetime) -> Standing:
    """Add an entry to a project that is locked; return where it stands then. Whether it may happen was checked."""
    number = case.standing.seen + 1
    sealed = None if new.body is None else sealed_bytes(session.connection(), case.owner, new.body, now)
    session.add(
        LiveEntry(
            organisation_id=case.organisation_id,
            live_project_id=case.id,
            number=number,
            step=new.step,
            act=new.act.value,
            by_person_id=new.person_id,
            enterprise=new.enterprise,
            body_sealed=sealed,
            at=now,
        )
    )
    session.flush()
    entry = Entry(number=number, step=new.step, act=new.act, by=new.by, at=now)
    after = standing_of(case.project.steps, [*(each.entry for each in case.history), entry])
    done, waiting = len(after.accepted), _waiting(after)
    touch(session, case, now, done=done, waiting_step=waiting, waiting_since=after.since if waiting else None)
    session.execute(
        update(Attempt)
        .where(Attempt.organisation_id == case.organisation_id, Attempt.id == case.attempt_id)
        .values(done=done, total=len(after.steps), updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return after


def touch(session: Session, case: LiveCase, now: datetime, **values: Any) -> None:
    """Count a change of a project, with what changed of its row."""
    session.execute(
        update(LiveProjectRow)
        .where(LiveProjectRow.organisation_id == case.organisation_id, LiveProjectRow.id == case.id)
        .values(revision=LiveProjectRow.revision + 1, updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )


def _waiting(standing: Standing) -> str | None:
    current = standing.current
    return current if current is not None and standing.state(current) is StepState.WAITING else None
