"""How a learner stood at an earlier moment, from the updates that evidence recorded by then had caused.

The updates of the adopted generation say how a learner stood after each answer (services.explanations), so the past
needs no replay. Critical errors come from the ledger as it was then: what weighs nothing leaves no update, and may hold
back all the same. It is exact but for this:

- Updates are kept in single precision: levels agree to about 10⁻⁶.
- A knowledge point is as difficult as it was after the learner's own newest answer on it by then. What others answered
  between that and the moment has moved it a little, and is not in.
- Evidence counts as the adopted generation counts it. Where what was corrected or tagged later has reached that
  generation, it has reached this past too: `Past.is_reshaped` says so. `qualoop replay --what-if --as-of` does without
  any of this.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from math import sqrt
from typing import Any, Final

from sqlalchemy import Connection, select, text

from lti_tool.db import Direct, Driver, micros, moment
from lti_tool.models import RARE, LedgerEvent, MasteryGeneration
from lti_tool.services.evidence.critical_errors import read_errors_without
from lti_tool.services.ledger.flags import read_flags
from lti_tool.services.ledger.standings import read_corrections
from lti_tool.services.mastery.cache import ADOPTED
from lti_tool.services.mastery.explanations import Head, Point, unpacked
from lti_tool.services.mastery.steps import FORM_BITS
from lti_tool.services.records.records import StandingNow, Subject
from qualoop.ledger import EventType, settle_corrections
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.readings import belief, read_point
from qualoop.policies import competence_numbers, is_competent, status_policy
from qualoop.records import Ability, Flag, PointFacts

Content = tuple[str, str]
"""An activity and the hash of one of its versions."""

# The plus keeps SQLite from reading the whole organisation by its index, instead of a few rows by their numbers.
_UPDATES: Final = Direct(
    "SELECT u.event_seq, u.codes, u.numbers, e.occurred_at, e.body FROM mastery_update u "
    "JOIN ledger_event e ON e.id = u.event_seq "
    "WHERE u.generation_id = ? AND u.learner = ? AND +e.organisation_id = ? AND e.recorded_at <= ? "
    "ORDER BY u.event_seq"
)
_FIRST: Final = Direct(
    "SELECT recorded_at FROM ledger_event WHERE id = (SELECT u.event_seq FROM mastery_update u "
    "WHERE u.generation_id = (SELECT g.id FROM mastery_generation g WHERE g.organisation_id = ? "
    "AND g.state = 'adopted') AND u.learner = ? ORDER BY u.event_seq LIMIT 1)"
)
#: As a literal, so that both databases see that their index of the rare events serves.
_ARE_TAGS: Final = text("type = 'tags.adopted'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How a learner stood, the number of the ledger after the newest evidence that counted, and whether it is exact.

    ``is_reshaped``: corrections or tags that were recorded later have changed how that evidence counts.
    """

    standing: StandingNow = field(default_factory=StandingNow)
    before: int = 0
    is_reshaped: bool = False


@dataclass(slots=True)
class _Memory:
    """What a learner has of one knowledge point, as `mastery_cache.Memory`, with the row of the point itself."""

    row: list[float] = field(default_factory=list)
    point: list[float] = field(default_factory=list)
    items: int = 0
    forms: int = 0
    was_competent: bool = False


@dataclass(slots=True)
class _Story:
    """A learner's states while the updates are gone through."""

    learner: list[float] | None = None
    memories: dict[str, _Memory] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    newest: int = 0
    contents: set[Content] = field(default_factory=set)

    def apply(
        self, codes: Iterable[str], numbers: tuple[Head, list[Point]], told: Mapping[str, str], at: float
    ) -> None:
        """Take in what one update did at the time ``at``, in seconds since 1970; ``told`` is the evidence."""
        head, points = numbers
        # What weighs nothing leaves no update: an item is new with the first that weighs, as online.
        item = f"{told['activity']}/{told['part']}"
        is_new = item not in self.items
        self.items.add(item)
        responses = self.learner[4] if self.learner else 0.0
        # Form of the day and fast memory are in no level.
        self.learner = [head.g_after, head.v_g_after, 0.0, 0.0, responses + 1.0]
        for code, point in zip(codes, points, strict=True):
            memory = self.memories.setdefault(code, _Memory())
            memory.row = [point.m_after, point.v_m_after, 0.0, DEFAULT_CONSTANTS.v_f0, point.n + 1.0, at, responses]
            memory.point = [point.c_after, point.v_c_after]
            memory.items += is_new
            memory.forms |= FORM_BITS[told["form"]]
            memory.was_competent = memory.was_competent or _is_competent(self.learner, memory)

    def standing(
        self, codes: Collection[str], flags: Mapping[str, Flag], errors: Collection[str], at: float
    ) -> StandingNow:
        """Return what was known at a time, in seconds since 1970, with ``errors`` open on some knowledge points."""
        if self.learner is None:
            return StandingNow()
        unmet = read_point(self.learner, None, None, at=at, constants=DEFAULT_CONSTANTS)
        return StandingNow(
            facts={
                code: replace(self._facts(code, at), flag=flags.get(code), critical_error=code in errors)
                for code in codes
            },
            ability=Ability(variance=self.learner[1], unmet=unmet),
        )

    def _facts(self, code: str, at: float) -> PointFacts:
        memory = self.memories.get(code)
        if memory is None:
            return PointFacts(reading=None)
        return PointFacts(
            reading=read_point(self.learner, memory.row, memory.point, at=at, constants=DEFAULT_CONSTANTS),
            items=memory.items,
            forms=memory.forms,
            last=memory.row[5],
            was_competent=memory.was_competent,
        )


def standing_then(connection: Connection, subject: Subject, codes: Collection[str], then: datetime) -> Past:
    """Return how a learner stood on some knowledge points at a moment that has passed."""
    generation = connection.execute(
        select(MasteryGeneration.id, MasteryGeneration.tags, MasteryGeneration.through_seq).where(
            MasteryGeneration.organisation_id == subject.organisation_id, MasteryGeneration.state == ADOPTED
        )
    ).one_or_none()
    if generation is None:
        return Past()
    story = _Story()
    driver = Driver(connection)
    wanted = (generation.id, subject.uuid, subject.organisation_id, micros(then))
    for seq, names, packed, occurred_at, body in driver.all(_UPDATES, wanted):
        told, numbers = json.loads(body), unpacked(bytes(packed))
        story.apply(filter(None, names.split(";")), numbers, told, moment(occurred_at).timestamp())
        story.newest = seq
        story.contents.add((told["activity"], told["content"]))
    of = (connection, subject.organisation_id)
    flags = read_flags(*of, [subject.uuid], recorded_by=then).get(subject.uuid, {})
    errors = read_errors_without(*of, subject.uuid, subject.hidden, recorded_by=then)
    return Past(
        standing=story.standing(codes, flags, errors, then.timestamp()),
        before=story.newest + 1,
        is_reshaped=_is_corrected_later(connection, subject, then, generation.through_seq)
        or _is_tagged_later(connection, subject, then, (int(generation.tags), story.contents)),
    )


def find_first_day(connection: Connection, subject: Subject) -> date | None:
    """Return the day on which the learner's first evidence was recorded; None without any."""
    row = Driver(connection).one(_FIRST, (subject.organisation_id, subject.uuid))
    return None if row is None else moment(row[0]).astimezone(UTC).date()


def _is_competent(learner: list[float], memory: _Memory) -> bool:
    """Say whether a knowledge point is competent right after an update, as `mastery.steps` does."""
    m, v_m = memory.row[0], min(DEFAULT_CONSTANTS.v_m0, memory.row[1])
    mean, variance = belief(learner, (m, v_m), memory.point, DEFAULT_CONSTANTS)
    return is_competent(mean, sqrt(variance), (memory.items, memory.forms), competence_numbers(status_policy()))


def _is_corrected_later(connection: Connection, subject: Subject, then: datetime, through: int) -> bool:
    """Say whether evidence known by then counts otherwise in a generation that knows corrections up to ``through``."""
    place: dict[str, Any] = {"organisation_id": subject.organisation_id, "learner": subject.uuid}
    known = settle_corrections(read_corrections(connection, **place, recorded_by=then))
    counted = settle_corrections(read_corrections(connection, **place, through_seq=through))
    changed = [
        uuid
        for uuid, standing in counted.items()
        if (before := known.get(uuid)) is None or (before.voided, before.score) != (standing.voided, standing.score)
    ]
    return bool(changed) and None is not connection.scalar(
        select(LedgerEvent.id)
        .where(LedgerEvent.uuid.in_(changed), LedgerEvent.organisation_id == subject.organisation_id)
        .where(LedgerEvent.type == EventType.EVIDENCE_RECORDED.value, LedgerEvent.recorded_at <= then)
        .limit(1)
    )


def _is_tagged_later(
    connection: Connection, subject: Subject, then: datetime, counted: tuple[int, Collection[Content]]
) -> bool:
    """Say whether content was tagged since then, in a generation that knows tags up to a number."""
    through, contents = counted
    bodies = connection.scalars(
        select(LedgerEvent.body)
        .where(LedgerEvent.organisation_id == subject.organisation_id, RARE, _ARE_TAGS)
        .where(LedgerEvent.id <= through, LedgerEvent.recorded_at > then)
    )
    return any((body["activity"], body["content"]) in contents for body in map(json.loads, bodies))
