"""S10 and S11: a platform that checks our assertions as strictly as it may, before and after our key changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lti_tool.db import Database
from lti_tool.lti.errors import AccessTokenRefusedError
from lti_tool.lti.registration import Registration
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.platforms import key_rotation, tool_keys
from lti_tool.services.platforms.access_tokens import AccessTokens
from lti_tool.services.platforms.key_rotation import Terms
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.tool_keys import LTI
from tests.factories.schools import make_school
from tests.integration.delivery.conftest import SECRET, Clock
from tests.unit.outgoing.servers import Server, answering, serving


class StrictPlatform:
    """A token address that keeps our key set for a day, allows no clock difference, and takes each `jti` once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._kept = KeySet([])
        self._kept_until = clock.now
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.url = ""

    def behave(self, connected: Any, request: bytes) -> None:
        (assertion,) = parse_qs(request.partition(b"\r\n\r\n")[2].decode())["client_assertion"]
        try:
            self._take(assertion)
        except (JoseError, ValueError, AssertionError) as refusal:
            body = json.dumps({"error": "invalid_client", "error_description": repr(refusal)}).encode()
            answering(body, "400 Bad Request")(connected, request)
        else:
            answering(json.dumps({"access_token": f"t{len(self.taken)}"}).encode())(connected, request)

    def _take(self, assertion: str) -> None:
        now = self._clock.now
        if now >= self._kept_until:
            with self._database.reading() as session:
                self._kept = KeySet.import_key_set(json.loads(tool_keys.platform_key_set(session, now)))
            self._kept_until = now + timedelta(days=1)
        token = jwt.decode(assertion, self._kept, algorithms=["RS256"])
        claims = token.claims
        assert claims["iss"] == claims["sub"] == "client-1"
        assert claims["aud"] == f"{self.url}/token"
        assert claims["iat"] <= now.timestamp() < claims["exp"] <= claims["iat"] + 300
        assert claims["jti"] not in {former["jti"] for _, former in self.taken}
        self.taken.append((token.header["kid"], claims))


class Asking:
    """A process of ours that asks a platform for tokens."""

    def __init__(self, database: Database, clock: Clock, platform: StrictPlatform, server: Server) -> None:
        self.database, self.clock, self.platform = database, clock, platform
        platform.url = f"http://127.0.0.1:{server.port}"
        school = make_school(database, platform.url, people=1, now=clock.now)
        self.registration: Registration = Registrations(database).get(school.registration_id).registration
        self.http = HttpClient(AddressPolicy(allow_loopback=True), timeout_s=2)

    def ask(self) -> str:
        """Ask for a token anew and return the id of the key that the platform checked the assertion with."""
        tokens = AccessTokens(self.database, self.http, secret=SECRET, clock=self.clock)
        tokens.drop(self.registration, ["scope"], tokens.get(self.registration, ["scope"]))
        return self.platform.taken[-1][0]

    def terms(self) -> Terms:
        return Terms(secret=SECRET, now=self.clock.now, every=timedelta(0))

    def rotate(self) -> None:
        with self.database.transaction() as session:
            key_rotation.rotate(session, LTI, self.terms())


@pytest.fixture
def asking(database: Database, clock: Clock) -> Iterator[Asking]:
    with database.transaction() as session:
        tool_keys.ensure_key(session, LTI, secret=SECRET, now=clock.now)
    platform = StrictPlatform(database, clock)
    with serving(platform.behave) as server:
        made = Asking(database, clock, platform, server)
        yield made
        made.http.close()


def test_s11_every_assertion_is_taken_and_none_is_like_another(asking: Asking) -> None:
    for _ in range(3):
        asking.ask()
    assert len({claims["jti"] for _, claims in asking.platform.taken}) == 3


def test_s10_a_platform_that_keeps_our_keys_for_a_day_never_refuses(asking: Asking) -> None:
    first = asking.ask()
    asking.clock.advance(hours=23)
    asking.rotate()
    signed = [asking.ask()]
    for _ in range(5 * 24):
        asking.clock.advance(hours=1)
        asking.rotate()
        signed.append(asking.ask())
    assert signed[0] == first
    assert len(set(signed)) > 2, "several rotations in five days"


def test_s10_a_key_that_is_replaced_at_once_is_refused_until_the_platform_asks_again(asking: Asking) -> None:
    first = asking.ask()
    with asking.database.transaction() as session:
        key_rotation.replace_at_once(session, LTI, "leaked", asking.terms())
    with pytest.raises(AccessTokenRefusedError):
        asking.ask()
    asking.clock.advance(days=1)
    assert asking.ask() != first
