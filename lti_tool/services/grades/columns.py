"""Grade columns (line items) that a launch did not name: found at the platform, else made.

That is the one column of a resource link where the platform names only its list, and every column of a knowledge point
or unit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti import ags
from lti_tool.lti.registration import Registration
from lti_tool.lti.score_answers import Verdict, judge_score_answer
from lti_tool.lti.submission_review import submission_review
from lti_tool.outgoing import Reply
from lti_tool.services.grades.pages import SUCCESS, read_pages
from lti_tool.services.launches.launching import ACTIVITY_PARAMETER, ACTIVITY_PATH
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Outcome, Result
from lti_tool.services.platforms.platform_services import PlatformServices
from qualoop.errors import QualoopError
from qualoop.exchange.retrying import retry_after_s

#: The tag of the column of a link's own score; those of other meanings have others.
TAG: Final = "qualoop-score"
REVIEW_LABEL: Final = "See the answers"

MAX_PAGES: Final = 50
"""How many pages of a platform's list of columns are read."""


class Kept(StrEnum):
    """Where we remember the address of a column, and by which key."""

    WITH_LINK = "with-link"
    """By resource link: the column of its score."""
    WITH_MASTERY = "with-mastery"
    """By the column's own row: that of a knowledge point or unit."""


_URL: Final = {
    Kept.WITH_LINK: Prepared(
        text("SELECT url FROM line_item WHERE resource_link_id = :key AND organisation_id = :organisation_id")
    ),
    Kept.WITH_MASTERY: Prepared(
        text("SELECT url FROM mastery_column WHERE id = :key AND organisation_id = :organisation_id")
    ),
}
_SAVE: Final = {
    Kept.WITH_LINK: Prepared(
        text(
            "UPDATE line_item SET url = :url, updated_at = :now "
            "WHERE resource_link_id = :key AND organisation_id = :organisation_id"
        )
    ),
    Kept.WITH_MASTERY: Prepared(
        text(
            "UPDATE mastery_column SET url = :url, made_at = :now WHERE id = :key AND organisation_id = :organisation_id"
        )
    ),
}


class ColumnMissingError(QualoopError):
    """The column could be neither found nor made; ``result`` says what that means for the try."""

    code = "grade-column-missing"

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is known of a column: ``url`` is None where the platform named only its list of columns.

    ``key`` is by what it is ``kept``; ``link_key`` is what the platform calls its resource link. ``resource_id`` and
    ``tag`` are ours and tell it from the link's other columns.
    """

    organisation_id: int
    key: int
    url: str | None
    lineitems_url: str | None
    scopes: frozenset[str]
    link_key: str
    title: str
    resource_id: str
    maximum: int
    tag: str = TAG
    kept: Kept = Kept.WITH_LINK

    @property
    def can_be_found(self) -> bool:
        """Say whether the platform lets us look for the column and make it."""
        return bool(self.lineitems_url) and ags.SCOPE_LINE_ITEM in self.scopes


class GradeColumns:
    """Finds or makes columns. One thread at a time for each; two worker processes might make a column twice."""

    def __init__(
        self, database: Database, services: PlatformServices, *, clock: Callable[[], datetime], base_url: str = ""
    ) -> None:
        """``base_url`` is where this tool is reached: columns say how what was handed in is opened; empty: they do not."""
        self._base_url = base_url
        self._database = database
        self._services = services
        self._clock = clock
        self._locks: dict[tuple[Kept, int], threading.Lock] = {}
        self._lock = threading.Lock()

    def get_url(self, registration: Registration, column: Column, *, gone: str | None = None) -> str:
        """Return the column's address, another than ``gone``; raise ColumnMissingError.

        Raises also what PlatformServices.send raises, AnswerMalformedError and ServiceOriginError.
        """
        with self._lock_of(column):
            known = self._find_known(column)
            if known and known != gone:
                return known
            if not column.can_be_found:
                raise ColumnMissingError(Result(Outcome.REFUSED, Reason.NO_COLUMN))
            found = self._find_listed(registration, column)
            url = registration.check_service_url(found if found and found != gone else self._make(registration, column))
            with self._database.connection() as connection:
                _SAVE[column.kept].run(connection, {**_keys(column), "url": url, "now": micros(self._clock())})
            return url

    def _lock_of(self, column: Column) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault((column.kept, column.key), threading.Lock())

    def _find_known(self, column: Column) -> str | None:
        """Return the address that is stored by now."""
        with self._database.reading() as session:
            row = _URL[column.kept].one(session.connection(), _keys(column))
        return row[0] if row else None

    def list_of_link(self, registration: Registration, column: Column) -> tuple[ags.LineItem, ...]:
        """Return what the platform lists for the column's link. Raises as `get_url`."""
        wanted = {"resource_link_id": column.link_key, "resource_id": "", "tag": ""}
        return tuple(self._listed(registration, column, wanted))

    def _find_listed(self, registration: Registration, column: Column) -> str | None:
        """Return the address of our column in the platform's list."""
        wanted = {"resource_link_id": column.link_key, "resource_id": column.resource_id, "tag": column.tag}
        # Page by page: whoever is found on an early one needs no other.
        found = ags.find_line_item(self._listed(registration, column, wanted), **wanted)
        return found.url if found else None

    def _listed(self, registration: Registration, column: Column, wanted: Mapping[str, str]) -> Iterator[ags.LineItem]:
        """Give the platform's line items that fit; it may ignore what is wanted."""

        def send(page: str) -> Reply:
            accepted = {"Accept": ags.LINE_ITEMS_TYPE}
            return self._services.send(registration, _scopes(column), "GET", url=page, headers=accepted)

        first = ags.find_line_items_url(column.lineitems_url or "", **wanted)
        for reply in read_pages(send, first, most=MAX_PAGES):
            _check(reply)
            yield from ags.parse_line_items(reply.body)

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
                resource_id=column.resource_id,
                tag=column.tag,
                review=self._review(column),
            ),
        )
        _check(reply)
        return ags.parse_line_item(reply.body).url

    def _review(self, column: Column) -> Mapping[str, Any] | None:
        """Return what a link's own column says of its review. In English: the platform's language is not known here."""
        key = column.resource_id
        if not self._base_url or not key or column.kept is not Kept.WITH_LINK:
            return None
        url = f"{self._base_url}{ACTIVITY_PATH}{key}"
        return submission_review(url, label=REVIEW_LABEL, parameter=ACTIVITY_PARAMETER, key=key)


def _keys(column: Column) -> dict[str, int]:
    return {"key": column.key, "organisation_id": column.organisation_id}


def _scopes(column: Column) -> frozenset[str]:
    """Return the scopes to ask for: Moodle wants the reading one, too, for the list."""
    return column.scopes & {ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ}


def _check(reply: Reply) -> None:
    """Raise ColumnMissingError unless the answer is a success."""
    if reply.status in SUCCESS:
        return
    verdict = judge_score_answer(reply.status, reply.headers, reply.body)
    if verdict in {Verdict.LATER, Verdict.AMBIGUOUS}:
        raise ColumnMissingError(Result(Outcome.LATER, Reason.BUSY, reply.status, retry_after_s(reply.headers)))
    raise ColumnMissingError(Result(Outcome.REFUSED, Reason.NO_COLUMN, reply.status))
