"""The order of a launch: state, token, deployment, message; then everything is stored in one transaction.

Nothing is trusted before its check: the registration comes with the state that we stored, the signature is checked
with that registration's keys, and only then does anybody look at what the token says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import SplitResult

from sqlalchemy import Connection

from lti_tool.lti.claims import DEEP_LINKING_REQUEST, SUBMISSION_REVIEW_REQUEST, kind_of, read_resource_link_launch
from lti_tool.lti.deep_linking import DeepLinkingRequest, read_deep_linking_request
from lti_tool.lti.errors import DeploymentUnknownError, StateUsedError
from lti_tool.lti.id_token import VerifiedLaunch, validate
from lti_tool.lti.login import AuthenticationResponse, LoginRequest, authorization_url
from lti_tool.lti.platform_profiles import TOOL_PLATFORM, find_product
from lti_tool.lti.registration import Registration
from lti_tool.lti.submission_review import read_submission_review
from lti_tool.lti.target import check_target
from lti_tool.services.launches.deep_links import OpenedPicker, open_picker
from lti_tool.services.launches.launches import Message, Opened, record_launch
from lti_tool.services.launches.submission_review import find_reviewed
from lti_tool.services.mechanisms import inbox
from lti_tool.services.people.logins import FoundState, OpenedLogin, consume_state, find_state, open_login
from lti_tool.services.platforms.registrations import KnownPlatform
from lti_tool.services.platforms.runtime import Runtime
from qualoop.errors import QualoopError

Page = TypeVar("Page")

ACTIVITY_PATH: Final = "/lti/activity/"
ACTIVITY_PARAMETER: Final = "qualoop_activity"
LAUNCH_PATH: Final = "/lti/launch"

#: How each kind of message is read; whatever else comes is a launch, or refused.
_READERS: Final[Mapping[str, Callable[[VerifiedLaunch], Message]]] = {
    DEEP_LINKING_REQUEST: read_deep_linking_request,
    SUBMISSION_REVIEW_REQUEST: read_submission_review,
}


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """Where to send the browser, and what binds the login to it."""

    url: str
    login: OpenedLogin


def begin(runtime: Runtime, request: LoginRequest, *, storage_target: str | None = None) -> BegunLogin:
    """Store a state for a login initiation and return the platform's address; raise UnknownIssuerError.

    ``storage_target`` names the frame that keeps the binding where this browser keeps no cookie of ours.
    """
    now = runtime.clock()
    registration = runtime.registrations.get_by_issuer(request.issuer, request.client_id).registration
    with runtime.database.statement() as connection:
        login = open_login(
            connection,
            registration_id=registration.id,
            organisation_id=registration.organisation_id,
            now=now,
            storage_target=storage_target,
        )
    return BegunLogin(_platform_url(runtime, registration, request, login.state, nonce=login.nonce), login)


def go_on(runtime: Runtime, request: LoginRequest, state: str, *, binding: str | None) -> str:
    """Return the platform's address for a login that was begun in a frame, once its cookie has come back.

    Raises what `find_state` raises: BrowserMismatchError where the browser did not keep the cookie.
    """
    with runtime.database.snapshot() as connection:
        found = find_state(connection, state, binding=binding, now=runtime.clock())
    registration = runtime.registrations.get(found.registration_id).registration
    return _platform_url(runtime, registration, request, state, nonce=found.nonce)


def _platform_url(
    runtime: Runtime, registration: Registration, request: LoginRequest, state: str, *, nonce: str
) -> str:
    """Return the authentication request as the platform's address."""
    redirect_uri = runtime.settings.base_url + LAUNCH_PATH
    return authorization_url(registration, request, state=state, nonce=nonce, redirect_uri=redirect_uri)


def complete(
    runtime: Runtime,
    response: AuthenticationResponse,
    *,
    binding: str | None,
    then: Callable[[Connection, Opened | OpenedPicker], Page],
) -> tuple[Opened | OpenedPicker, Page]:
    """Verify and store a launch or a request for content, let ``then`` make its page in the same transaction.

    Raises the error that names the first fault. Whatever refuses the launch, and however late, its state is used up,
    so that nothing can be tried twice with it.
    """
    now = runtime.clock()
    with runtime.database.snapshot() as connection:
        found = find_state(connection, response.state, binding=binding, now=now)
    known = runtime.registrations.get(found.registration_id)
    try:
        message = _verified(runtime, response, found, known, now=now)
        deployment = _deployment(runtime, message, known, now=now)
        with runtime.database.connection() as connection:
            consume_state(connection, response.state, now)
            opened = _recorded(runtime, connection, message, (known.registration, deployment), now=now)
            return opened, then(connection, opened)
    except QualoopError:
        _use_up(runtime, response.state, now)
        raise


def _recorded(
    runtime: Runtime, connection: Connection, message: Message, place: tuple[Registration, int], *, now: datetime
) -> Opened | OpenedPicker:
    """Store what was verified and open it; ``place`` is the registration and our row of the deployment."""
    registration, deployment = place
    key = _named_activity(runtime, message)
    if isinstance(message, DeepLinkingRequest):
        return open_picker(connection, message, registration=registration, deployment_row=deployment, now=now)
    opened = record_launch(
        connection,
        message,
        registration=registration,
        deployment_row=deployment,
        activity_key=key,
        now=now,
        life=timedelta(hours=runtime.settings.session_hours),
    )
    if message.for_user is None:
        return opened
    return replace(opened, reviewed=find_reviewed(connection, opened, message.for_user))


def _use_up(runtime: Runtime, state: str, now: datetime) -> None:
    """Use a state up after a refusal rolled its use back; that somebody else was faster is as good."""
    with suppress(StateUsedError), runtime.database.connection() as connection:
        consume_state(connection, state, now)


def _verified(
    runtime: Runtime,
    response: AuthenticationResponse,
    found: FoundState,
    known: KnownPlatform,
    *,
    now: datetime,
) -> Message:
    """Return the message of a token that this registration's platform signed for this login."""
    verified = validate(response.id_token, known.registration, runtime.platform_keys, now=now, nonce=found.nonce)
    if known.registration.product is None and (product := find_product(verified.claims.get(TOOL_PLATFORM))):
        runtime.registrations.note_product(known.registration, product)
    return _READERS.get(kind_of(verified.claims), read_resource_link_launch)(verified)


def _deployment(runtime: Runtime, message: Message, known: KnownPlatform, *, now: datetime) -> int:
    """Return the row of an approved deployment; note an unknown one for the administrator and refuse it."""
    row, state = known.deployments.get(message.deployment_id, (0, "unknown"))
    if state == "approved":
        return row
    if state == "refused":
        # Somebody has decided: nobody is asked again.
        raise DeploymentUnknownError
    registration = known.registration
    with runtime.database.transaction() as session:
        inbox.put(
            session,
            organisation_id=registration.organisation_id,
            reason="deployment-unknown",
            subject=f"{registration.id}:{message.deployment_id}"[: inbox.MAX_SUBJECT],
            details={
                "registration_id": registration.id,
                "issuer": registration.issuer,
                "deployment_id": message.deployment_id,
            },
            owner_role="administrator",
            actions=["approve", "refuse"],
            now=now,
        )
    raise DeploymentUnknownError


def _named_activity(runtime: Runtime, message: Message) -> str:
    """Return the key that a launch names: our own id in its custom parameters, else its target; empty where neither.

    Raises TargetRefusedError for a target that is not ours. A request for content names nothing, but its target is
    checked like any other.
    """
    key = "" if isinstance(message, DeepLinkingRequest) else message.custom.get(ACTIVITY_PARAMETER, "")
    if message.target_link_uri is not None:
        named = _target_key(message.target_link_uri, runtime.settings.origin)
        key = key or named
    return key


@lru_cache(maxsize=1024)
def _target_key(uri: str, own_origin: str) -> str:
    """Return the key in a target of ours, empty where it names none; raise TargetRefusedError for one that is not ours.

    Kept, since a course has few targets and many launches; a refusal is not.
    """

    def knows(parts: SplitResult) -> bool:
        return parts.path.startswith(ACTIVITY_PATH) or parts.path.rstrip("/") in {"", LAUNCH_PATH}

    path = check_target(uri, own_origin, knows).path
    return path.removeprefix(ACTIVITY_PATH) if path.startswith(ACTIVITY_PATH) else ""
