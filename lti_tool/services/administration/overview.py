"""What an administrator sees first: what needs somebody, and how much there is of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, Context, InboxItem, Job, Organisation, Registration, ResourceLink
from lti_tool.services.administration import deliveries as administration_deliveries
from lti_tool.services.administration import inbox_actions
from lti_tool.services.administration.administration import Action, Desk
from lti_tool.services.administration.deliveries import Shown
from lti_tool.services.mechanisms import inbox
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.people.roles import Role
from lti_tool.services.platforms.registrations import ACTIVE, PENDING

SHOWN_ITEMS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The numbers of an organisation, and the questions that its administrators decide."""

    platforms: int
    waiting_platforms: int
    courses: int
    links: int
    activities: int
    running_jobs: int
    failed_jobs: int
    deliveries: Mapping[Shown, int]
    questions: Sequence[InboxItem]

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing needs anybody."""
        return not (self.questions or self.deliveries[Shown.ATTENTION] or self.failed_jobs)


def overview(session: Session, organisation_id: int) -> Overview:
    """Return what there is in an organisation."""
    states = _by_state(session, Registration, organisation_id)
    jobs = _by_state(session, Job, organisation_id)
    return Overview(
        platforms=states.get(ACTIVE, 0),
        waiting_platforms=states.get(PENDING, 0),
        courses=_count(session, Context, organisation_id),
        links=_count(session, ResourceLink, organisation_id),
        activities=_count(session, Activity, organisation_id),
        running_jobs=jobs.get(JobState.RUNNING, 0) + jobs.get(JobState.WAITING, 0),
        failed_jobs=jobs.get(JobState.FAILED, 0),
        deliveries=administration_deliveries.counts(session, organisation_id),
        questions=questions(session, organisation_id),
    )


def questions(session: Session, organisation_id: int) -> Sequence[InboxItem]:
    """Return what administrators decide, the oldest first; failed deliveries have a page of their own."""
    found = inbox.open_items(session, organisation_id)
    return [item for item in found if item.owner_role == Role.ADMINISTRATOR.value][:SHOWN_ITEMS]


def decide(desk: Desk, item_id: int, action: str) -> InboxItem:
    """Take one of the actions of an item; raise InboxItemMissingError."""
    item = inbox_actions.decide(desk.session, desk.scope, item_id, action=action, now=desk.now)
    desk.note(Action.INBOX_DECIDED, item.reason, decision=action, item=item.id)
    return item


def organisations(session: Session) -> Sequence[Organisation]:
    """Return every organisation of the installation, by name."""
    return session.scalars(select(Organisation).order_by(Organisation.name, Organisation.id)).all()


def _count(session: Session, table: type[Context | ResourceLink | Activity], organisation_id: int) -> int:
    return session.scalar(select(func.count()).select_from(table).where(table.organisation_id == organisation_id)) or 0


def _by_state(session: Session, table: type[Registration | Job], organisation_id: int) -> Mapping[str, int]:
    """Return how many rows of an organisation stand how."""
    query = select(table.state, func.count()).where(table.organisation_id == organisation_id).group_by(table.state)
    return dict(session.execute(query).all())
