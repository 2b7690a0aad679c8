"""S8 and S9: which keys of a platform count, and when they are fetched."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.errors import JwksUnavailableError, KeyUnknownError
from lti_tool.lti.platform_keys import COOLDOWN, LONGEST_STALE, MAX_KEYS, TIME_TO_LIVE, KeyCache, parse_jwks
from qualoop.errors import QualoopError
from tests.factories.launches import LaunchingPlatform, public_jwk, rsa_key
from tests.unit.lti.doubles import NOW

PLATFORM = LaunchingPlatform()
JWK = PLATFORM.jwk()
URL = PLATFORM.jwks_url
ALMOST = timedelta(milliseconds=1)


def document(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


class Server:
    """A key URL: answers with `answer`, raises it where it is an error, and counts."""

    def __init__(self, answer: bytes | QualoopError) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        if isinstance(self.answer, QualoopError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"keys":{}}', b'{"keys":7}', b"\xff", b"[" * 50_000])
def test_s9_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(JwksUnavailableError):
        parse_jwks(body)


def test_s9_a_set_has_at_most_twenty_keys() -> None:
    keys = [{**JWK, "kid": str(number)} for number in range(MAX_KEYS + 1)]
    assert len(parse_jwks(document(*keys[:-1]))) == MAX_KEYS
    with pytest.raises(JwksUnavailableError):
        parse_jwks(document(*keys))


@pytest.mark.parametrize(
    "unusable",
    [
        {**public_jwk(rsa_key("weak", 1024)), "kid": "k"},
        {**JWK, "kid": "k", "use": "enc"},
        {**JWK, "kid": "k", "kty": "oct", "k": "c2VjcmV0"},
        {**JWK, "kid": "k", "kty": "EC"},
        {**JWK, "kid": "k", "n": "???"},
        {**JWK, "kid": "k", "n": 7},
        {**JWK, "kid": "k", "e": ""},
        {name: value for name, value in JWK.items() if name != "n"},
        {name: value for name, value in JWK.items() if name != "kid"},
        {**JWK, "kid": ""},
        {**JWK, "kid": 7},
        {**JWK, "kid": "k" * 256},
        {"kty": "EC", "crv": "P-256", "kid": "k", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "AA"},
        "text",
        None,
    ],
)
def test_s8_an_unusable_key_is_left_out_and_spoils_nothing(unusable: Any) -> None:
    assert set(parse_jwks(document(unusable, JWK))) == {PLATFORM.kid}


def test_s8_of_two_keys_with_one_id_the_first_usable_counts() -> None:
    weak = {**public_jwk(rsa_key("weak", 1024)), "kid": PLATFORM.kid}
    other = {**public_jwk(rsa_key("stranger")), "kid": PLATFORM.kid}
    assert parse_jwks(document(weak, JWK, other))[PLATFORM.kid].as_dict()["n"] == JWK["n"]


def test_a_private_part_that_a_platform_publishes_by_mistake_is_not_kept() -> None:
    assert not parse_jwks(document({**JWK, "d": "AA", "p": "AA"}))[PLATFORM.kid].is_private


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.lists(st.text(max_size=5), max_size=3)
NAMES = st.sampled_from(["kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y", "d"])


@given(st.dictionaries(NAMES, VALUES))
def test_s25_any_key_is_taken_or_left_out(changed: dict[str, Any]) -> None:
    assert PLATFORM.kid in parse_jwks(document({**JWK, **changed, "kid": "fuzzed"}, JWK))


def test_s9_a_set_is_kept_for_its_time() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    for later in (timedelta(0), COOLDOWN, TIME_TO_LIVE - ALMOST):
        cache.get_key(URL, PLATFORM.kid, NOW + later)
    assert server.asked == 1
    cache.get_key(URL, PLATFORM.kid, NOW + TIME_TO_LIVE)
    assert server.asked == 2


def test_s9_after_a_rotation_the_new_key_is_found_by_one_more_fetch() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    cache.get_key(URL, PLATFORM.kid, NOW)
    server.answer = document({**JWK, "kid": "new"})
    assert cache.get_key(URL, "new", NOW + COOLDOWN).kid == "new"
    assert server.asked == 2
    with pytest.raises(KeyUnknownError):
        cache.get_key(URL, PLATFORM.kid, NOW + COOLDOWN)


def test_s9_unknown_key_ids_do_not_hammer_the_platform() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    for number in range(50):
        with pytest.raises(KeyUnknownError):
            cache.get_key(URL, f"invented-{number}", NOW + number * timedelta(seconds=1))
    assert server.asked == 2


def test_s9_a_failure_is_remembered_for_the_cooldown() -> None:
    server = Server(QualoopError("down"))
    cache = KeyCache(server)
    for later in (timedelta(0), COOLDOWN - ALMOST):
        with pytest.raises(JwksUnavailableError):
            cache.get_key(URL, PLATFORM.kid, NOW + later)
    assert server.asked == 1
    server.answer = PLATFORM.jwks()
    assert cache.get_key(URL, PLATFORM.kid, NOW + COOLDOWN).kid == PLATFORM.kid


@pytest.mark.parametrize("answer", [QualoopError("down"), b"<html>maintenance</html>"])
def test_s9_the_former_set_serves_while_fetching_fails(answer: bytes | QualoopError) -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    cache.get_key(URL, PLATFORM.kid, NOW)
    server.answer = answer
    assert cache.get_key(URL, PLATFORM.kid, NOW + TIME_TO_LIVE).kid == PLATFORM.kid
    with pytest.raises(JwksUnavailableError):
        cache.get_key(URL, "new", NOW + TIME_TO_LIVE + COOLDOWN)


def test_s9_the_former_set_serves_for_no_more_than_a_day() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    cache.get_key(URL, PLATFORM.kid, NOW)
    server.answer = QualoopError("down")
    cache.get_key(URL, PLATFORM.kid, NOW + LONGEST_STALE)
    with pytest.raises(JwksUnavailableError):
        cache.get_key(URL, PLATFORM.kid, NOW + LONGEST_STALE + COOLDOWN)


def test_s9_threads_that_need_the_same_key_fetch_once() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.get_key(URL, PLATFORM.kid, NOW).kid)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [PLATFORM.kid] * 8
    assert server.asked == 1


def test_s9_who_has_a_former_key_does_not_wait_for_a_platform_that_hangs() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def fetch(_: str) -> bytes:
        asked.set()
        go_on.wait(5)
        return PLATFORM.jwks()

    cache = KeyCache(fetch)
    go_on.set()
    cache.get_key(URL, PLATFORM.kid, NOW)
    go_on.clear()
    asked.clear()
    stale: datetime = NOW + TIME_TO_LIVE
    fetching = threading.Thread(target=cache.get_key, args=(URL, PLATFORM.kid, stale))
    fetching.start()
    assert asked.wait(5)
    assert cache.get_key(URL, PLATFORM.kid, stale).kid == PLATFORM.kid
    assert fetching.is_alive()
    go_on.set()
    fetching.join()


def test_s9_the_cooldown_is_half_a_minute_for_each_address() -> None:
    assert timedelta(seconds=30) <= COOLDOWN
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return PLATFORM.jwks()

    cache = KeyCache(fetch)
    for url in (URL, "https://other.example.test/jwks"):
        cache.get_key(url, PLATFORM.kid, NOW)
        for later in (timedelta(0), COOLDOWN - ALMOST, COOLDOWN):
            with pytest.raises(KeyUnknownError):
                cache.get_key(url, "invented", NOW + later)
    assert asked == [URL] * 2 + ["https://other.example.test/jwks"] * 2


def test_s9_a_key_that_the_platform_withdrew_goes_within_the_hour() -> None:
    server = Server(PLATFORM.jwks())
    cache = KeyCache(server)
    cache.get_key(URL, PLATFORM.kid, NOW)
    server.answer = document({**JWK, "kid": "new"})
    assert cache.get_key(URL, PLATFORM.kid, NOW + TIME_TO_LIVE - ALMOST).kid == PLATFORM.kid
    with pytest.raises(KeyUnknownError):
        cache.get_key(URL, PLATFORM.kid, NOW + TIME_TO_LIVE)


def test_s9_nobody_gets_a_key_that_is_too_old_while_another_thread_fetches() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def fetch(_: str) -> bytes:
        asked.set()
        go_on.wait(5)
        return document({**JWK, "kid": "new"})

    server = Server(PLATFORM.jwks())
    cache = KeyCache(lambda url: server(url) if not server.asked else fetch(url))
    cache.get_key(URL, PLATFORM.kid, NOW)
    old = NOW + LONGEST_STALE + ALMOST
    found: list[object] = []

    def ask(kid: str) -> None:
        try:
            found.append(cache.get_key(URL, kid, old).kid)
        except KeyUnknownError as refusal:
            found.append(type(refusal))

    fetching, waiting = (threading.Thread(target=ask, args=(kid,)) for kid in ("new", PLATFORM.kid))
    fetching.start()
    assert asked.wait(5)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive(), "it waits for the keys of today"
    go_on.set()
    fetching.join()
    waiting.join()
    assert sorted(map(str, found)) == sorted(map(str, ["new", KeyUnknownError]))
