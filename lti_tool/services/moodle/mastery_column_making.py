"""Makes the grade columns of knowledge points and units that were switched on, and finds out whether a platform keeps them.

Some platforms give each link one grade, whatever columns a tool makes. One that we know for it is never asked
(platform_profiles); of the others, the first column is looked for in the platform's list beside the link's own. What
came of that is remembered for the registration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti.errors import LtiError
from lti_tool.lti.registration import Registration
from lti_tool.outgoing import OutgoingError
from lti_tool.services.grades.columns import Column, ColumnMissingError, GradeColumns
from lti_tool.services.grades.score_posts import result_of
from lti_tool.services.mastery.levels import ColumnSubject, SubjectKind
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import DEFAULT_TERMS, Outcome
from lti_tool.services.moodle.mastery_column_channel import column_of
from lti_tool.services.platforms.registrations import Registrations

LEASE: Final = timedelta(minutes=5)
"""How long one worker may take to make a column before another tries."""


class Verdict(StrEnum):
    """Whether a platform keeps several columns for one link."""

    SEVERAL = "several"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A column that is to be made: how often that was tried, and all that the requests need."""

    column: Column
    registration_id: int
    attempts: int
    own_url: str | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class _Made:
    """What came of a try: the address, or why there is none; ``retry_after_s`` is None where nothing helps."""

    url: str | None = None
    verdict: Verdict | None = None
    reason: Reason | None = None
    retry_after_s: int | None = None


_DUE = Prepared(
    text(
        "SELECT id FROM mastery_column WHERE next_at IS NOT NULL AND next_at <= :now AND state = 'wanted' ORDER BY next_at"
    )
)
_TAKE = Prepared(
    text(
        "UPDATE mastery_column SET next_at = :until, attempts = attempts + 1 "
        "WHERE id = :id AND state = 'wanted' AND next_at <= :now "
        "RETURNING organisation_id, subject, code, title, url, registration_id, resource_link_id, attempts"
    )
)
_PLACE = Prepared(
    text(
        "SELECT k.platform_key, l.url, l.lineitems_url, l.scopes, b.verdict FROM resource_link k "
        "LEFT JOIN line_item l ON l.resource_link_id = k.id AND l.organisation_id = k.organisation_id "
        "LEFT JOIN column_probe b ON b.registration_id = :registration_id AND b.organisation_id = k.organisation_id "
        "WHERE k.id = :link AND k.organisation_id = :organisation_id"
    )
)
_THERE = Prepared(
    text(
        "UPDATE mastery_column SET state = 'there', url = :url, made_at = :now, refusal = NULL, attempts = 0, "
        "next_at = :now, compare_after = 0 WHERE id = :id AND organisation_id = :organisation_id AND state = 'wanted'"
    )
)
_AGAIN = Prepared(
    text(
        "UPDATE mastery_column SET refusal = :refusal, next_at = :next_at "
        "WHERE id = :id AND organisation_id = :organisation_id AND state = 'wanted'"
    )
)
_REFUSE = Prepared(
    text(
        "UPDATE mastery_column SET state = 'refused', url = NULL, refusal = :refusal, next_at = NULL "
        "WHERE id = :id AND organisation_id = :organisation_id AND state = 'wanted'"
    )
)
_REMEMBER = Prepared(
    text(
        "INSERT INTO column_probe (organisation_id, registration_id, verdict, probed_at) "
        "VALUES (:organisation_id, :registration_id, :verdict, :now) "
        "ON CONFLICT (registration_id) DO UPDATE SET verdict = excluded.verdict, probed_at = excluded.probed_at"
    )
)


_VERDICT = Prepared(
    text(
        "SELECT verdict FROM column_probe "
        "WHERE registration_id = :registration_id AND organisation_id = :organisation_id"
    )
)


class ColumnMaker:
    """Makes columns, one after another."""

    def __init__(
        self,
        database: Database,
        columns: GradeColumns,
        registrations: Registrations,
        *,
        clock: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._database = database
        self._columns = columns
        self._registrations = registrations
        self._clock = clock
        self._random = random

    def make_due(self, is_ending: Callable[[], bool]) -> int:
        """Try every column whose turn it is, each by one worker only; return how many."""
        done = 0
        with self._database.reading() as session:
            due = _DUE.all(session.connection(), {"now": micros(self._clock())})
        for (column_id,) in due:
            if is_ending():
                break
            waiting = self._take(column_id)
            if waiting is not None:
                self._note(waiting, self._try(waiting))
                done += 1
        return done

    def _take(self, column_id: int) -> _Waiting | None:
        """Return a column to make, leased; None where somebody else has it."""
        now = self._clock()
        with self._database.connection() as connection:
            row = _TAKE.one(connection, {"id": column_id, "now": micros(now), "until": micros(now + LEASE)})
            return None if row is None else _waiting(connection, column_id, row)

    def _try(self, waiting: _Waiting) -> _Made:
        """Make a column, or find it; a platform that keeps one grade a link is not asked."""
        try:
            registration = self._registrations.get(waiting.registration_id).registration
            if not registration.profile.keeps_columns or waiting.verdict is Verdict.SINGLE:
                return _Made(reason=Reason.KEEPS_ONE_COLUMN)
            if not waiting.column.can_be_found:
                return _Made(reason=Reason.NO_COLUMN_SCOPE)
            url = self._columns.get_url(registration, waiting.column)
            verdict = waiting.verdict or self._probe(registration, waiting, url)
        except (OutgoingError, ColumnMissingError, LtiError) as error:
            return _failed(error)
        if verdict is Verdict.SINGLE:
            return _Made(verdict=verdict, reason=Reason.KEEPS_ONE_COLUMN)
        return _Made(url=url, verdict=verdict)

    def _probe(self, registration: Registration, waiting: _Waiting, url: str) -> Verdict:
        """Say whether the platform lists the new column, and the link's own beside it where there is one."""
        listed = [_place(item.url) for item in self._columns.list_of_link(registration, waiting.column)]
        wanted = {_place(each) for each in (url, waiting.own_url) if each}
        is_apart = waiting.own_url is None or _place(url) != _place(waiting.own_url)
        return Verdict.SEVERAL if is_apart and wanted <= set(listed) else Verdict.SINGLE

    def _note(self, waiting: _Waiting, made: _Made) -> None:
        """Write down what came of a try."""
        now, of = self._clock(), waiting.column
        keys = {"id": of.key, "organisation_id": of.organisation_id, "now": micros(now), "refusal": made.reason}
        with self._database.connection() as connection:
            if made.verdict is not None and waiting.verdict is None:
                _REMEMBER.run(
                    connection, {**keys, "registration_id": waiting.registration_id, "verdict": made.verdict.value}
                )
            if made.url is not None:
                _THERE.run(connection, {**keys, "url": made.url})
            elif made.retry_after_s is not None and waiting.attempts < DEFAULT_TERMS.tries:
                pause = max(DEFAULT_TERMS.delay(waiting.attempts, self._random), timedelta(seconds=made.retry_after_s))
                _AGAIN.run(connection, {**keys, "next_at": micros(now + pause)})
            else:
                _REFUSE.run(connection, keys)


def find_verdict(connection: Connection, organisation_id: int, registration_id: int) -> Verdict | None:
    """Return what was found out about a platform; None where nobody has tried yet."""
    row = _VERDICT.one(connection, {"organisation_id": organisation_id, "registration_id": registration_id})
    return None if row is None else Verdict(row[0])


def _waiting(connection: Connection, column_id: int, row: Sequence[Any]) -> _Waiting | None:
    """Return a leased column with what its link and platform are; None where the link is gone."""
    organisation_id, kind, code, title, url, registration_id, link, attempts = row
    keys = {"organisation_id": organisation_id, "registration_id": registration_id, "link": link}
    found = _PLACE.one(connection, keys)
    if found is None:
        return None
    link_key, own_url, lineitems_url, scopes, verdict = found
    column = column_of(
        organisation_id,
        column_id,
        ColumnSubject(SubjectKind(kind), code),
        title=title,
        url=url,
        lineitems_url=lineitems_url,
        scopes=scopes or "",
        link_key=link_key,
    )
    return _Waiting(column, registration_id, attempts, own_url, Verdict(verdict) if verdict else None)


def _failed(error: OutgoingError | ColumnMissingError | LtiError) -> _Made:
    """Return what a failed request means: tried again by itself, or a person must do something."""
    result = result_of(error)
    reason = result.reason or Reason.COLUMN_REFUSED
    if result.outcome is not Outcome.REFUSED:
        return _Made(reason=reason, retry_after_s=result.retry_after_s)
    return _Made(reason=Reason.COLUMN_REFUSED if reason is Reason.NO_COLUMN else reason)


def _place(url: str) -> tuple[str, str]:
    """Return what tells two columns apart: scheme and host may be written in several ways."""
    parts = urlsplit(url)
    return parts.path.rstrip("/"), parts.query
