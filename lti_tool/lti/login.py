"""Third-party initiated login and its answer (1EdTech Security Framework 1.0, 5.1.1).

The platform sends the browser to us with a hint; we send it on to the platform's authorization endpoint; it comes
back with an id_token or an error. Making, keeping and consuming state and nonce is the caller's part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from lti_tool.lti.errors import LoginParameterError, PlatformRefusedError, ResponseIncompleteError
from lti_tool.lti.registration import Registration

#: Longest values taken, in characters.
MAX_URL: Final = 2048
MAX_ID: Final = 255
MAX_HINT: Final = 8192
MAX_STATE: Final = 255
MAX_TOKEN: Final = 65536

STORAGE_TARGET: Final = "lti_storage_target"
PARENT_FRAME: Final = "_parent"

#: RFC 6749, 4.1.2.1 and OpenID Connect Core, 3.1.2.6 name their error codes in this form.
_ERROR_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """A login initiation, checked for presence and bounds only: nothing in it can be trusted yet.

    `lti_message_hint` is the platform's own and goes back unchanged. `storage_target` names the frame that keeps data for
    us (LTI OIDC Login with LTI Client Side postMessages 0.1, 2.1): `_parent`, or the name of a frame of our parent.
    """

    issuer: str
    login_hint: str
    target_link_uri: str
    client_id: str | None
    deployment_id: str | None
    lti_message_hint: str | None
    storage_target: str | None = None


@dataclass(frozen=True, slots=True)
class AuthenticationResponse:
    """What the platform posted to our redirect URI; the token is unchecked."""

    id_token: str
    state: str


def parse_login(parameters: Mapping[str, str]) -> LoginRequest:
    """Read a login initiation from its query or form; raise LoginParameterError."""
    return LoginRequest(
        issuer=_required(parameters, "iss", MAX_URL),
        login_hint=_required(parameters, "login_hint", MAX_HINT),
        target_link_uri=_required(parameters, "target_link_uri", MAX_URL),
        client_id=_optional(parameters, "client_id", MAX_ID),
        deployment_id=_optional(parameters, "lti_deployment_id", MAX_ID),
        lti_message_hint=_optional(parameters, "lti_message_hint", MAX_HINT),
        storage_target=_storage_target(parameters),
    )


def authorization_url(
    registration: Registration, login: LoginRequest, *, state: str, nonce: str, redirect_uri: str
) -> str:
    """Return the address for a 302 GET to the platform.

    Never post a form there: a platform's SameSite=Lax cookie survives a cross-site GET only. `redirect_uri` is the
    registered one, character by character; what is to be opened stands in the id_token.
    """
    query = {"login_hint": login.login_hint, "state": state, "nonce": nonce}
    if login.lti_message_hint is not None:
        query["lti_message_hint"] = login.lti_message_hint
    return _endpoint(registration.auth_login_url, registration.client_id, redirect_uri) + urlencode(query)


@lru_cache(maxsize=1024)
def _endpoint(url: str, client_id: str, redirect_uri: str) -> str:
    """Return the part of an authentication request that every login of a registration shares, up to its last `&`."""
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
    }
    parts = urlsplit(url)
    joined = "&".join(filter(None, (parts.query, urlencode(query))))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, f"{joined}&", ""))


def parse_authentication_response(form: Mapping[str, str]) -> AuthenticationResponse:
    """Read the platform's answer; raise PlatformRefusedError where it is an error, ResponseIncompleteError."""
    token, state = form.get("id_token", ""), form.get("state", "")
    if not token and (reason := form.get("error", "")):
        raise PlatformRefusedError(reason if _ERROR_CODE.fullmatch(reason) else "an unknown error")
    if not 0 < len(token) <= MAX_TOKEN or not token.isascii():
        raise ResponseIncompleteError("id_token is absent or out of bounds")
    if not 0 < len(state) <= MAX_STATE or not state.isascii():
        raise ResponseIncompleteError("state is absent or out of bounds")
    return AuthenticationResponse(token, state)


def _storage_target(parameters: Mapping[str, str]) -> str | None:
    """Return the frame that keeps data for us. Other names with an underscore name no frame: a launch can do without."""
    target = _optional(parameters, STORAGE_TARGET, MAX_ID)
    return None if target is None or (target.startswith("_") and target != PARENT_FRAME) else target


def _required(parameters: Mapping[str, str], name: str, longest: int) -> str:
    value = _optional(parameters, name, longest)
    if value is None:
        raise LoginParameterError(f"{name} is absent")
    return value


def _optional(parameters: Mapping[str, str], name: str, longest: int) -> str | None:
    value = parameters.get(name, "")
    if len(value) > longest:
        raise LoginParameterError(f"{name} is longer than {longest} characters")
    if _UNPRINTABLE.search(value):
        raise LoginParameterError(f"{name} holds control characters")
    return value or None
