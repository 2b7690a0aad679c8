"""Tools that registered themselves (LTI Dynamic Registration 1.0): tokens for it, what is checked, what is kept.

This LMS serves one tool, at the address of its settings; what is registered is a further client of it, with a client id
of its own. As Moodle does, it answers errors in one plain word, and keeps a new client pending until a person
activates it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from demo.lms.database import as_stored, writing
from demo.lms.settings import LmsSettings
from demo.lms.tokens import SCOPES
from qualoop.errors import QualoopError

PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
TOKEN_LIFE: Final = timedelta(hours=1)
MOST_BYTES: Final = 64 * 1024
LONGEST_NAME: Final = 100
MESSAGES: Final = ("LtiResourceLinkRequest", "LtiDeepLinkingRequest")


class RegistrationRefusedError(QualoopError):
    """The tool is not registered; ``reason`` is the word that it is told, ``status`` that of the answer."""

    code = "registration-refused"

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredTool:
    """A client that registered itself."""

    client_id: str
    deployment_id: str
    name: str
    active: bool


def configuration(settings: LmsSettings) -> dict[str, Any]:
    """Return what this LMS says of itself to a tool that registers (3.4)."""
    base = settings.base_url
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/lti/auth",
        "token_endpoint": settings.token_url,
        "jwks_uri": f"{base}/lti/jwks",
        "registration_endpoint": f"{base}/lti/register",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", *SCOPES],
        "claims_supported": ["iss", "sub", "name", "given_name", "family_name", "email"],
        PLATFORM_CONFIGURATION: {
            "product_family_code": "qualoop-demo-lms",
            "version": "1",
            "messages_supported": [{"type": message} for message in MESSAGES],
            "variables": [],
        },
    }


def give_token(connection: sqlite3.Connection, now: datetime) -> str:
    """Store a new registration token and return it; expired ones are cleared away."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM registration_token WHERE expires_at < ?", (as_stored(now),))
    connection.execute("INSERT INTO registration_token VALUES (?, ?)", (_digest(token), as_stored(now + TOKEN_LIFE)))
    return token


def register(
    connection: sqlite3.Connection, settings: LmsSettings, token: str, document: object, *, now: datetime
) -> dict[str, Any]:
    """Register a client and return the answer (3.6); raise RegistrationRefusedError. The token serves once."""
    checked = _checked(document, settings)
    with writing(connection):
        used = connection.execute(
            "DELETE FROM registration_token WHERE digest = ? AND expires_at >= ?", (_digest(token), as_stored(now))
        )
        if used.rowcount != 1:
            raise RegistrationRefusedError("token_already_used" if token else "missing_registration_token", 401)
        client_id = f"lanting-{secrets.token_hex(6)}"
        row = connection.execute(
            "INSERT INTO registered_tool (client_id, name, active) VALUES (?, ?, 0) RETURNING id",
            (client_id, str(checked["client_name"])[:LONGEST_NAME]),
        ).fetchone()
    configured = {**checked[TOOL_CONFIGURATION], "version": "1.3.0", "deployment_id": _deployment(row["id"])}
    return {**checked, "client_id": client_id, TOOL_CONFIGURATION: configured}


def registered(connection: sqlite3.Connection) -> list[RegisteredTool]:
    """Return the clients that registered themselves, the newest first."""
    return [_tool(row) for row in connection.execute("SELECT * FROM registered_tool ORDER BY id DESC")]


def activate(connection: sqlite3.Connection, client_id: str) -> bool:
    """Let a client be launched; say whether there is one of this id."""
    changed = connection.execute("UPDATE registered_tool SET active = 1 WHERE client_id = ?", (client_id,))
    return changed.rowcount == 1


def settings_of(connection: sqlite3.Connection, settings: LmsSettings, client_id: str | None) -> LmsSettings:
    """Return the settings as an active client knows them; unchanged where there is no such client."""
    row = connection.execute(
        "SELECT * FROM registered_tool WHERE client_id = ? AND active", (client_id or "",)
    ).fetchone()
    if row is None:
        return settings
    tool = _tool(row)
    return replace(settings, client_id=tool.client_id, deployment_id=tool.deployment_id)


def read_document(body: bytes) -> object:
    """Return the JSON document of a request; raise RegistrationRefusedError."""
    try:
        document: object = json.loads(body) if len(body) <= MOST_BYTES else None
    except (ValueError, RecursionError) as error:
        raise RegistrationRefusedError("invalid_json") from error
    return document


def _checked(document: object, settings: LmsSettings) -> Mapping[str, Any]:
    """Return a document that registers the tool of the settings, checked as Moodle checks it."""
    if not isinstance(document, dict):
        raise RegistrationRefusedError("invalid_json")
    for name in ("client_name", "initiate_login_uri", "redirect_uris", "jwks_uri", TOOL_CONFIGURATION):
        if not document.get(name):
            raise RegistrationRefusedError(f"missing required attribute {name}")
    if document.get("response_types") != ["id_token"]:
        raise RegistrationRefusedError("invalid_response_types")
    if document.get("token_endpoint_auth_method") != "private_key_jwt":
        raise RegistrationRefusedError("invalid_token_endpoint_auth_method")
    _check_domain(document[TOOL_CONFIGURATION], settings)
    expected = (settings.tool_login_url, settings.tool_key_set_url, list(settings.redirect_uris))
    if (document["initiate_login_uri"], document["jwks_uri"], document["redirect_uris"]) != expected:
        raise RegistrationRefusedError("invalid_redirect_uri")
    return document


def _check_domain(own: object, settings: LmsSettings) -> None:
    """Raise RegistrationRefusedError unless the tool's domain is that of the settings, with its port."""
    if not isinstance(own, dict) or not own.get("domain"):
        raise RegistrationRefusedError("missing_domain")
    if own["domain"] != settings.tool_url.partition("://")[2]:
        raise RegistrationRefusedError("domain_targetlinkuri_mismatch")


def _tool(row: sqlite3.Row) -> RegisteredTool:
    return RegisteredTool(
        client_id=row["client_id"], deployment_id=_deployment(row["id"]), name=row["name"], active=bool(row["active"])
    )


def _deployment(row_id: int) -> str:
    """Return the deployment of a client; "1" is that of the settings."""
    return str(row_id + 1)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
