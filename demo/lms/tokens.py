"""Access tokens for the tool: 1EdTech Security Framework 1.0, section 4.1, with RFC 7523 client assertions.

lti1p3platform checks the signature only. Issuer, subject, audience, times and the single use of an assertion are
checked here; tokens are random and kept as digests, so that nothing else this LMS signs can pass for one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from demo.lms.database import as_stored, writing
from demo.lms.settings import LmsSettings
from qualoop.errors import QualoopError

AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/scope"
LINE_ITEM: Final = f"{AGS}/lineitem"
LINE_ITEM_READONLY: Final = f"{AGS}/lineitem.readonly"
RESULT_READONLY: Final = f"{AGS}/result.readonly"
SCORE: Final = f"{AGS}/score"
MEMBERSHIP_READONLY: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
GRADE_SCOPES: Final = (LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY, SCORE)
SCOPES: Final = (*GRADE_SCOPES, MEMBERSHIP_READONLY)

CLIENT_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_LIFE: Final = timedelta(hours=1)
ASSERTION_LIFE: Final = timedelta(hours=1)
LEEWAY: Final = timedelta(seconds=60)
LONGEST_ID: Final = 255


class TokenRefusedError(QualoopError):
    """The tool gets no token; ``error`` is the code of RFC 6749, 5.2."""

    code = "token-refused"

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


def granted_scopes(form: Mapping[str, str]) -> tuple[str, ...]:
    """Return those of the asked scopes that this LMS grants; raise TokenRefusedError for a malformed request."""
    if form.get("grant_type") != "client_credentials":
        raise TokenRefusedError("unsupported_grant_type", "grant_type is client_credentials")
    if form.get("client_assertion_type") != CLIENT_ASSERTION_TYPE or not form.get("client_assertion"):
        raise TokenRefusedError("invalid_request", "a client_assertion of type jwt-bearer is needed")
    asked = form.get("scope", "").split()
    granted = tuple(scope for scope in SCOPES if scope in asked)
    if not granted:
        raise TokenRefusedError("invalid_scope", "none of the scopes is offered here")
    return granted


def claimed_client(assertion: str) -> str | None:
    """Return whose an assertion says it is, unverified; None where it says nothing."""
    try:
        payload = assertion.split(".")[1]
        issuer = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iss"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return issuer if isinstance(issuer, str) else None


def check_assertion(claims: Mapping[str, Any], settings: LmsSettings, now: datetime) -> tuple[str, datetime]:
    """Check the claims of an assertion whose signature is verified; return its jti and when it expires."""
    if claims.get("iss") != settings.client_id or claims.get("sub") != settings.client_id:
        raise TokenRefusedError("invalid_client", "iss and sub are the client_id")
    audience = claims.get("aud")
    if settings.token_url not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefusedError("invalid_client", "aud is the address of the token endpoint")
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if issued > now + LEEWAY or expires < now - LEEWAY or expires - issued > ASSERTION_LIFE:
        raise TokenRefusedError("invalid_client", "the assertion is not valid now, or for too long")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_ID:
        raise TokenRefusedError("invalid_client", "jti is missing or too long")
    return jti, expires


def use_assertion(connection: sqlite3.Connection, jti: str, expires: datetime, *, now: datetime) -> None:
    """Note that an assertion was used; raise TokenRefusedError where it was before."""
    with writing(connection):
        connection.execute("DELETE FROM used_assertion WHERE expires_at < ?", (as_stored(now - LEEWAY),))
        added = connection.execute("INSERT OR IGNORE INTO used_assertion VALUES (?, ?)", (jti, as_stored(expires)))
        if added.rowcount == 0:
            raise TokenRefusedError("invalid_client", "the assertion was used before")


def give_token(connection: sqlite3.Connection, scopes: tuple[str, ...], now: datetime) -> str:
    """Store a new token and return it; expired ones are cleared away."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM access_token WHERE expires_at < ?", (as_stored(now),))
    connection.execute(
        "INSERT INTO access_token VALUES (?, ?, ?)", (_digest(token), " ".join(scopes), as_stored(now + TOKEN_LIFE))
    )
    return token


def find_scopes(connection: sqlite3.Connection, token: str, now: datetime) -> tuple[str, ...] | None:
    """Return the scopes of a token, or None where it is unknown or expired."""
    row = connection.execute(
        "SELECT scopes FROM access_token WHERE digest = ? AND expires_at >= ?", (_digest(token), as_stored(now))
    ).fetchone()
    return None if row is None else tuple(row["scopes"].split())


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        pass
    raise TokenRefusedError("invalid_client", f"{name} is a time in whole seconds")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
