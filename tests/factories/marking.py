"""A course in which work is handed in and marked: a lesson whose parts are the rows of a rubric, learners, markers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar

from sqlalchemy import select

from lti_tool.models import Activity, Attempt, Base, ContentVersion, LtiSession, MarkRow, SubmissionRow, TagSet
from lti_tool.services.attempts import attempts, submissions
from lti_tool.services.attempts.marking_setups import Setup, save_setup
from lti_tool.services.attempts.submissions import Author, Submission
from lti_tool.services.attempts.submitted_work import Work
from lti_tool.services.content import rubrics
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.courses.members import Link
from lti_tool.services.marking import marking
from lti_tool.services.marking import release as marking_release
from lti_tool.services.marking.cases import Case, Desk, Marker, get_case
from lti_tool.services.marking.marking import Judgement, Saved
from lti_tool.services.marking.marking_queue import Filters, Queue, queue
from lti_tool.services.marking.release import Due
from lti_tool.services.marking.results import LearnerMarks, marks_for_learner
from lti_tool.services.mastery.content_install import ContentImport
from qualoop.assessment.marking import MarkSheet, own_position
from qualoop.assessment.rubric import Rubric, manifest_parts, rubric_tags
from qualoop.content_packages import load_package
from qualoop.framework import load_framework, shipped_content
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import LTI, MEMBERSHIP
from tests.factories.rubrics import sheet, the_rubric
from tests.factories.tool import SECRET, Tool

RowT = TypeVar("RowT", bound=Base)

ASSISTANT: Final = (
    MEMBERSHIP + "Instructor",
    "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant",
)
MENTOR: Final = (MEMBERSHIP + "Mentor",)


@cache
def one_lesson() -> ContentImport:
    """Return the framework with the one lesson whose work is marked here: all that these tests need."""
    root = shipped_content() / "ecommerce"
    framework = load_framework(root)
    package = load_package(root / "lessons" / LESSON, framework)
    return ContentImport(source=LESSON, framework=framework, packages=[package])


def fit_lesson(tool: Tool, rubric: Rubric) -> None:
    """Let the newest version of the lesson have the rows of a rubric among its parts."""
    with tool.runtime.database.transaction() as session:
        version = session.scalars(
            select(ContentVersion)
            .join(Activity, Activity.version_id == ContentVersion.id)
            .where(Activity.organisation_id == tool.organisation_id, Activity.key == LESSON)
        ).one()
        version.manifest = {"parts": [*version.manifest["parts"], *manifest_parts(rubric)]}
        tag_set = session.scalars(select(TagSet).where(TagSet.version_id == version.id)).one()
        tag_set.tags = {**tag_set.tags, **rubric_tags(rubric)}


@dataclass
class Room:
    """A link whose work is marked by the rubric, and whoever is there."""

    tool: Tool
    course: str
    link: Link
    rubric: StoredRubric
    teacher: Seat

    def enter(self, subject: str, name: str, *, roles: Iterable[str] | None = None, **more: Any) -> Seat:
        """Let somebody launch the lesson; ``roles`` are LTI roles, a learner's where there are none."""
        changes = {LTI + "roles": [*roles]} if roles else None
        return _enter(self.tool, self.course, subject, name=name, changes=changes, **more)

    def learner(self, number: int = 1) -> Seat:
        return self.enter(f"s-{number}", f"Learner {number}")

    def author(self, seat: Seat) -> Author:
        who = seat.who
        return Author(
            organisation_id=who.organisation_id,
            person_id=who.person_id,
            uuid=who.person_uuid,
            resource_link_id=who.resource_link_id,
        )

    def submit(self, seat: Seat, work: Work | None = None) -> str:
        """Hand work in; return its uuid."""
        runtime, author = self.tool.runtime, self.author(seat)
        with runtime.database.transaction() as session:
            attempt = attempts.current(session.connection(), runtime.contents, seat.who, self.now)[0]
            given = work or Work(text=f"Copy by {author.uuid}")
            return submissions.submit(session, author, attempt.uuid, given, secret=SECRET, now=self.now)

    @property
    def now(self) -> datetime:
        return self.tool.clock.now

    def marker(self, seat: Seat) -> Marker:
        """Return somebody as a marker, by the roles of the launch."""
        with self.tool.runtime.database.reading() as session:
            roles = session.scalars(
                select(LtiSession.roles).where(LtiSession.uuid == seat.page.strip("/").split("/")[1])
            ).one()
        return Marker(person_id=seat.who.person_id, uuid=seat.who.person_uuid, roles=frozenset(roles.split(",")))

    def desk(self, seat: Seat, work: str = "") -> Desk:
        contents = self.tool.runtime.contents
        return Desk(link=self.link, marker=self.marker(seat), work=work, secret=SECRET, contents=contents)

    def case(self, seat: Seat, work: str) -> Case:
        with self.tool.runtime.database.reading() as session:
            return get_case(session.connection(), self.desk(seat, work))

    def seen(self, seat: Seat, work: str) -> int:
        """Return the revision that a page of this marker shows."""
        case, marker = self.case(seat, work), self.marker(seat)
        position = own_position(case.marking, marker.uuid, may_decide=marker.may_release)
        return case.stored[position].revision if position in case.stored else 0

    def save(self, seat: Seat, work: str, given: MarkSheet, *, approve: bool = False, **more: Any) -> Saved:
        seen = more.pop("seen", self.seen(seat, work))
        judgement = Judgement(sheet=given, seen=seen, approve=approve, **more)
        with self.tool.runtime.database.transaction() as session:
            return marking.save(session, self.desk(seat, work), judgement, now=self.now)

    def approve(self, seat: Seat, work: str, *levels: int) -> Saved:
        return self.save(seat, work, sheet(*levels), approve=True)

    def undo(self, seat: Seat, work: str) -> None:
        with self.tool.runtime.database.transaction() as session:
            marking.undo(session, self.desk(seat, work), seen=self.seen(seat, work), now=self.now)

    def release(self, *works: str, at: datetime | None = None) -> int:
        """Release works, every approved one where none is named; do at once what is due."""
        with self.tool.runtime.database.transaction() as session:
            marking_release.plan_release(session, self.desk(self.teacher), works=works or None, at=at, now=self.now)
        return self.release_due()

    def release_due(self) -> int:
        return marking_release.release_due(
            self.tool.runtime.database,
            secret=SECRET,
            clock=self.tool.clock,
            is_ending=lambda: False,
            only=Due(link=self.link),
        )

    def marks(self, seat: Seat) -> LearnerMarks | None:
        with self.tool.runtime.database.reading() as session:
            return marks_for_learner(session.connection(), self.author(seat), secret=SECRET, now=self.now)

    def found(self, seat: Seat) -> Submission | None:
        with self.tool.runtime.database.reading() as session:
            return submissions.find_submission(session.connection(), self.author(seat), secret=SECRET)

    def queue(self, seat: Seat, **filters: Any) -> Queue:
        with self.tool.runtime.database.reading() as session:
            return queue(session.connection(), self.link, self.marker(seat), Filters(**filters))

    def setup(self, **changes: Any) -> None:
        """Change how work is marked."""
        with self.tool.runtime.database.transaction() as session:
            setup = Setup(rubric_version_id=self.rubric.version_id, **changes)
            save_setup(session, self.link, setup, by=self.teacher.who.person_id, now=self.now)

    def rows(self, table: type[RowT], work: str) -> Sequence[RowT]:
        """Return the rows of a table that belong to a work: itself, its files, its marks, their revisions."""
        own = select(SubmissionRow.id).where(SubmissionRow.uuid == work)
        marks = select(MarkRow.id).where(MarkRow.submission_id.in_(own))
        columns: dict[str, Any] = {"submission": "id", "submission_file": "submission_id", "mark": "submission_id"}
        inside = marks if table.__tablename__ == "mark_revision" else own
        column = getattr(table, columns.get(table.__tablename__, "mark_id"))
        with self.tool.runtime.database.reading() as session:
            return session.scalars(select(table).where(column.in_(inside)).order_by(table.id)).all()

    def attempt(self, seat: Seat) -> Attempt:
        with self.tool.runtime.database.reading() as session:
            return session.scalars(select(Attempt).where(Attempt.person_id == seat.who.person_id)).one()


def _enter(tool: Tool, course: str, subject: str, **more: Any) -> Seat:
    """Let somebody launch the lesson of a course; nobody is in two of them."""
    context = {"id": course, "title": "Search marketing", "type": ["CourseSection"]}
    return enter(tool, f"{course}-{subject}", **{"context": context, **more})


def open_course(tool: Tool) -> StoredRubric:
    """Let work of the lesson be marked by the rubric, in whatever course."""
    rubric = the_rubric()
    fit_lesson(tool, rubric)
    with tool.runtime.database.transaction() as session:
        return rubrics.install(session, tool.organisation_id, rubric, tool.clock.now)


def make_room(tool: Tool, rubric: StoredRubric | None = None, *, course: str = "c-1") -> Room:
    """Return a marking room at the lesson in a course of its own; without ``rubric`` it is the tool's first."""
    rubric = rubric or open_course(tool)
    teacher = _enter(tool, course, "t-1", name="Tina Teacher", role="teacher")
    with tool.runtime.database.reading() as session:
        launch = session.scalars(
            select(LtiSession).where(LtiSession.person_id == teacher.who.person_id).order_by(LtiSession.id)
        ).first()
        assert launch
        link = Link(
            organisation_id=tool.organisation_id,
            registration_id=launch.registration_id,
            context_id=launch.context_id,
            resource_link_id=launch.resource_link_id,
            activity_id=teacher.who.activity_id,
        )
    room = Room(tool, course, link, rubric, teacher)
    room.setup()
    return room
