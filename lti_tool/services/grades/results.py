"""What stands in a platform's grade book: asked for when a platform objects to a score, and when somebody compares.

A grade that is none of those that were ever sent is somebody's own: a teacher changed it, and it stands until a person
sends ours again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text

from lti_tool.db import Database, Prepared
from lti_tool.lti import ags
from lti_tool.lti.errors import LtiError
from lti_tool.lti.platform_profiles import ResultAddress
from lti_tool.lti.registration import Registration
from lti_tool.outgoing import OutgoingError, Reply
from lti_tool.services.grades.pages import SUCCESS, read_pages
from lti_tool.services.mechanisms.outbox import Outcome
from lti_tool.services.platforms.platform_services import PlatformServices

SCOPES: Final = (ags.SCOPE_RESULT_READ,)
TOLERANCE: Final = Decimal("0.0001")
"""By what share of the maximum a grade may differ: platforms round to as little as two digits of a hundred."""

MAX_PAGES: Final = 100
"""How many pages of a column are read: at 200 grades a page as many as a class list may have members."""
MAX_PAGES_FOR_ONE: Final = 5
"""How many of them for one person, where a platform ignores whose grade is asked for: a score waits for the answer."""

_MAY_HAVE_ARRIVED: Final = frozenset({Outcome.DONE, Outcome.AMBIGUOUS, Outcome.LOST})
_SENT = Prepared(
    text("SELECT value, outcome, finished_at FROM delivery WHERE outbox_id = :id AND outcome <> 'refused' ORDER BY id")
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The grade of one person as the platform shows it: a share of the maximum, None where there is no grade."""

    share: Decimal | None

    def is_one_of(self, values: Sequence[str]) -> bool:
        """Say whether the grade is one of some values, as far as a grade book can tell them apart."""
        share = self.share
        return share is not None and any(abs(share - Decimal(value)) <= TOLERANCE for value in values)


class GradeResults:
    """Reads grades back. One object serves all threads."""

    def __init__(self, database: Database, services: PlatformServices) -> None:
        self._database = database
        self._services = services

    def find(self, registration: Registration, line_item: str, user_id: str) -> Seen | None:
        """Return the grade of one person; None where the platform does not tell."""
        url = ags.results_url(line_item, user_id, registration.profile.results)
        found = self._read(registration, url, until=user_id, most=MAX_PAGES_FOR_ONE)
        return None if found is None else found.get(user_id, Seen(None))

    def find_all(self, registration: Registration, line_item: str) -> Mapping[str, Seen] | None:
        """Return the grades of a column by user; None where the platform does not tell, or not all of it."""
        url = ags.results_url(line_item, "", ResultAddress.ALL)
        return self._read(registration, url, until=None, most=MAX_PAGES)

    def _read(self, registration: Registration, url: str, *, until: str | None, most: int) -> Mapping[str, Seen] | None:
        """Return the grades on all pages, or on those up to one that has a user."""

        def send(page: str) -> Reply:
            return self._services.send(registration, SCOPES, "GET", url=page, headers={"Accept": ags.RESULTS_TYPE})

        found: dict[str, Seen] = {}
        try:
            for reply in read_pages(send, url, most=most):
                if reply.status not in SUCCESS:
                    return None
                found |= {each.user_id: Seen(_share(each)) for each in ags.parse_results(reply.body)}
                if until in found:
                    break
        except (OutgoingError, LtiError):
            return None
        return found

    def was_sent(self, outbox_id: int) -> list[str]:
        """Return the values of all tries that may have arrived; that a grade was taken away is no value."""
        return [value for value, _, _ in self._tries(outbox_id) if value]

    def last_arrived(self, outbox_id: int) -> int:
        """Return when a score of this row arrived last, or may have, in microseconds since 1970; 0 where none can have."""
        tries = self._tries(outbox_id)
        return max((finished for _, outcome, finished in tries if outcome in _MAY_HAVE_ARRIVED), default=0)

    def _tries(self, outbox_id: int) -> Sequence[tuple[Any, ...]]:
        with self._database.snapshot() as connection:
            return _SENT.all(connection, {"id": outbox_id})


def _share(result: ags.Result) -> Decimal | None:
    """Return a result as a share of its maximum, which is 1 where the platform names none (AGS 2.0, 3.3.5.4)."""
    if result.score is None:
        return None
    return result.score / (result.maximum or Decimal(1))
