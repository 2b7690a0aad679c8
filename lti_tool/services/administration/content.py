"""What an organisation has installed, what the last imports did, and their undoing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Activity, ContentVersion, ImportRun, ResourceLink
from lti_tool.services.administration.administration import Action, Desk
from lti_tool.services.content.contents import Contents
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.mechanisms import imports
from qualoop.player import UnknownKindError
from qualoop.values import Text

SHOWN_RUNS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityLine:
    """One activity: ``version`` and what follows are None where it points to none (its first install was undone).

    ``title`` is None as well where its kind is not installed. ``links`` is at how many places in courses it is shown.
    """

    key: str
    kind: str
    title: Text | None
    version: str | None
    content_hash: str | None
    installed_at: datetime | None
    links: int


def activities(session: Session, contents: Contents, organisation_id: int) -> Sequence[ActivityLine]:
    """Return the activities of an organisation by key."""
    links = (
        select(ResourceLink.activity_id, func.count().label("count"))
        .where(ResourceLink.organisation_id == organisation_id)
        .group_by(ResourceLink.activity_id)
        .subquery()
    )
    rows = session.execute(
        select(
            Activity.key,
            Activity.kind,
            Activity.version_id,
            ContentVersion.label,
            ContentVersion.hash,
            ContentVersion.installed_at,
            func.coalesce(links.c.count, 0),
        )
        .outerjoin(ContentVersion, ContentVersion.id == Activity.version_id)
        .outerjoin(links, links.c.activity_id == Activity.id)
        .where(Activity.organisation_id == organisation_id)
        .order_by(Activity.key)
    ).all()
    return [
        ActivityLine(
            key=key,
            kind=kind,
            title=_title(session, contents, organisation_id, version_id),
            version=label,
            content_hash=content_hash,
            installed_at=installed_at,
            links=count,
        )
        for key, kind, version_id, label, content_hash, installed_at, count in rows
    ]


def runs(session: Session, organisation_id: int) -> Sequence[ImportRun]:
    """Return the newest imports of content, the newest first."""
    return imports.runs(session, organisation_id, ContentImport(source="").kind, at_most=SHOWN_RUNS)


def undo(desk: Desk, run_uuid: str | None = None) -> ImportRun:
    """Undo the newest import that stands; raise ImportMissingError where there is none.

    ``run_uuid`` is the one that somebody looked at: where another one is the newest by now, nothing is undone.
    """
    standing = (row.uuid for row in runs(desk.session, desk.scope) if row.state == imports.APPLIED)
    if run_uuid is not None and run_uuid != next(standing, None):
        raise imports.ImportMissingError
    run = imports.undo(desk.session, ContentImport(source=""), desk.scope, desk.now)
    desk.note(Action.CONTENT_UNDONE, run.source, run=run.uuid)
    return run


def _title(session: Session, contents: Contents, organisation_id: int, version_id: int | None) -> Text | None:
    if version_id is None:
        return None
    try:
        return contents.get_offer(session.connection(), organisation_id, version_id).description.title
    except UnknownKindError:
        return None
