"""Steps of attempts: worked out while no transaction is open, stored where nothing they were worked out from has changed.

An engine may take seconds, and may run what a learner wrote. In a transaction, every other learner's answer would wait
for it on SQLite, and the row be held on PostgreSQL. So an action is read, worked out, and then stored as one transaction
that reads again under the lock; what has moved meanwhile (a double click, a teacher's dates) has it worked out anew, as
if it had come later. Activity kinds keep nothing, so what was worked out for nothing leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from lti_tool.db import Database
from lti_tool.services.attempts import attempts
from lti_tool.services.attempts.attempts import Attempt, Standing, Who
from lti_tool.services.attempts.practice_rounds import Pace
from lti_tool.services.content.contents import Contents, OpenContent
from lti_tool.services.evidence import evidence
from lti_tool.services.grades import scores
from qualoop.assessment import LinkClosedError, LinkNotOpenError, Phase, Schedule
from qualoop.player import Action, Answered, StaleActionError, Step
from qualoop.values import Score

MOST_TRIES: Final = 4
"""How often a step is worked out at most, where somebody else moves the same attempt each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An action, and the uuid of the attempt whose page sent it: another attempt has other orders and other numbers."""

    shown: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """All that a step is worked out from. Where it is equal, so is the step."""

    attempt: Attempt
    plan: Schedule
    pace: Pace
    is_over: bool
    # Follows from the attempt's version.
    opened: OpenContent = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worked:
    """What is to be stored: ``at`` is the moment at which it happened."""

    step: Step
    score: Score
    at: datetime


def act(
    database: Database,
    contents: Contents,
    who: Who,
    sent: Sent,
    *,
    now: datetime,
    also: Callable[[Connection], None] | None = None,
) -> Standing:
    """Apply a learner's action to the newest attempt; store the attempt and all that follows from it; return it.

    ``also`` is done in the transaction that stores it. Raises what the activity kind's `step` raises, StaleActionError for
    the page of an earlier attempt, LinkNotOpenError; then nothing is stored. Where the time of the attempt is over, it is
    handed in as it stands, and the action is none. An action that arrived in time, at ``now``, stays in time.
    """
    done = _done(database, _Move(contents, who, now, sent), also)
    if done is None:
        raise StaleActionError
    return done


def hand_in_if_over(
    database: Database, contents: Contents, who: Who, *, now: datetime, also: Callable[[Connection], None] | None = None
) -> bool:
    """Hand in the newest attempt, as it stands, where its time is over; return whether it was.

    ``also`` is done in the transaction that stores it. Raises what the activity kind's `hand_in` raises.
    """
    return _done(database, _Move(contents, who, now, None), also) is not None


@dataclass(frozen=True, slots=True)
class _Move:
    """What is to become of somebody's newest attempt: an action, or the end of its time."""

    contents: Contents
    who: Who
    now: datetime
    sent: Sent | None

    def given(self, connection: Connection, *, locks: bool) -> _Given | None:
        """Return what holds now; None where nothing is to be done."""
        who = self.who
        standing = attempts.lock(connection, who) if locks else attempts.find(connection, who)
        is_over = attempts.is_over(who, standing, self.now)
        if self.sent is None and not is_over:
            return None
        attempt = attempts.found(standing.attempt)
        if self.sent is not None and attempt.uuid != self.sent.shown:
            raise StaleActionError(of_another=True)
        if attempts.phase_for(who, standing.plan, self.now) is Phase.NOT_OPEN:
            raise LinkNotOpenError
        opened = self.contents.get(connection, who.organisation_id, attempt.version_id)
        pace = attempts.pace_of(connection, who, opened, waits=locks)
        return _Given(attempt=attempt, plan=standing.plan, pace=pace, is_over=is_over, opened=opened)

    def worked_out(self, given: _Given) -> _Worked:
        """Return the attempt after what is to be done with it. Here an engine may work, and take its time."""
        if given.is_over or self.sent is None:
            return _time_up(given)
        opened, settings = given.opened, given.plan.settings_at(self.now)
        state, action = given.pace.met(opened, given.attempt.state, self.sent.action, self.now)
        step = opened.kind.step(opened.content, state, action, settings=settings, now=self.now)
        score = opened.kind.score(opened.content, step.state, settings)
        return _Worked(step=step, score=score, at=self.now)

    def store(self, connection: Connection, given: _Given, worked: _Worked) -> Standing:
        """Store the attempt, evidence, mastery, score and outbox row; return where somebody stands now."""
        who, before, opened, events = self.who, given.attempt, given.opened, worked.step.events
        after = attempts.store(
            connection, who, before, opened, plan=given.plan, step=worked.step, score=worked.score, now=worked.at
        )
        standing = Standing(after, given.plan, None)
        if not who.counts:
            return standing
        learner = evidence.Learner(organisation_id=who.organisation_id, uuid=who.person_uuid)
        evidence.record_events(connection, learner, opened, before.uuid, events=events, now=self.now)
        # Practice is evidence and no grade: only an answer, or handing in, moves the score.
        if after.status is not before.status or any(isinstance(event, Answered) for event in events):
            scores.update(connection, who.organisation_id, who.resource_link_id, who.person_id, now=self.now)
        return standing


def _time_up(given: _Given) -> _Worked:
    """Return an attempt handed in as it stands: at the moment at which the link closed, whoever notices it when."""
    attempt, plan, opened = given.attempt, given.plan, given.opened
    if plan.closes is None:
        raise LinkClosedError
    at = plan.closes.at
    state = given.pace.taken(opened, attempt.state, at)
    settings = plan.settings_at(at)
    step = opened.kind.hand_in(opened.content, state, settings=settings, now=at)
    return _Worked(step=step, score=opened.kind.score(opened.content, step.state, settings), at=at)


def _done(database: Database, move: _Move, also: Callable[[Connection], None] | None) -> Standing | None:
    """Do what is to be done; return None where there is nothing, or where the attempt never stood still for it."""
    for _ in range(MOST_TRIES):
        with database.snapshot() as connection:
            given = move.given(connection, locks=False)
        if given is None:
            return None
        worked = move.worked_out(given)
        with database.connection() as connection:
            if move.given(connection, locks=True) == given:
                standing = move.store(connection, given, worked)
                if also is not None:
                    also(connection)
                return standing
    return None
