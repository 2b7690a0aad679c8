"""What the pages of a learner's record show: the map of the posts, one knowledge point, and what it all rests on.

The map can be that of an earlier moment too (services.record_as_of).

Reads only. Statuses and levels come from the cached states of the adopted generation, evidence only as far as a page
shows it: a learner may have thousands of answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.models import Activity, Enrolment, ResourceLink, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.content.contents import Contents
from lti_tool.services.evidence.entries import NamedPart, name_parts
from lti_tool.services.records.as_of import standing_then
from lti_tool.services.records.raters import read_raters
from lti_tool.services.records.records import StandingNow, Subject, knowledge_points_of, standing_now
from lti_tool.services.records.timelines import entries_page
from qualoop.framework import Framework
from qualoop.records import (
    Background,
    EvidenceEntry,
    Gain,
    KnowledgePointRecord,
    PointFacts,
    Record,
    build_points,
    build_record,
    gain,
)

NEWEST: Final = 60
"""How many of a learner's newest answers the map looks at for its reasons; the pages behind it have them all."""
MOST_FOR_GAIN: Final = 400
"""Up to how many answers on a knowledge point the first is compared with the latest."""

Parts = Mapping[tuple[str, str], NamedPart]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerRecord:
    """A learner's record, and the names of the parts that its evidence is of: by (content hash, part).

    ``is_reshaped``: it is of an earlier moment, and what was corrected or tagged later is in it all the same.
    """

    record: Record
    parts: Parts
    is_reshaped: bool = False

    @property
    def is_empty(self) -> bool:
        """Say whether there is no evidence at all yet."""
        return not any(
            point.reading for section in self.record.sections for unit in section.units for point in unit.points
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRecord:
    """A learner's record on a few knowledge points, and the names of the parts that its evidence is of."""

    points: tuple[KnowledgePointRecord, ...] = ()
    parts: Parts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointPage:
    """One knowledge point of a learner, and a page of the evidence behind it, newest first.

    ``older`` is before which number of the ledger the next ones lie, None where there are none.
    """

    point: KnowledgePointRecord
    gain: Gain | None
    entries: Sequence[EvidenceEntry]
    older: int | None
    parts: Parts


def learner_record(
    connection: Connection, contents: Contents, framework: Framework, subject: Subject, *, language: str, now: datetime
) -> LearnerRecord:
    """Return the whole record of a learner, with what the learner's courses teach now."""
    background = _judged_by(
        _background(connection, framework, subject, tuple(framework.knowledge_points), now=now),
        read_raters(connection, subject),
    )
    newest = _newest(connection, subject, before=None)
    record = build_record(framework, {}, reversed(newest), taught=_taught(connection, subject), background=background)
    parts = name_parts(connection, contents, subject.organisation_id, newest, language=language)
    return LearnerRecord(record=record, parts=parts)


def learner_record_as_of(
    connection: Connection, contents: Contents, framework: Framework, subject: Subject, *, language: str, then: datetime
) -> LearnerRecord:
    """Return the whole record of a learner as it stood at a moment that has passed.

    Computed from what was known then, within the limits of `as_of`; framework and what is taught are today's.
    """
    past = standing_then(connection, subject, tuple(framework.knowledge_points), then)
    raters = read_raters(connection, subject, before=past.before, then=then)
    background = _judged_by(_as_background(framework, past.standing, now=then), raters)
    newest = _newest(connection, subject, before=past.before)
    record = build_record(framework, {}, reversed(newest), taught=_taught(connection, subject), background=background)
    parts = name_parts(connection, contents, subject.organisation_id, newest, language=language)
    return LearnerRecord(record=record, parts=parts, is_reshaped=past.is_reshaped)


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
    background = _background(connection, framework, subject, _with_bases(framework, codes), now=now)
    newest = _newest(connection, subject, before=None)
    points = build_points(framework, codes, {}, reversed(newest), background=background)
    parts = name_parts(connection, contents, subject.organisation_id, newest, language=language)
    return PointsRecord(points=tuple(points), parts=parts)


def point_page(
    connection: Connection,
    contents: Contents,
    framework: Framework,
    subject: Subject,
    *,
    code: str,
    before: int | None,
    language: str,
    now: datetime,
) -> PointPage:
    """Return one knowledge point of a learner with a page of its evidence; raise UnknownCodeError where there is none."""
    background = _background(connection, framework, subject, _with_bases(framework, [code]), now=now)
    of = (connection, subject.organisation_id, subject.uuid)
    page = entries_page(*of, before=before, code=code, hidden=subject.hidden)
    [point] = build_points(framework, [code], {}, reversed(page.entries), background=background)
    return PointPage(
        point=point,
        gain=_gain(connection, subject, point),
        entries=page.entries,
        older=page.older,
        parts=name_parts(connection, contents, subject.organisation_id, page.entries, language=language),
    )


def _gain(connection: Connection, subject: Subject, point: KnowledgePointRecord) -> Gain | None:
    """Return first against latest on a knowledge point; None where there are too many answers in between to read."""
    if point.reading is None or not 1 < point.reading.n <= MOST_FOR_GAIN:
        return None
    code = point.point.code
    of = (connection, subject.organisation_id, subject.uuid)
    page = entries_page(*of, before=None, code=code, size=MOST_FOR_GAIN, hidden=frozenset())
    return gain(reversed(page.entries), code, hidden=subject.hidden)


def _newest(connection: Connection, subject: Subject, *, before: int | None) -> Sequence[EvidenceEntry]:
    """Return the newest evidence that may be seen before a number of the ledger."""
    of = (connection, subject.organisation_id, subject.uuid)
    return entries_page(*of, before=before, size=NEWEST, hidden=subject.hidden).entries


def _background(
    connection: Connection, framework: Framework, subject: Subject, codes: Collection[str], *, now: datetime
) -> Background:
    """Return what is known of the learner on some knowledge points; of the others nothing is read, and nothing said."""
    return _as_background(framework, standing_now(connection, subject, codes, now), now=now)


def _as_background(framework: Framework, found: StandingNow, *, now: datetime) -> Background:
    """Return what is known of a learner at ``now`` as a record rests on it."""
    unread = {code: PointFacts(reading=None) for code in framework.knowledge_points}
    return Background(now=now, facts={**unread, **found.facts}, ability=found.ability)


def _judged_by(background: Background, raters: Mapping[str, frozenset[str]]) -> Background:
    """Return a background whose facts say who judged: only levels ask for it, and only a whole record has any."""
    facts = background.facts or {}
    known = {code: replace(facts[code], raters=each) for code, each in raters.items() if code in facts}
    return replace(background, facts={**facts, **known})


def _with_bases(framework: Framework, codes: Sequence[str]) -> Collection[str]:
    """Return knowledge points with what they directly build on; raise UnknownCodeError for one that does not exist."""
    return {*codes, *(base for code in codes for base in framework.get_knowledge_point(code).prerequisites)}


def _taught(connection: Connection, subject: Subject) -> set[str]:
    """Return the knowledge points of what is taught now in the courses that the learner is in."""
    rows = connection.execute(
        select(TagSet.tags)
        .join(Activity, Activity.version_id == TagSet.version_id)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .join(Enrolment, Enrolment.context_id == ResourceLink.context_id)
        .where(
            TagSet.organisation_id == subject.organisation_id,
            Enrolment.organisation_id == subject.organisation_id,
            Enrolment.person_id == subject.person_id,
            Enrolment.left_at.is_(None),
            tag_sets.holds(),
        )
    )
    return {code for tags in rows.scalars() for code in knowledge_points_of(tags)}
