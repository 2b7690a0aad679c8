"""How learners review each other at a link, and the samples that its activity brings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, PeerSetup, ResourceLink
from lti_tool.services.attempts.marking_setups import find_setup
from lti_tool.services.content import rubrics
from lti_tool.services.content.parts import Remembered
from lti_tool.services.courses.members import Link
from qualoop.assessment.peer_rules import Effect, PeerRules
from qualoop.assessment.rubric import Rubric
from qualoop.assessment.samples import Sample, fit, read_samples
from qualoop.errors import QualoopError

_samples: Remembered[tuple[Sample, ...]] = Remembered()


class PeersOffError(QualoopError):
    """Learners do not review each other's work at this link."""

    code = "peers-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerPlan:
    """What holds at a link: the rules, the rubric of new work with its hash, and the samples that are to be rated first."""

    rules: PeerRules
    rubric: Rubric
    hash: str
    samples: tuple[Sample, ...]


def find_rules(connection: Connection, organisation_id: int, resource_link_id: int) -> PeerRules | None:
    """Return how learners review each other at a link; None where nobody has set that yet."""
    row = connection.execute(
        select(PeerSetup.__table__).where(
            PeerSetup.organisation_id == organisation_id, PeerSetup.resource_link_id == resource_link_id
        )
    ).first()
    if row is None:
        return None
    return PeerRules(
        is_on=row.is_on,
        reviews=row.reviews,
        samples=row.samples,
        hours=row.hours,
        effect=Effect(row.effect),
        enough=row.enough,
        apart=row.apart,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
    )


def get_plan(connection: Connection, organisation_id: int, resource_link_id: int) -> PeerPlan:
    """Return what holds at a link; raise PeersOffError."""
    rules = find_rules(connection, organisation_id, resource_link_id)
    setup = find_setup(connection, organisation_id, resource_link_id)
    if rules is None or not rules.is_on or setup is None:
        raise PeersOffError
    stored = rubrics.get(connection, organisation_id, setup.rubric_version_id)
    samples = samples_of(connection, organisation_id, resource_link_id, stored.rubric)
    return PeerPlan(rules=rules, rubric=stored.rubric, hash=stored.hash, samples=samples[: rules.samples])


def samples_of(
    connection: Connection, organisation_id: int, resource_link_id: int, rubric: Rubric
) -> tuple[Sample, ...]:
    """Return the samples that the activity of a link brings for this rubric; none where it brings none."""
    version_id = connection.scalar(
        select(Activity.version_id)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .where(
            Activity.organisation_id == organisation_id,
            ResourceLink.organisation_id == organisation_id,
            ResourceLink.id == resource_link_id,
        )
    )

    def find() -> tuple[Sample, ...]:
        document = connection.scalar(
            select(ContentVersion.document).where(
                ContentVersion.organisation_id == organisation_id, ContentVersion.id == version_id
            )
        )
        return read_samples(json.loads(document or "{}").get("samples", ()))

    found = _samples.get(connection, (organisation_id, version_id), find) or ()
    return found if fit(found, rubric) else ()


def save_rules(session: Session, link: Link, rules: PeerRules, *, by: int, now: datetime) -> None:
    """Set how learners review each other at a link from now on. What was given out, rated and written stays."""
    row = locked(session, link.organisation_id, link.resource_link_id)
    if row is None:
        row = PeerSetup(organisation_id=link.organisation_id, resource_link_id=link.resource_link_id)
        session.add(row)
    row.is_on, row.reviews, row.samples, row.hours = rules.is_on, rules.reviews, rules.samples, rules.hours
    row.effect, row.enough, row.apart = rules.effect.value, rules.enough, rules.apart
    row.opens_at, row.closes_at = rules.opens_at, rules.closes_at
    row.changed_by, row.updated_at = by, now
    session.flush()


def locked(session: Session, organisation_id: int, resource_link_id: int) -> PeerSetup | None:
    """Return the row of a link's rules, locked: whatever gives out works or weighs reviews there waits for its turn."""
    return session.scalar(
        select(PeerSetup)
        .where(PeerSetup.organisation_id == organisation_id, PeerSetup.resource_link_id == resource_link_id)
        .with_for_update()
    )
