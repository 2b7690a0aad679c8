"""What the loop meter reads: evidence of a course's learners in columns, as it counts now. Reads only.

Evidence names parts; which knowledge points they serve, of which kind their activity is, and whether the attempt was a
class of the course is joined here, once for each different part: a course has some hundred of them, whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from lti_tool.db import Direct, Driver
from lti_tool.models import (
    Activity,
    ClassPoll,
    ClassSession,
    ClassTeamCheck,
    ContentVersion,
    FlippedUnit,
    ResourceLink,
    TagSet,
)
from lti_tool.services.content import tag_sets
from lti_tool.services.courses.members import Link
from lti_tool.services.ledger.standings import read_standings
from lti_tool.services.loops.log import Columns, Indices, Key, attempt_number, read_log
from qualoop.classroom.flipped_unit import from_document
from qualoop.classroom.session import ClassTitle
from qualoop.ledger import EvidenceForm
from qualoop.records.loop import IN_CLASS, STAGES, Pieces, Seen, Stage, stage_of

MICROSECONDS: Final = 1e6
SELDOM_ASKED: Final = 500
"""Keys in one condition, well below what every database takes."""

_SEQS: Final = Direct("SELECT uuid, id FROM ledger_event WHERE organisation_id = ? AND uuid IN ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """A class session of the course; ``at`` is when it was opened, None before that."""

    uuid: str
    title: ClassTitle
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseStages:
    """What of a course decides about stages: its class sessions, newest first; by activity its kind and its phase."""

    hours: Sequence[Hour]
    kinds: Mapping[str, str]
    phases: Mapping[str, str]


class Done(NamedTuple):
    """What was done in class: the session's uuid, and of a vote its activity and part.

    Of a team test ``activity`` is its uuid, since its items may be of several activities, and ``part`` is empty.
    """

    hour: str
    activity: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRows:
    """Evidence in stages; ``codes`` are what `Pieces.point` numbers, ``done`` what `Pieces.done` does."""

    pieces: Pieces
    codes: Sequence[str]
    done: Sequence[Done]


def read_stages(connection: Connection, link: Link) -> CourseStages:
    """Return what decides about stages in the link's course, in three statements."""
    here = (link.organisation_id, link.context_id)
    sessions = connection.execute(
        select(
            ClassSession.uuid,
            ClassSession.title,
            ClassSession.title_language,
            ClassSession.title_other,
            ClassSession.opened_at,
        )
        .where(ClassSession.organisation_id == here[0], ClassSession.context_id == here[1])
        .order_by(ClassSession.id.desc())
    )
    placed = connection.execute(
        select(Activity.key, Activity.kind)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .where(
            ResourceLink.organisation_id == here[0],
            Activity.organisation_id == here[0],
            ResourceLink.context_id == here[1],
        )
    )
    plans = connection.scalars(
        select(FlippedUnit.plan).where(FlippedUnit.organisation_id == here[0], FlippedUnit.context_id == here[1])
    )
    return CourseStages(
        hours=[
            Hour(uuid=row.uuid, title=ClassTitle(row.title, row.title_language, row.title_other), at=row.opened_at)
            for row in sessions
        ],
        kinds={row.key: row.kind for row in placed},
        phases={step.key: plan.phase(step.key) for plan in map(from_document, plans) for step in plan.steps},
    )


def list_polls(connection: Connection, link: Link) -> Mapping[Done, tuple[int, Mapping[str, Any]]]:
    """Return number and question of the polls of the course that are evidence."""
    rows = connection.execute(
        select(ClassSession.uuid, ClassPoll.activity_key, ClassPoll.part, ClassPoll.number, ClassPoll.question)
        .join(ClassSession, ClassSession.id == ClassPoll.class_session_id)
        .where(
            ClassSession.organisation_id == link.organisation_id,
            ClassPoll.organisation_id == link.organisation_id,
            ClassSession.context_id == link.context_id,
            ClassPoll.part.is_not(None),
        )
    )
    return {Done(row.uuid, row.activity_key, row.part): (row.number, row.question) for row in rows}


def list_team_checks(connection: Connection, link: Link) -> Mapping[Done, int]:
    """Return the number of each team test of the course."""
    rows = connection.execute(
        select(ClassSession.uuid, ClassTeamCheck.uuid, ClassTeamCheck.number)
        .join(ClassSession, ClassSession.id == ClassTeamCheck.class_session_id)
        .where(
            ClassSession.organisation_id == link.organisation_id,
            ClassTeamCheck.organisation_id == link.organisation_id,
            ClassSession.context_id == link.context_id,
        )
    )
    return {Done(hour, check, ""): number for hour, check, number in rows}


def read_rows(
    connection: Connection, link: Link, stages: CourseStages, *, learners: Sequence[str], now: datetime
) -> LoopRows:
    """Return the evidence of some learners, by pseudonym in the order given, that belongs to a stage, as it counts now."""
    keys, columns = read_log(connection, (link.organisation_id, link.context_id), learners, now=now)
    columns = _corrected(connection, link.organisation_id, columns)
    hours = [hour.uuid for hour in stages.hours]
    numbers = np.array(sorted((attempt_number(hour), place) for place, hour in enumerate(hours)), np.int64)
    numbers = numbers.reshape(-1, 2)
    spot = np.searchsorted(numbers[:, 0], columns.attempt)
    spot[spot == len(numbers)] = 0
    in_class = numbers[spot, 0] == columns.attempt if hours else np.zeros(len(columns.seq), np.bool_)
    # The place of the session, 0 for none, beside what else the stage depends on: few are different.
    hour = np.where(in_class, numbers[spot, 1] + 1, 0) if hours else np.zeros(len(columns.seq), np.int64)
    pairs, which = np.unique(columns.key * (len(hours) + 1) + hour, return_inverse=True)
    known = [
        (keys[pair // (len(hours) + 1)], hours[place - 1] if (place := pair % (len(hours) + 1)) else "")
        for pair in pairs.tolist()
    ]
    return _joined(connection, link.organisation_id, stages, known=known, rows=(columns, which))


def _corrected(connection: Connection, organisation_id: int, columns: Columns) -> Columns:
    """Return evidence with the scores that count now, without what is void."""
    standings = read_standings(connection, organisation_id)
    if not standings:
        return columns
    driver = Driver(connection)
    seqs = dict(driver.all(_SEQS, (organisation_id, driver.listed(standings))))
    standing = {seqs[uuid]: each for uuid, each in standings.items() if uuid in seqs}
    places = np.flatnonzero(np.isin(columns.seq, np.array(sorted(standing), np.int64)))
    score, counts = columns.score.copy(), np.ones(len(columns.seq), np.bool_)
    for place in places.tolist():
        each = standing[int(columns.seq[place])]
        counts[place] = not each.voided
        if each.score is not None:
            score[place] = float(each.score)
    return columns._replace(score=score).where(counts)


def _joined(
    connection: Connection,
    organisation_id: int,
    stages: CourseStages,
    *,
    known: Sequence[tuple[Key, str]],
    rows: tuple[Columns, Indices],
) -> LoopRows:
    """Join evidence with stages and knowledge points; ``rows`` has for each piece the index into ``known``."""
    staged = [_stage(key, hour, stages) for key, hour in known]
    wanted = {(key.activity, key.content) for (key, _), stage in zip(known, staged, strict=True) if stage is not None}
    tags = _tags(connection, organisation_id, wanted)
    codes: dict[str, int] = {}
    done: dict[Done, int] = {}
    spread = []
    for number, ((key, hour), stage) in enumerate(zip(known, staged, strict=True)):
        shares = tags.get((key.activity, key.content), {}).get(key.part, {})
        if stage is None or not shares:
            continue
        thing = Done(hour, key.check or key.activity, "" if stage is Stage.TEAM else key.part)
        which = done.setdefault(thing, len(done)) if hour and stage in IN_CLASS else -1
        for code, share in shares.items():
            spread.append((number, codes.setdefault(code, len(codes)), STAGES.index(stage), which, float(share)))
    return LoopRows(pieces=_pieces(rows, spread, len(known)), codes=list(codes), done=list(done))


def _pieces(rows: tuple[Columns, Indices], spread: Sequence[tuple[int, int, int, int, float]], size: int) -> Pieces:
    """Return a row for each piece and knowledge point; ``spread`` has number, point, stage, done and share of each key."""
    columns, which = rows
    number, point, stage, done, share = np.array(spread, np.float64).reshape(-1, 5).T
    starts = np.searchsorted(number, np.arange(size + 1))
    counts = np.diff(starts)[which] if size else np.zeros(0, np.int64)
    piece = np.repeat(np.arange(len(which)), counts)
    within = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    of = starts[which[piece]] + within
    _, sitting = np.unique(columns.attempt[piece], return_inverse=True)
    return Pieces(
        learner=columns.learner[piece],
        point=point[of].astype(np.int64),
        stage=stage[of].astype(np.int64),
        score=columns.score[piece],
        share=share[of],
        at=columns.at[piece] / MICROSECONDS,
        recorded=columns.recorded[piece] / MICROSECONDS,
        done=done[of].astype(np.int64),
        sitting=sitting.astype(np.int64),
    )


def _stage(key: Key, hour: str, stages: CourseStages) -> Stage | None:
    return stage_of(
        Seen(
            form=EvidenceForm(key.form),
            kind=stages.kinds.get(key.activity, ""),
            in_class=bool(hour),
            phase=stages.phases.get(key.activity, ""),
            tries=key.tries,
        )
    )


def _tags(
    connection: Connection, organisation_id: int, wanted: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], Mapping[str, Mapping[str, str]]]:
    """Return the tags that hold of some content versions, by activity and hash; what has none is not in it."""
    keys = sorted(set(wanted))
    found = {}
    for start in range(0, len(keys), SELDOM_ASKED):
        some = keys[start : start + SELDOM_ASKED]
        rows = connection.execute(
            select(Activity.key, ContentVersion.hash, TagSet.tags)
            .join(ContentVersion, ContentVersion.activity_id == Activity.id)
            .join(TagSet, TagSet.version_id == ContentVersion.id)
            .where(
                Activity.organisation_id == organisation_id,
                ContentVersion.organisation_id == organisation_id,
                TagSet.organisation_id == organisation_id,
                Activity.key.in_({key for key, _ in some}),
                ContentVersion.hash.in_({content for _, content in some}),
                tag_sets.holds(),
            )
        )
        found.update({(row.key, row.hash): row.tags for row in rows})
    return found
