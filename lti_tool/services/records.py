"""What a learner's record says, and what it says to do next. Reads only.

Levels are read from the cached states of the adopted generation, each with the explanations and the ledger events
behind it, so that every number on a page can be opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.models import Activity, Attempt, Enrolment, MasteryUpdate, ResourceLink, TagSet
from lti_tool.services import mastery_cache
from lti_tool.services.contents import Contents
from lti_tool.services.evidence_entries import NamedPart, list_entries, name_parts
from qualoop.assessment import AttemptState
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Reading, read
from qualoop.mastery.explanation import sentence
from qualoop.player import KnowledgePointOutlook, NextActivity
from qualoop.records import (
    KnowledgePointRecord,
    Record,
    build_points,
    build_record,
    whole_percent,
)
from qualoop.sequencing import Candidate, choose_next
from qualoop.values import Score

READ_AT_ONCE: Final = 200
"""Knowledge points per look-up: SQLite bounds how long a condition may be."""


class RecordMissingError(QualoopError):
    """There is no such person in this course."""

    code = "record-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose record it is: the person's row and the pseudonym that the ledger knows."""

    organisation_id: int
    person_id: int
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerRecord:
    """A learner's record, and the names of the parts that its evidence is of: by (content hash, part)."""

    record: Record
    parts: Mapping[tuple[str, str], NamedPart]

    @property
    def is_empty(self) -> bool:
        """Say whether there is no evidence at all yet."""
        return not any(
            point.evidence for section in self.record.sections for unit in section.units for point in unit.points
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRecord:
    """A learner's record on a few knowledge points, and the names of the parts that its evidence is of."""

    points: tuple[KnowledgePointRecord, ...] = ()
    parts: Mapping[tuple[str, str], NamedPart] = field(default_factory=dict)


def read_levels(connection: Connection, subject: Subject, codes: Iterable[str], now: datetime) -> Mapping[str, Reading]:
    """Return what is known of the learner at ``now`` by knowledge point; those never answered are left out."""
    place = mastery_cache.find_adopted(connection, subject.organisation_id)
    if place is None:
        return {}
    wanted = sorted(set(codes))
    found: dict[str, Reading] = {}
    for start in range(0, len(wanted), READ_AT_ONCE):
        chunk = wanted[start : start + READ_AT_ONCE]
        state = mastery_cache.load_state(connection, place, subject.uuid, chunk)
        found |= {
            code: read(state, code, now.timestamp(), DEFAULT_CONSTANTS) for code in chunk if code in state.memories
        }
    return found


def outlook(
    connection: Connection,
    framework: Framework,
    subject: Subject,
    codes: Sequence[str],
    *,
    language: str,
    now: datetime,
) -> list[KnowledgePointOutlook]:
    """Return how some knowledge points stand and what moved each last; those without evidence are left out."""
    readings = read_levels(connection, subject, codes, now)
    titles = {code: point.title[language] for code, point in framework.knowledge_points.items()}
    reasons = _newest_reasons(connection, subject, readings, titles, language=language)
    return [
        KnowledgePointOutlook(
            code=code,
            title=titles.get(code, code),
            level=whole_percent(readings[code].level),
            low=whole_percent(readings[code].low),
            high=whole_percent(readings[code].high),
            responses=readings[code].n,
            why=reasons[code],
        )
        for code in codes
        if code in reasons
    ]


def next_activity(
    connection: Connection,
    contents: Contents,
    framework: Framework,
    subject: Subject,
    *,
    language: str,
    now: datetime,
) -> NextActivity | None:
    """Return which of the organisation's lessons to do next and why; None where there is nothing to suggest.

    It has no address: only the course can launch it.
    """
    versions, candidates = _candidates(connection, subject)
    codes = {code for each in candidates for code in each.knowledge_points if framework.find_knowledge_point(code)}
    needed = codes | {point.code for code in codes for point in framework.prerequisites_of(code)}
    chosen = choose_next(framework, read_levels(connection, subject, needed, now), candidates)
    if chosen is None:
        return None
    content = contents.get(connection, subject.organisation_id, versions[chosen.key]).content
    return NextActivity(title=content.title[language], reason=chosen.sentence[language], url=None)


def learner_record(
    connection: Connection, contents: Contents, framework: Framework, subject: Subject, *, language: str, now: datetime
) -> LearnerRecord:
    """Return the whole record of a learner, with what the learner's courses teach now."""
    entries = list_entries(connection, subject.organisation_id, subject.uuid)
    readings = read_levels(connection, subject, (code for entry in entries for code in entry.codes), now)
    return LearnerRecord(
        record=build_record(framework, readings, entries, taught=_taught(connection, subject)),
        parts=name_parts(connection, contents, subject.organisation_id, entries, language=language),
    )


def points_record(
    connection: Connection,
    contents: Contents,
    framework: Framework,
    subject: Subject,
    *,
    codes: Sequence[str],
    language: str,
    now: datetime,
) -> PointsRecord:
    """Return a learner's record on a few knowledge points only."""
    entries = list_entries(connection, subject.organisation_id, subject.uuid)
    around = {*codes, *(point for code in codes for point in framework.get_knowledge_point(code).prerequisites)}
    points = build_points(framework, codes, read_levels(connection, subject, around, now), entries)
    shown = [entry for point in points for entry in point.evidence]
    parts = name_parts(connection, contents, subject.organisation_id, shown, language=language)
    return PointsRecord(points=tuple(points), parts=parts)


def _newest_reasons(
    connection: Connection,
    subject: Subject,
    readings: Mapping[str, Reading],
    titles: Mapping[str, str],
    *,
    language: str,
) -> Mapping[str, str]:
    """Return by knowledge point the sentence of the update that moved it last."""
    place = mastery_cache.find_adopted(connection, subject.organisation_id)
    missing = set(readings)
    found: dict[str, str] = {}
    if place is None or not missing:
        return found
    rows = connection.execute(
        select(MasteryUpdate.explanation)
        .where(
            MasteryUpdate.organisation_id == subject.organisation_id,
            MasteryUpdate.generation_id == place.generation_id,
            MasteryUpdate.learner == subject.uuid,
        )
        .order_by(MasteryUpdate.event_seq.desc())
    )
    for explanation in rows.scalars():
        news = missing & {row["kp"] for row in explanation["kps"]}
        # What it weighed is told on the record, where there is room.
        found |= {code: sentence({**explanation, "weight": None}, language, titles) for code in news}
        missing -= news
        if not missing:
            rows.close()
            break
    return found


def _candidates(connection: Connection, subject: Subject) -> tuple[Mapping[str, int], Sequence[Candidate]]:
    """Return the organisation's activities with the learner's best finished attempt; first their versions by key."""
    versions: dict[str, int] = {}
    found: dict[int, Candidate] = {}
    for activity_id, key, version_id, tags in connection.execute(
        select(Activity.id, Activity.key, TagSet.version_id, TagSet.tags)
        .join(TagSet, TagSet.version_id == Activity.version_id)
        .where(Activity.organisation_id == subject.organisation_id)
        # A later tag set of the same version replaces the earlier one.
        .order_by(TagSet.adopted_at, TagSet.id)
    ):
        versions[key] = version_id
        found[activity_id] = Candidate(key=key, knowledge_points=knowledge_points_of(tags))
    for activity_id, scores in _attempted(connection, subject).items():
        if activity_id in found:
            found[activity_id] = replace(found[activity_id], best=max(scores, default=None), begun=True)
    return versions, list(found.values())


def _attempted(connection: Connection, subject: Subject) -> Mapping[int, Sequence[Score]]:
    """Return the activities that the learner has begun, each with the scores of the finished attempts."""
    found: dict[int, list[Score]] = defaultdict(list)
    for activity_id, status, score in connection.execute(
        select(Activity.id, Attempt.status, Attempt.score)
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .join(Activity, Activity.id == ResourceLink.activity_id)
        .where(Attempt.organisation_id == subject.organisation_id, Attempt.person_id == subject.person_id)
    ):
        found[activity_id] += [Score(score)] if status == AttemptState.EVALUATED else []
    return found


def _taught(connection: Connection, subject: Subject) -> set[str]:
    """Return the knowledge points of what is taught in the courses that the learner is enrolled in."""
    rows = connection.execute(
        select(TagSet.tags)
        .join(Activity, Activity.version_id == TagSet.version_id)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .join(Enrolment, Enrolment.context_id == ResourceLink.context_id)
        .where(
            TagSet.organisation_id == subject.organisation_id,
            Enrolment.organisation_id == subject.organisation_id,
            Enrolment.person_id == subject.person_id,
        )
    )
    return {code for tags in rows.scalars() for code in knowledge_points_of(tags)}


def knowledge_points_of(tags: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the knowledge points of a tag set, each once."""
    return tuple(dict.fromkeys(code for weights in tags.values() for code in weights))
