"""Which results the settings of a link still hold back from a learner, and from whom a level would tell them.

A score has a date of its own (services.scores); this is for what else would give it away: the evidence on a learner's
record, and the level of a knowledge point in a grade column.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from lti_tool.models import TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.mechanisms.outbox import Lane, Outcome, Result
from lti_tool.services.platforms.link_settings import SCHEDULE, schedule_of
from lti_tool.services.records.records import knowledge_points_of
from qualoop.assessment import FOREVER

LOOK_AGAIN: Final = timedelta(minutes=15)
"""How soon what is held back is looked at again at the latest: the settings may have been changed."""

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
    """An attempt of a person whose results may not be told before ``until``; FOREVER where they are never shown."""

    person_id: int
    uuid: str
    version_id: int
    until: datetime


def find_held_attempts(
    connection: Connection, organisation_id: int, people: Collection[int], now: datetime
) -> tuple[HeldAttempt, ...]:
    """Return the attempts of some people of the organisation whose scores are held back at ``now``."""
    rows = connection.execute(_BEGUN, {"organisation_id": organisation_id, "people": sorted(people)}).all()
    return tuple(
        HeldAttempt(person_id=row.person_id, uuid=row.uuid, version_id=row.version_id, until=until)
        for row in rows
        if (until := schedule_of(row).score_held_until) is not None and until > now
    )


def hidden_attempts(connection: Connection, organisation_id: int, person_id: int, now: datetime) -> frozenset[str]:
    """Return the attempts of a person whose results the person may not see yet, or never."""
    return frozenset(each.uuid for each in find_held_attempts(connection, organisation_id, [person_id], now))


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
