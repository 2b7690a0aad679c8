"""S9 against real servers: a platform's key address that redirects, floods, hangs or breaks."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lti_tool.lti.errors import JwksUnavailableError
from lti_tool.lti.platform_keys import TIME_TO_LIVE, KeyCache
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.outgoing.client import DEFAULT_MAX_BYTES, DEFAULT_TIMEOUT_S
from lti_tool.settings import Settings
from tests.factories.launches import LaunchingPlatform
from tests.unit.lti.doubles import NOW
from tests.unit.outgoing.servers import Behaviour, answering, serving

PLATFORM = LaunchingPlatform()
PATIENCE_S = 0.3
FAULTS: dict[str, Behaviour] = {
    "an error page": answering(b"<html>", "503 Service Unavailable"),
    "keys with an error": answering(PLATFORM.jwks(), "500 Internal Server Error"),
    "too large": answering(PLATFORM.jwks() + b" " * DEFAULT_MAX_BYTES),
    "silence": lambda _, __: time.sleep(2 * PATIENCE_S),
    "a dead line": lambda connected, _: connected.close(),
}


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(AddressPolicy(allow_loopback=True), timeout_s=PATIENCE_S)
    yield made
    made.close()


def test_s9_the_limits_are_five_seconds_and_256_kilobytes() -> None:
    assert (DEFAULT_TIMEOUT_S, DEFAULT_MAX_BYTES) == (5, 256 * 1024)
    assert Settings(secret_key="").outgoing_timeout_s == DEFAULT_TIMEOUT_S


def test_s9_a_set_up_to_the_limit_is_taken(client: HttpClient) -> None:
    body = PLATFORM.jwks().ljust(DEFAULT_MAX_BYTES)
    with serving(answering(body)) as server:
        assert KeyCache(client.get_document).get_key(server.url, PLATFORM.kid, NOW).kid == PLATFORM.kid


def test_s9_no_redirect_is_followed(client: HttpClient) -> None:
    with (
        serving(answering(PLATFORM.jwks())) as elsewhere,
        serving(answering(b"", "302 Found", f"Location: {elsewhere.url}\r\n")) as server,
    ):
        with pytest.raises(JwksUnavailableError):
            KeyCache(client.get_document).get_key(server.url, PLATFORM.kid, NOW)
        assert (server.connections, elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_s9_the_former_set_serves_whatever_the_server_does(client: HttpClient, fault: str) -> None:
    behaviours = [answering(PLATFORM.jwks())]

    def behave(connected: socket.socket, request: bytes) -> None:
        behaviours[-1](connected, request)

    with serving(behave) as server:
        cache = KeyCache(client.get_document)
        cache.get_key(server.url, PLATFORM.kid, NOW)
        behaviours.append(FAULTS[fault])
        later = NOW + TIME_TO_LIVE
        begun = time.monotonic()
        assert cache.get_key(server.url, PLATFORM.kid, later).kid == PLATFORM.kid
        assert time.monotonic() - begun < 10 * PATIENCE_S
        with pytest.raises(JwksUnavailableError):
            cache.get_key(server.url, "other", later + timedelta(seconds=1))
        assert len(server.requests) == 2, "the failure is remembered"
