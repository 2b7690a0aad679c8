"""Logins of a browser that keeps no cookie of ours in the platform's frame: the platform's page keeps the binding (S18).

Such a login is a new one: its state has never been shown to anybody, so nobody can have prepared an answer for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lti_tool.lti.errors import LoginParameterError
from lti_tool.lti.login import LoginRequest
from lti_tool.lti.registration import Registration, find_origin
from lti_tool.services.launches.launching import BegunLogin, begin
from lti_tool.services.people.logins import find_storage
from lti_tool.services.platforms.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps data for this browser: the frame's name, and the one origin that is spoken to and listened to."""

    target: str
    origin: str


def begin_login(runtime: Runtime, request: LoginRequest) -> tuple[BegunLogin, Keeper]:
    """Begin a login whose binding a page of the platform is to keep; the request must name its frame."""
    if request.storage_target is None:
        raise LoginParameterError("no frame keeps data")
    platform = runtime.registrations.get_by_issuer(request.issuer, request.client_id)
    keeper = _keeper(platform.registration, request.storage_target)
    return begin(runtime, request, storage_target=keeper.target), keeper


def find_keeper(runtime: Runtime, state: str) -> tuple[Keeper, Registration] | None:
    """Return who keeps the binding of a state, and of which platform; None where it is one of a cookie, or used up."""
    with runtime.database.snapshot() as connection:
        found = find_storage(connection, state)
    if found is None:
        return None
    registration = runtime.registrations.get(found[0]).registration
    return _keeper(registration, found[1]), registration


def _keeper(registration: Registration, target: str) -> Keeper:
    """Return the frame with its origin, which is that of the authentication request (the specification's 2.2)."""
    origin = find_origin(registration.auth_login_url)
    if origin is None:
        raise LoginParameterError("the registration's auth_login_url has no origin")
    return Keeper(target, origin)
