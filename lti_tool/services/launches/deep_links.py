"""Choosing activities for a course: what a Deep Linking request opens, and its one answer.

Like the session of a launch, an open request is proven by the cookie of the browser that brought it. It is answered
once: the same choice sent again gives the same answer while that is good, any other is refused.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select, update

from lti_tool.db import micros
from lti_tool.lti.client_assertion import BACKDATED_S, LIFE_S
from lti_tool.lti.deep_linking import DeepLinkingRequest, DeepLinkingSettings, response_claims, sign_response
from lti_tool.lti.errors import AlreadyAnsweredError, DeploymentUnknownError
from lti_tool.lti.registration import Registration
from lti_tool.lti.tool_keys import ToolKey
from lti_tool.models import Context, DeepLink
from lti_tool.services.launches.launches import language_of, record_context, record_person, role_names
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import Permission, may
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.platforms.registrations import KnownPlatform

#: How long a teacher may take to choose.
LIFE: Final = timedelta(hours=2)
#: How long an answer that was given can be sent again: after that the platform would refuse it as too old.
REPEATABLE: Final = timedelta(seconds=LIFE_S - BACKDATED_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPicker:
    """What a request opened. ``secret`` goes into this browser's cookie and is stored only as its hash."""

    session_uuid: str
    secret: str
    registration_id: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A request that waits for its answer, or has had it. ``deployment_id`` is our row of the deployment."""

    id: int
    uuid: str
    secret_hash: str
    organisation_id: int
    registration_id: int
    deployment_id: int
    context_id: int
    person_id: int
    course: str
    course_key: str
    roles: frozenset[str]
    language: str
    settings: DeepLinkingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it was given first: the items as claims, and under which nonce."""

    items: Sequence[dict[str, Any]]
    nonce: str
    given_at: datetime


def open_picker(
    connection: Connection,
    request: DeepLinkingRequest,
    *,
    registration: Registration,
    deployment_row: int,
    now: datetime,
) -> OpenedPicker:
    """Store a request and open it for who brought it; raise NotAllowedError for who may not choose for the course.

    The caller has verified the token and used the state.
    """
    roles = role_names(request)
    if not may(roles, Permission.CHOOSE_ACTIVITIES):
        raise NotAllowedError
    opened = OpenedPicker(
        session_uuid=str(uuid.uuid4()),
        secret=secrets.token_urlsafe(24),
        registration_id=registration.id,
        language=language_of(request),
    )
    place = {
        "organisation_id": registration.organisation_id,
        "registration_id": registration.id,
        "deployment_id": deployment_row,
    }
    row: dict[str, Any] = {**place, "now": micros(now)}
    connection.execute(
        insert(DeepLink).values(
            **place,
            **_kept(opened, _settings(request, registration), now),
            person_id=record_person(connection, request, row),
            context_id=record_context(connection, request, row),
            roles=",".join(sorted(roles)),
        )
    )
    return opened


def _settings(request: DeepLinkingRequest, registration: Registration) -> DeepLinkingSettings:
    """Return what may be answered: one activity where the platform would put several into one link."""
    asked = request.settings
    return asked._replace(accept_multiple=asked.accept_multiple and registration.profile.chooses_many)


def _kept(opened: OpenedPicker, settings: DeepLinkingSettings, now: datetime) -> dict[str, Any]:
    """Return the columns that say what was asked, and who may answer until when."""
    return {
        "uuid": opened.session_uuid,
        "secret_hash": digest(opened.secret),
        "language": opened.language,
        "request": settings._asdict(),
        "created_at": now,
        "expires_at": now + LIFE,
    }


def find_request(connection: Connection, request_uuid: str, now: datetime) -> OpenRequest | None:
    """Return an open request, None where there is none or no more; whether the caller may see it is unchecked."""
    row = connection.execute(
        select(DeepLink.__table__, Context.title, Context.platform_key)
        .join(Context, Context.id == DeepLink.context_id)
        .where(DeepLink.uuid == request_uuid, DeepLink.expires_at > now)
    ).first()
    if row is None:
        return None
    return OpenRequest(
        id=row.id,
        uuid=row.uuid,
        secret_hash=row.secret_hash,
        organisation_id=row.organisation_id,
        registration_id=row.registration_id,
        deployment_id=row.deployment_id,
        context_id=row.context_id,
        person_id=row.person_id,
        course=row.title,
        course_key=row.platform_key,
        roles=frozenset(row.roles.split(",")),
        language=row.language,
        settings=DeepLinkingSettings(**{**row.request, "targets": tuple(row.request["targets"])}),
    )


def give_answer(
    connection: Connection, organisation_id: int, request_id: int, items: Sequence[dict[str, Any]], *, now: datetime
) -> Answer:
    """Answer a request once and return the answer, the first one where the same is sent again.

    Raises AlreadyAnsweredError where something else was sent before, or the same too long ago. Two submits at a time
    give one answer: only one of them changes the row.
    """
    ours = (DeepLink.id == request_id, DeepLink.organisation_id == organisation_id)
    answer = {"items": list(items), "nonce": secrets.token_urlsafe(24)}
    connection.execute(
        update(DeepLink).where(*ours, DeepLink.answered_at.is_(None)).values(answer=answer, answered_at=now)
    )
    stored, given_at = connection.execute(select(DeepLink.answer, DeepLink.answered_at).where(*ours)).one()
    if stored["items"] != answer["items"] or now >= given_at + REPEATABLE:
        raise AlreadyAnsweredError
    return Answer(items=stored["items"], nonce=stored["nonce"], given_at=given_at)


def signed_answer(request: OpenRequest, answer: Answer, platform: KnownPlatform, key: ToolKey) -> str:
    """Return an answer as the token for the platform; raise DeploymentUnknownError where that is approved no more."""
    approved = {row: name for name, (row, state) in platform.deployments.items() if state == "approved"}
    if request.deployment_id not in approved:
        raise DeploymentUnknownError
    claims = response_claims(
        platform.registration,
        approved[request.deployment_id],
        items=answer.items,
        data=request.settings.data,
        nonce=answer.nonce,
        now=answer.given_at,
    )
    return sign_response(claims, key)


def purge_requests(connection: Connection, now: datetime) -> int:
    """Delete requests that are too old to be answered; return how many."""
    result = connection.execute(delete(DeepLink).where(DeepLink.expires_at < now))
    return cast("CursorResult[object]", result).rowcount
