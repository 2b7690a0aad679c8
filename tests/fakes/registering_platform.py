"""A platform on loopback that registers tools: it behaves as Moodle does, or as badly as a test wants."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.factories.launches import LaunchingPlatform
from tests.unit.outgoing.servers import Server, serving

CONFIGURATION = "/openid-configuration"
REGISTRATION = "/registrations"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
TOKEN = "a-registration-token-nobody-may-see"
CLIENT_ID, DEPLOYMENT_ID = "client-of-the-registration", "7"


def configuration(origin: str, **changes: Any) -> dict[str, Any]:
    """Return a good configuration; a change of None leaves a member out."""
    document = {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/auth?site=main",
        "token_endpoint": f"{origin}/token",
        "jwks_uri": f"{origin}/jwks",
        "registration_endpoint": f"{origin}{REGISTRATION}",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        PLATFORM: {
            "product_family_code": "moodle",
            "version": "4.5.6",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
            "variables": ["Context.id", "Context.id.history"],
        },
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def http(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def accepted(**changes: Any) -> bytes:
    """Return the answer to a registration that is taken."""
    document = {
        "client_id": CLIENT_ID,
        "client_name": "<script>alert(1)</script>",
        "scope": "everything",
        TOOL: {"version": "1.3.0", "deployment_id": DEPLOYMENT_ID},
    }
    return http(json.dumps(document | changes).encode())


@dataclass
class RegisteringPlatform:
    """What the platform answers to each of the two requests, whole replies of HTTP; what it was sent."""

    server: Server
    configuration: bytes = b""
    answer: bytes = field(default_factory=accepted)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def configure(self, **changes: Any) -> None:
        self.configuration = http(json.dumps(configuration(self.origin, **changes)).encode())

    def opening(self, **changes: str) -> dict[str, str]:
        """Return the parameters with which the platform opens our link."""
        parameters = {"openid_configuration": self.origin + CONFIGURATION, "registration_token": TOKEN} | changes
        return {name: value for name, value in parameters.items() if value}

    def registrations(self) -> list[bytes]:
        """Return the registration requests that came, heads and bodies."""
        return [sent for sent in self.server.requests if sent.startswith(b"POST ")]

    def launching(self, target: str) -> LaunchingPlatform:
        """Return the platform as it launches the tool that it registered."""
        return LaunchingPlatform(
            issuer=self.origin, client_id=CLIENT_ID, deployment_id=DEPLOYMENT_ID, target_link_uri=target
        )


@contextmanager
def registering_platform() -> Iterator[RegisteringPlatform]:
    """Run a platform that takes what it is sent."""

    def behave(connected: socket.socket, request: bytes) -> None:
        connected.sendall(platform.answer if request.startswith(b"POST ") else platform.configuration)

    with serving(behave) as server:
        platform = RegisteringPlatform(server)
        platform.configure()
        yield platform
