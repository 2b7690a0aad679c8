"""What a teacher changes about a link: its settings. Scores that count follow, in the same transaction; evidence never.

Whoever comes in between waits: the link's row is locked first, then the attempts at it, as a launch locks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, text, update

from lti_tool.db import Prepared, micros
from lti_tool.models import Attempt, Enrolment, Identity, LinkChange, LinkScore, ResourceLink
from lti_tool.services.courses.members import Link
from lti_tool.services.grades import scores
from lti_tool.services.people.roles import TEST_USER, Role
from lti_tool.services.platforms.link_settings import SCHEDULE, as_stored, link_settings, schedule_of
from qualoop.assessment import LinkSettings, PlatformDates

SHOWN_CHANGES: Final = 20

_PLAN = Prepared(
    text(
        f"{SCHEDULE} l.id FROM resource_link l LEFT JOIN link_extension e ON e.resource_link_id = l.id "
        "AND e.person_id = :person AND e.taken_back_at IS NULL "
        "WHERE l.id = :link AND l.organisation_id = :organisation_id"
    )
)
_CLOSES = Prepared(
    text(
        "UPDATE attempt SET closes_at = :closes_at WHERE resource_link_id = :link AND person_id = :person "
        "AND organisation_id = :organisation_id AND status = 'active'"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Settings that somebody gave the link; ``by`` is None where the platform tells no name."""

    id: int
    settings: LinkSettings
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What a link is set to, what its platform says, and what it was set to before: newest first, without the present."""

    settings: LinkSettings
    platform: PlatformDates
    earlier: Sequence[Change]


def link_state(connection: Connection, link: Link) -> LinkState:
    """Return the settings of a link and where they come from."""
    settings, dates = connection.execute(
        select(ResourceLink.settings, ResourceLink.platform_dates).where(*_is(link))
    ).one()
    rows = connection.execute(
        select(LinkChange.id, LinkChange.settings, LinkChange.at, Identity.name)
        .join(
            Identity,
            (Identity.person_id == LinkChange.person_id) & (Identity.registration_id == link.registration_id),
            isouter=True,
        )
        .where(LinkChange.organisation_id == link.organisation_id, LinkChange.resource_link_id == link.resource_link_id)
        .order_by(LinkChange.id.desc())
        .limit(SHOWN_CHANGES + 1)
    ).all()
    changes = [Change(id=row.id, settings=link_settings(row.settings), by=row.name, at=row.at) for row in rows]
    present = link_settings(settings)
    is_newest_present = bool(changes) and changes[0].settings == present
    earlier = changes[1:] if is_newest_present else changes[:SHOWN_CHANGES]
    return LinkState(settings=present, platform=PlatformDates.read(dates), earlier=earlier)


def change_settings(connection: Connection, link: Link, settings: LinkSettings, *, by: int, now: datetime) -> bool:
    """Give a link settings; return whether that was a change. What it had before is kept as well, with who gave it."""
    before, made_at = connection.execute(
        select(ResourceLink.settings, ResourceLink.created_at).where(*_is(link)).with_for_update(key_share=True)
    ).one()
    stored = as_stored(settings)
    if link_settings(before) == settings:
        return False
    ours = {"organisation_id": link.organisation_id, "resource_link_id": link.resource_link_id}
    known = select(LinkChange.id).where(*(getattr(LinkChange, name) == value for name, value in ours.items()))
    if before and connection.scalar(known.limit(1)) is None:
        connection.execute(insert(LinkChange).values(**ours, settings=before, at=made_at))
    connection.execute(update(ResourceLink).where(*_is(link)).values(settings=stored))
    connection.execute(insert(LinkChange).values(**ours, person_id=by, settings=stored, at=now))
    rescore(connection, link, now=now)
    return True


def find_earlier(connection: Connection, link: Link, change: int) -> LinkSettings | None:
    """Return what the link was set to by an earlier change of its own."""
    stored = connection.scalar(
        select(LinkChange.settings).where(
            LinkChange.id == change,
            LinkChange.organisation_id == link.organisation_id,
            LinkChange.resource_link_id == link.resource_link_id,
        )
    )
    return None if stored is None else link_settings(stored)


def rescore(connection: Connection, link: Link, *, now: datetime, person: int | None = None) -> None:
    """Bring the scores of everybody at a link, or of one person, up to settings and extensions.

    Only what a change moves is written, and only that is sent again. Attempts under way learn when they close; who has
    answered nothing keeps no score.
    """
    for each, has_worked in _learners_at(connection, link, person).items():
        keys: Mapping[str, Any] = {
            "organisation_id": link.organisation_id,
            "link": link.resource_link_id,
            "person": each,
        }
        row = _PLAN.one(connection, keys)
        closes = None if row is None else schedule_of(row).closes
        _CLOSES.run(connection, {**keys, "closes_at": None if closes is None else micros(closes.at)})
        if has_worked:
            scores.update(connection, link.organisation_id, link.resource_link_id, each, now=now)


def _learners_at(connection: Connection, link: Link, person: int | None) -> Mapping[int, bool]:
    """Return the learners with attempts at the link, and whether there is anything to score.

    Their attempts are locked now. What a teacher tried does not count.
    """
    query = (
        select(Attempt.person_id, Enrolment.roles, Attempt.earned, Attempt.submitted_at, LinkScore.id.label("score"))
        .join(Enrolment, (Enrolment.person_id == Attempt.person_id) & (Enrolment.context_id == link.context_id))
        .join(
            LinkScore,
            (LinkScore.person_id == Attempt.person_id) & (LinkScore.resource_link_id == Attempt.resource_link_id),
            isouter=True,
        )
        .where(
            Attempt.organisation_id == link.organisation_id,
            Attempt.resource_link_id == link.resource_link_id,
            Enrolment.organisation_id == link.organisation_id,
        )
        .order_by(Attempt.id)
        .with_for_update(of=Attempt)
    )
    if person is not None:
        query = query.where(Attempt.person_id == person)
    found: dict[int, bool] = {}
    for row in connection.execute(query):
        roles = row.roles.split(",")
        if Role.LEARNER in roles and TEST_USER not in roles:
            has_worked = bool(row.earned or row.submitted_at or row.score)
            found[row.person_id] = found.get(row.person_id, False) or has_worked
    return found


def _is(link: Link) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ResourceLink.id == link.resource_link_id, ResourceLink.organisation_id == link.organisation_id
