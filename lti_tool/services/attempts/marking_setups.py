"""How the work at a link is marked: the rubric, how much of it twice, when marks are released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, MarkingSetup, ResourceLink, RubricVersion, SubmissionRow
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from qualoop.assessment.marking import ALL, Stage
from qualoop.content_packages import LIVE_KIND
from qualoop.errors import QualoopError
from qualoop.ledger import EvidenceForm

FORMS = (EvidenceForm.PROJECT, EvidenceForm.LIVE)
"""What work that people judge can be evidence of."""


class SetupRefusedError(QualoopError):
    """Work at this link cannot be marked so."""

    code = "marking-setup-refused"


class RubricUnfitError(SetupRefusedError):
    """The activity of this link does not have the rows of this rubric as its parts, so marks could be no evidence."""

    code = "marking-rubric-unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How work at a link is marked: by which version of a rubric, and what `second_share` per cent are marked twice.

    ``release_at`` is when approved marks are released by themselves, None: by hand.
    """

    rubric_version_id: int
    form: EvidenceForm = EvidenceForm.PROJECT
    second_share: int = 0
    release_at: datetime | None = None


def find_setup(
    connection: Connection, organisation_id: int, resource_link_id: int, *, version_id: int | None = None
) -> Setup | None:
    """Return how work at a link is marked; None where none is handed in there.

    Where nobody set anything, an activity that brings a rubric of its own is marked by that: its newest version, or the
    one of an attempt where ``version_id`` says which. Of what form its evidence is, an activity may say itself.
    """
    row = connection.execute(
        select(
            MarkingSetup.rubric_version_id, MarkingSetup.form, MarkingSetup.second_share, MarkingSetup.release_at
        ).where(MarkingSetup.organisation_id == organisation_id, MarkingSetup.resource_link_id == resource_link_id)
    ).first()
    declared = _declared_form(connection, organisation_id, resource_link_id)
    if row is None:
        own = find_own_rubric(connection, organisation_id, resource_link_id, version_id=version_id)
        return None if own is None else Setup(rubric_version_id=own, form=declared or EvidenceForm.PROJECT)
    return Setup(
        rubric_version_id=row.rubric_version_id,
        form=declared or EvidenceForm(row.form),
        second_share=row.second_share,
        release_at=row.release_at,
    )


def _declared_form(connection: Connection, organisation_id: int, resource_link_id: int) -> EvidenceForm | None:
    """Return of what form evidence of a link's activity is, whatever the link's settings; None where it leaves that open."""
    kind = connection.scalar(
        select(Activity.kind)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .where(
            Activity.organisation_id == organisation_id,
            ResourceLink.organisation_id == organisation_id,
            ResourceLink.id == resource_link_id,
        )
    )
    return EvidenceForm.LIVE if kind == LIVE_KIND else None


def find_own_rubric(
    connection: Connection, organisation_id: int, resource_link_id: int, *, version_id: int | None = None
) -> int | None:
    """Return the version of the rubric that the activity at a link brings itself; None where it brings none.

    Work is then handed in by the activity's own page, and nowhere else.
    """
    manifest = connection.scalar(
        select(ContentVersion.manifest)
        .join(Activity, Activity.id == ContentVersion.activity_id)
        .join(ResourceLink, ResourceLink.activity_id == Activity.id)
        .where(
            ContentVersion.organisation_id == organisation_id,
            Activity.organisation_id == organisation_id,
            ResourceLink.organisation_id == organisation_id,
            ResourceLink.id == resource_link_id,
            ContentVersion.id == (version_id or Activity.version_id),
        )
    )
    if not manifest or "rubric" not in manifest:
        return None
    return connection.scalar(
        select(RubricVersion.id)
        .where(RubricVersion.organisation_id == organisation_id, RubricVersion.hash == manifest["rubric"])
        .order_by(RubricVersion.id.desc())
        .limit(1)
    )


def save_setup(session: Session, link: Link, setup: Setup, *, by: int, now: datetime) -> None:
    """Set how work at a link is marked from now on.

    Work that was handed in keeps its rubric, and whether it is marked twice; marks that are approved and not released
    take the new date. Raises SetupRefusedError, RubricMissingError, RubricUnfitError.
    """
    if not 0 <= setup.second_share <= ALL or setup.form not in FORMS:
        raise SetupRefusedError
    connection = session.connection()
    check_parts(connection, link.organisation_id, _version_of(connection, link), setup.rubric_version_id)
    row = session.scalar(
        select(MarkingSetup)
        .where(
            MarkingSetup.organisation_id == link.organisation_id,
            MarkingSetup.resource_link_id == link.resource_link_id,
        )
        .with_for_update()
    )
    if row is None:
        row = MarkingSetup(organisation_id=link.organisation_id, resource_link_id=link.resource_link_id)
        session.add(row)
    if row.rubric_version_id != setup.rubric_version_id:
        row.rubric_version_id, row.rubric_by, row.rubric_at = setup.rubric_version_id, by, now
    row.form = setup.form.value
    row.second_share, row.release_at = setup.second_share, setup.release_at
    row.changed_by, row.updated_at = by, now
    session.flush()
    session.execute(
        update(SubmissionRow)
        .where(
            SubmissionRow.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            SubmissionRow.stage == Stage.APPROVED.value,
            SubmissionRow.released_at.is_(None),
        )
        .values(release_at=setup.release_at)
    )


def check_parts(connection: Connection, organisation_id: int, version_id: int | None, rubric_version_id: int) -> None:
    """Raise RubricUnfitError unless each row of the rubric is a part of this version of an activity's content."""
    rubric = rubrics.get(connection, organisation_id, rubric_version_id).rubric
    manifest = connection.scalar(
        select(ContentVersion.manifest).where(
            ContentVersion.organisation_id == organisation_id, ContentVersion.id == version_id
        )
    )
    known = {part["key"] for part in (manifest or {}).get("parts", ())}
    if missing := [row.key for row in rubric.rows if row.key not in known]:
        raise RubricUnfitError(f"the activity has no part {', '.join(missing)}")


def fits(connection: Connection, link: Link, rubric_version_id: int) -> bool:
    """Say whether work at a link can be marked by a rubric."""
    try:
        check_parts(connection, link.organisation_id, _version_of(connection, link), rubric_version_id)
    except RubricUnfitError:
        return False
    return True


def _version_of(connection: Connection, link: Link) -> int | None:
    """Return the content version that new attempts at a link take."""
    return connection.scalar(
        select(Activity.version_id).where(
            Activity.organisation_id == link.organisation_id, Activity.id == link.activity_id
        )
    )
