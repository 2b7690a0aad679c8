"""Checks the authentication request of the tool: LTI 1.3 / 1EdTech Security Framework 1.0, section 5.1.1.2.

lti1p3platform looks only whether nonce, state and redirect_uri are there; whoever could name another redirect_uri
would be sent a signed id_token. So everything is compared here before the library is asked for the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from demo.lms.settings import LmsSettings
from qualoop.errors import QualoopError

EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "scope": ("openid", "invalid_scope"),
    "response_type": ("id_token", "unsupported_response_type"),
    "response_mode": ("form_post", "invalid_request"),
    "prompt": ("none", "invalid_request"),
}
REQUIRED: Final = ("state", "nonce", "login_hint", "lti_message_hint")
LONGEST: Final = 2_000


class UntrustedRequestError(QualoopError):
    """The request names no known tool or redirect URI: nothing may be sent anywhere (RFC 6749, 4.1.2.1)."""

    code = "untrusted-request"


class AuthorizationRefusedError(QualoopError):
    """The tool is told by form_post why it gets no id_token (OpenID Connect Core 1.0, 3.1.2.6)."""

    code = "authorization-refused"

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str) -> None:
        super().__init__(description)
        self.error = error
        self.redirect_uri = redirect_uri
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request of the right form from the right tool. Who is logged in and what the hint means is unchecked."""

    redirect_uri: str
    state: str
    nonce: str
    login_hint: str
    message_hint: str

    def refusal(self, error: str, description: str) -> AuthorizationRefusedError:
        """Return the error to raise about this request."""
        return AuthorizationRefusedError(error, description, redirect_uri=self.redirect_uri, state=self.state)


def read_authorization(parameters: Mapping[str, str], settings: LmsSettings) -> AuthorizationRequest:
    """Return the checked request; raise UntrustedRequestError or AuthorizationRefusedError."""
    if parameters.get("client_id") != settings.client_id:
        raise UntrustedRequestError("unknown client_id")
    redirect_uri = parameters.get("redirect_uri", "")
    # As whole strings: a prefix or a host compared alone lets an id_token out.
    if redirect_uri not in settings.redirect_uris:
        raise UntrustedRequestError("redirect_uri is not registered")
    state = parameters.get("state", "")
    for name, (value, error) in EXPECTED.items():
        if parameters.get(name) != value:
            raise AuthorizationRefusedError(error, f"{name} is {value}", redirect_uri=redirect_uri, state=state)
    for name in REQUIRED:
        if not 0 < len(parameters.get(name, "")) <= LONGEST:
            raise AuthorizationRefusedError(
                "invalid_request", f"{name} is missing or too long", redirect_uri=redirect_uri, state=state
            )
    return AuthorizationRequest(
        redirect_uri=redirect_uri,
        state=state,
        nonce=parameters["nonce"],
        login_hint=parameters["login_hint"],
        message_hint=parameters["lti_message_hint"],
    )
