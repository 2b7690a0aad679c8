"""The exchange of Dynamic Registration: read the platform's configuration, register, store what waits for approval (S14).

Both requests go through the one HTTP client: no redirect, no private address, bounded in time and size; the
registration token goes to the issuer's origin only, and is neither stored nor logged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool.lti.dynamic_registration import (
    Answer,
    Opening,
    PlatformConfiguration,
    read_answer,
    read_configuration,
    refusal,
    registration_document,
)
from lti_tool.lti.platform_profiles import profile_of
from lti_tool.lti.registration import DEFAULT_ALGORITHMS
from lti_tool.lti.registration_errors import ConfigurationUnavailableError, RegistrationThereError
from lti_tool.models import Deployment, Registration, RegistrationInvite
from lti_tool.services.platforms import approval, invites
from lti_tool.services.platforms.registrations import PENDING
from lti_tool.services.platforms.runtime import Runtime

MAX_NAME: Final = 255
_JSON: Final = "application/json"
_OK: Final = 200
_GOOD: Final = frozenset({200, 201})


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What came of an invitation."""

    issuer: str
    client_id: str
    product: str | None
    deployment_ids: tuple[str, ...]
    state: str


def read_platform(runtime: Runtime, invite: RegistrationInvite, opening: Opening) -> PlatformConfiguration:
    """Fetch and check a platform's configuration. Stores nothing.

    Raises an OutgoingError, ConfigurationUnavailableError, and what `read_configuration` raises.
    """
    reply = runtime.http.send("GET", opening.configuration_url, headers={"Accept": _JSON}, only_to={opening.origin})
    if reply.status != _OK:
        raise ConfigurationUnavailableError(f"the configuration's address answered {reply.status}")
    return read_configuration(
        reply.body,
        opening,
        allow_loopback=runtime.settings.allow_loopback,
        expected_issuer=invite.issuer,
        other_hosts=tuple(invite.other_hosts),
    )


def register(runtime: Runtime, invite: RegistrationInvite, opening: Opening) -> None:
    """Register the tool with a platform and store the platform, waiting for approval, in one transaction.

    The invitation is used up by that and by nothing else: whatever fails leaves it good. Of two at once one gets
    InviteBusyError, so that the platform is asked once.
    """
    with runtime.database.transaction() as session:
        invites.claim(session, invite, runtime.clock())
    try:
        platform = read_platform(runtime, invite, opening)
        answer = _ask(runtime, platform, opening)
        with runtime.database.transaction() as session:
            _store(session, invite, platform, answer, runtime=runtime)
    except BaseException:
        with runtime.database.transaction() as session:
            invites.release(session, invite)
        raise
    runtime.registrations.forget()


def find_result(session: Session, invite: RegistrationInvite) -> Registered | None:
    """Return what came of an invitation; None where nothing was registered with it, or an operator refused that."""
    row = session.scalar(
        select(Registration).where(
            Registration.id == invite.registration_id, Registration.organisation_id == invite.organisation_id
        )
    )
    if row is None:
        return None
    deployments = session.scalars(select(Deployment.deployment_id).where(Deployment.registration_id == row.id))
    return Registered(
        issuer=row.issuer,
        client_id=row.client_id,
        product=row.product,
        deployment_ids=tuple(deployments),
        state=row.state,
    )


def _ask(runtime: Runtime, platform: PlatformConfiguration, opening: Opening) -> Answer:
    """Send our document and return the platform's answer; raise an OutgoingError or what the refusal means."""
    headers = {"Content-Type": _JSON, "Accept": _JSON}
    # Brightspace sends no token, so none is sent back.
    if opening.token is not None:
        headers["Authorization"] = f"Bearer {opening.token}"
    document = registration_document(runtime.settings.base_url, platform)
    reply = runtime.http.send(
        "POST",
        platform.registration_endpoint,
        headers=headers,
        body=json.dumps(document, separators=(",", ":")).encode(),
        only_to={platform.origin},
    )
    if reply.status not in _GOOD:
        raise refusal(reply.status, reply.body)
    return read_answer(reply.body)


def _store(
    session: Session, invite: RegistrationInvite, platform: PlatformConfiguration, answer: Answer, *, runtime: Runtime
) -> None:
    """Store the registration and use the invitation up; raise RegistrationThereError, InviteUsedError."""
    now = runtime.clock()
    # Of all organisations: one issuer and client id never belong to two.
    row = session.scalar(
        select(Registration).where(Registration.issuer == platform.issuer, Registration.client_id == answer.client_id)
    )
    if row is None:
        row = _row(platform, answer, tuple(invite.other_hosts))
        row.organisation_id, row.created_at = invite.organisation_id, now
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise RegistrationThereError("registered in the same moment") from error
        if answer.deployment_id is not None:
            session.add(
                Deployment(
                    organisation_id=invite.organisation_id,
                    registration_id=row.id,
                    deployment_id=answer.deployment_id,
                    state=PENDING,
                    created_at=now,
                )
            )
        approval.announce(session, row, now=now)
    elif row.organisation_id != invite.organisation_id or not _is_same(row, platform):
        raise RegistrationThereError("the issuer and client id are registered, for others or with other addresses")
    invites.use_up(session, invite, row.id, now)


def _row(platform: PlatformConfiguration, answer: Answer, other_hosts: tuple[str, ...]) -> Registration:
    """Return a registration that waits. Its name is ours: what a platform calls itself is not repeated."""
    return Registration(
        issuer=platform.issuer,
        client_id=answer.client_id,
        name=f"{profile_of(platform.product).name} {platform.host}"[:MAX_NAME],
        auth_login_url=platform.authorization_endpoint,
        token_url=platform.token_endpoint,
        jwks_url=platform.jwks_uri,
        auth_audience=platform.auth_audience,
        algorithms=list(DEFAULT_ALGORITHMS),
        service_origins=[f"https://{host}" for host in other_hosts],
        product=platform.product,
        state=PENDING,
    )


def _is_same(row: Registration, platform: PlatformConfiguration) -> bool:
    """Say whether a platform registered itself again as it stands here: then nothing needs to change."""
    return (row.auth_login_url, row.token_url, row.jwks_url) == (
        platform.authorization_endpoint,
        platform.token_endpoint,
        platform.jwks_uri,
    )
