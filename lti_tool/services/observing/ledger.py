"""What observations of a course say together, and the ledger made to say the same: recorded, revised, voided.

The merge is `qualoop.classroom.observation_merge`; what of it stands in the ledger is remembered in `observation_mark`.
Doing it again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Context,
    ObservationCapture,
    ObservationDevice,
    ObservationMark,
    ObservationMember,
    Organisation,
    Person,
)
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.ledger import ledger
from lti_tool.services.observing.decided import ALONE, COUNTED, FOR_WHOM_IT_COUNTS, Decision
from lti_tool.services.people.learner_keys import list_erased
from qualoop.classroom.observation_merge import Judged, Merged, Observed, Step, merge
from qualoop.ledger import CorrectionRefusedError, Evidence, EvidenceForm, Reason
from qualoop.policies.occasions import Judge, Sheet
from qualoop.values import Score

SOURCE: Final = "observation"
ID_TAKEN: Final = "observation-id-taken"
"""Another capture came under this id before: that one stays, and this one waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course whose observations are settled; ``secret`` is the installation's."""

    organisation_id: int
    context_id: int
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stored capture with whom it is about, whose it is (pseudonyms), and of which device."""

    row: ObservationCapture
    assessor: str
    device: str
    members: Sequence[tuple[ObservationMember, str | None]]

    @property
    def name(self) -> str:
        """Return what it is known by: the id that its phone gave it, where that was not taken by another one before."""
        return self.row.uuid if self.row.problem == ID_TAKEN else self.row.capture

    @property
    def is_taken(self) -> bool:
        """Say whether it counts, or would if nobody had left it out."""
        return self.row.problem == "" or self.row.decision in COUNTED

    @property
    def people(self) -> Mapping[str, int]:
        """Return for whom it counts: person by pseudonym."""
        return {
            learner: member.person_id
            for member, learner in self.members
            if member.problem in FOR_WHOM_IT_COUNTS and member.person_id is not None and learner is not None
        }

    def observed(self) -> Observed:
        """Return it as the merge takes it."""
        row = self.row
        return Observed(
            capture=self.name,
            assessor=self.assessor,
            device=self.device,
            seq=row.seq,
            task=row.task,
            rubric=row.rubric,
            learners=tuple(self.people),
            levels={part: said["level"] for part, said in row.judged.items()},
            scores={part: Score(said["score"]) for part, said in row.judged.items()},
            about=frozenset(member.learner for member, _ in self.members),
            replaces=row.replaces,
            is_out=row.decision == Decision.LEFT_OUT,
            alone=row.decision in ALONE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What observations of a course say: the captures by the id that their phone gave them, those that count merged."""

    seen: Sequence[Seen]
    merged: Merged
    by_capture: Mapping[str, Seen] = field(default_factory=dict)
    core: frozenset[int] = frozenset()
    """The captures that were asked for, with all that revise them or are revised by them: rows."""


def read_standing(session: Session, course: Course, *, around: Collection[int] | None = None) -> Standing:
    """Return what observations of a course say together; of the captures ``around`` (rows) and all that may touch them.

    ``around`` None means all of the course.
    """
    core = frozenset() if around is None else _chained(session, course, frozenset(around))
    seen = _read(session, course, None if around is None else _beside(session, course, core))
    taken = {each.name: each for each in seen if each.is_taken}
    merged = merge(each.observed() for each in taken.values())
    return Standing(seen=seen, merged=merged, by_capture=taken, core=core)


def list_captures(session: Session, course: Course, assessor_id: int, *, most: int) -> Sequence[int]:
    """Return the captures (rows) that somebody has sent in a course: the newest ``most``, the newest first."""
    return session.scalars(
        select(ObservationCapture.id)
        .where(
            ObservationCapture.organisation_id == course.organisation_id,
            ObservationCapture.context_id == course.context_id,
            ObservationCapture.person_id == assessor_id,
        )
        .order_by(ObservationCapture.id.desc())
        .limit(most)
    ).all()


def settle(
    session: Session, course: Course, *, around: Collection[int], by: str = "", reason: Reason, now: datetime
) -> Standing:
    """Let the ledger say what the captures ``around`` and all that may touch them say; return that.

    ``by`` is the pseudonym of who has decided something, empty where a phone sent something: then what is revised is
    revised by its assessor. The course's row is the caller's to lock.
    """
    standing = read_standing(session, course, around=around)
    marks = _marks(session, course, standing)
    _record_new(session, course, standing, marks, now=now)
    organisation = session.get_one(Organisation, course.organisation_id)
    hand = _Hand(session=session, organisation=organisation, secret=course.secret, reason=reason, now=now)
    wanted = {_place(standing, one): one for one in _judged(standing)}
    for key, mark in marks.items():
        judged = wanted.get(key)
        if judged is None:
            hand.apply(mark, None, by=by or _assessor(standing, mark.capture))
        else:
            hand.follow(mark, judged, by=by)
    session.flush()
    return standing


def hold_course(session: Session, organisation_id: int, context_id: int) -> None:
    """Let nobody else take or decide anything in a course until the transaction ends; rows that name it may be written."""
    session.execute(
        select(Context.id)
        .where(Context.organisation_id == organisation_id, Context.id == context_id)
        .with_for_update(key_share=True)
    )


def _judged(standing: Standing) -> Sequence[Judged]:
    """Return the judgements of the captures that were asked for, in an order that is always the same."""
    merged, core = standing.merged.judged, standing.core
    return [one for _, one in sorted(merged.items()) if standing.by_capture[one.root].row.id in core]


def _place(standing: Standing, judged: Judged) -> tuple[str, int, str]:
    """Return by what the mark of a judgement is known: capture, person, part."""
    # The first may count nothing for a learner for whom its correction counts.
    return judged.root, standing.by_capture[judged.steps[0].capture].people[judged.learner], judged.row


def _assessor(standing: Standing, capture: str) -> str:
    return next((each.assessor for each in standing.seen if each.name == capture), ledger.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """What corrects the ledger. What somebody has corrected there since stays as it is decided."""

    session: Session
    organisation: Organisation
    secret: str
    reason: Reason
    now: datetime

    def follow(self, mark: ObservationMark, judged: Judged, *, by: str) -> None:
        """Let a mark go through the steps that it has not gone through yet."""
        for step in judged.steps_after(mark.stands_by):
            self.apply(mark, step.score, by=by or judged.assessor)
            mark.stands_by = step.capture
        # Also where nothing is new: what was left out may count again, and the reverse.
        self.apply(mark, judged.score, by=by or judged.assessor)

    def apply(self, mark: ObservationMark, score: Score | None, *, by: str) -> None:
        """Let one row of the ledger have a score, None: none at all."""
        if score is None:
            if mark.voided_by is None:
                mark.voided_by = self._correct(mark.event, None, by) or mark.event
            return
        if mark.voided_by is not None:
            # Where the ledger refused to void, it holds the event's own name: there is nothing of ours to take back.
            if mark.voided_by != mark.event:
                self._correct(mark.voided_by, None, by)
            mark.voided_by = None
        if mark.score != score.as_text():
            self._correct(mark.event, score, by)
            mark.score = score.as_text()

    def _correct(self, target: str, score: Score | None, by: str) -> str | None:
        request = corrections.Request(target=UUID(target), reason=self.reason, actor=by, score=score)
        with suppress(CorrectionRefusedError):
            made = corrections.correct(self.session, self.organisation, request, secret=self.secret, now=self.now)
            return str(made.uuid)
        return None


def _record_new(
    session: Session,
    course: Course,
    standing: Standing,
    marks: dict[tuple[str, int, str], ObservationMark],
    *,
    now: datetime,
) -> None:
    """Record the rows that stand in no ledger yet, each as the first of its captures said it."""
    new: list[tuple[tuple[str, int, str], Step, Submission]] = []
    wanted = _judged(standing)
    # Nothing new is written about somebody who was erased; what stands stays.
    erased = list_erased(session.connection(), course.organisation_id, {judged.learner for judged in wanted})
    for judged in wanted:
        key = _place(standing, judged)
        first = next((step for step in judged.steps if step.score is not None), None)
        if key not in marks and judged.learner not in erased and first is not None and first.score is not None:
            seen = standing.by_capture[first.capture]
            new.append((key, first, submission_of(seen, judged, first.score)))
    if not new:
        return
    done = evidence.record_many(
        session.connection(), course.organisation_id, [submission for _, _, submission in new], now=now
    )
    for (key, first, _), recorded in zip(new, done, strict=True):
        capture, person_id, part = key
        score = first.score.as_text() if first.score is not None else ""
        mark = ObservationMark(
            organisation_id=course.organisation_id,
            capture=capture,
            person_id=person_id,
            part=part,
            event=recorded.uuid,
            stands_by=first.capture,
            score=score,
            voided_by=None,
        )
        session.add(mark)
        marks[key] = mark


def submission_of(seen: Seen, judged: Judged, score: Score) -> Submission:
    """Return one row as evidence: seen by the assessor, of when it happened, shared out over the rubric's rows."""
    row = seen.row
    return Submission(
        learner=judged.learner,
        evidence=Evidence(
            activity=row.activity,
            content=row.content,
            part=judged.row,
            score=score,
            form=EvidenceForm.OBSERVATION,
            rater=seen.assessor,
            attempt=judged.root,
            tries=1,
            hints=0,
            occasion=Sheet(criteria=row.criteria, judge=Judge.ASSESSOR).as_text(),
            enterprise=row.enterprise,
        ),
        source=(SOURCE, f"{judged.root}:{judged.row}", judged.learner),
        occurred_at=row.occurred_at,
        actor=seen.assessor,
    )


def _marks(session: Session, course: Course, standing: Standing) -> dict[tuple[str, int, str], ObservationMark]:
    """Return what stands in the ledger of captures, by capture, person and part."""
    captures = {each.name for each in standing.seen if each.row.id in standing.core}
    rows = session.scalars(
        select(ObservationMark)
        .where(ObservationMark.organisation_id == course.organisation_id, ObservationMark.capture.in_(captures))
        .order_by(ObservationMark.id)
    )
    return {(row.capture, row.person_id, row.part): row for row in rows}


def _read(session: Session, course: Course, around: Collection[int] | None) -> Sequence[Seen]:
    """Return captures of a course in the order in which they came, with everybody whom they are about."""
    query = (
        select(ObservationCapture, Person.uuid, ObservationDevice.uuid)
        .join(Person, Person.id == ObservationCapture.person_id)
        .join(ObservationDevice, ObservationDevice.id == ObservationCapture.device_id)
        .where(
            ObservationCapture.organisation_id == course.organisation_id,
            ObservationCapture.context_id == course.context_id,
        )
        .order_by(ObservationCapture.id)
    )
    if around is not None:
        query = query.where(ObservationCapture.id.in_(around))
    rows = session.execute(query).all()
    members = _members(session, course, [row[0].id for row in rows])
    return [
        Seen(row=row, assessor=assessor, device=device, members=members.get(row.id, ()))
        for row, assessor, device in rows
    ]


def _beside(session: Session, course: Course, core: frozenset[int]) -> frozenset[int]:
    """Return captures with all others of the same learners, and what those revise or are revised by."""
    people = select(ObservationMember.person_id).where(
        ObservationMember.organisation_id == course.organisation_id,
        ObservationMember.capture_id.in_(core),
        ObservationMember.person_id.is_not(None),
    )
    same = select(ObservationMember.capture_id).where(
        ObservationMember.organisation_id == course.organisation_id, ObservationMember.person_id.in_(people)
    )
    return _chained(session, course, core | frozenset(session.scalars(same)))


def _chained(session: Session, course: Course, known: frozenset[int]) -> frozenset[int]:
    """Return captures of a course with all that revise them or are revised by them, however far."""
    while (more := known | _links(session, course, known)) != known:
        known = more
    return known


def _links(session: Session, course: Course, known: frozenset[int]) -> frozenset[int]:
    """Return what revises captures of a course, or is revised by them."""
    of_course = (
        ObservationCapture.organisation_id == course.organisation_id,
        ObservationCapture.context_id == course.context_id,
    )
    pairs = session.execute(
        select(ObservationCapture.capture, ObservationCapture.replaces).where(
            *of_course, ObservationCapture.id.in_(known)
        )
    ).all()
    names = {name for pair in pairs for name in pair if name is not None}
    found = select(ObservationCapture.id).where(
        *of_course, or_(ObservationCapture.capture.in_(names), ObservationCapture.replaces.in_(names))
    )
    return frozenset(session.scalars(found))


def _members(
    session: Session, course: Course, captures: Sequence[int]
) -> Mapping[int, Sequence[tuple[ObservationMember, str | None]]]:
    rows = session.execute(
        select(ObservationMember, Person.uuid)
        .join(Person, Person.id == ObservationMember.person_id, isouter=True)
        .where(ObservationMember.organisation_id == course.organisation_id, ObservationMember.capture_id.in_(captures))
        .order_by(ObservationMember.id)
    )
    found: dict[int, list[tuple[ObservationMember, str | None]]] = defaultdict(list)
    for member, learner in rows:
        found[member.capture_id].append((member, learner))
    return found
