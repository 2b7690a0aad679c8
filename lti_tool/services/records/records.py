"""What is known of a learner, and what to do next. Reads only: the cached states of the adopted generation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, islice
from typing import Final

from sqlalchemy import Connection, and_, select

from lti_tool.models import Activity, Attempt, LiveProjectRow, ResourceLink, SourceScore, TagSet
from lti_tool.services.content import tag_sets
from lti_tool.services.content.contents import Contents
from lti_tool.services.evidence.critical_errors import read_errors_without, read_open_errors
from lti_tool.services.evidence.entries import list_entries
from lti_tool.services.ledger.flags import read_flags
from lti_tool.services.mastery import cache
from qualoop.assessment import AttemptState
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Reading
from qualoop.mastery.explanation import summary
from qualoop.mastery.moves import without
from qualoop.mastery.readings import read_point
from qualoop.player import KnowledgePointOutlook, NextActivity
from qualoop.player.flipped import CHECK_KIND
from qualoop.records import Ability, PointFacts, status_of, whole_percent
from qualoop.sequencing import Candidate, Suggestion, choose_next
from qualoop.values import Score

_LAST: Final = 5
MOST_ANSWERS: Final = 200
"""So many answers of one attempt are summed up in words at most."""
"""Where a memory's row says when it was touched last, in seconds since 1970."""


class RecordMissingError(QualoopError):
    """There is no such person in this course."""

    code = "record-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose record it is: the person's row and the pseudonym that the ledger knows.

    ``hidden`` are the attempts whose results whoever reads the record may not see yet (services.held_back).
    """

    organisation_id: int
    person_id: int
    uuid: str
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingNow:
    """What is known of a learner at one moment: the facts by knowledge point; ability is None before any evidence."""

    facts: Mapping[str, PointFacts] = field(default_factory=dict)
    ability: Ability | None = None


def standing_now(connection: Connection, subject: Subject, codes: Iterable[str], now: datetime) -> StandingNow:
    """Return what is known of the learner at ``now`` on some knowledge points, as the adopted generation has it."""
    found = _measured(connection, subject, codes, now)
    if found.ability is None:
        return found
    of = (connection, subject.organisation_id, [subject.uuid])
    flags = read_flags(*of).get(subject.uuid, {})
    if subject.hidden:
        errors = read_errors_without(connection, subject.organisation_id, subject.uuid, subject.hidden)
    else:
        errors = read_open_errors(*of).get(subject.uuid, frozenset())
    facts = {
        code: replace(each, flag=flags.get(code), critical_error=code in errors) for code, each in found.facts.items()
    }
    return replace(found, facts=facts)


def _measured(connection: Connection, subject: Subject, codes: Iterable[str], now: datetime) -> StandingNow:
    """Return what the states say of the learner, without what stands over all numbers."""
    place = cache.find_adopted(connection, subject.organisation_id)
    wanted = sorted(set(codes))
    if place is None:
        return StandingNow()
    standing = cache.load_learner(connection, place, subject.uuid, wanted)
    if standing.learner is None:
        return StandingNow()
    unmet = read_point(standing.learner, None, None, at=now.timestamp(), constants=DEFAULT_CONSTANTS)
    return StandingNow(
        facts={code: _facts(standing, standing.learner, code, now) for code in wanted},
        ability=Ability(variance=standing.learner[1], unmet=unmet),
    )


def _facts(standing: cache.Standing, learner: cache.Row, code: str, now: datetime) -> PointFacts:
    """Return the facts of one knowledge point. Where the learner never met it, its difficulty alone may be known."""
    memory, point = standing.memories.get(code), standing.points.get(code)
    if memory is None and point is None:
        return PointFacts(reading=None)
    row = memory.row if memory else None
    reading = read_point(learner, row, point, at=now.timestamp(), constants=DEFAULT_CONSTANTS)
    if memory is None:
        return PointFacts(reading=reading)
    return PointFacts(
        reading=reading,
        items=memory.items,
        forms=memory.forms,
        last=memory.row[_LAST],
        was_competent=memory.competent_at is not None,
    )


def read_levels(connection: Connection, subject: Subject, codes: Iterable[str], now: datetime) -> Mapping[str, Reading]:
    """Return what is known of the learner at ``now`` by knowledge point; those never answered are left out."""
    facts = _measured(connection, subject, codes, now).facts
    return {code: each.known for code, each in facts.items() if each.known}


def outlook(
    connection: Connection,
    framework: Framework,
    subject: Subject,
    codes: Sequence[str],
    *,
    language: str,
    now: datetime,
) -> list[KnowledgePointOutlook]:
    """Return how some knowledge points stand and what moved each last; those without evidence are left out.

    So is what a held result moved last: the level would tell it.
    """
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
    lessons = read_lessons(connection, subject.organisation_id)
    chosen = suggest(connection, framework, subject, lessons, now=now)
    if chosen is None:
        return None
    content = contents.get(connection, subject.organisation_id, lessons.versions[chosen.key]).content
    return NextActivity(title=content.title[language], reason=chosen.sentence[language], url=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What an organisation offers: content versions by key, and by activity what each could teach."""

    versions: Mapping[str, int]
    candidates: Mapping[int, Candidate]


def suggest(
    connection: Connection,
    framework: Framework,
    subject: Subject,
    lessons: Lessons,
    *,
    now: datetime,
    facts: Mapping[str, PointFacts] | None = None,
) -> Suggestion | None:
    """Return which of some lessons the learner should do next and why; None where there is nothing to suggest.

    ``facts`` are those of the whole framework at ``now``, where the caller has them.
    """
    candidates = _candidates(connection, subject, lessons)
    codes = {code for each in candidates for code in each.knowledge_points if framework.find_knowledge_point(code)}
    needed = codes | {point.code for code in codes for point in framework.prerequisites_of(code)}
    if facts is None:
        facts = standing_now(connection, subject, needed, now).facts
    facts = {code: facts[code] for code in sorted(needed) if code in facts}
    readings = {code: each.known for code, each in facts.items() if each.known}
    statuses = {
        code: status_of(
            replace(each, review_months=framework.get_knowledge_point(code).review_after_months), now=now.timestamp()
        )
        for code, each in facts.items()
    }
    return choose_next(framework, readings, candidates, statuses)


def _newest_reasons(
    connection: Connection, subject: Subject, codes: Iterable[str], titles: Mapping[str, str], *, language: str
) -> Mapping[str, str]:
    """Return by knowledge point what the newest attempt did to it, in words; none where that is held back."""
    found: dict[str, str] = {}
    for code in codes:
        entries = list_entries(
            connection, subject.organisation_id, subject.uuid, code=code, limit=MOST_ANSWERS, newest_first=True
        )
        for attempt, latest in islice(groupby(entries, key=lambda entry: entry.evidence.attempt), 1):
            if attempt not in subject.hidden:
                # What each weighed is told on the record, where there is room.
                told = list(latest)[::-1]
                before = without([entry.moves[code] for entry in told]).level
                found[code] = summary([entry.change for entry in told], code, language, titles, before=before)
    return found


def read_lessons(connection: Connection, organisation_id: int) -> Lessons:
    """Return the organisation's activities with the knowledge points that they serve."""
    versions: dict[str, int] = {}
    found: dict[int, Candidate] = {}
    for activity_id, key, version_id, tags in connection.execute(
        select(Activity.id, Activity.key, TagSet.version_id, TagSet.tags)
        .join(TagSet, TagSet.version_id == Activity.version_id)
        .where(Activity.organisation_id == organisation_id, Activity.kind != CHECK_KIND, tag_sets.holds())
    ):
        versions[key] = version_id
        found[activity_id] = Candidate(key=key, knowledge_points=knowledge_points_of(tags))
    return Lessons(versions=versions, candidates=found)


def _candidates(connection: Connection, subject: Subject, lessons: Lessons) -> Sequence[Candidate]:
    """Return the lessons with the learner's best finished attempt, without those that wait for somebody else."""
    found = dict(lessons.candidates)
    for activity_id, scores in _attempted(connection, subject).items():
        if activity_id in found and scores is None:
            del found[activity_id]
        elif activity_id in found:
            found[activity_id] = replace(found[activity_id], best=max(scores or (), default=None), begun=True)
    return list(found.values())


def _attempted(connection: Connection, subject: Subject) -> Mapping[int, Sequence[Score] | None]:
    """Return the activities that the learner has begun, each with the scores of the finished attempts.

    None stands where work is handed in and a person has to judge or approve it: the learner cannot go on there; and where
    a score is held back: going on or not would tell it. Opened and not touched is not begun. What a platform's own block has told of an activity counts as finished: it tells no more
    than the score.
    """
    found: dict[int, list[Score]] = defaultdict(list)
    waiting: set[int] = set()
    live = and_(LiveProjectRow.resource_link_id == ResourceLink.id, LiveProjectRow.person_id == Attempt.person_id)
    for activity_id, attempt, status, done, score, has_turn in connection.execute(
        select(
            Activity.id,
            Attempt.uuid,
            Attempt.status,
            Attempt.done,
            Attempt.score,
            and_(LiveProjectRow.id.is_not(None), LiveProjectRow.waiting_step.is_(None), Attempt.done < Attempt.total),
        )
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .join(Activity, Activity.id == ResourceLink.activity_id)
        .outerjoin(LiveProjectRow, live)
        .where(Attempt.organisation_id == subject.organisation_id, Attempt.person_id == subject.person_id)
    ):
        is_held = status == AttemptState.EVALUATED and attempt in subject.hidden
        if is_held or (status == AttemptState.SUBMITTED and not has_turn):
            waiting.add(activity_id)
        elif done or has_turn or status == AttemptState.EVALUATED:
            found[activity_id] += [Score(score)] if status == AttemptState.EVALUATED else []
    for activity_id, score in connection.execute(
        select(SourceScore.activity_id, SourceScore.value).where(
            SourceScore.organisation_id == subject.organisation_id, SourceScore.person_id == subject.person_id
        )
    ):
        found[activity_id].append(Score(score))
    return found | dict.fromkeys(waiting)


def knowledge_points_of(tags: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the knowledge points of a tag set, each once."""
    return tuple(dict.fromkeys(code for weights in tags.values() for code in weights))
