"""Values and fakes that the tests of the protocol share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lti_tool.lti.errors import KeyUnknownError
from lti_tool.lti.platform_keys import PlatformKey, parse_jwks
from lti_tool.lti.registration import Registration
from tests.factories.launches import LaunchingPlatform

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
NONCE = "nonce-1"


class FixedKeys:
    """The keys of one document, never fetched again."""

    def __init__(self, document: bytes) -> None:
        self._keys: Mapping[str, PlatformKey] = parse_jwks(document)

    def get_key(self, jwks_url: str, kid: str, now: datetime) -> PlatformKey:
        if kid not in self._keys:
            raise KeyUnknownError(f"{jwks_url} at {now}")
        return self._keys[kid]


def registration_of(platform: LaunchingPlatform, **changed: Any) -> Registration:
    values: dict[str, Any] = {
        "id": 1,
        "organisation_id": 1,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "auth_login_url": platform.auth_login_url,
        "token_url": platform.token_url,
        "jwks_url": platform.jwks_url,
    }
    return Registration(**{**values, **changed})
