"""Records one verified launch: person, context, link, enrolment, grade column, session, in one transaction.

The statements are text that SQLite and PostgreSQL both understand: this is the hottest path of the tool, and its cost
is the number of round trips. So one statement asks what is known, and one chain of them stores all that is new.
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

from lti_tool.db import Chained, Prepared, micros, stored_json
from lti_tool.lti.claims import AgsEndpoint, ResourceLinkLaunch
from lti_tool.lti.deep_linking import DeepLinkingRequest
from lti_tool.lti.errors import TargetRefusedError, UnknownIssuerError
from lti_tool.lti.link_variables import dates_of, history_of
from lti_tool.lti.registration import Registration
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import TEST_USER, Permission, Role, may
from lti_tool.services.platforms.copies import Copy, settle
from lti_tool.services.platforms.link_settings import SETTINGS_PARAMETER, from_parameter

Message = ResourceLinkLaunch | DeepLinkingRequest

NO_CONTEXT: Final = ""
MAX_TITLE: Final = 255

# What is known before anything is stored: the activity that the launch names, and who it is.
_KNOWN = Prepared(
    text(
        "SELECT a.id, a.link_settings, i.id, i.person_id, p.uuid, i.name, i.email FROM registration r "
        "LEFT JOIN activity a ON a.organisation_id = r.organisation_id AND a.key = :activity_key "
        "LEFT JOIN identity i ON i.registration_id = r.id AND i.subject = :subject "
        "LEFT JOIN person p ON p.id = i.person_id WHERE r.id = :registration_id"
    )
)
_UUID = Prepared(text("SELECT uuid FROM person WHERE id = :person_id"))
_NOBODY = Prepared(text("DELETE FROM person WHERE id = :new_person_id"))
NEW_IDENTITY: Final = Prepared(
    text(
        "INSERT INTO identity (organisation_id, person_id, registration_id, subject, name, email, updated_at) "
        "VALUES (:organisation_id, :person_id, :registration_id, :subject, :name, :email, :now) "
        "ON CONFLICT (registration_id, subject) DO NOTHING"
    )
)
NAMED: Final = Prepared(text("UPDATE identity SET name = :name, email = :email, updated_at = :now WHERE id = :id"))

_PERSON: Final = (
    "INSERT INTO person (organisation_id, uuid, created_at) VALUES (:organisation_id, :person_uuid, :now) "
    "RETURNING id AS new_person_id"
)
# Where the class list, or a launch in another tab, has just named the same person, it is that one.
_IDENTITY: Final = (
    "INSERT INTO identity (organisation_id, person_id, registration_id, subject, name, email, updated_at) "
    "VALUES (:organisation_id, :new_person_id, :registration_id, :subject, :name, :email, :now) "
    "ON CONFLICT (registration_id, subject) DO UPDATE SET name = coalesce(excluded.name, identity.name), "
    "email = coalesce(excluded.email, identity.email), updated_at = excluded.updated_at RETURNING person_id"
)
_CONTEXT: Final = (
    "INSERT INTO context (organisation_id, deployment_id, platform_key, title, memberships_url, groups_url, "
    "roster_wanted_at, created_at) VALUES (:organisation_id, :deployment_id, :context_key, :context_title, "
    ":memberships_url, :groups_url, :roster_wanted_at, :now) "
    "ON CONFLICT (deployment_id, platform_key) DO UPDATE SET title = excluded.title, "
    "memberships_url = coalesce(excluded.memberships_url, context.memberships_url), "
    "groups_url = coalesce(excluded.groups_url, context.groups_url), "
    "roster_wanted_at = coalesce(excluded.roster_wanted_at, context.roster_wanted_at) RETURNING id AS context_id"
)
_LINK: Final = (
    "INSERT INTO resource_link (organisation_id, context_id, platform_key, title, activity_id, settings, "
    "platform_dates, created_at) VALUES (:organisation_id, :context_id, :link_key, :link_title, :activity_id, "
    ":settings, :platform_dates, :now) ON CONFLICT (context_id, platform_key) DO UPDATE SET title = excluded.title, "
    "activity_id = coalesce(excluded.activity_id, resource_link.activity_id), "
    "platform_dates = coalesce(excluded.platform_dates, resource_link.platform_dates) RETURNING id AS resource_link_id, "
    "activity_id AS link_activity, settings AS link_settings, platform_dates AS link_dates, created_at AS link_made_at"
)
_ENROLMENT: Final = (
    "INSERT INTO enrolment (organisation_id, context_id, person_id, roles, launch_roles, joined_at, updated_at) "
    "VALUES (:organisation_id, :context_id, :person_id, :roles, :roles, :now, :now) "
    "ON CONFLICT (context_id, person_id) DO UPDATE SET roles = excluded.roles, "
    "launch_roles = excluded.launch_roles, left_at = NULL, updated_at = excluded.updated_at"
)
_LINE_ITEM: Final = (
    "INSERT INTO line_item (organisation_id, resource_link_id, registration_id, url, lineitems_url, scopes, "
    "score_maximum, updated_at) VALUES (:organisation_id, :resource_link_id, :registration_id, :line_item_url, "
    ":line_items_url, :scopes, 100, :now) ON CONFLICT (resource_link_id) DO UPDATE SET "
    "url = coalesce(excluded.url, line_item.url), lineitems_url = excluded.lineitems_url, "
    "scopes = excluded.scopes, updated_at = excluded.updated_at"
)
_SESSION: Final = (
    "INSERT INTO lti_session (organisation_id, uuid, secret_hash, registration_id, deployment_id, person_id, "
    "context_id, resource_link_id, roles, language, return_url, created_at, expires_at) VALUES "
    "(:organisation_id, :session_uuid, :secret_hash, :registration_id, :deployment_id, :person_id, :context_id, "
    ":resource_link_id, :roles, :language, :return_url, :now, :expires_at)"
)

_NEWCOMER: Final = {"person": _PERSON, "identity": _IDENTITY}
_PLACE: Final = {"context": _CONTEXT, "link": _LINK, "enrolment": _ENROLMENT}
_GRADES: Final = {"line_item": _LINE_ITEM}
_OPENED: Final = {"session": _SESSION}

_MEET: Final = Chained(**_NEWCOMER)
_COURSE: Final = Chained(context=_CONTEXT)
#: Everything that a launch stores: by whether the person is new, and whether the platform takes grades.
_STORE: Final = {
    (False, False): Chained(**_PLACE, **_OPENED),
    (False, True): Chained(**_PLACE, **_GRADES, **_OPENED),
    (True, False): Chained(**_NEWCOMER, **_PLACE, **_OPENED),
    (True, True): Chained(**_NEWCOMER, **_PLACE, **_GRADES, **_OPENED),
}


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
    activity_key: str,
    now: datetime,
    life: timedelta,
) -> Opened:
    """Store what the launch says and open a session for it. The caller has verified the token and used the state.

    ``activity_key`` is empty where the launch names no activity: then the link keeps what it had. Raises
    TargetRefusedError for a key of nothing that is installed.
    """
    roles, ags = role_names(launch), _grade_service(launch)
    row: dict[str, Any] = {
        "organisation_id": registration.organisation_id,
        "registration_id": registration.id,
        "deployment_id": deployment_row,
        "activity_key": activity_key,
        "now": micros(now),
        "roles": ",".join(sorted(roles)),
        **_person(launch),
        **_context(launch, micros(now)),
        **_link(launch),
        **_columns(ags),
        **_new_session(launch, now + life),
    }
    known = _known(connection, row)
    row["activity_id"], usual = known[:2]
    row["settings"] = json.dumps({**stored_json(usual or "{}"), **_chosen(launch)})
    if activity_key and known[0] is None:
        raise TargetRefusedError("the launch names an activity that is not installed")
    stored = _store(connection, row, known, takes_grades=ags is not None)
    return _opened(_copied(connection, launch, stored), roles, now + life)


def role_names(launch: Message) -> frozenset[str]:
    """Return our roles of the launch: a visitor where the platform names none, and the mark of a stand-in."""
    names = frozenset(launch.roles.names) or frozenset({Role.VISITOR.value})
    return names | {TEST_USER} if launch.roles.test_user else names


def record_person(connection: Connection, launch: Message, row: Mapping[str, Any]) -> int:
    """Return the id of the person, found by platform and subject; never joined by e-mail (S26)."""
    row = {**row, "activity_key": "", **_person(launch)}
    known = _known(connection, row)
    if known[2] is not None:
        return int(_named(connection, row, known)["person_id"])
    return int(_met(connection, _MEET.run(connection, row))["person_id"])


def record_context(connection: Connection, launch: Message, row: Mapping[str, Any]) -> int:
    """Return the course of the launch; a launch outside of any course has one of its own in each deployment."""
    return int(_COURSE.run(connection, {**row, **_context(launch, row["now"])})["context_id"])


def _known(connection: Connection, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the activity, what its links begin with, then identity, person, uuid, name and e-mail of who launches.

    None for what is not known.
    """
    found = _KNOWN.one(connection, row)
    if found is None:
        raise UnknownIssuerError
    return found


def _store(
    connection: Connection, row: Mapping[str, Any], known: tuple[Any, ...], *, takes_grades: bool
) -> dict[str, Any]:
    """Store person, course, place, enrolment, grade column and session; return their parameters and their ids."""
    if known[2] is None:
        return _met(connection, _STORE[True, takes_grades].run(connection, row))
    return _STORE[False, takes_grades].run(connection, _named(connection, row, known))


def _named(connection: Connection, row: Mapping[str, Any], known: tuple[Any, ...]) -> dict[str, Any]:
    """Return the row with the person that is known, once what the platform tells of it anew is kept."""
    identity_id, person_id, person_uuid, old_name, old_email = known[2:]
    told = (row["name"] or old_name, row["email"] or old_email)
    if told != (old_name, old_email):
        NAMED.run(connection, {"name": told[0], "email": told[1], "now": row["now"], "id": identity_id})
    return {**row, "person_id": person_id, "person_uuid": person_uuid}


def _met(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with who the new person turned out to be: the one that somebody else has just named, or ours."""
    if row["person_id"] == row["new_person_id"]:
        return row
    _NOBODY.run(connection, row)
    return {**row, "person_uuid": (_UUID.one(connection, row) or ("",))[0]}


def _person(launch: Message) -> dict[str, Any]:
    """Return what is stored of who launches; ``person_uuid`` counts where nobody knows them yet."""
    user = launch.user
    name = user.name or " ".join(filter(None, (user.given_name, user.family_name))) or None
    return {"subject": user.subject, "name": name, "email": user.email, "person_uuid": str(uuid.uuid4())}


def _context(launch: Message, now: int) -> dict[str, Any]:
    """Return what is stored of the course.

    Where the platform lists its members, and that a teacher wants the list now, is noted with it: `roster` reads it.
    """
    context = launch.context
    # A request for content names no such service.
    services = launch if context and isinstance(launch, ResourceLinkLaunch) else None
    members = services.memberships_url if services else None
    return {
        "context_key": context.id if context else NO_CONTEXT,
        "context_title": (context.title or context.label)[:MAX_TITLE] if context else "",
        "memberships_url": members,
        "groups_url": services.groups_url if services else None,
        "roster_wanted_at": now if members and may(launch.roles.names, Permission.VIEW_CLASS) else None,
    }


def _link(launch: ResourceLinkLaunch) -> dict[str, Any]:
    """Return what is stored of the place in the course."""
    link, dates = launch.resource_link, dates_of(launch.custom)
    return {
        "link_key": link.id,
        "link_title": link.title[:MAX_TITLE],
        "platform_dates": None if dates is None else json.dumps(dates),
    }


def _chosen(launch: ResourceLinkLaunch) -> Mapping[str, Any]:
    """Return what was chosen for the place in the platform's dialog: its settings until somebody changes them."""
    course = launch.context.id if launch.context else NO_CONTEXT
    return from_parameter(launch.custom.get(SETTINGS_PARAMETER, ""), course)


def _grade_service(launch: ResourceLinkLaunch) -> AgsEndpoint | None:
    """Return where the platform wants scores; a launch that does not say leaves what is known.

    Whether these addresses lie in the registration's origins is checked where they are used (S13): a platform with odd
    addresses still shows its lessons, and the instructor's page says why grades do not arrive.
    """
    ags = launch.ags
    return ags if ags and (ags.line_item_url or ags.line_items_url) else None


def _columns(ags: AgsEndpoint | None) -> dict[str, Any]:
    """Return what is stored of the grade column."""
    if ags is None:
        return {}
    return {
        "line_item_url": ags.line_item_url,
        "line_items_url": ags.line_items_url,
        "scopes": " ".join(sorted(ags.scopes)),
    }


def _new_session(launch: ResourceLinkLaunch, expires_at: datetime) -> dict[str, Any]:
    """Return a session, of whose secret only the hash is stored: a new one each time, so that none is fixed beforehand (S16)."""
    secret = secrets.token_urlsafe(24)
    return {
        "session_uuid": str(uuid.uuid4()),
        "secret": secret,
        "secret_hash": digest(secret),
        "language": language_of(launch),
        "return_url": launch.presentation.return_url,
        "expires_at": micros(expires_at),
    }


def _copied(connection: Connection, launch: ResourceLinkLaunch, row: dict[str, Any]) -> dict[str, Any]:
    """Return the place as it is once it has taken after what it was copied from: at its first launch, and while empty."""
    is_new = row["link_made_at"] == row["now"]
    if row["link_activity"] is not None and not is_new:
        return row
    copy = Copy(
        organisation_id=row["organisation_id"],
        registration_id=row["registration_id"],
        deployment_id=row["deployment_id"],
        link_id=row["resource_link_id"],
        activity_id=row["link_activity"],
        title=row["link_title"],
        settings=stored_json(row["link_settings"]),
        is_new=is_new,
    )
    activity, settings = settle(connection, copy, history_of(launch.custom))
    return {**row, "link_activity": activity, "link_settings": settings}


def _opened(row: Mapping[str, Any], roles: frozenset[str], expires_at: datetime) -> Opened:
    """Return what a stored launch opened."""
    return Opened(
        session_uuid=row["session_uuid"],
        secret=row["secret"],
        expires_at=expires_at,
        organisation_id=row["organisation_id"],
        registration_id=row["registration_id"],
        person_id=row["person_id"],
        person_uuid=row["person_uuid"],
        context_id=row["context_id"],
        resource_link_id=row["resource_link_id"],
        activity_id=row["link_activity"],
        link_title=row["link_title"],
        link_settings=stored_json(row["link_settings"]),
        platform_dates=stored_json(row["link_dates"]),
        roles=roles,
        language=row["language"],
        return_url=row["return_url"],
    )


def language_of(launch: Message) -> str:
    """Return the language in which the platform shows its pages, as one of ours."""
    return "zh-Hans" if (launch.presentation.locale or "").lower().startswith("zh") else "en"
