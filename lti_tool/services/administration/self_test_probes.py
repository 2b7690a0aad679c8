"""Requests of the self-test to a platform. They read only: nothing is made, changed or graded there."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from lti_tool.lti.client_assertion import sign_client_assertion
from lti_tool.lti.errors import AccessTokenRefusedError, AccessTokenUnavailableError, LtiError
from lti_tool.lti.platform_keys import parse_jwks
from lti_tool.lti.registration import Registration
from lti_tool.lti.token import FORM_TYPE, parse_token_answer, token_request
from lti_tool.outgoing import OutgoingError, Reply
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.runtime import Runtime

#: No request begins later than this, seconds: somebody looks at the page meanwhile.
BUDGET_S: Final = 20.0
OK: Final = "ok"
Values = Mapping[str, str | int]
_SUCCESS: Final = range(200, 300)
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_CLOSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
#: RFC 6749, 5.2.
_WRONG_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_NO_SCOPE: Final = "invalid_scope"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a code of self_test_advice.yaml, and the body where the code is OK."""

    code: str
    values: Values = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Grant:
    """What came of asking for a token: ``token`` is empty where there is none; ``scopes`` are those that it has."""

    code: str
    values: Values = field(default_factory=dict)
    token: str = field(default="", repr=False)
    scopes: frozenset[str] = frozenset()


class Prober:
    """Sends the requests of one run to one platform."""

    def __init__(self, runtime: Runtime, registration: Registration) -> None:
        self._runtime = runtime
        self._registration = registration
        self._until = time.monotonic() + BUDGET_S
        self.skews: list[int] = []
        """By how many seconds the clocks of the platform were ahead of ours, one for each answer with a date."""

    def platform_keys(self) -> Answer:
        """Fetch the platform's key set: `usable` with its `count`, or why no key of it can check a launch."""
        found = self._send("GET", self._registration.jwks_url, headers={"Accept": "application/json"})
        if isinstance(found, Answer):
            return found
        if found.status != HTTPStatus.OK:
            return Answer("status", {"status": found.status})
        try:
            keys = parse_jwks(found.body)
        except LtiError:
            return Answer("unreadable")
        return Answer("usable", {"count": len(keys)}) if keys else Answer("none-usable")

    def token(self, scopes: Iterable[str]) -> Grant:
        """Ask for a new token, whatever is kept: so that what is wrong now shows."""
        runtime, asked = self._runtime, sorted(set(scopes))
        now = runtime.clock()
        with runtime.database.transaction() as session:
            key = tool_keys.ensure_key(session, tool_keys.LTI, secret=runtime.settings.secret_key, now=now)
        assertion = sign_client_assertion(self._registration, key, now=now, jti=str(uuid.uuid4()))
        headers = {"Content-Type": FORM_TYPE, "Accept": "application/json"}
        url = self._registration.token_url
        found = self._send("POST", url, headers=headers, body=token_request(assertion, asked))
        if isinstance(found, Answer):
            return Grant(found.code, found.values)
        return _granted(found, asked, now)

    def get(self, grant: Grant, url: str, accept: str) -> Answer:
        """Read from a service with a token, which goes to the registration's origins only (S13)."""
        headers = {"Accept": accept, "Authorization": f"Bearer {grant.token}"}
        found = self._send("GET", url, headers=headers, bears_token=True)
        if isinstance(found, Answer):
            return found
        if found.status in _SUCCESS:
            return Answer(OK, body=found.body)
        code = "gone" if found.status in _GONE else "closed" if found.status in _CLOSED else "status"
        return Answer(code, {"status": found.status})

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        bears_token: bool = False,
    ) -> Reply | Answer:
        if time.monotonic() > self._until:
            return Answer("late")
        only_to = self._registration.allowed_origins if bears_token else None
        try:
            reply = self._runtime.http.send(method, url, headers=headers, body=body, only_to=only_to)
        except OutgoingError as error:
            return Answer("unreachable", {"why": error.code})
        self._note_date(reply)
        return reply

    def _note_date(self, reply: Reply) -> None:
        try:
            theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        except (ValueError, TypeError, OverflowError):
            return
        if theirs.tzinfo is None:
            theirs = theirs.replace(tzinfo=UTC)
        self.skews.append(round((theirs - self._runtime.clock()).total_seconds()))


def _granted(reply: Reply, asked: Iterable[str], now: datetime) -> Grant:
    """Return what an answer of the token endpoint means."""
    try:
        token = parse_token_answer(reply.status, reply.body, asked=asked, now=now)
    except AccessTokenRefusedError as error:
        reason = error.reason
        if reason == _NO_SCOPE:
            return Grant("invalid-scope")
        wrong = reason in _WRONG_CLIENT or reply.status == HTTPStatus.UNAUTHORIZED
        return Grant("wrong-client" if wrong else "token-refused", {"error": reason, "status": reply.status})
    except AccessTokenUnavailableError:
        # Moodle: a page instead of an answer, where it could not fetch our key set.
        is_page = reply.status == HTTPStatus.NOT_FOUND and reply.body.lstrip()[:1] == b"<"
        return Grant("keys-unreachable" if is_page else "status", {"status": reply.status})
    except LtiError:
        return Grant("unreadable")
    return Grant(OK, token=token.value, scopes=token.scopes)
