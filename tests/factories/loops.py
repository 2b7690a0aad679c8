"""A course whose loop is known: learners, placed activities with one knowledge point each, evidence at planted moments."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from lti_tool.db import Database
from lti_tool.models import (
    Activity,
    ClassSession,
    ContentVersion,
    Context,
    CourseGroup,
    CourseGroupMember,
    Enrolment,
    Identity,
    Person,
    ResourceLink,
    TagSet,
)
from lti_tool.services.classes.team_evidence import SOURCE as TEAM_CHECK
from lti_tool.services.courses.members import Link
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.loops.loop_meter import LoopFilters, LoopMeter, read_loop
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.records.loop import CHECK_KIND
from qualoop.values import Score
from tests.factories.tool import Tool

MONDAY = datetime(2026, 2, 2, 8, 0, tzinfo=UTC)
PART = "one"


@dataclass
class LoopCourse:
    """A course of the tool by the platform's id; ``learners`` are pseudonyms in order."""

    tool: Tool
    name: str
    context_id: int
    link_id: int
    learners: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)

    @property
    def link(self) -> Link:
        return Link(
            organisation_id=self.tool.organisation_id,
            registration_id=1,
            context_id=self.context_id,
            resource_link_id=self.link_id,
            activity_id=None,
        )

    def enrol(self, count: int) -> None:
        """Add learners who have launched."""
        now, organisation_id = self.tool.clock(), self.tool.organisation_id
        with self.tool.runtime.database.transaction() as session:
            for number in range(count):
                person = Person(organisation_id=organisation_id, uuid=str(uuid.uuid4()), created_at=now)
                session.add(person)
                session.flush()
                owned = {"organisation_id": organisation_id, "person_id": person.id, "updated_at": now}
                subject = f"{self.name}-l-{len(self.people)}"
                session.add(Identity(**owned, registration_id=1, subject=subject, name=f"Learner {number + 1}"))
                session.add(Enrolment(**owned, context_id=self.context_id, roles="learner", launch_roles="learner"))
                self.people.append(person.id)
                self.learners.append(person.uuid)

    def place(self, kind: str, code: str, *, key: str = "") -> str:
        """Place an activity with one part for a knowledge point; return its key."""
        key = key or f"{kind}-{self.name}-{code.lower().replace('.', '-')}"
        organisation_id, now = self.tool.organisation_id, self.tool.clock()
        with self.tool.runtime.database.transaction() as session:
            activity = Activity(organisation_id=organisation_id, key=key, kind=kind, created_at=now)
            session.add(activity)
            session.flush()
            version = ContentVersion(
                organisation_id=organisation_id,
                activity_id=activity.id,
                hash=content_of(key),
                label="1",
                document="",
                manifest={"parts": [{"key": PART, "type": "score", "options": None, "max": "1"}]},
                installed_at=now,
            )
            session.add(version)
            session.flush()
            activity.version_id = version.id
            tags = {PART: {code: "1"}}
            owned = {"organisation_id": organisation_id, "version_id": version.id, "hash": content_of(key)}
            session.add(TagSet(**owned, framework="ECQ 0.1.0", tags=tags, adopted_at=now))
            session.add(
                ResourceLink(
                    organisation_id=organisation_id,
                    context_id=self.context_id,
                    platform_key=f"r-{key}",
                    title=key,
                    activity_id=activity.id,
                    settings={},
                    created_at=now,
                )
            )
        return key

    def session(self, title: str, hour: float) -> str:
        """Add a class session that is over; return its uuid."""
        at = MONDAY + timedelta(hours=hour)
        with self.tool.runtime.database.transaction() as session:
            row = ClassSession(
                organisation_id=self.tool.organisation_id,
                uuid=str(uuid.uuid4()),
                context_id=self.context_id,
                registration_id=1,
                title=title,
                state="closed",
                screen_key=uuid.uuid4().hex,
                roll_key="0" * 64,
                plan=[],
                low_share=30,
                high_share=70,
                late_minutes=10,
                opened_at=at,
                closed_at=at + timedelta(hours=1),
                created_at=at,
            )
            session.add(row)
            return row.uuid

    def group(self, name: str, places: Sequence[int]) -> int:
        """Add a group of some learners."""
        owned = {"organisation_id": self.tool.organisation_id}
        with self.tool.runtime.database.transaction() as session:
            row = CourseGroup(**owned, context_id=self.context_id, platform_key=name, name=name)
            session.add(row)
            session.flush()
            for place in places:
                session.add(CourseGroupMember(**owned, group_id=row.id, person_id=self.people[place]))
            return row.id

    def record(
        self,
        key: str,
        form: EvidenceForm,
        hour: float,
        scores: Iterable[float | None],
        *,
        attempt: str = "",
        tries: int = 1,
        check: str = "",
    ) -> list[str]:
        """Let the learners in order have a score, hours after Monday, some of a team test; return the events' uuids."""
        at = MONDAY + timedelta(hours=hour)
        submissions = [
            Submission(
                learner=learner,
                evidence=Evidence(
                    activity=key,
                    content=content_of(key),
                    part=PART,
                    score=Score(Decimal(str(round(score, 4)))),
                    form=form,
                    rater=SCORED_BY_MACHINE,
                    attempt=attempt or f"{key}:{learner}:{hour}",
                    tries=tries,
                    hints=0,
                ),
                source=(TEAM_CHECK, f"{check}:{learner}", key)
                if check
                else ("loop-test", f"{key}:{learner}:{hour}", str(tries)),
                occurred_at=at,
            )
            for learner, score in zip(self.learners, scores, strict=False)
            if score is not None
        ]
        with self.tool.runtime.database.connection() as connection:
            done = evidence.record_many(
                connection, self.tool.organisation_id, submissions, now=at + timedelta(minutes=30)
            )
        return [each.uuid for each in done]

    def read(self, database: Database | None = None, **filters: object) -> LoopMeter:
        """Return the loop of the course, from a ``database`` that another process has opened, where one is given."""
        parts = self.tool.runtime
        with (database or parts.database).reading() as reading:
            connection = reading.connection()
            framework = parts.contents.find_framework(connection, self.tool.organisation_id)
            assert framework
            wanted = LoopFilters(**filters)  # type: ignore[arg-type]
            return read_loop(connection, framework, self.link, filters=wanted, now=self.tool.clock())


def content_of(key: str) -> str:
    """Return the content hash of an activity."""
    return uuid.uuid5(uuid.NAMESPACE_URL, key).hex * 2


def open_loop_course(tool: Tool, name: str, *, learners: int) -> LoopCourse:
    """Return a course with learners; a teacher must have launched into it, so that it is there."""
    with tool.runtime.database.reading() as session:
        context = session.scalars(
            select(Context).where(Context.organisation_id == tool.organisation_id, Context.platform_key == name)
        ).one()
        link = session.scalars(select(ResourceLink).where(ResourceLink.context_id == context.id)).first()
        assert link
    course = LoopCourse(tool, name, context.id, link.id)
    course.enrol(learners)
    return course


@dataclass
class Planted:
    """What `plant` planted."""

    check: str
    vote: str
    project: str
    hour: str
    practice: list[str]


def plant(course: LoopCourse, code: str, *, hour: str = "", at: float = 20) -> Planted:
    """Plant a whole loop of a knowledge point: +10 to the class, +20 in it, +5 to practice, for who was there."""
    base = [0.2 + 0.4 * number / max(len(course.learners) - 1, 1) for number in range(len(course.learners))]
    check, vote, project = (course.place(kind, code) for kind in (CHECK_KIND, "class-question", "planted-practice"))
    hour = hour or course.session("Hour one", at)

    def raised(by: float, swing: float) -> list[float]:
        return [score + by + swing * (-1) ** number for number, score in enumerate(base)]

    course.record(check, EvidenceForm.PROCESS, at - 18, base)
    course.record(vote, EvidenceForm.POLL, at, raised(0.1, 0.02), attempt=hour)
    course.record(vote, EvidenceForm.POLL, at + 0.1, raised(0.3, 0.03), attempt=hour, tries=2)
    practice = course.record(project, EvidenceForm.PROJECT, at + 48, raised(0.35, 0.01))
    return Planted(check=check, vote=vote, project=project, hour=hour, practice=practice)
