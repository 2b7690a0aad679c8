"""Asking for an access token and reading the answer (1EdTech Security Framework 1.0, 4.1; RFC 6749, 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from lti_tool.lti.errors import AccessTokenRefusedError, AccessTokenUnavailableError, AnswerMalformedError
from lti_tool.lti.registration import Registration

FORM_TYPE: Final = "application/x-www-form-urlencoded"
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

#: A token is no longer used this long before its end.
MARGIN: Final = timedelta(seconds=60)
#: What is assumed where a platform does not say how long its token is good, seconds.
SHORT_LIFE_S: Final = 300
MAX_LIFE_S: Final = 24 * 3600
MAX_TOKEN: Final = 16384

#: RFC 6749 wants a code; Moodle sends sentences such as "Expired token", which an administrator can use.
_OAUTH_ERROR: Final = re.compile(r"[\x20-\x7e]{1,120}")
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403


class TokenKey(NamedTuple):
    """Under what a token is kept (S29): one issuer may stand for many schools, whose tokens must never mix."""

    registration_id: int
    client_id: str
    token_url: str
    scopes: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token with what it may do and until when."""

    value: str
    scopes: frozenset[str]
    expires_at: datetime

    def is_usable(self, now: datetime) -> bool:
        """Say whether a request may still go out with it."""
        return now < self.expires_at - MARGIN


def token_key(registration: Registration, scopes: Iterable[str]) -> TokenKey:
    """Return the key of the token cache for ``scopes`` in any order."""
    return TokenKey(registration.id, registration.client_id, registration.token_url, " ".join(sorted(set(scopes))))


def token_request(assertion: str, scopes: Iterable[str]) -> bytes:
    """Return the body of the token request, to be sent as FORM_TYPE."""
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": " ".join(sorted(set(scopes))),
    }
    return urlencode(fields).encode()


def parse_token_answer(status: int, body: bytes, *, asked: Iterable[str], now: datetime) -> AccessToken:
    """Return the token of an answer, whatever its Content-Type says (Moodle: text/html).

    Raises AccessTokenRefusedError where asking again is of no use, AccessTokenUnavailableError where it may be,
    AnswerMalformedError for a success that holds no token. Platforms may grant fewer scopes than were asked for.
    """
    if status in {_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN}:
        raise AccessTokenRefusedError(_oauth_error(body))
    if status != _OK:
        # Among these is Moodle's 404 page: it could not fetch our key set.
        raise AccessTokenUnavailableError(f"the token endpoint answered {status}")
    answer = _find_object(body)
    value = answer.get("access_token")
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TOKEN or not value.isascii() or not value.isprintable():
        raise AnswerMalformedError("the token endpoint sent no access_token")
    if str(answer.get("token_type", "bearer")).lower() != "bearer":
        raise AnswerMalformedError("the token endpoint sent no bearer token")
    granted = answer.get("scope")
    scopes = granted.split() if isinstance(granted, str) else asked
    return AccessToken(value, frozenset(scopes), now + timedelta(seconds=_life(answer.get("expires_in"))))


def _find_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _oauth_error(body: bytes) -> str:
    reason = _find_object(body).get("error")
    return reason if isinstance(reason, str) and _OAUTH_ERROR.fullmatch(reason) else "an unknown error"


def _life(seconds: object) -> int:
    """Return how long a token is good; some platforms send the number as text."""
    try:
        life = int(str(seconds))
    except ValueError:
        return SHORT_LIFE_S
    return min(max(life, 0), MAX_LIFE_S)
