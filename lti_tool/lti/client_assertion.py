"""The signed assertion with which we ask for an access token (1EdTech Security Framework 1.0, 4.1.1; RFC 7523)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from joserfc import jwt

from lti_tool.lti.registration import Registration
from lti_tool.lti.tool_keys import ALGORITHM, ToolKey

#: How far `iat` lies in the past, seconds: Moodle refuses an assertion that is one second ahead of its clock.
BACKDATED_S: Final = 30
#: From `iat` to `exp`, seconds.
LIFE_S: Final = 300


def sign_client_assertion(registration: Registration, key: ToolKey, *, now: datetime, jti: str) -> str:
    """Return the assertion; ``jti`` must be new each time (S11)."""
    issued_at = int(now.timestamp()) - BACKDATED_S
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": registration.auth_audience or registration.token_url,
        "iat": issued_at,
        "exp": issued_at + LIFE_S,
        "jti": jti,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key.private, algorithms=[ALGORITHM])
