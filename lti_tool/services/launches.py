"""Records one verified launch: person, context, link, enrolment, grade column, session, in one transaction.

The statements are text that SQLite and PostgreSQL both understand, compiled once: this is the hottest path of the
tool, and its cost is the number of round trips.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros, stored_json
from lti_tool.lti.claims import ResourceLinkLaunch
from lti_tool.lti.deep_linking import DeepLinkingRequest
from lti_tool.lti.link_variables import dates_of, history_of
from lti_tool.lti.registration import Registration
from lti_tool.services.copies import Copy, settle
from lti_tool.services.link_settings import SETTINGS_PARAMETER, from_parameter
from lti_tool.services.logins import digest
from lti_tool.services.roles import TEST_USER, Permission, Role, may

Message = ResourceLinkLaunch | DeepLinkingRequest

NO_CONTEXT: Final = ""
MAX_TITLE: Final = 255

_IDENTITY = Prepared(
    text(
        "SELECT i.id, i.person_id, p.uuid, i.name, i.email FROM identity i JOIN person p ON p.id = i.person_id "
        "WHERE i.registration_id = :registration_id AND i.subject = :subject"
    )
)
_PERSON = Prepared(
    text("INSERT INTO person (organisation_id, uuid, created_at) VALUES (:organisation_id, :uuid, :now) RETURNING id")
)
NEW_IDENTITY: Final = Prepared(
    text(
        "INSERT INTO identity (organisation_id, person_id, registration_id, subject, name, email, updated_at) "
        "VALUES (:organisation_id, :person_id, :registration_id, :subject, :name, :email, :now) "
        "ON CONFLICT (registration_id, subject) DO NOTHING"
    )
)
_NOBODY = Prepared(text("DELETE FROM person WHERE id = :person_id"))
NAMED: Final = Prepared(text("UPDATE identity SET name = :name, email = :email, updated_at = :now WHERE id = :id"))
_CONTEXT = Prepared(
    text(
        "INSERT INTO context (organisation_id, deployment_id, platform_key, title, memberships_url, groups_url, "
        "roster_wanted_at, created_at) VALUES (:organisation_id, :deployment_id, :platform_key, :title, "
        ":memberships_url, :groups_url, :roster_wanted_at, :now) "
        "ON CONFLICT (deployment_id, platform_key) DO UPDATE SET title = excluded.title, "
        "memberships_url = coalesce(excluded.memberships_url, context.memberships_url), "
        "groups_url = coalesce(excluded.groups_url, context.groups_url), "
        "roster_wanted_at = coalesce(excluded.roster_wanted_at, context.roster_wanted_at) RETURNING id"
    )
)
_LINK = Prepared(
    text(
        "INSERT INTO resource_link (organisation_id, context_id, platform_key, title, activity_id, settings, "
        "platform_dates, created_at) VALUES (:organisation_id, :context_id, :platform_key, :title, :activity_id, "
        ":settings, :platform_dates, :now) ON CONFLICT (context_id, platform_key) DO UPDATE SET title = excluded.title, "
        "activity_id = coalesce(excluded.activity_id, resource_link.activity_id), "
        "platform_dates = coalesce(excluded.platform_dates, resource_link.platform_dates) "
        "RETURNING id, activity_id, title, settings, platform_dates, created_at"
    )
)
_ENROLMENT = Prepared(
    text(
        "INSERT INTO enrolment (organisation_id, context_id, person_id, roles, launch_roles, updated_at) "
        "VALUES (:organisation_id, :context_id, :person_id, :roles, :roles, :now) "
        "ON CONFLICT (context_id, person_id) DO UPDATE SET roles = excluded.roles, "
        "launch_roles = excluded.launch_roles, left_at = NULL, updated_at = excluded.updated_at"
    )
)
_LINE_ITEM = Prepared(
    text(
        "INSERT INTO line_item (organisation_id, resource_link_id, registration_id, url, lineitems_url, scopes, "
        "score_maximum, updated_at) VALUES (:organisation_id, :resource_link_id, :registration_id, :url, "
        ":lineitems_url, :scopes, 100, :now) ON CONFLICT (resource_link_id) DO UPDATE SET "
        "url = coalesce(excluded.url, line_item.url), lineitems_url = excluded.lineitems_url, "
        "scopes = excluded.scopes, updated_at = excluded.updated_at"
    )
)
_SESSION = Prepared(
    text(
        "INSERT INTO lti_session (organisation_id, uuid, secret_hash, registration_id, deployment_id, person_id, "
        "context_id, resource_link_id, roles, language, return_url, created_at, expires_at) VALUES "
        "(:organisation_id, :uuid, :secret_hash, :registration_id, :deployment_id, :person_id, :context_id, "
        ":resource_link_id, :roles, :language, :return_url, :now, :expires_at)"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a launch opened. ``secret`` goes into this browser's cookie and is stored only as its hash.

    ``reviewed`` is the pseudonym of whose work is to be shown, empty where the course knows nobody like that; None for
    a launch to work at the activity.
    """

    session_uuid: str
    secret: str
    expires_at: datetime
    organisation_id: int
    registration_id: int
    person_id: int
    person_uuid: str
    context_id: int
    resource_link_id: int
    activity_id: int | None
    link_title: str
    link_settings: Mapping[str, Any]
    platform_dates: Mapping[str, str] | None
    roles: frozenset[str]
    language: str
    return_url: str | None
    reviewed: str | None = None


def record_launch(
    connection: Connection,
    launch: ResourceLinkLaunch,
    *,
    registration: Registration,
    deployment_row: int,
    activity_id: int | None,
    now: datetime,
    life: timedelta,
) -> Opened:
    """Store what the launch says and open a session for it. The caller has verified the token and used the state."""
    row: dict[str, Any] = {
        "organisation_id": registration.organisation_id,
        "registration_id": registration.id,
        "deployment_id": deployment_row,
        "activity_id": activity_id,
        "now": micros(now),
        "roles": ",".join(sorted(roles := role_names(launch))),
    }
    row["person_id"], person_uuid = record_person(connection, launch, row)
    row["context_id"] = record_context(connection, launch, row)
    link = _copied(connection, launch, row, _link(connection, launch, row))
    row["resource_link_id"] = link[0]
    _ENROLMENT.run(connection, row)
    _grade_column(connection, launch, row)
    return _session(connection, launch, {**row, "person_uuid": person_uuid}, roles, link=link, now=now, life=life)


def role_names(launch: Message) -> frozenset[str]:
    """Return our roles of the launch: a visitor where the platform names none, and the mark of a stand-in."""
    names = frozenset(launch.roles.names) or frozenset({Role.VISITOR.value})
    return names | {TEST_USER} if launch.roles.test_user else names


def _returned(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """Return the row of a statement that always returns one."""
    if row is None:
        raise RuntimeError("the database returned no row for an upsert")
    return row


def record_person(connection: Connection, launch: Message, row: Mapping[str, Any]) -> tuple[int, str]:
    """Return id and uuid of the person, found by platform and subject; never joined by e-mail (S26)."""
    user = launch.user
    name = user.name or " ".join(filter(None, (user.given_name, user.family_name))) or None
    known = {"subject": user.subject, "name": name, "email": user.email}
    found = _IDENTITY.one(connection, {**row, **known})
    if found is None:
        person_uuid = str(uuid.uuid4())
        person_id = _returned(_PERSON.one(connection, {**row, "uuid": person_uuid}))[0]
        if NEW_IDENTITY.run(connection, {**row, **known, "person_id": person_id}).rowcount:
            return person_id, person_uuid
        # The class list, or a launch in another tab, has just named the same person.
        _NOBODY.run(connection, {"person_id": person_id})
        found = _returned(_IDENTITY.one(connection, {**row, **known}))
    identity_id, person_id, person_uuid, old_name, old_email = found
    told = (name or old_name, user.email or old_email)
    if told != (old_name, old_email):
        NAMED.run(connection, {"name": told[0], "email": told[1], "now": row["now"], "id": identity_id})
    return person_id, person_uuid


def record_context(connection: Connection, launch: Message, row: Mapping[str, Any]) -> int:
    """Return the course of the launch; a launch outside of any course has one of its own in each deployment.

    Where the platform lists its members, and that a teacher wants the list now, is noted with it: `roster` reads it.
    """
    context = launch.context
    title = (context.title or context.label)[:MAX_TITLE] if context else ""
    members = launch.memberships_url if context and isinstance(launch, ResourceLinkLaunch) else None
    parameters = {
        **row,
        "platform_key": context.id if context else NO_CONTEXT,
        "title": title,
        "memberships_url": members,
        "groups_url": launch.groups_url if context and isinstance(launch, ResourceLinkLaunch) else None,
        "roster_wanted_at": row["now"] if members and may(launch.roles.names, Permission.VIEW_CLASS) else None,
    }
    return int(_returned(_CONTEXT.one(connection, parameters))[0])


def _link(connection: Connection, launch: ResourceLinkLaunch, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return id, activity, title, settings, the platform's dates and the moment of the first launch of the place."""
    link, dates = launch.resource_link, dates_of(launch.custom)
    parameters = {
        **row,
        "platform_key": link.id,
        "title": link.title[:MAX_TITLE],
        "platform_dates": None if dates is None else json.dumps(dates),
        "settings": json.dumps(_chosen(launch)),
    }
    return _returned(_LINK.one(connection, parameters))


def _chosen(launch: ResourceLinkLaunch) -> Mapping[str, Any]:
    """Return what was chosen for the place in the platform's dialog: its settings until somebody changes them."""
    course = launch.context.id if launch.context else NO_CONTEXT
    return from_parameter(launch.custom.get(SETTINGS_PARAMETER, ""), course)


def _copied(
    connection: Connection, launch: ResourceLinkLaunch, row: Mapping[str, Any], link: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return the place as it is once it has taken after what it was copied from: at its first launch, and while empty."""
    is_new = link[5] == row["now"]
    if link[1] is not None and not is_new:
        return link
    copy = Copy(
        organisation_id=row["organisation_id"],
        registration_id=row["registration_id"],
        deployment_id=row["deployment_id"],
        link_id=link[0],
        activity_id=link[1],
        title=link[2],
        settings=stored_json(link[3]),
        is_new=is_new,
    )
    activity, settings = settle(connection, copy, history_of(launch.custom))
    return (link[0], activity, link[2], settings, *link[4:])


def _grade_column(connection: Connection, launch: ResourceLinkLaunch, row: Mapping[str, Any]) -> None:
    """Remember where the platform wants scores; a launch without grade services leaves what is known.

    Whether these addresses lie in the registration's origins is checked where they are used (S13): a platform with odd
    addresses still shows its lessons, and the instructor's page says why grades do not arrive.
    """
    ags = launch.ags
    if ags is None or not (ags.line_item_url or ags.line_items_url):
        return
    scopes = " ".join(sorted(ags.scopes))
    _LINE_ITEM.run(connection, {**row, "url": ags.line_item_url, "lineitems_url": ags.line_items_url, "scopes": scopes})


def _session(
    connection: Connection,
    launch: ResourceLinkLaunch,
    row: Mapping[str, Any],
    roles: frozenset[str],
    *,
    link: tuple[Any, ...],
    now: datetime,
    life: timedelta,
) -> Opened:
    """Open the session of this launch: a new secret each time, so that no session can be fixed beforehand (S16)."""
    opened = Opened(
        session_uuid=str(uuid.uuid4()),
        secret=secrets.token_urlsafe(24),
        expires_at=now + life,
        organisation_id=row["organisation_id"],
        registration_id=row["registration_id"],
        person_id=row["person_id"],
        person_uuid=row["person_uuid"],
        context_id=row["context_id"],
        resource_link_id=row["resource_link_id"],
        activity_id=link[1],
        link_title=link[2],
        link_settings=stored_json(link[3]),
        platform_dates=stored_json(link[4]),
        roles=roles,
        language=language_of(launch),
        return_url=launch.presentation.return_url,
    )
    _store_session(connection, row, opened)
    return opened


def language_of(launch: Message) -> str:
    """Return the language in which the platform shows its pages, as one of ours."""
    return "zh-Hans" if (launch.presentation.locale or "").lower().startswith("zh") else "en"


def _store_session(connection: Connection, row: Mapping[str, Any], opened: Opened) -> None:
    """Store a session; of its secret only the hash."""
    _SESSION.run(
        connection,
        {
            **row,
            "uuid": opened.session_uuid,
            "secret_hash": digest(opened.secret),
            "language": opened.language,
            "return_url": opened.return_url,
            "expires_at": micros(opened.expires_at),
        },
    )
