"""Which results are still held back from a learner, and from whom a level would tell them.

The settings of a link do so, and a class while it is on: a question that is voted on twice, or answered alone and then
scratched by the team, is recorded when its first round closes and told when its answer is. A score has a date of its own
(services.scores); this is for what else would give it away: the evidence on a learner's record, and the level of a
knowledge point in a grade column.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from lti_tool.models import (
    ClassPoll,
    ClassSeat,
    ClassSession,
    ClassTeamAnswer,
    ClassTeamCheck,
    ClassVote,
    ContentVersion,
    TagSet,
)
from lti_tool.services.content import tag_sets
from lti_tool.services.mechanisms.outbox import Lane, Outcome, Result
from lti_tool.services.platforms.link_settings import SCHEDULE, schedule_of
from lti_tool.services.records.records import knowledge_points_of
from qualoop.assessment import FOREVER
from qualoop.classroom.session import SessionState

LOOK_AGAIN: Final = timedelta(minutes=15)
"""How soon what is held back is looked at again at the latest: the settings may have been changed."""
LONGEST_CLASS: Final = timedelta(days=1)
"""How long after its opening a class holds anything back.

The worker ends a class after twelve hours; one that it cannot end, or where no worker runs, would otherwise hold the
results of its learners for good. No class teaches for a day, so nobody is told who was right before a second vote.
"""

_BEGUN: Final = text(
    f"{SCHEDULE} a.person_id, a.uuid, a.version_id FROM attempt a JOIN resource_link l ON l.id = a.resource_link_id "
    "LEFT JOIN link_extension e ON e.resource_link_id = a.resource_link_id AND e.person_id = a.person_id "
    "AND e.taken_back_at IS NULL "
    # By default nothing is held back: of most links the settings need not be read.
    "WHERE a.organisation_id = :organisation_id AND a.person_id IN :people AND CAST(l.settings AS TEXT) <> '{}'"
).bindparams(bindparam("people", expanding=True))


@dataclass(frozen=True, slots=True)
class Held:
    """What a channel has instead of a message that would tell a held result: nobody may hear of it before ``until``."""

    until: datetime
    value: str = ""
    lane: Lane | None = None

    def hand_back(self, now: datetime) -> Result:
        """Return the row to the outbox, to be looked at when it may go, or sooner."""
        wait = min(self.until - now, LOOK_AGAIN)
        return Result(Outcome.UNSENT, retry_after_s=math.ceil(wait.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAttempt:
    """An attempt of a person whose results may not be told before ``until``; FOREVER where they are never shown.

    What a class recorded is of one attempt, by the uuid of the session. When it is told, its teacher decides: until then
    ``until`` is when to look again.
    """

    person_id: int
    uuid: str
    version_id: int
    until: datetime


def find_held_attempts(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> tuple[HeldAttempt, ...]:
    """Return the attempts of some people of the organisation whose scores are held back at ``now``."""
    return (
        *_of_links(connection, organisation_id, people, now),
        *_of_classes(connection, organisation_id, people, now),
    )


def _of_links(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> tuple[HeldAttempt, ...]:
    rows = connection.execute(_BEGUN, {"organisation_id": organisation_id, "people": sorted(people)}).all()
    return tuple(
        HeldAttempt(person_id=row.person_id, uuid=row.uuid, version_id=row.version_id, until=until)
        for row in rows
        if (until := schedule_of(row).score_held_until) is not None and until > now
    )


def _of_classes(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> Iterator[HeldAttempt]:
    """Give the classes that are on in which something was closed and is not told yet, once for each content version.

    One that was opened a day ago or earlier is taken for over. Who is in no class that is on costs one look at an index.
    """
    seats = {
        row.id: row
        for row in connection.execute(
            select(ClassSeat.id, ClassSeat.class_session_id, ClassSeat.person_id, ClassSession.uuid)
            .join(ClassSession, ClassSession.id == ClassSeat.class_session_id)
            .where(
                ClassSeat.organisation_id == organisation_id,
                ClassSeat.person_id.in_(people),
                ClassSession.state == SessionState.OPEN.value,
                ClassSession.opened_at > now - LONGEST_CLASS,
            )
        )
    }
    if not seats:
        return
    asked = chain(_votes(connection, organisation_id, seats), _answers(connection, organisation_id, seats))
    for seat, version in dict.fromkeys(asked):
        row = seats[seat]
        yield HeldAttempt(person_id=row.person_id, uuid=row.uuid, version_id=version, until=now + LOOK_AGAIN)


def _votes(connection: Connection, organisation_id: int, seats: Collection[int]) -> Iterator[tuple[int, int]]:
    """Give whose votes are of questions that were closed and not shown yet, and of which content version: seat, version.

    A vote whose round is still on is no evidence yet, which alone could tell.
    """
    rows = connection.execute(
        select(ClassVote.class_seat_id, ContentVersion.id)
        .join(ClassPoll, ClassPoll.id == ClassVote.class_poll_id)
        .join(
            ContentVersion,
            (ContentVersion.organisation_id == organisation_id) & (ContentVersion.hash == ClassPoll.content_hash),
        )
        .where(
            ClassVote.organisation_id == organisation_id,
            ClassVote.class_seat_id.in_(seats),
            ClassVote.event.is_not(None),
            ClassPoll.first_closed_at.is_not(None),
            ClassPoll.shown_at.is_(None),
        )
    )
    yield from ((row[0], row[1]) for row in rows)


def _answers(connection: Connection, organisation_id: int, seats: Collection[int]) -> Iterator[tuple[int, int]]:
    """Give whose own answers were closed and are not scratched to the end yet, and of which version: seat, version."""
    answered = select(ClassTeamAnswer.id).where(
        ClassTeamAnswer.organisation_id == organisation_id,
        ClassTeamAnswer.check_id == ClassTeamCheck.id,
        ClassTeamAnswer.seat_id == ClassSeat.id,
    )
    rows = connection.execute(
        select(ClassSeat.id, ClassTeamCheck.items)
        .join(ClassTeamCheck, ClassTeamCheck.class_session_id == ClassSeat.class_session_id)
        .where(
            ClassTeamCheck.organisation_id == organisation_id,
            ClassSeat.id.in_(seats),
            ClassTeamCheck.individual_closed_at.is_not(None),
            ClassTeamCheck.done_at.is_(None),
            answered.exists(),
        )
    )
    yield from ((seat, item["version"]) for seat, items in rows for item in items)


def hidden_attempts(connection: Connection, organisation_id: int, person_id: int, now: datetime) -> frozenset[str]:
    """Return the attempts of a person whose results the person may not see yet, or never."""
    return hidden_by_person(connection, organisation_id, [person_id], now).get(person_id, frozenset())


def hidden_by_person(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> Mapping[int, frozenset[str]]:
    """Return the attempts whose results their people may not see yet, or never; nobody stands there without one."""
    found: dict[int, set[str]] = defaultdict(set)
    for each in find_held_attempts(connection, organisation_id, people, now):
        found[each.person_id].add(each.uuid)
    return {person: frozenset(attempts) for person, attempts in found.items()}


def held_points(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> Mapping[int, Mapping[str, datetime]]:
    """Return by person until when a level would tell a result that is held back, by the code of the knowledge point.

    What is never shown holds no level: it would stand still for good.
    """
    held = [each for each in find_held_attempts(connection, organisation_id, people, now) if each.until < FOREVER]
    codes = _codes(connection, organisation_id, {each.version_id for each in held})
    found: dict[int, dict[str, datetime]] = defaultdict(dict)
    for each in held:
        for code in codes.get(each.version_id, ()):
            found[each.person_id][code] = max(each.until, found[each.person_id].get(code, each.until))
    return found


def _codes(connection: Connection, organisation_id: int, versions: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """Return the knowledge points that content versions serve."""
    if not versions:
        return {}
    rows = connection.execute(
        select(TagSet.version_id, TagSet.tags).where(
            TagSet.organisation_id == organisation_id, TagSet.version_id.in_(versions), tag_sets.holds()
        )
    )
    return {version_id: knowledge_points_of(tags) for version_id, tags in rows}
