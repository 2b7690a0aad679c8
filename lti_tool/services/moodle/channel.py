"""The channel `moodle_competency`: ratings of competencies to a Moodle's web services.

Of an outbox row, `target` is the match of a knowledge point with a competency, and `subject` the person. What is sent is
the rating for the status as it stands when the row is claimed. Moodle adds a row of evidence with every call, so a try
whose end is unknown is followed by a look at what Moodle holds before anything is sent again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, text

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti.errors import LtiError
from lti_tool.lti.moodle_errors import (
    MoodleBusyError,
    MoodleCapabilityError,
    MoodleDisabledError,
    MoodleError,
    MoodleFunctionError,
    MoodleGoneError,
    MoodleRatingError,
    MoodleTokenError,
    MoodleUnreadableError,
)
from lti_tool.lti.moodle_web_services import is_user_id
from lti_tool.outgoing import OutgoingError
from lti_tool.outgoing.errors import AddressRefusedError, NetworkBlockedError, OriginRefusedError
from lti_tool.services.content.contents import Contents
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Lane, Outcome, Result, Row
from lti_tool.services.moodle.ratings import CHANNEL, NOWHERE, Standing, read_standings, wanted_grade
from lti_tool.services.moodle.sites import MoodleClient, MoodleTokenSealedError, Site, site_of
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.services.records.held_back import Held, held_points
from qualoop.records import Status
from qualoop.values import Text

AT_ONCE: Final = 2
"""Requests under way to one Moodle: a new token may mean thousands, and grades go the same way."""
NOTHING: Final = "-"
"""The value of a try that had nothing to send."""

_VALUES: Final = text(
    "SELECT o.id, m.registration_id, m.code, m.competency_id, m.competent, m.not_yet, m.is_current, p.uuid, i.subject, "
    "s.falls, s.language, s.token_encrypted, r.grade, r.competency_id FROM outbox o "
    "JOIN moodle_match m ON m.id = o.target AND m.organisation_id = o.organisation_id "
    "JOIN moodle_service s ON s.registration_id = m.registration_id AND s.organisation_id = o.organisation_id "
    "JOIN person p ON p.id = o.subject AND p.organisation_id = o.organisation_id "
    "LEFT JOIN identity i ON i.person_id = p.id AND i.registration_id = m.registration_id "
    "LEFT JOIN moodle_rating r ON r.match_id = m.id AND r.person_id = p.id AND r.organisation_id = o.organisation_id "
    "WHERE o.id IN :ids ORDER BY i.id"
).bindparams(bindparam("ids", expanding=True))
#: Tries since the last that was done whose end is not known.
_UNCERTAIN: Final = text(
    "SELECT outbox_id FROM delivery WHERE outbox_id IN :ids GROUP BY outbox_id HAVING "
    "MAX(CASE WHEN outcome IN ('ambiguous', 'lost', 'sending') THEN id ELSE 0 END) > "
    "MAX(CASE WHEN outcome = 'done' THEN id ELSE 0 END)"
).bindparams(bindparam("ids", expanding=True))
_NOTE = Prepared(
    text(
        "INSERT INTO moodle_rating (organisation_id, match_id, person_id, competency_id, grade, sent_at) "
        "VALUES (:organisation_id, :match_id, :person_id, :competency_id, :grade, :now) "
        "ON CONFLICT (match_id, person_id) DO UPDATE SET competency_id = excluded.competency_id, "
        "grade = excluded.grade, sent_at = excluded.sent_at"
    )
)

_RESULTS: Final[Mapping[type[LtiError], tuple[Outcome, Reason]]] = {
    MoodleTokenError: (Outcome.REFUSED, Reason.MOODLE_ENTRY),
    MoodleFunctionError: (Outcome.REFUSED, Reason.MOODLE_FUNCTION),
    MoodleCapabilityError: (Outcome.REFUSED, Reason.MOODLE_CAPABILITY),
    MoodleGoneError: (Outcome.REFUSED, Reason.COMPETENCY_GONE),
    MoodleRatingError: (Outcome.REFUSED, Reason.RATING_REFUSED),
    # A site that moves or is being set up looks the same, so it is tried again by itself.
    MoodleDisabledError: (Outcome.LATER, Reason.MOODLE_DISABLED),
    MoodleBusyError: (Outcome.LATER, Reason.BUSY),
    MoodleUnreadableError: (Outcome.AMBIGUOUS, Reason.UNREADABLE),
    MoodleError: (Outcome.REFUSED, Reason.MOODLE_REFUSED),
    LtiError: (Outcome.REFUSED, Reason.NO_PLATFORM),
}

_NOTES: Final[Mapping[Status, Text]] = {
    Status.COMPETENT: Text(
        {
            "en": "Qualoop: competent on {day} (UTC), from {answers} answers.",
            "zh-Hans": "Qualoop：{day}（UTC）达到“胜任”，依据 {answers} 次作答。",
        }
    ),
    Status.REVIEW_DUE: Text(
        {
            "en": "Qualoop: a review is due on {day} (UTC); the evidence so far no longer shows the level surely enough.",
            "zh-Hans": "Qualoop：{day}（UTC）需要复习；已有证据不足以继续确认该水平。",
        }
    ),
    Status.WITHDRAWN: Text(
        {
            "en": "Qualoop: withdrawn by a decision, noted on {day} (UTC).",
            "zh-Hans": "Qualoop：已按决定撤销，记录于 {day}（UTC）。",
        }
    ),
}
_NO_LONGER: Final = Text(
    {
        "en": "Qualoop: no longer shown to be competent on {day} (UTC), after evidence was corrected.",
        "zh-Hans": "Qualoop：证据更正后，{day}（UTC）不再显示为胜任。",
    }
)


class _Values(NamedTuple):
    """What an outbox row stands for, as it is read."""

    outbox_id: int
    registration_id: int
    code: str
    competency_id: int
    competent: int
    not_yet: int | None
    is_current: bool
    learner: str
    user_id: str | None
    falls: bool
    language: str
    token_encrypted: bytes | None
    grade: int | None
    graded_competency: int | None

    @property
    def sent(self) -> int | None:
        """The acknowledged grade; of a competency that was replaced in Moodle there is none."""
        return self.grade if self.graded_competency == self.competency_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingMessage:
    """A rating on its way; ``grade`` is None where there is nothing to send (any more).

    ``grades`` are those that this tool ever gives here. ``is_uncertain``: Moodle may hold the grade of an earlier try.
    ``is_fall``: the grade matters only where something stands.
    """

    organisation_id: int
    match_id: int
    person_id: int
    site: Site
    user_id: str
    competency_id: int
    grade: int | None
    grades: frozenset[int]
    is_fall: bool
    is_uncertain: bool
    note: str = field(repr=False)

    @property
    def value(self) -> str:
        """The grade that this try carries."""
        return NOTHING if self.grade is None else str(self.grade)

    @property
    def lane(self) -> Lane | None:
        """The way to this Moodle."""
        return Lane(self.site.registration_id, AT_ONCE)


class MoodleChannel:
    """Sends ratings. One object serves all threads of a worker."""

    name = CHANNEL

    def __init__(self, runtime: Runtime) -> None:
        self._database: Database = runtime.database
        self._contents: Contents = runtime.contents
        self._registrations: Registrations = runtime.registrations
        self._secret = runtime.settings.secret_key
        self._client = MoodleClient(runtime.http)

    def prepare(self, connection: Connection, rows: Sequence[Row]) -> Sequence[RatingMessage | Held | Reason]:
        """Return the present ratings of the rows, what holds one back, or why one cannot be sent."""
        ids = [row.id for row in rows]
        found = {each[0]: _Values(*each) for each in connection.execute(_VALUES, {"ids": ids})}
        uncertain = frozenset(connection.scalars(_UNCERTAIN, {"ids": ids}))
        standings, held = self._standings(connection, rows, found), _held(connection, rows, found)
        return [
            held.get(row.id) or self._message(row, found.get(row.id), standings, is_uncertain=row.id in uncertain)
            for row in rows
        ]

    def send(self, message: RatingMessage | Held, timestamp: datetime) -> Result:
        """Rate one person, unless Moodle holds the rating already or nobody may hear of it yet."""
        if isinstance(message, Held):
            return message.hand_back(timestamp)
        try:
            if self._is_settled(message, timestamp):
                return Result(Outcome.DONE)
            return self._rate(message, timestamp)
        except OutgoingError as error:
            return _unanswered(error)
        except LtiError as error:
            return _refused(error)

    def _rate(self, message: RatingMessage, timestamp: datetime) -> Result:
        noted = self._client.rate(
            message.site, message.user_id, message.competency_id, grade=message.grade or 0, note=message.note
        )
        if noted != message.grade:
            return Result(Outcome.AMBIGUOUS, Reason.UNREADABLE)
        self._note(message, noted, timestamp)
        return Result(Outcome.DONE)

    def _is_settled(self, message: RatingMessage, timestamp: datetime) -> bool:
        """Say whether nothing is left to send: after a try whose end is unknown, by what Moodle holds."""
        if not message.is_uncertain:
            return message.grade is None
        seen = self._client.standing(message.site, message.user_id, message.competency_id).grade
        if seen is not None and seen in message.grades:
            self._note(message, seen, timestamp)
        return message.grade in {None, seen} or (message.is_fall and seen is None)

    def _note(self, message: RatingMessage, grade: int, timestamp: datetime) -> None:
        """Write down the grade that Moodle holds."""
        with self._database.connection() as connection:
            _NOTE.run(
                connection,
                {
                    "organisation_id": message.organisation_id,
                    "match_id": message.match_id,
                    "person_id": message.person_id,
                    "competency_id": message.competency_id,
                    "grade": grade,
                    "now": micros(timestamp),
                },
            )

    def _standings(
        self, connection: Connection, rows: Sequence[Row], found: Mapping[int, _Values]
    ) -> Mapping[tuple[int, str, str], Standing]:
        """Return how the people of the rows stand, by organisation, person and knowledge point."""
        wanted: dict[int, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for row in rows:
            if row.id in found:
                wanted[row.organisation_id][0].add(found[row.id].learner)
                wanted[row.organisation_id][1].add(found[row.id].code)
        return {
            (organisation_id, *key): standing
            for organisation_id, (people, codes) in wanted.items()
            for key, standing in read_standings(
                connection, self._contents, organisation_id, sorted(people), codes=sorted(codes), now=rows[0].timestamp
            ).items()
        }

    def _message(
        self,
        row: Row,
        values: _Values | None,
        standings: Mapping[tuple[int, str, str], Standing],
        *,
        is_uncertain: bool,
    ) -> RatingMessage | Reason:
        """Return the message of one row."""
        if values is None or not values.is_current:
            return Reason.NO_COMPETENCY
        if values.user_id is None or not is_user_id(values.user_id):
            return Reason.NO_IDENTITY
        site = self._site(values)
        if isinstance(site, Reason):
            return site
        standing = standings.get((row.organisation_id, values.learner, values.code), NOWHERE)
        # A try whose end is unknown may have rated: then there is something that can fall.
        sent = values.competent if is_uncertain and values.sent is None else values.sent
        grade = wanted_grade(
            standing.status, sent, competent=values.competent, not_yet=values.not_yet, falls=bool(values.falls)
        )
        return RatingMessage(
            organisation_id=row.organisation_id,
            match_id=row.target,
            person_id=row.subject,
            site=site,
            user_id=values.user_id,
            competency_id=values.competency_id,
            grade=grade if is_uncertain or grade != values.sent else None,
            grades=frozenset(filter(None, (values.competent, values.not_yet))),
            is_fall=grade != values.competent,
            is_uncertain=is_uncertain,
            note=_note_of(standing, values.language, row.timestamp),
        )

    def _site(self, values: _Values) -> Site | Reason:
        """Return the way to the Moodle of a row, or why there is none."""
        try:
            registration = self._registrations.get(values.registration_id).registration
            if values.token_encrypted is None:
                return Reason.MOODLE_ENTRY
            return site_of(registration, values.token_encrypted, secret=self._secret)
        except MoodleTokenSealedError:
            return Reason.MOODLE_ENTRY
        except LtiError:
            return Reason.NO_PLATFORM


def _held(connection: Connection, rows: Sequence[Row], found: Mapping[int, _Values]) -> Mapping[int, Held]:
    """Return the rows whose rating would tell a result that the settings of a link hold back."""
    people: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        people[row.organisation_id].add(row.subject)
    now = max(row.timestamp for row in rows)
    held = {
        organisation_id: held_points(connection, organisation_id, some, now) for organisation_id, some in people.items()
    }
    return {
        row.id: Held(until)
        for row in rows
        if row.id in found and (until := held[row.organisation_id].get(row.subject, {}).get(found[row.id].code))
    }


def _note_of(standing: Standing, language: str, timestamp: datetime) -> str:
    """Return the sentence beside a rating: with its date, and nobody's name."""
    day = timestamp.astimezone(UTC).date().isoformat()
    return _NOTES.get(standing.status, _NO_LONGER)[language].format(day=day, answers=standing.answers)


def _refused(error: LtiError) -> Result:
    """Return what a refusal of Moodle's means."""
    outcome, reason = next(result for kind, result in _RESULTS.items() if isinstance(error, kind))
    if isinstance(error, MoodleError):
        return Result(outcome, reason, error.status, error.retry_after_s)
    return Result(outcome, reason)


def _unanswered(error: OutgoingError) -> Result:
    """Return what a request without an answer means."""
    if isinstance(error, AddressRefusedError | NetworkBlockedError | OriginRefusedError):
        return Result(Outcome.REFUSED, Reason.BLOCKED)
    if error.may_have_arrived:
        return Result(Outcome.AMBIGUOUS, Reason.MOODLE_NO_ANSWER)
    return Result(Outcome.LATER, Reason.UNREACHABLE)
