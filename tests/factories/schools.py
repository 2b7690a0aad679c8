"""A school whose learners have scores that a platform is to hear of: rows as launches and answers leave them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.lti import ags
from lti_tool.models import (
    Activity,
    Attempt,
    Base,
    ContentVersion,
    Context,
    Deployment,
    Identity,
    LineItem,
    Organisation,
    OutboxRow,
    Person,
    Registration,
    ResourceLink,
)
from lti_tool.services.grades import scores

RowT = TypeVar("RowT", bound=Base)

ALL_SCOPES = (ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ, ags.SCOPE_RESULT_READ, ags.SCOPE_SCORE)


@dataclass(frozen=True)
class School:
    """Rows of one organisation with one platform, one link, and people at it."""

    database: Database
    organisation_id: int
    registration_id: int
    link: int
    version_id: int
    people: tuple[int, ...]

    def score(self, person: int, value: str, now: datetime) -> None:
        """Let a person's only attempt have a score, as an answer would."""
        self.score_all({person: value}, now)

    def score_all(self, values: dict[int, str], now: datetime) -> None:
        """Let several people have scores, in one transaction."""
        with self.database.transaction() as session:
            for person, value in values.items():
                session.execute(
                    update(Attempt)
                    .where(Attempt.person_id == person, Attempt.resource_link_id == self.link)
                    .values(score=value)
                )
                scores.update(session.connection(), self.organisation_id, self.link, person, now=now)

    def move(self, platform_url: str) -> None:
        """Let the platform's services be elsewhere."""
        with self.database.transaction() as session:
            registration = session.get_one(Registration, self.registration_id)
            registration.issuer, registration.token_url = platform_url, f"{platform_url}/token"
            line_item = session.scalars(select(LineItem).where(LineItem.resource_link_id == self.link)).one()
            line_item.url = f"{platform_url}{urlsplit(line_item.url or '').path}"

    def outbox_row(self, person: int) -> OutboxRow:
        """Return the outbox row of a person."""
        with self.database.reading() as session:
            return session.scalars(
                select(OutboxRow).where(OutboxRow.target == self.link, OutboxRow.subject == person)
            ).one()


def user_of(number: int) -> str:
    """Return the platform's name for the ``number``-th person of a school, from 0."""
    return f"user-{number}"


def make_school(
    database: Database,
    platform_url: str,
    *,
    people: int,
    now: datetime,
    line_item: str | None = None,
    scopes: tuple[str, ...] = ALL_SCOPES,
    key: str = "school",
    product: str | None = None,
) -> School:
    """Add a school; ``line_item`` is None where the platform names only its list of line items."""
    with database.transaction() as session:
        organisation = _added(session, _organisation(key, now))
        platform = _platform(session, organisation.id, platform_url, now)
        platform.product = product
        version = _activity(session, organisation.id, now)
        link = _link(session, platform, version.activity_id, now)
        _column(session, link, platform, line_item, " ".join(scopes), now=now)
        school = School(
            database,
            organisation.id,
            platform.id,
            link.id,
            version.id,
            _people(session, organisation.id, platform.id, people, now=now),
        )
        _attempts(session, school, now)
    return school


def _organisation(key: str, now: datetime) -> Organisation:
    return Organisation(uuid=str(uuid.uuid4()), key=key, name="School", kind="school", created_at=now)


def _added(session: Session, row: RowT) -> RowT:
    session.add(row)
    session.flush()
    return row


def _platform(session: Session, organisation_id: int, url: str, now: datetime) -> Registration:
    return _added(
        session,
        Registration(
            organisation_id=organisation_id,
            issuer=url,
            client_id="client-1",
            auth_login_url=f"{url}/auth",
            token_url=f"{url}/token",
            jwks_url=f"{url}/jwks",
            algorithms=["RS256"],
            service_origins=[],
            created_at=now,
        ),
    )


def _activity(session: Session, organisation_id: int, now: datetime) -> ContentVersion:
    activity = _added(
        session, Activity(organisation_id=organisation_id, key="lesson", kind="micro-lesson", created_at=now)
    )
    return _added(
        session,
        ContentVersion(
            organisation_id=organisation_id,
            activity_id=activity.id,
            hash="0" * 64,
            label="1.0.0",
            document="{}",
            manifest={"parts": []},
            installed_at=now,
        ),
    )


def _link(session: Session, platform: Registration, activity_id: int, now: datetime) -> ResourceLink:
    deployment = _added(
        session,
        Deployment(
            organisation_id=platform.organisation_id, registration_id=platform.id, deployment_id="1", created_at=now
        ),
    )
    context = _added(
        session,
        Context(
            organisation_id=platform.organisation_id,
            deployment_id=deployment.id,
            platform_key="course-1",
            title="Course",
            created_at=now,
        ),
    )
    return _added(
        session,
        ResourceLink(
            organisation_id=platform.organisation_id,
            context_id=context.id,
            platform_key="link-1",
            title="Keywords",
            activity_id=activity_id,
            settings={},
            created_at=now,
        ),
    )


def _column(
    session: Session, link: ResourceLink, platform: Registration, url: str | None, scopes: str, *, now: datetime
) -> LineItem:
    return _added(
        session,
        LineItem(
            organisation_id=link.organisation_id,
            resource_link_id=link.id,
            registration_id=platform.id,
            url=url,
            lineitems_url=f"{platform.issuer}/courses/1/lineitems",
            scopes=scopes,
            updated_at=now,
        ),
    )


def _people(
    session: Session, organisation_id: int, registration_id: int, count: int, *, now: datetime
) -> tuple[int, ...]:
    rows = [{"organisation_id": organisation_id, "uuid": str(uuid.uuid4()), "created_at": now} for _ in range(count)]
    people = tuple(session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), rows))
    session.execute(
        insert(Identity),
        [
            {
                "organisation_id": organisation_id,
                "person_id": person,
                "registration_id": registration_id,
                "subject": user_of(number),
                "updated_at": now,
            }
            for number, person in enumerate(people)
        ],
    )
    return people


def _attempts(session: Session, school: School, now: datetime) -> None:
    session.execute(
        insert(Attempt),
        [
            {
                "organisation_id": school.organisation_id,
                "uuid": str(uuid.uuid4()),
                "person_id": person,
                "resource_link_id": school.link,
                "version_id": school.version_id,
                "number": 1,
                "status": "active",
                "state": {},
                "started_at": now,
                "updated_at": now,
            }
            for person in school.people
        ],
    )
