"""Observations of a course as staff see them, and as the learner does: rows in words, who saw it, what waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Identity, ObservationInvitation, ObservationMember, ObservationPhoto, Person
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.observing import tasks
from lti_tool.services.observing.decided import FOR_WHOM_IT_COUNTS, Decision
from lti_tool.services.observing.ledger import Course, Seen, Standing, read_standing
from lti_tool.services.observing.outcomes import Outcome, kept_because, needs_person, outcome_of
from lti_tool.services.observing.said import open_capture
from lti_tool.services.people.learner_keys import list_erased
from qualoop.classroom.observation import Capture, words_of
from qualoop.classroom.observation_merge import Difference
from qualoop.ledger import Reason
from qualoop.values import Text

MOST_BESIDE: Final = 5
MOST_SHOWN: Final = 60
"""Of one list; the file for spreadsheets holds all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessor:
    """Who observed: by name where one is known, and for which enterprise."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSaid:
    """One row of an observation in words; ``differs`` says that another assessor judged it differently."""

    title: Text
    level: Text
    points: Decimal | None
    comment: str
    has_range: bool
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom an observation is about: as it was signed, and who that is, None where nobody of the course."""

    signed: str
    member: Member | None
    problem: str
    is_known: bool
    """Whether it is somebody of the organisation, though perhaps not of the course any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """An observation beside another one: by whom, of when."""

    uuid: str
    assessor: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An observation with all that is to be seen about it; words are empty where they were forgotten."""

    seen: Seen
    outcome: Outcome
    assessor: Assessor
    about: Sequence[About]
    title: Text
    rows: Sequence[RowSaid]
    overall: str
    photos: Sequence[str]
    needs_person: bool
    beside: Sequence[Other]
    """Other observations that it differs from, doubles or forks with."""

    @property
    def is_left_out(self) -> bool:
        """Say whether somebody has left it out."""
        return self.seen.row.decision == Decision.LEFT_OUT

    @property
    def reason(self) -> Reason | None:
        """Return why it was left out."""
        return Reason(self.seen.row.reason) if self.seen.row.reason else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What came in a course: what waits for a person, then the rest, the newest first, each as far as it is shown."""

    waiting: Sequence[Entry]
    arrived: Sequence[Entry]
    total: int
    total_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many observations of a course wait for a person: ``kept`` do not count yet, ``conflicts`` double others that do."""

    kept: int
    conflicts: int


def count_waiting(session: Session, link: Link, *, secret: str) -> Waiting:
    """Return how many observations wait in the link's course."""
    standing = read_standing(session, _course(link, secret))
    waiting = [each for each in standing.seen if needs_person(each, standing)]
    kept = sum(kept_because(each, standing) != "" for each in waiting)
    return Waiting(kept=kept, conflicts=len(waiting) - kept)


def read_overview(session: Session, link: Link, *, secret: str) -> Overview:
    """Return what came in the link's course."""
    standing = read_standing(session, _course(link, secret))
    waiting = [each for each in standing.seen if needs_person(each, standing)]
    ids = {each.row.id for each in waiting}
    arrived = [each for each in reversed(standing.seen) if each.row.id not in ids]
    shown = [*waiting[:MOST_SHOWN], *arrived[:MOST_SHOWN]]
    entries = {entry.seen.row.id: entry for entry in _entries(session, link, standing, shown, secret=secret)}
    return Overview(
        waiting=[entries[each.row.id] for each in waiting[:MOST_SHOWN]],
        arrived=[entries[each.row.id] for each in arrived[:MOST_SHOWN]],
        total=len(standing.seen),
        total_waiting=len(waiting),
    )


def read_all(session: Session, link: Link, *, secret: str) -> Sequence[Entry]:
    """Return everything that came in the link's course, the first one first."""
    standing = read_standing(session, _course(link, secret))
    return _entries(session, link, standing, standing.seen, secret=secret)


def read_own(session: Session, link: Link, person_id: int, *, secret: str) -> Sequence[Entry]:
    """Return what of a learner counts in the link's course, the newest first."""
    own = session.scalars(
        select(ObservationMember.capture_id).where(
            ObservationMember.organisation_id == link.organisation_id,
            ObservationMember.person_id == person_id,
            ObservationMember.problem.in_(FOR_WHOM_IT_COUNTS),
        )
    ).all()
    if not own:
        return []
    standing = read_standing(session, _course(link, secret), around=own)
    standing_names = {step.capture for judged in standing.merged.judged.values() for step in judged.steps[-1:]}
    mine = [each for each in reversed(standing.seen) if each.row.id in own and each.name in standing_names]
    return _entries(session, link, standing, mine, secret=secret)


def _course(link: Link, secret: str) -> Course:
    return Course(organisation_id=link.organisation_id, context_id=link.context_id, secret=secret)


def _entries(
    session: Session, link: Link, standing: Standing, shown: Sequence[Seen], *, secret: str
) -> Sequence[Entry]:
    members = {each.subject.uuid: each for each in list_members(session.connection(), link)}
    assessors = _assessors(session, link, {each.row.person_id for each in standing.seen})
    photos = _photos(session, link, [each.row.id for each in shown])
    rubrics = {
        identity: tasks.find_rubric(session.connection(), link.organisation_id, identity)
        for identity in {each.row.rubric for each in shown}
    }
    others = {
        each.name: Other(uuid=each.row.uuid, assessor=assessors[each.row.person_id].name, at=each.row.occurred_at)
        for each in standing.seen
    }
    unknown = {member.learner for each in shown for member, _ in each.members if member.problem}
    known = people_known(session, link.organisation_id, unknown)
    found = []
    for each in shown:
        said = open_capture(session, each.row, secret)
        stored = rubrics[each.row.rubric]
        differing = _rows_of(standing, each, Difference.DIFFER)
        found.append(
            Entry(
                seen=each,
                outcome=outcome_of(each, standing),
                assessor=assessors[each.row.person_id],
                about=_about(each, members, known),
                title=stored.rubric.title if stored else Text({"en": each.row.task}),
                rows=_rows(each, stored, said, differing),
                overall="" if said is None else said.overall.strip(),
                photos=photos.get(each.row.id, ()),
                needs_person=needs_person(each, standing),
                beside=sorted((others[name] for name in _beside(standing, each)), key=lambda other: other.at)[
                    -MOST_BESIDE:
                ],
            )
        )
    return found


def _rows(
    seen: Seen, stored: StoredRubric | None, said: Capture | None, differing: Collection[str]
) -> Sequence[RowSaid]:
    """Return the judged rows, and those with a comment alone, in the rubric's order."""
    if stored is None:
        return []
    words = {} if said is None else words_of(said)
    found = []
    for row in stored.rubric.rows:
        judged = seen.row.judged.get(row.key)
        comment = words.get(row.key, "")
        if judged is None and not comment:
            continue
        found.append(
            RowSaid(
                title=row.title,
                level=Text({}) if judged is None else row.levels[judged["level"]].title,
                points=None if judged is None or judged["points"] is None else Decimal(judged["points"]),
                comment=comment,
                has_range=judged is not None and row.levels[judged["level"]].up_to is not None,
                differs=row.key in differing,
            )
        )
    return found


def _rows_of(standing: Standing, seen: Seen, kind: Difference) -> frozenset[str]:
    own = standing.merged.by_capture.get(seen.name, ())
    return frozenset(row for each in own if each.kind is kind for row in each.rows)


def _beside(standing: Standing, seen: Seen) -> frozenset[str]:
    own = standing.merged.by_capture.get(seen.name, ())
    return frozenset(name for each in own for name in each.captures) - {seen.name}


def _about(seen: Seen, members: Mapping[str, Member], known: Collection[str]) -> Sequence[About]:
    return [
        About(
            signed=member.learner,
            member=members.get(learner or ""),
            problem=member.problem,
            is_known=member.learner in known,
        )
        for member, learner in seen.members
    ]


def people_known(session: Session, organisation_id: int, learners: Collection[str]) -> Mapping[str, int]:
    """Return who of these pseudonyms is somebody of the organisation and was not erased: person by pseudonym."""
    rows = session.execute(
        select(Person.uuid, Person.id).where(Person.organisation_id == organisation_id, Person.uuid.in_(learners))
    ).all()
    erased = list_erased(session.connection(), organisation_id, learners)
    return {row[0]: row[1] for row in rows if row[0] not in erased}


def _assessors(session: Session, link: Link, people: Collection[int]) -> Mapping[int, Assessor]:
    """Return who observed: named as the platform names them, else as they were invited."""
    rows = session.execute(
        select(Person.id, Person.uuid, Identity.name)
        .join(
            Identity,
            (Identity.person_id == Person.id)
            & (Identity.registration_id == link.registration_id)
            & (Identity.organisation_id == link.organisation_id),
            isouter=True,
        )
        .where(Person.organisation_id == link.organisation_id, Person.id.in_(people))
    ).all()
    invited = session.execute(
        select(ObservationInvitation.person_id, ObservationInvitation.name)
        .where(
            ObservationInvitation.organisation_id == link.organisation_id,
            ObservationInvitation.context_id == link.context_id,
            ObservationInvitation.person_id.in_(people),
        )
        .order_by(ObservationInvitation.id)
    )
    names = {row[0]: row[1] for row in invited}
    return {row[0]: Assessor(uuid=row[1], name=row[2] or names.get(row[0], "") or row[1][:4]) for row in rows}


def _photos(session: Session, link: Link, captures: Sequence[int]) -> Mapping[int, Sequence[str]]:
    rows = session.execute(
        select(ObservationPhoto.capture_id, ObservationPhoto.uuid)
        .where(
            ObservationPhoto.organisation_id == link.organisation_id,
            ObservationPhoto.capture_id.in_(captures),
            ObservationPhoto.data_sealed.is_not(None),
        )
        .order_by(ObservationPhoto.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for capture, photo in rows:
        found[capture].append(photo)
    return found
