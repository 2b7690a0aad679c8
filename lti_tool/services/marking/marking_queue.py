"""The queue of a marking room: which works wait, since when, for whom, and how far the marking is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row

from lti_tool.models import MarkRevision, MarkRow, ResourceLink, SubmissionRow
from lti_tool.services.courses.members import SHORT, Link
from lti_tool.services.marking.assignments import list_markers
from lti_tool.services.marking.cases import Marker
from lti_tool.services.marking.rows import mark_rows, work_rows
from lti_tool.services.rosters.groups import people_in
from qualoop.assessment.marking import Position, Stage

PAGE: Final = 50


class Show(StrEnum):
    """Which works a queue shows."""

    TODO = "todo"
    WAITING = "waiting"
    DRAFT = "draft"
    SECOND = "second"
    DIFFER = "differ"
    APPROVED = "approved"
    RELEASED = "released"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the queue is looked at: ``mine`` only what one marks or was given, ``course`` every link of the course.

    ``group`` is one of the course's groups, 0 for everybody.
    """

    show: Show = Show.TODO
    mine: bool = False
    course: bool = False
    group: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One work in a queue. ``task`` is the mark that the reader may work at now; ``markers`` are names by position."""

    uuid: str
    learner: str
    name: str | None
    link_title: str
    submitted_at: datetime
    stage: Stage
    needs_second: bool
    release_at: datetime | None
    released_at: datetime | None
    assigned: str | None
    markers: Mapping[Position, str | None]
    task: Position | None
    is_mine: bool

    @property
    def short(self) -> str:
        """The beginning of the pseudonym, for pages that have no name to show."""
        return self.learner[:SHORT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The works that were asked for, oldest first, how many there are of each sort, and how many in all by stage."""

    works: Sequence[Work]
    counts: Mapping[Show, int]
    stages: Mapping[Stage, int]

    @property
    def total(self) -> int:
        """Return how many works there are."""
        return sum(self.stages.values())

    @property
    def done(self) -> int:
        """Return how many have a mark that counts."""
        return self.stages.get(Stage.APPROVED, 0) + self.stages.get(Stage.RELEASED, 0)

    def around(self, uuid: str) -> tuple[Work | None, Work | None]:
        """Return the works before and after one; after the last comes the first, as long as it is another."""
        places = [place for place, work in enumerate(self.works) if work.uuid == uuid]
        if not places:
            return None, next(iter(self.works), None)
        place, count = places[0], len(self.works)
        before = self.works[place - 1] if place else None
        after = self.works[(place + 1) % count] if count > 1 else None
        return before, after


def queue(connection: Connection, link: Link, marker: Marker, filters: Filters) -> Queue:
    """Return the works of a link, or of its course, that a marker may see."""
    names = {each.person_id: each.name for each in list_markers(connection, link)}
    rows = connection.execute(_works(link, course=filters.course)).all()
    people = people_in(connection, link, filters.group) if filters.group else None
    marks = _marks(connection, link, [row.id for row in rows])
    seen = [
        _work(row, marks[row.id], marker, names)
        for row in rows
        if row.person_id != marker.person_id
        and (marker.sees_all or row.assigned_to == marker.person_id)
        and (people is None or row.person_id in people)
    ]
    kept = [work for work in seen if work.is_mine] if filters.mine else seen
    counts = Counter(show for work in kept for show in Show if _is_shown(work, show))
    return Queue(
        works=[work for work in kept if _is_shown(work, filters.show)],
        counts=counts,
        stages=Counter(work.stage for work in seen),
    )


def and_current(found: Queue, everything: Queue, uuid: str) -> Queue:
    """Return the queue with a work that is looked at kept in its place, although it may no longer be of that sort."""
    if any(work.uuid == uuid for work in found.works):
        return found
    current = [work for work in everything.works if work.uuid == uuid]
    merged = sorted([*found.works, *current], key=lambda work: (work.submitted_at, work.uuid))
    return replace(found, works=merged)


def _is_shown(work: Work, show: Show) -> bool:
    if show is Show.ALL:
        return True
    return work.task is not None if show is Show.TODO else work.stage == show.value


def _works(link: Link, *, course: bool) -> Any:
    """Return the query of all works, oldest first; those of erased learners are nobody's any more."""
    at_link, in_course = (
        SubmissionRow.resource_link_id == link.resource_link_id,
        ResourceLink.context_id == link.context_id,
    )
    columns = (
        SubmissionRow.id,
        SubmissionRow.uuid,
        SubmissionRow.person_id,
        SubmissionRow.submitted_at,
        SubmissionRow.stage,
        SubmissionRow.needs_second,
        SubmissionRow.assigned_to,
        SubmissionRow.release_at,
        SubmissionRow.released_at,
    )
    return (
        work_rows(link, *columns)
        .where(SubmissionRow.work_sealed.is_not(None), in_course if course else at_link)
        .order_by(SubmissionRow.submitted_at, SubmissionRow.uuid)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Who holds a mark, and whether it is approved."""

    person_id: int
    is_approved: bool


def _marks(connection: Connection, link: Link, works: Iterable[int]) -> Mapping[int, Mapping[Position, _Held]]:
    """Return who holds which mark, by work."""
    columns = (MarkRow.submission_id, MarkRow.position, MarkRow.person_id, MarkRevision.is_approved)
    rows = connection.execute(mark_rows(link.organisation_id, list(works), *columns))
    found: dict[int, dict[Position, _Held]] = defaultdict(dict)
    for row in rows:
        found[row.submission_id][Position(row.position)] = _Held(person_id=row.person_id, is_approved=row.is_approved)
    return found


def _work(
    row: Row[*tuple[Any, ...]], marks: Mapping[Position, _Held], marker: Marker, names: Mapping[int, str | None]
) -> Work:
    task = _task(row, marks, marker)
    return Work(
        uuid=row.uuid,
        learner=row.learner,
        name=row.name,
        link_title=row.title,
        submitted_at=row.submitted_at,
        stage=Stage(row.stage),
        needs_second=row.needs_second,
        release_at=row.release_at,
        released_at=row.released_at,
        assigned=names.get(row.assigned_to),
        markers={position: names.get(held.person_id) for position, held in marks.items()},
        task=task,
        is_mine=row.assigned_to == marker.person_id
        or any(held.person_id == marker.person_id for held in marks.values()),
    )


def _task(row: Row[*tuple[Any, ...]], marks: Mapping[Position, _Held], marker: Marker) -> Position | None:
    """Return the mark that waits for this marker, None where none does; `own_position` decides when the work is opened.

    What was given to somebody else waits for that person.
    """
    stage, me = Stage(row.stage), marker.person_id
    if stage is Stage.WAITING:
        return Position.FIRST if row.assigned_to in {None, me} else None
    if stage is Stage.DIFFER:
        decision = marks.get(Position.DECISION)
        return Position.DECISION if marker.may_release and (decision is None or decision.person_id == me) else None
    if stage not in {Stage.DRAFT, Stage.SECOND}:
        return None
    held = next((position for position, each in marks.items() if each.person_id == me), None)
    if held is not None:
        return None if marks[held].is_approved else held
    return Position.SECOND if row.needs_second and Position.SECOND not in marks else None
