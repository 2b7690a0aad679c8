"""Access tokens of platforms: asked for once, kept in memory and, encrypted, in the database, so that other processes
and the next start use them too. Keyed by registration, client, token address and scopes (S29).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import text

from lti_tool.db import Database, Prepared, micros, moment
from lti_tool.lti.client_assertion import sign_client_assertion
from lti_tool.lti.registration import Registration
from lti_tool.lti.token import FORM_TYPE, AccessToken, TokenKey, parse_token_answer, token_key, token_request
from lti_tool.outgoing import HttpClient
from lti_tool.sealing import SealedError, Sealer
from lti_tool.services.platforms import tool_keys

_PURPOSE: Final = "qualoop access token 1"

_FIND = Prepared(
    text(
        "SELECT token_encrypted, expires_at FROM access_token WHERE registration_id = :registration_id "
        "AND client_id = :client_id AND token_url = :token_url AND scopes = :scopes"
    )
)
_SAVE = Prepared(
    text(
        "INSERT INTO access_token (organisation_id, registration_id, client_id, token_url, scopes, token_encrypted, "
        "expires_at) VALUES (:organisation_id, :registration_id, :client_id, :token_url, :scopes, :sealed, :expires_at) "
        "ON CONFLICT (registration_id, client_id, token_url, scopes) DO UPDATE SET "
        "token_encrypted = excluded.token_encrypted, expires_at = excluded.expires_at"
    )
)
_DROP = Prepared(
    text(
        "DELETE FROM access_token WHERE registration_id = :registration_id AND client_id = :client_id "
        "AND token_url = :token_url AND scopes = :scopes"
    )
)


class AccessTokens:
    """The access tokens of one process, for all its threads. One request for the same token at a time."""

    def __init__(self, database: Database, http: HttpClient, *, secret: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._http = http
        self._secret = secret
        self._clock = clock
        self._sealer = Sealer.for_purpose(secret, _PURPOSE)
        self._kept: dict[TokenKey, AccessToken] = {}
        self._locks: dict[TokenKey, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, registration: Registration, scopes: Iterable[str]) -> str:
        """Return a token that is good for another minute at least.

        Raises what `parse_token_answer` raises, or the OutgoingError of the token request.
        """
        key = token_key(registration, scopes)
        kept = self._kept.get(key)
        if kept is None or not kept.is_usable(self._clock()):
            with self._lock_of(key):
                kept = self._find_kept(key) or self._ask(registration, key)
        return kept.value

    def drop(self, registration: Registration, scopes: Iterable[str], value: str) -> None:
        """Forget a token that the platform no longer takes. One that replaced it meanwhile stays."""
        key = token_key(registration, scopes)
        with self._lock_of(key):
            kept = self._kept.get(key)
            if kept is not None and kept.value == value:
                del self._kept[key]
                with self._database.connection() as connection:
                    _DROP.run(connection, key._asdict())

    def _lock_of(self, key: TokenKey) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())

    def _find_kept(self, key: TokenKey) -> AccessToken | None:
        """Return a usable token that another thread or process has fetched."""
        now = self._clock()
        kept = self._kept.get(key)
        if kept is None or not kept.is_usable(now):
            kept = self._find_stored(key)
        if kept is None or not kept.is_usable(now):
            return None
        self._kept[key] = kept
        return kept

    def _find_stored(self, key: TokenKey) -> AccessToken | None:
        """Return the stored token; None also where it was sealed under another secret."""
        with self._database.reading() as session:
            row = _FIND.one(session.connection(), key._asdict())
        if row is None:
            return None
        sealed, expires_at = bytes(row[0]), row[1]
        try:
            value = self._sealer.open(sealed, _bound_to(key))
        except SealedError:
            return None
        return AccessToken(value.decode(), frozenset(key.scopes.split()), moment(expires_at))

    def _ask(self, registration: Registration, key: TokenKey) -> AccessToken:
        """Ask the platform for a token and keep it."""
        now = self._clock()
        scopes = key.scopes.split()
        with self._database.transaction() as session:
            signing_key = tool_keys.ensure_key(session, tool_keys.LTI, secret=self._secret, now=now)
        assertion = sign_client_assertion(registration, signing_key, now=now, jti=str(uuid.uuid4()))
        reply = self._http.send(
            "POST",
            registration.token_url,
            headers={"Content-Type": FORM_TYPE, "Accept": "application/json"},
            body=token_request(assertion, scopes),
        )
        token = parse_token_answer(reply.status, reply.body, asked=scopes, now=now)
        self._save(registration, key, token)
        self._kept[key] = token
        return token

    def _save(self, registration: Registration, key: TokenKey, token: AccessToken) -> None:
        """Store a token, sealed to its key: no row can be passed off as another's."""
        sealed = self._sealer.seal(token.value.encode(), _bound_to(key))
        with self._database.connection() as connection:
            _SAVE.run(
                connection,
                {
                    **key._asdict(),
                    "organisation_id": registration.organisation_id,
                    "sealed": sealed,
                    "expires_at": micros(token.expires_at),
                },
            )


def _bound_to(key: TokenKey) -> str:
    """Return the words of the key to which its token is sealed."""
    return "\n".join(map(str, key))
