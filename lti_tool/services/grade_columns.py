"""The grade column (line item) of a resource link where the launch named none: found at the platform, else made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti import ags
from lti_tool.lti.registration import Registration
from lti_tool.lti.score_answers import Verdict, judge_score_answer, retry_after_s
from lti_tool.outgoing import Reply
from lti_tool.services.delivery_reasons import Reason
from lti_tool.services.outbox import Outcome, Result
from lti_tool.services.platform_services import PlatformServices
from qualoop.errors import QualoopError

#: The tag of the columns that we make: one link may later have columns of other meanings.
TAG: Final = "qualoop-score"

_SUCCESS: Final = range(200, 300)

_URL = Prepared(text("SELECT url FROM line_item WHERE resource_link_id = :link AND organisation_id = :organisation_id"))
_SAVE = Prepared(
    text(
        "UPDATE line_item SET url = :url, updated_at = :now "
        "WHERE resource_link_id = :link AND organisation_id = :organisation_id"
    )
)


class ColumnMissingError(QualoopError):
    """The column could be neither found nor made; ``result`` says what that means for the try."""

    code = "grade-column-missing"

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is known of a link's column: ``url`` is None where the platform named only its list of columns."""

    organisation_id: int
    link: int
    url: str | None
    lineitems_url: str | None
    scopes: frozenset[str]
    link_key: str
    title: str
    activity: str
    maximum: int

    @property
    def can_be_found(self) -> bool:
        """Say whether the platform lets us look for the column and make it."""
        return bool(self.lineitems_url) and ags.SCOPE_LINE_ITEM in self.scopes


class GradeColumns:
    """Finds or makes columns. One thread at a time for each link; two worker processes might make a column twice."""

    def __init__(self, database: Database, services: PlatformServices, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._services = services
        self._clock = clock
        self._locks: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def get_url(self, registration: Registration, column: Column, *, gone: str | None = None) -> str:
        """Return the column's address, another than ``gone``; raise ColumnMissingError.

        Raises also what PlatformServices.send raises, AnswerMalformedError and ServiceOriginError.
        """
        with self._lock_of(column.link):
            known = self._find_known(column)
            if known and known != gone:
                return known
            if not column.can_be_found:
                raise ColumnMissingError(Result(Outcome.REFUSED, Reason.NO_COLUMN))
            found = self._find_listed(registration, column)
            url = registration.check_service_url(found if found and found != gone else self._make(registration, column))
            with self._database.connection() as connection:
                _SAVE.run(connection, {**_keys(column), "url": url, "now": micros(self._clock())})
            return url

    def _lock_of(self, link: int) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(link, threading.Lock())

    def _find_known(self, column: Column) -> str | None:
        """Return the address that is stored by now."""
        with self._database.reading() as session:
            row = _URL.one(session.connection(), _keys(column))
        return row[0] if row else None

    def _find_listed(self, registration: Registration, column: Column) -> str | None:
        """Return the address of our column in the platform's list."""
        wanted = {"resource_link_id": column.link_key, "resource_id": column.activity, "tag": TAG}
        reply = self._services.send(
            registration,
            _scopes(column),
            "GET",
            url=ags.find_line_items_url(column.lineitems_url or "", **wanted),
            headers={"Accept": ags.LINE_ITEMS_TYPE},
        )
        _check(reply)
        found = ags.find_line_item(ags.parse_line_items(reply.body), **wanted)
        return found.url if found else None

    def _make(self, registration: Registration, column: Column) -> str:
        """Make the column at the platform and return its address."""
        reply = self._services.send(
            registration,
            _scopes(column),
            "POST",
            url=column.lineitems_url or "",
            headers={"Content-Type": ags.LINE_ITEM_TYPE, "Accept": ags.LINE_ITEM_TYPE},
            body=ags.line_item_body(
                label=column.title,
                maximum=column.maximum,
                resource_link_id=column.link_key,
                resource_id=column.activity,
                tag=TAG,
            ),
        )
        _check(reply)
        return ags.parse_line_item(reply.body).url


def _keys(column: Column) -> dict[str, int]:
    return {"link": column.link, "organisation_id": column.organisation_id}


def _scopes(column: Column) -> frozenset[str]:
    """Return the scopes to ask for: Moodle wants the reading one, too, for the list."""
    return column.scopes & {ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ}


def _check(reply: Reply) -> None:
    """Raise ColumnMissingError unless the answer is a success."""
    if reply.status in _SUCCESS:
        return
    verdict = judge_score_answer(reply.status, reply.headers, reply.body)
    if verdict in {Verdict.LATER, Verdict.AMBIGUOUS}:
        raise ColumnMissingError(Result(Outcome.LATER, Reason.BUSY, reply.status, retry_after_s(reply.headers) or 0))
    raise ColumnMissingError(Result(Outcome.REFUSED, Reason.NO_COLUMN, reply.status))
