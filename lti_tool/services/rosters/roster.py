"""Reads the class list of a course from its platform: after a teacher's launch, at most every quarter of an hour, and
whenever a teacher asks for it.

Each reading is a row that is written before the first request. A reading whose process died is noticed by its age, and
the worker begins anew. Whatever goes wrong, the class list stays as it was, and the row says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, cast

from sqlalchemy import CompoundSelect, Connection, CursorResult, delete, func, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from lti_tool.db import Database
from lti_tool.lti.registration import Registration
from lti_tool.lti.roster_errors import (
    RosterError,
    RosterNotOfferedError,
    RosterReplacedError,
    RosterRunningError,
    RosterSlowError,
)
from lti_tool.models import Context, Deployment, RosterRead
from lti_tool.services.platforms.platform_services import PlatformServices
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.rosters.apply import Applied, Course, apply_roster
from lti_tool.services.rosters.groups import apply_groups, note_groups_read
from lti_tool.services.rosters.pages import Roster, read_groups, read_roster
from qualoop.errors import QualoopError

EVERY: Final = timedelta(minutes=15)
"""How often teachers' launches let the list of a course be read at most."""
LEASE: Final = timedelta(minutes=6)
"""After this a reading that has not ended is dead: no reading takes so long."""
KEPT_FOR: Final = timedelta(days=90)
PATIENCE_S: Final = 300.0
"""How long the worker reads at most, seconds."""
PATIENCE_OF_A_PERSON_S: Final = 12.0
INTERNAL: Final = "internal"

log = logging.getLogger(__name__)


class AskedBy(StrEnum):
    """Why a list is read."""

    LAUNCH = "launch"
    PERSON = "person"


class Outcome(StrEnum):
    """What came of a reading."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A reading that has begun."""

    id: int
    organisation_id: int
    context_id: int
    registration_id: int
    url: str
    groups_url: str | None
    asked_by: AskedBy
    started_at: datetime


class _EndingError(Exception):
    """The worker ends before the list was read."""


class RosterReader:
    """Reads class lists. One object serves all threads."""

    def __init__(
        self,
        database: Database,
        services: PlatformServices,
        registrations: Registrations,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._services = services
        self._registrations = registrations
        self._clock = clock
        self._monotonic = monotonic

    def update(self, organisation_id: int, context_id: int) -> Applied:
        """Read the list of a course now, for somebody who waits; that they may ask for it is the caller's to check.

        Raises RosterNotOfferedError and RosterRunningError before anything is asked of the platform, else the
        RosterError, LtiError or OutgoingError that the reading's row names, too.
        """
        with self._database.transaction() as session:
            reading = _begin(session, organisation_id, context_id, AskedBy.PERSON, now=self._clock())
        return self._read(reading, PATIENCE_OF_A_PERSON_S, lambda: False)

    def update_due(self, is_ending: Callable[[], bool]) -> int:
        """Read the list of every course whose turn it is, each by one worker only; return how many were tried."""
        tried = 0
        for organisation_id, context_id in self._due():
            if is_ending():
                break
            try:
                with self._database.transaction() as session:
                    if not _is_due(session, context_id, self._clock()):
                        continue
                    reading = _begin(session, organisation_id, context_id, AskedBy.LAUNCH, now=self._clock())
                tried += 1
                self._read(reading, PATIENCE_S, is_ending)
            except _EndingError:
                break
            except QualoopError as error:
                log.info("no class list: context=%d code=%s detail=%s", context_id, error.code, error)
            except Exception:
                log.exception("reading the class list failed: context=%d", context_id)
        return tried

    def _due(self) -> Sequence[tuple[int, int]]:
        """Return organisation and context of what is due."""
        with self._database.reading() as session:
            return [(row[0], row[1]) for row in session.execute(_due_query(self._clock()))]

    def _read(self, reading: _Reading, patience_s: float, is_ending: Callable[[], bool]) -> Applied:
        """Read and apply a list; note what came of it."""
        until = self._monotonic() + patience_s

        def is_late() -> bool:
            if is_ending():
                raise _EndingError
            return self._monotonic() > until

        try:
            registration = self._registrations.get(reading.registration_id).registration
            roster = read_roster(
                self._services,
                registration,
                reading.url,
                with_groups=reading.groups_url is not None,
                is_late=is_late,
            )
            applied = self._apply(reading, registration, roster)
        except _EndingError:
            self._hand_back(reading)
            raise
        except QualoopError as error:
            self._note_failure(reading, error.code, error.status if isinstance(error, RosterError) else None)
            raise
        except Exception:
            self._note_failure(reading, INTERNAL, None)
            raise
        log.info("class list: context=%d members=%d", reading.context_id, applied.members)
        if reading.groups_url is not None:
            self._read_groups(reading, registration, roster, is_late)
        return applied

    def _read_groups(
        self, reading: _Reading, registration: Registration, roster: Roster, is_late: Callable[[], bool]
    ) -> None:
        """Read the groups of the course. Where that fails they stay as they were: the class list has been taken."""
        course, failure = Course(registration=registration, context_id=reading.context_id), None
        try:
            groups = read_groups(self._services, registration, reading.groups_url or "", is_late=is_late)
            with self._database.connection() as connection:
                apply_groups(connection, course, groups, roster.members)
        except _EndingError:
            return
        except QualoopError as error:
            failure = error.code
            log.info("no groups: context=%d code=%s detail=%s", reading.context_id, error.code, error)
        with self._database.connection() as connection:
            note_groups_read(connection, course, failure=failure, now=self._clock())

    def _apply(self, reading: _Reading, registration: Registration, roster: Roster) -> Applied:
        """Apply a roster in one transaction; raise RosterReplacedError where somebody else has begun since."""
        now = self._clock()
        course = Course(registration=registration, context_id=reading.context_id)
        with self._database.connection() as connection:
            _still_ours(connection, reading)
            applied = apply_roster(connection, course, roster.members, read_at=reading.started_at, now=now)
            connection.execute(
                update(RosterRead)
                .where(RosterRead.id == reading.id)
                .values(
                    outcome=Outcome.DONE.value,
                    finished_at=now,
                    members=applied.members,
                    added=applied.added,
                    departed=applied.departed,
                    remarks=dict(roster.remarks),
                )
            )
        return applied

    def _note_failure(self, reading: _Reading, code: str, status: int | None) -> None:
        """Note why a reading came to nothing. One that was too long for a person who waits goes on in the worker."""
        now = self._clock()
        with self._database.transaction() as session:
            session.execute(
                update(RosterRead)
                .where(RosterRead.id == reading.id, RosterRead.outcome == Outcome.RUNNING.value)
                .values(outcome=Outcome.FAILED.value, finished_at=now, code=code, status=status)
            )
            if code == RosterSlowError.code and reading.asked_by is AskedBy.PERSON:
                session.execute(update(Context).where(Context.id == reading.context_id).values(roster_wanted_at=now))

    def _hand_back(self, reading: _Reading) -> None:
        """Let the next worker begin it at once, as if nobody had."""
        with self._database.transaction() as session:
            session.execute(delete(RosterRead).where(RosterRead.id == reading.id))
            session.execute(
                update(Context).where(Context.id == reading.context_id).values(roster_wanted_at=reading.started_at)
            )


def _begin(session: Session, organisation_id: int, context_id: int, asked_by: AskedBy, *, now: datetime) -> _Reading:
    """Begin a reading; raise RosterNotOfferedError, RosterRunningError.

    The course is locked meanwhile: of two who begin at the same moment one finds that the other has.
    """
    context, registration_id = session.execute(
        select(Context, Deployment.registration_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Context.id == context_id, Context.organisation_id == organisation_id)
        .with_for_update(of=Context)
    ).one()
    if context.memberships_url is None:
        raise RosterNotOfferedError
    _give_up_dead(session, context_id, now)
    session.execute(
        delete(RosterRead).where(RosterRead.context_id == context_id, RosterRead.started_at < now - KEPT_FOR)
    )
    context.roster_wanted_at = None
    row = RosterRead(
        organisation_id=organisation_id,
        context_id=context_id,
        asked_by=asked_by.value,
        started_at=now,
        outcome=Outcome.RUNNING.value,
        remarks={},
    )
    session.add(row)
    session.flush()
    return _Reading(
        id=row.id,
        organisation_id=organisation_id,
        context_id=context_id,
        registration_id=registration_id,
        url=context.memberships_url,
        groups_url=context.groups_url,
        asked_by=asked_by,
        started_at=now,
    )


def _give_up_dead(session: Session, context_id: int, now: datetime) -> None:
    """End the readings whose process died; raise RosterRunningError where one is alive."""
    running = (RosterRead.context_id == context_id, RosterRead.outcome == Outcome.RUNNING.value)
    if session.scalar(select(RosterRead.id).where(*running, RosterRead.started_at > now - LEASE).limit(1)) is not None:
        raise RosterRunningError
    values = {"outcome": Outcome.FAILED.value, "finished_at": now, "code": RosterReplacedError.code}
    session.execute(update(RosterRead).where(*running).values(values))


def _still_ours(connection: Connection, reading: _Reading) -> None:
    """Lock the row of a reading; raise RosterReplacedError unless it is still running."""
    kept = connection.execute(
        update(RosterRead)
        .where(RosterRead.id == reading.id, RosterRead.outcome == Outcome.RUNNING.value)
        .values(outcome=Outcome.DONE.value)
    )
    if cast("CursorResult[object]", kept).rowcount != 1:
        raise RosterReplacedError


def _is_due(session: Session, context_id: int, now: datetime) -> bool:
    """Say whether a course is due, once it is locked: another worker may have been faster."""
    session.execute(select(Context.id).where(Context.id == context_id).with_for_update())
    due = _due_query(now).subquery()
    return session.scalar(select(due.c.id).where(due.c.id == context_id)) is not None


def _due_query(now: datetime) -> CompoundSelect[int, int]:
    """Return the query of organisation and course of what is due: what a teacher opened, and what died half-way."""
    slow = aliased(RosterRead)
    lately = (
        select(RosterRead.id).where(RosterRead.context_id == Context.id, RosterRead.started_at > now - EVERY).exists()
    )
    newest = select(func.max(RosterRead.id)).where(RosterRead.context_id == Context.id).scalar_subquery()
    # What was too slow for a person who waited does not wait once more.
    handed_over = (
        select(slow.id)
        .where(slow.id == newest, slow.code == RosterSlowError.code, slow.asked_by == AskedBy.PERSON.value)
        .exists()
    )
    wanted = select(Context.organisation_id, Context.id).where(
        Context.roster_wanted_at.is_not(None), Context.memberships_url.is_not(None), or_(~lately, handed_over)
    )
    dead = select(RosterRead.organisation_id, RosterRead.context_id.label("id")).where(
        RosterRead.outcome == Outcome.RUNNING.value, RosterRead.started_at <= now - LEASE
    )
    return union(wanted, dead)
