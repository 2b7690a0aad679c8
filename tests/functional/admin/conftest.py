"""Two organisations in one installation, each with a platform, a course, failed deliveries, links, jobs and questions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Base,
    Context,
    Delivery,
    Deployment,
    Identity,
    InboxItem,
    LineItem,
    Organisation,
    OutboxRow,
    Person,
    Registration,
    RegistrationInvite,
    ResourceLink,
)
from lti_tool.services.mechanisms import imports, inbox, jobs
from lti_tool.services.mechanisms.outbox import State, inbox_reason, inbox_subject
from lti_tool.services.platforms import invites
from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records import Holder
from qualoop.records.teacher_record import EntryBody, EntryKind
from tests.factories.launches import LaunchingPlatform
from tests.factories.tool import NOON, SECRET, Tool, register_platform, shipped

RowT = TypeVar("RowT", bound=Base)


@dataclass(frozen=True)
class Furnished:
    """The numbers of one organisation's things, for addresses."""

    organisation_id: int
    platform: int
    link: int
    rows: tuple[int, ...]
    invite_id: int
    item: int
    job_uuid: str
    teacher: str
    entry: str


@pytest.fixture
def tool(fresh_tool: Tool) -> Tool:
    return fresh_tool


@pytest.fixture
def ours(tool: Tool) -> Furnished:
    return furnish(tool, tool.organisation_id, "Ours")


@pytest.fixture
def theirs(tool: Tool, ours: Furnished) -> Furnished:
    """Another organisation with the same ids for everything, made after ours."""
    platform = LaunchingPlatform(
        issuer="https://theirs.example.test", target_link_uri=tool.platform.target_link_uri, kid="other-key"
    )
    with tool.runtime.database.transaction() as session:
        other = add(
            session, Organisation(uuid=str(uuid.uuid4()), key="theirs", name="Theirs", kind="school", created_at=NOON)
        )
        imports.apply(session, shipped(), other.id, NOON)
        register_platform(tool.runtime, platform, other.id, session=session)
        organisation_id = other.id
    return furnish(replace(tool, platform=platform), organisation_id, "Theirs")


def add(session: Session, row: RowT) -> RowT:
    session.add(row)
    session.flush()
    return row


def furnish(tool: Tool, organisation_id: int, name: str) -> Furnished:
    """Fill an organisation; everything that a page could show has its name in it."""
    with tool.runtime.database.transaction() as session:
        registration = session.scalars(
            select(Registration).where(Registration.organisation_id == organisation_id)
        ).one()
        registration.name = f"{name} LMS"
        deployment = session.scalars(select(Deployment).where(Deployment.registration_id == registration.id)).one()
        link = make_link(session, deployment, name)
        make_column(session, registration, link)
        failures = (
            ("needs-person", "not-allowed"),
            ("dead", "unreachable"),
            ("done", None),
            ("needs-person", "overridden"),
        )
        rows = [
            make_row(session, registration, link, state=state, reason=reason, person=f"{name} {number}")
            for number, (state, reason) in enumerate(failures)
        ]
        invites.make(session, organisation_id, invites.Terms(made_by=f"{name} inviter"), now=NOON)
        invite = session.scalars(
            select(RegistrationInvite).where(RegistrationInvite.organisation_id == organisation_id)
        ).one()
        job = jobs.create(session, organisation_id, "replay", cursor={}, now=NOON)
        job.message = f"{name} message"
        return Furnished(
            organisation_id,
            registration.id,
            link.id,
            tuple(row.id for row in rows),
            invite.id,
            ask(session, registration, link, name).id,
            job.uuid,
            *make_entry(session, registration, name),
        )


def make_entry(session: Session, registration: Registration, name: str) -> tuple[str, str]:
    """Add a teacher with an entry in the own record; return both keys."""
    teacher = make_person(session, registration, f"{name} teacher")
    holder = Holder(
        organisation_id=registration.organisation_id, person_id=teacher.id, uuid=teacher.uuid, secret=SECRET
    )
    day = NOON.date()
    body = EntryBody(kind=EntryKind.COURSE, title=f"{name} entry", place="", starts=day, ends=day)
    return teacher.uuid, teacher_records.add(session, holder, body, None, now=NOON)


def make_column(session: Session, registration: Registration, link: ResourceLink) -> None:
    add(
        session,
        LineItem(
            organisation_id=registration.organisation_id,
            resource_link_id=link.id,
            registration_id=registration.id,
            url="https://lms.example.test/1",
            scopes="",
            updated_at=NOON,
        ),
    )


def make_link(session: Session, deployment: Deployment, name: str) -> ResourceLink:
    context = add(
        session,
        Context(
            organisation_id=deployment.organisation_id,
            deployment_id=deployment.id,
            platform_key="c",
            title=f"{name} course",
            created_at=NOON,
        ),
    )
    return add(
        session,
        ResourceLink(
            organisation_id=deployment.organisation_id,
            context_id=context.id,
            platform_key="l",
            title=f"{name} link",
            activity_id=None,
            settings={},
            created_at=NOON,
        ),
    )


def make_row(
    session: Session, registration: Registration, link: ResourceLink, *, state: str, reason: str | None, person: str
) -> OutboxRow:
    """Add somebody whose score was tried once."""
    organisation_id = registration.organisation_id
    row = add(
        session,
        OutboxRow(
            organisation_id=organisation_id,
            channel="ags",
            target=link.id,
            subject=make_person(session, registration, person).id,
            state=state,
            attempts=1,
            next_at=NOON,
            last_error=reason,
            updated_at=NOON,
        ),
    )
    add(
        session,
        Delivery(
            organisation_id=organisation_id,
            outbox_id=row.id,
            rev=1,
            value="1",
            timestamp=NOON,
            started_at=NOON,
            finished_at=NOON,
            outcome="refused" if reason else "done",
            status=403 if reason else 200,
            detail=reason,
        ),
    )
    return row


def make_person(session: Session, registration: Registration, name: str) -> Person:
    organisation_id = registration.organisation_id
    who = add(session, Person(organisation_id=organisation_id, uuid=str(uuid.uuid4()), created_at=NOON))
    add(
        session,
        Identity(
            organisation_id=organisation_id,
            person_id=who.id,
            registration_id=registration.id,
            subject=name,
            name=name,
            updated_at=NOON,
        ),
    )
    return who


def ask(session: Session, registration: Registration, link: ResourceLink, name: str) -> InboxItem:
    """Put the questions into the inbox that failures and an unknown deployment make."""
    for state in (State.NEEDS_PERSON, State.DEAD):
        inbox.put(
            session,
            organisation_id=registration.organisation_id,
            reason=inbox_reason(state),
            subject=inbox_subject("ags", link.id),
            details={"channel": "ags", "target": link.id, "subject": 1, "error": None},
            owner_role="teacher",
            actions=["send-again", "dismiss"],
            now=NOON,
        )
    return inbox.put(
        session,
        organisation_id=registration.organisation_id,
        reason="deployment-unknown",
        subject=f"{registration.id}:{name}-dep",
        details={"registration_id": registration.id, "issuer": registration.issuer, "deployment_id": f"{name}-dep"},
        owner_role="administrator",
        actions=["approve", "refuse"],
        now=NOON,
    )
