"""What a person's decision about an inbox item does, beyond closing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Deployment, InboxItem, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.grades import outbox_decisions
from lti_tool.services.ledger import ledger
from lti_tool.services.mechanisms import inbox
from lti_tool.services.platforms import approval
from qualoop.ledger import Reason
from qualoop.values import Score

APPROVED, REFUSED = "approved", "refused"
DEPLOYMENT_UNKNOWN: Final = "deployment-unknown"


def decide(session: Session, organisation_id: int, item_id: int, *, action: str, now: datetime) -> InboxItem:
    """Do what ``action`` means and close the item; raise InboxItemMissingError where that is not possible."""
    item = inbox.resolve(session, organisation_id, item_id, action=action, now=now)
    effect = _EFFECTS.get((item.reason, action))
    if effect is not None:
        effect(session, item, now)
    return item


def approve_deployment(
    session: Session, registration_id: int, organisation_id: int, deployment_id: str, *, now: datetime
) -> None:
    """Let a deployment of a registration launch us."""
    _set_deployment(session, (registration_id, deployment_id), organisation_id, APPROVED, now=now)


def refuse_deployment(
    session: Session, registration_id: int, organisation_id: int, deployment_id: str, *, now: datetime
) -> None:
    """Let a deployment of a registration launch us no more, without asking anybody about it again."""
    _set_deployment(session, (registration_id, deployment_id), organisation_id, REFUSED, now=now)


def _set_deployment(
    session: Session, place: tuple[int, str], organisation_id: int, state: str, *, now: datetime
) -> None:
    """Let a deployment stand so, stored where it is new."""
    registration_id, deployment_id = place
    row = session.scalar(
        select(Deployment).where(
            Deployment.registration_id == registration_id, Deployment.deployment_id == deployment_id
        )
    )
    if row is None:
        row = Deployment(
            organisation_id=organisation_id,
            registration_id=registration_id,
            deployment_id=deployment_id,
            created_at=now,
        )
        session.add(row)
    row.state = state
    session.flush()


def _approve_deployment(session: Session, item: InboxItem, now: datetime) -> None:
    details = item.details
    approve_deployment(session, details["registration_id"], item.organisation_id, details["deployment_id"], now=now)


def _refuse_deployment(session: Session, item: InboxItem, now: datetime) -> None:
    details = item.details
    refuse_deployment(session, details["registration_id"], item.organisation_id, details["deployment_id"], now=now)


def _send_again(session: Session, item: InboxItem, now: datetime) -> None:
    """Send again whatever failed at the item's target, but no grade that somebody changed in the grade book."""
    failed = outbox_decisions.failed_at(item.details["channel"], item.details["target"])
    by_itself = outbox_decisions.may_go_by_itself()
    outbox_decisions.send_again(session, item.organisation_id, failed & by_itself, now=now)


def _dismiss(session: Session, item: InboxItem, now: datetime) -> None:
    failed = outbox_decisions.failed_at(item.details["channel"], item.details["target"])
    outbox_decisions.put_aside(session, item.organisation_id, failed, now=now)


def _revise(session: Session, item: InboxItem, now: datetime) -> None:
    """Give the event that stands the score of the message that contradicted it."""
    organisation = session.get_one(Organisation, item.organisation_id)
    request = corrections.Request(
        target=UUID(item.details["event"]),
        reason=Reason.ERROR,
        actor=ledger.SYSTEM,
        score=Score(item.details["body"].get("score", "")),
    )
    corrections.correct(session, organisation, request, secret="", now=now)


_EFFECTS: Final[Mapping[tuple[str, str], Callable[[Session, InboxItem, datetime], None]]] = {
    (DEPLOYMENT_UNKNOWN, "approve"): _approve_deployment,
    (DEPLOYMENT_UNKNOWN, "refuse"): _refuse_deployment,
    ("delivery-needs-person", outbox_decisions.SEND_AGAIN): _send_again,
    ("delivery-needs-person", outbox_decisions.DISMISS): _dismiss,
    ("delivery-dead", outbox_decisions.SEND_AGAIN): _send_again,
    ("delivery-dead", outbox_decisions.DISMISS): _dismiss,
    ("evidence-conflict", "revise"): _revise,
    (approval.REASON, approval.APPROVE): approval.decide,
    (approval.REASON, approval.REFUSE): approval.decide,
}
