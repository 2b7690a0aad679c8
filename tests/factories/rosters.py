"""A course whose platform lists its members: launches into it, readings of its list, and who is in the class then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from lti_tool.models import Context, Person, Registration, RosterRead
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.platforms.platform_services import services_of
from lti_tool.services.rosters.apply import Applied
from lti_tool.services.rosters.roster import RosterReader
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import NRPS
from tests.factories.tool import Tool, make_tool
from tests.fakes.listing_platform import ListingPlatform, listing, member

TEACHER = member("t-1", "Instructor", name="Tina Teacher")


@dataclass
class Course:
    """The course. Its platform signs launches as in other tests, and lists members on loopback."""

    tool: Tool
    platform: ListingPlatform
    more_claims: dict[str, Any] = field(default_factory=dict)

    def launch(self, subject: str, *, role: str = "learner", **more: Any) -> Seat:
        """Let somebody launch; the launch names the membership service."""
        claims = {NRPS: {"context_memberships_url": self.platform.memberships_url, "service_versions": ["2.0"]}}
        return enter(self.tool, subject, role=role, changes={**claims, **self.more_claims}, **more)

    def teacher(self, **more: Any) -> Seat:
        return self.launch("t-1", role="teacher", name="Tina Teacher", **more)

    def reader(self) -> RosterReader:
        """A new process, so to speak: nothing in memory."""
        parts = self.tool.runtime
        return RosterReader(parts.database, services_of(parts), parts.registrations, clock=parts.clock)

    def read(self, *members: dict[str, Any]) -> Applied:
        """Let the platform list these members beside the teacher, and read them a minute later."""
        self.platform.members = [TEACHER, *members]
        self.tool.clock.advance(minutes=1)
        return self.reader().update(self.tool.organisation_id, self.context().id)

    def work(self) -> int:
        """Do what a worker would do now."""
        return self.reader().update_due(lambda: False)

    def context(self) -> Context:
        with self.tool.runtime.database.reading() as session:
            return session.scalars(select(Context)).one()

    def reads(self) -> list[RosterRead]:
        """The readings so far, the newest first."""
        with self.tool.runtime.database.reading() as session:
            return list(session.scalars(select(RosterRead).order_by(RosterRead.id.desc())))

    def members(self) -> list[Member]:
        """The class list."""
        link = Link(
            organisation_id=self.tool.organisation_id,
            registration_id=1,
            context_id=self.context().id,
            resource_link_id=1,
            activity_id=None,
        )
        with self.tool.runtime.database.reading() as session:
            return list(list_members(session.connection(), link))

    def names(self) -> list[str | None]:
        return [each.name for each in self.members()]

    def people(self) -> int:
        """How many people there are at all."""
        with self.tool.runtime.database.reading() as session:
            return len(session.scalars(select(Person.id)).all())


@contextmanager
def running_course(database_url: str) -> Iterator[Course]:
    """Run a course on an empty database, with a teacher in it who has launched."""
    with listing(ListingPlatform()) as platform:
        tool = make_tool(database_url)
        with tool.runtime.database.transaction() as session:
            registration = session.scalars(select(Registration)).one()
            registration.token_url, registration.service_origins = f"{platform.url}/token", [platform.url]
        tool.runtime.registrations.forget()
        course = Course(tool, platform)
        course.teacher()
        yield course
        tool.runtime.database.close()
        tool.runtime.http.close()
