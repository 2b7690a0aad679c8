"""What a copied link was copied from: its activity and its settings come along, with nothing for the teacher to do.

A platform that copies a course gives every link another id, and names the earlier ones in custom parameters
(lti.link_variables). Only links of the same registration and organisation are ever looked at.

Looked up at the first launch of a link, and as long as it shows nothing; later launches read nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from lti_tool.lti.link_variables import History
from lti_tool.models import Context, Deployment, ResourceLink
from lti_tool.services.platforms.link_settings import for_copy

Found = Row[tuple[int, str, int | None, str, dict[str, Any], int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A link that may be a copy; ``activity_id`` is None where its launch names nothing and it shows nothing yet."""

    organisation_id: int
    registration_id: int
    deployment_id: int
    link_id: int
    activity_id: int | None
    title: str
    settings: Mapping[str, Any]
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The link that a copy was made from, as a teacher knows it."""

    title: str
    course: str


def settle(connection: Connection, copy: Copy, history: History) -> tuple[int | None, Mapping[str, Any]]:
    """Let a link that has just been launched for the first time take after its nearest ancestor that is known.

    Returns activity and settings of the link as they are now. The activity that the launch names comes first; settings
    that somebody has made at the link stay. Dates do not come along: they were another term's. Ancestors are kept with
    the link.
    """
    if not history.links and not history.contexts:
        return copy.activity_id, copy.settings
    found = _by_link(connection, copy, history.links) or _by_course(connection, copy, history.contexts)
    activity, settings = copy.activity_id, copy.settings
    if found is not None:
        activity = activity or found.activity_id
        # What stands at a new link came with the copy: the ancestor knows what became of it since.
        settings = for_copy(found.settings) if copy.is_new or not settings else settings
    connection.execute(
        update(ResourceLink)
        .where(ResourceLink.id == copy.link_id, ResourceLink.organisation_id == copy.organisation_id)
        .values(
            activity_id=activity,
            settings=dict(settings),
            history={
                "links": list(history.links),
                "contexts": list(history.contexts),
                "source": None if found is None else found.id,
            },
        )
    )
    return activity, settings


def find_source(connection: Connection, organisation_id: int, link_id: int) -> Source | None:
    """Return what a link was copied from, None where it was not or that is not known here."""
    history = connection.scalar(
        select(ResourceLink.history).where(ResourceLink.id == link_id, ResourceLink.organisation_id == organisation_id)
    )
    if not history or history.get("source") is None:
        return None
    row = connection.execute(
        select(ResourceLink.title, Context.title)
        .join(Context, Context.id == ResourceLink.context_id)
        .where(ResourceLink.id == history["source"], ResourceLink.organisation_id == organisation_id)
    ).first()
    return None if row is None else Source(title=row[0], course=row[1])


def _by_link(connection: Connection, copy: Copy, ancestors: Sequence[str]) -> Found | None:
    """Return the newest link of the ancestors that is known."""
    if not ancestors:
        return None
    rows = _links(connection, copy, ResourceLink.platform_key.in_(ancestors))
    for key in ancestors:
        same = _nearest(copy, [row for row in rows if row.platform_key == key])
        # Within a deployment an id is one link, wherever it was launched from.
        if same and (same[0].deployment_id == copy.deployment_id or len(same) == 1):
            return same[-1]
    return None


def _by_course(connection: Connection, copy: Copy, ancestors: Sequence[str]) -> Found | None:
    """Return the one link of the newest ancestor course that is the copied one by its title, or by its activity.

    Where several could be meant nothing is taken: a wrong lesson is worse than an empty place.
    """
    if not ancestors:
        return None
    rows = _links(connection, copy, Context.platform_key.in_(ancestors))
    for key in ancestors:
        alike = _nearest(copy, [row for row in rows if row.course_key == key and _is_alike(row, copy)])
        titled = [row for row in alike if row.title == copy.title]
        for choice in (alike if copy.activity_id else [], titled):
            if len(choice) == 1:
                return choice[0]
        if alike:
            return None
    return None


def _is_alike(row: Found, copy: Copy) -> bool:
    """Say whether a link could be the copied one: it shows the same, or, where that is unknown, is called the same."""
    return row.activity_id == copy.activity_id if copy.activity_id else bool(copy.title) and row.title == copy.title


def _nearest(copy: Copy, rows: Iterable[Found]) -> Sequence[Found]:
    """Return those of the own deployment, oldest first; those of the others where it has none: ids may repeat there."""
    found = sorted(rows, key=lambda row: row.id)
    return [row for row in found if row.deployment_id == copy.deployment_id] or found


def _links(connection: Connection, copy: Copy, condition: ColumnElement[bool]) -> Sequence[Found]:
    """Return the links of the registration that show something, the copied one left out."""
    return connection.execute(
        select(
            ResourceLink.id,
            ResourceLink.platform_key,
            ResourceLink.activity_id,
            ResourceLink.title,
            ResourceLink.settings,
            Context.deployment_id,
            Context.platform_key.label("course_key"),
        )
        .join(Context, Context.id == ResourceLink.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(
            Deployment.registration_id == copy.registration_id,
            Deployment.organisation_id == copy.organisation_id,
            Context.organisation_id == copy.organisation_id,
            ResourceLink.organisation_id == copy.organisation_id,
            ResourceLink.id != copy.link_id,
            ResourceLink.activity_id.is_not(None),
            condition,
        )
    ).all()
