"""Posts one score to one column of a grade book: what every channel of the Assignment and Grade Services shares."""

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
from lti_tool.lti.platform_profiles import PlatformProfile
from lti_tool.lti.registration import Registration
from lti_tool.lti.registration_errors import RegistrationPendingError
from lti_tool.lti.score_answers import Verdict, judge_score_answer
from lti_tool.outgoing import OutgoingError
from lti_tool.outgoing.errors import AddressRefusedError, NetworkBlockedError, OriginRefusedError
from lti_tool.services.grades.columns import Column, ColumnMissingError, GradeColumns
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Lane, Outcome, Result
from lti_tool.services.platforms.platform_services import PlatformServices
from lti_tool.services.platforms.registrations import Registrations
from qualoop.exchange.retrying import retry_after_s
from qualoop.values import Score

SCORE_SCOPES: Final = (ags.SCOPE_SCORE,)
UNAUTHORIZED: Final = 401
_PICKED: Final = "WITH picked AS MATERIALIZED (SELECT id, organisation_id, target, subject FROM outbox WHERE id IN"
NO_GRADE: Final = ""
"""The value of a message that takes a grade away."""

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

    ``value`` is a share of the whole, or NO_GRADE to take the grade away. ``begun_at`` is when the attempt that it is of
    began, in microseconds since 1970.
    """

    outbox_id: int
    value: str
    user_id: str
    registration_id: int
    column: Column
    begun_at: int
    lane: Lane | None
    comment: str | None = None


class ScorePosts:
    """Posts scores. One object serves all threads of a worker."""

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

    def send(self, message: ScoreMessage, timestamp: datetime) -> Result:
        """Post one score; a token that is no longer taken is renewed once, and a lost column found again once."""
        try:
            return self._send(message, timestamp)
        except (OutgoingError, ColumnMissingError, LtiError) as error:
            return result_of(error)

    def find_profile(self, registration_id: int) -> PlatformProfile | None:
        """Return the profile of a platform; None for one that is gone or not approved: `send` says it."""
        try:
            return self._registrations.get(registration_id).registration.profile
        except (UnknownIssuerError, RegistrationPendingError):
            return None

    def find_lane(self, registration_id: int) -> Lane | None:
        """Return the lane of a platform; None for one that is gone."""
        profile = self.find_profile(registration_id)
        return Lane(registration_id, profile.at_once) if profile else None

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
            body=self._body(registration, message, timestamp),
        )
        outcome, reason = _RESULTS[judge_score_answer(reply.status, reply.headers, reply.body)]
        if reply.status == UNAUTHORIZED:
            # Says that the token is not good (RFC 6750, 3.1), not that we may never: somebody may renew it beside us.
            outcome = Outcome.LATER
        result = Result(outcome, reason, reply.status, retry_after_s(reply.headers))
        return self._looked_up(registration, message, url, result) if reason is Reason.CONFLICT else result

    def _body(self, registration: Registration, message: ScoreMessage, timestamp: datetime) -> bytes:
        if message.value == NO_GRADE:
            return ags.no_grade_body(user_id=message.user_id, timestamp=timestamp)
        return ags.score_body(
            Score(message.value),
            maximum=message.column.maximum,
            user_id=message.user_id,
            timestamp=timestamp,
            comment=message.comment,
            more=self._more(registration, message),
        )

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
        if message.value != NO_GRADE and seen.is_one_of([message.value]):
            return replace(conflict, outcome=Outcome.DONE, reason=None)
        if seen.is_one_of(self._results.was_sent(message.outbox_id)):
            return conflict
        return replace(conflict, outcome=Outcome.REFUSED, reason=Reason.OVERRIDDEN, seen=seen.share)

    def _more(self, registration: Registration, message: ScoreMessage) -> Mapping[str, Any]:
        """Return the platform's own members: where each post counts as a new attempt unless told otherwise, tell it."""
        member = registration.profile.submission
        if member is None:
            return {}
        return {member: {"new_submission": message.begun_at > self._results.last_arrived(message.outbox_id)}}


class ByOutboxId:
    """Reads some values of outbox rows; ``sql`` ends before its WHERE, finds the row in `picked o`, the identity is i.

    The rows are picked before anything is joined: PostgreSQL, as long as it has not counted a table that was just
    filled, would else begin with the scores, and look at every row for each. One statement is compiled for each power of
    two, and filled up with the last id.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._by_size: dict[int, Prepared] = {}

    def read(self, connection: Connection, ids: Sequence[int]) -> Sequence[tuple[Any, ...]]:
        """Return the values of the rows ``ids``, by identity: of a person's identities the newest comes last."""
        size = 1 << (len(ids) - 1).bit_length()
        statement = self._by_size.get(size)
        if statement is None:
            names = ", ".join(f":i{n}" for n in range(size))
            statement = Prepared(text(f"{_PICKED} ({names})) {self._sql} ORDER BY i.id"))
            self._by_size[size] = statement
        filled = [*ids, *[ids[-1]] * (size - len(ids))]
        return statement.all(connection, {f"i{n}": id_ for n, id_ in enumerate(filled)})


def result_of(error: OutgoingError | ColumnMissingError | LtiError) -> Result:
    """Return what it means for a try that a request could not be made, or had no answer."""
    if isinstance(error, ColumnMissingError):
        return error.result
    if isinstance(error, LtiError):
        return Result(*_REFUSALS.get(type(error), (Outcome.LATER, Reason.UNREADABLE)))
    if isinstance(error, AddressRefusedError | NetworkBlockedError | OriginRefusedError):
        return Result(Outcome.REFUSED, Reason.BLOCKED)
    if error.may_have_arrived:
        return Result(Outcome.AMBIGUOUS, Reason.NO_ANSWER)
    return Result(Outcome.LATER, Reason.UNREACHABLE)
