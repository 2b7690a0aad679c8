"""The channel `ags`: scores to the grade book of a platform (LTI Assignment and Grade Services 2.0).

Of an outbox row, `target` is the resource link and `subject` the person. What is sent is the score of that person at
that link as it stands when the row is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Prepared
from lti_tool.lti import ags
from lti_tool.lti.errors import (
    AccessTokenRefusedError,
    AccessTokenUnavailableError,
    AnswerMalformedError,
    LtiError,
    ServiceOriginError,
    UnknownIssuerError,
)
from lti_tool.lti.registration import Registration
from lti_tool.lti.score_answers import Verdict, judge_score_answer, retry_after_s
from lti_tool.outgoing import OutgoingError
from lti_tool.outgoing.errors import AddressRefusedError, NetworkBlockedError, OriginRefusedError
from lti_tool.services import scores
from lti_tool.services.delivery_reasons import Reason
from lti_tool.services.grade_columns import Column, ColumnMissingError, GradeColumns
from lti_tool.services.grade_results import GradeResults
from lti_tool.services.outbox import Lane, Outcome, Result, Row
from lti_tool.services.platform_services import PlatformServices
from lti_tool.services.registrations import Registrations
from qualoop.values import Score

SCORE_SCOPES: Final = (ags.SCOPE_SCORE,)
UNAUTHORIZED: Final = 401

_VALUES: Final = (
    "SELECT o.id, s.value, i.subject, l.registration_id, l.scopes, l.score_maximum, l.url, l.lineitems_url, "
    "k.platform_key, k.title, a.key, t.started_at FROM outbox o "
    "JOIN link_score s ON s.resource_link_id = o.target AND s.person_id = o.subject "
    "AND s.organisation_id = o.organisation_id "
    "JOIN line_item l ON l.resource_link_id = o.target AND l.organisation_id = o.organisation_id "
    "JOIN resource_link k ON k.id = o.target AND k.organisation_id = o.organisation_id "
    "JOIN attempt t ON t.id = s.attempt_id "
    "LEFT JOIN activity a ON a.id = k.activity_id "
    "LEFT JOIN identity i ON i.person_id = o.subject AND i.registration_id = l.registration_id "
)
_by_size: dict[int, Prepared] = {}

_RESULTS: Final[Mapping[Verdict, tuple[Outcome, Reason | None]]] = {
    Verdict.DONE: (Outcome.DONE, None),
    Verdict.LATER: (Outcome.LATER, Reason.BUSY),
    Verdict.AMBIGUOUS: (Outcome.AMBIGUOUS, Reason.PLATFORM_ERROR),
    Verdict.ACCESS: (Outcome.REFUSED, Reason.NOT_ALLOWED),
    Verdict.CONFLICT: (Outcome.AMBIGUOUS, Reason.CONFLICT),
    Verdict.REFIND: (Outcome.REFUSED, Reason.COLUMN_GONE),
    Verdict.PERMANENT: (Outcome.REFUSED, Reason.REFUSED),
    Verdict.LOCKED: (Outcome.REFUSED, Reason.LOCKED),
}
_REFUSALS: Final[Mapping[type[LtiError], tuple[Outcome, Reason]]] = {
    UnknownIssuerError: (Outcome.REFUSED, Reason.NO_PLATFORM),
    ServiceOriginError: (Outcome.REFUSED, Reason.BLOCKED),
    # Wrong clocks and keys that could not be fetched look the same, so it is tried again by itself.
    AccessTokenRefusedError: (Outcome.LATER, Reason.ENTRY_REFUSED),
    AccessTokenUnavailableError: (Outcome.LATER, Reason.ENTRY_UNAVAILABLE),
    AnswerMalformedError: (Outcome.LATER, Reason.UNREADABLE),
}


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """A score on its way: all that the request needs but the timestamp.

    ``begun_at`` is when the attempt that it is of began, in microseconds since 1970.
    """

    outbox_id: int
    value: str
    user_id: str
    maximum: int
    registration_id: int
    column: Column
    begun_at: int
    lane: Lane | None


class AgsChannel:
    """Sends scores. One object serves all threads of a worker."""

    name = scores.AGS

    def __init__(
        self,
        services: PlatformServices,
        columns: GradeColumns,
        results: GradeResults,
        registrations: Registrations,
    ) -> None:
        self._services = services
        self._columns = columns
        self._results = results
        self._registrations = registrations

    def prepare(self, connection: Connection, rows: Sequence[Row]) -> Sequence[ScoreMessage | Reason]:
        """Return the present scores of the rows, or why one cannot be sent."""
        found = {values[0]: values for values in _read(connection, [row.id for row in rows])}
        return [self._message(row, found.get(row.id)) for row in rows]

    def send(self, message: ScoreMessage, timestamp: datetime) -> Result:
        """Post one score; a token that is no longer taken is renewed once, and a lost column found again once."""
        try:
            return self._send(message, timestamp)
        except OutgoingError as error:
            return _unanswered(error)
        except ColumnMissingError as error:
            return error.result
        except LtiError as error:
            outcome, reason = _REFUSALS.get(type(error), (Outcome.LATER, Reason.UNREADABLE))
            return Result(outcome, reason)

    def _send(self, message: ScoreMessage, timestamp: datetime) -> Result:
        """Post one score, to the column found again where the known one is gone."""
        registration, column = self._registrations.get(message.registration_id).registration, message.column
        url = column.url or self._columns.get_url(registration, column)
        result = self._post(registration, message, url, timestamp)
        if result.reason is Reason.COLUMN_GONE and column.can_be_found:
            url = self._columns.get_url(registration, column, gone=url)
            return self._post(registration, message, url, timestamp)
        return result

    def _post(self, registration: Registration, message: ScoreMessage, url: str, timestamp: datetime) -> Result:
        """Post one score and return what came of it."""
        reply = self._services.send(
            registration,
            SCORE_SCOPES,
            "POST",
            url=ags.scores_url(url),
            headers={"Content-Type": ags.SCORE_TYPE},
            body=ags.score_body(
                Score(message.value),
                maximum=message.maximum,
                user_id=message.user_id,
                timestamp=timestamp,
                more=self._more(registration, message),
            ),
        )
        outcome, reason = _RESULTS[judge_score_answer(reply.status, reply.headers, reply.body)]
        if reply.status == UNAUTHORIZED:
            # Says that the token is not good (RFC 6750, 3.1), not that we may never: somebody may renew it beside us.
            outcome = Outcome.LATER
        result = Result(outcome, reason, reply.status, retry_after_s(reply.headers) or 0)
        return self._looked_up(registration, message, url, result) if reason is Reason.CONFLICT else result

    def _looked_up(self, registration: Registration, message: ScoreMessage, url: str, conflict: Result) -> Result:
        """Return what the grade book makes of a refused timestamp.

        It holds this score: done. It holds one that we sent before, or none: once more, with a later timestamp. It holds
        another one: somebody changed it, and a person decides.
        """
        if ags.SCOPE_RESULT_READ not in message.column.scopes:
            return conflict
        seen = self._results.find(registration, url, message.user_id)
        if seen is None or seen.share is None:
            return conflict
        if seen.is_one_of([message.value]):
            return replace(conflict, outcome=Outcome.DONE, reason=None)
        if seen.is_one_of(self._results.was_sent(message.outbox_id)):
            return conflict
        return replace(conflict, outcome=Outcome.REFUSED, reason=Reason.OVERRIDDEN, seen=seen.share)

    def _more(self, registration: Registration, message: ScoreMessage) -> Mapping[str, Any]:
        """Return the platform's own members: where each post counts as a new attempt unless told otherwise, tell it."""
        member = registration.profile.submission
        if member is None:
            return {}
        return {member: {"new_submission": message.begun_at > self._results.last_done(message.outbox_id)}}

    def _message(self, row: Row, values: tuple[Any, ...] | None) -> ScoreMessage | Reason:
        """Return the message of one row."""
        if values is None:
            return Reason.NO_COLUMN
        _, value, user_id, registration_id, scopes, maximum, url, lineitems_url, link_key, title, activity, begun = (
            values
        )
        if user_id is None:
            return Reason.NO_IDENTITY
        granted = frozenset(scopes.split())
        if ags.SCOPE_SCORE not in granted:
            return Reason.NO_SCOPE
        column = Column(
            organisation_id=row.organisation_id,
            link=row.target,
            url=url,
            lineitems_url=lineitems_url,
            scopes=granted,
            link_key=link_key,
            title=title,
            activity=activity or "",
            maximum=maximum,
        )
        return ScoreMessage(
            row.id, value, user_id, maximum, registration_id, column, begun, self._lane(registration_id)
        )

    def _lane(self, registration_id: int) -> Lane | None:
        """Return the lane of a platform; None for one that is gone, which `send` will say."""
        try:
            profile = self._registrations.get(registration_id).registration.profile
        except UnknownIssuerError:
            return None
        return Lane(registration_id, profile.at_once)


def _read(connection: Connection, ids: Sequence[int]) -> Sequence[tuple[Any, ...]]:
    """Read the values of some rows: one statement for each power of two, filled up with the last id."""
    size = 1 << (len(ids) - 1).bit_length()
    statement = _by_size.get(size)
    if statement is None:
        names = ", ".join(f":i{n}" for n in range(size))
        statement = _by_size[size] = Prepared(text(f"{_VALUES} WHERE o.id IN ({names}) ORDER BY i.id"))
    filled = [*ids, *[ids[-1]] * (size - len(ids))]
    return statement.all(connection, {f"i{n}": id_ for n, id_ in enumerate(filled)})


def _unanswered(error: OutgoingError) -> Result:
    """Return what a request without an answer means."""
    if isinstance(error, AddressRefusedError | NetworkBlockedError | OriginRefusedError):
        return Result(Outcome.REFUSED, Reason.BLOCKED)
    if error.may_have_arrived:
        return Result(Outcome.AMBIGUOUS, Reason.NO_ANSWER)
    return Result(Outcome.LATER, Reason.UNREACHABLE)
