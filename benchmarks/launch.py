"""The cost of a launch: validation in process, and login + launch over HTTP up to the delivered page.

The tool runs as it does in production (gunicorn gthread, 1 worker x 4 threads), with a browser for each thread; its CPU
time is read from the worker process. What one browser alone costs is told, too: then the processor falls asleep between
its requests, and to wake it is most of the difference. The peer is PyLTI1p3's documented Flask flow, unmodified, on the same server with the same payloads, measured
in turns with ours; so is the same flow tuned, which is the fairer judge of how fast this machine is.
"""

from __future__ import annotations

import contextlib
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from benchmarks.launch_servers import Server, key_server, peer_server, postgresql_database, tool_server
from lti_tool.lti.claims import read_resource_link_launch
from lti_tool.lti.id_token import validate
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.lti.registration import Registration
from tests.factories.launches import LaunchingPlatform

ROUNDS = 7
LAUNCHES = 152
BROWSERS = 4
VALIDATIONS = 2000

Figures = dict[str, float | None]
Notes = dict[str, str]


def run(say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> tuple[Figures, Notes]:
    """Return the figures of the bench `launch`, and why one is missing."""
    figures: Figures = {}
    notes: Notes = {}
    figures |= _validation()
    say(f"validation {figures['validation_us']:.1f} us, {figures['validation_ratio']:.2f} x one RSA verification")
    with tempfile.TemporaryDirectory() as folder, key_server() as platform:
        home = Path(folder)
        with (
            tool_server(home, platform, "sqlite") as ours,
            peer_server(home, platform) as peer,
            peer_server(home, platform, tuned=True) as tuned,
        ):
            own, other, best = _interleaved((ours, peer, tuned), platform)
            (alone,) = _interleaved((ours,), platform, browsers=1)
        figures |= {
            "launch_cpu_ms_sqlite": own,
            "launch_alone_cpu_ms_sqlite": alone,
            "peer_cpu_ms": other,
            "peer_cpu_ratio": own / other,
            "peer_tuned_cpu_ms": best,
            "peer_tuned_ratio": own / best,
        }
        say(
            f"launch on SQLite {own:.2f} ms CPU, {alone:.2f} ms alone; the peer in memory {other:.2f} ms, tuned {best:.2f} ms"
        )
        with postgresql_database() as url:
            if url is None:
                figures["launch_cpu_ms_postgresql"] = None
                notes["launch_cpu_ms_postgresql"] = "QUALOOP_TEST_POSTGRESQL_URL names no server that answers"
            else:
                with tool_server(Path(folder), platform, url) as server:
                    (figures["launch_cpu_ms_postgresql"],) = _interleaved((server,), platform)
                say(f"launch on PostgreSQL {figures['launch_cpu_ms_postgresql']:.2f} ms CPU of the client side")
    return figures, notes


def _validation() -> Figures:
    """Time the validation of one id_token with the key set at hand against one bare RSA-2048 verification."""
    platform = LaunchingPlatform()
    now = int(time.time())
    claims = platform.claims("learner", nonce="n", now=now)
    # The published figures of other libraries are for tokens of 2 KB: names and roles, and the address, are optional.
    for optional in ("email", "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"):
        del claims[optional]
    token = platform.sign(claims)
    keys = KeyCache(lambda _: platform.jwks())
    registration = Registration(
        id=1,
        organisation_id=1,
        issuer=platform.issuer,
        client_id=platform.client_id,
        auth_login_url=platform.auth_login_url,
        token_url=platform.token_url,
        jwks_url=platform.jwks_url,
    )
    moment = datetime.fromtimestamp(now, UTC)
    raw = token.rpartition(".")[0].encode()
    public = platform.key.public_key()
    bare_signature = platform.key.sign(raw, padding.PKCS1v15(), hashes.SHA256())

    def ours() -> None:
        read_resource_link_launch(validate(token, registration, keys, now=moment, nonce="n"))

    def bare() -> None:
        public.verify(bare_signature, raw, padding.PKCS1v15(), hashes.SHA256())

    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS + 1):
        for name, call in (("ours", ours), ("bare", bare)):
            times[name].append(_cpu_us(call))
    own, floor = (statistics.median(times[name][1:]) for name in ("ours", "bare"))
    return {"token_bytes": len(token), "validation_us": own, "verify_us": floor, "validation_ratio": own / floor}


def _cpu_us(call: Callable[[], None]) -> float:
    """Return the process CPU microseconds of one call."""
    start = time.process_time()
    for _ in range(VALIDATIONS):
        call()
    return (time.process_time() - start) / VALIDATIONS * 1e6


#: Numbers people, so that every launch is a new one's.
_people: Final = itertools.count(1)


def _interleaved(
    servers: tuple[Server, ...], platform: LaunchingPlatform, *, browsers: int = BROWSERS
) -> tuple[float, ...]:
    """Return each server's median CPU milliseconds a launch; the rounds of the servers take turns."""
    rounds: list[list[float]] = [[] for _ in servers]
    for turn in range(ROUNDS + 1):
        for server, measured in zip(servers, rounds, strict=True):
            spent = _round(server, platform, browsers)
            if turn:
                measured.append(spent / LAUNCHES * 1000)
    return tuple(statistics.median(measured) for measured in rounds)


def _round(server: Server, platform: LaunchingPlatform, browsers: int) -> float:
    """Return the CPU seconds that a server takes for `LAUNCHES`, from so many browsers at once."""

    def launches(launch: Callable[[LaunchingPlatform], None]) -> None:
        for _ in range(LAUNCHES // browsers):
            launch(platform)

    with contextlib.ExitStack() as connections, ThreadPoolExecutor(browsers) as threads:
        opened = [connections.enter_context(_fresh(server)) for _ in range(browsers)]
        before = server.cpu_seconds()
        list(threads.map(launches, opened))
        return server.cpu_seconds() - before


@contextlib.contextmanager
def _fresh(server: Server) -> Iterator[Callable[[LaunchingPlatform], None]]:
    """Give a function that does one whole launch over a kept connection."""
    with server.connection() as connection:

        def launch(platform: LaunchingPlatform) -> None:
            number = next(_people)
            state, nonce, cookie = connection.login(platform)
            claims: dict[str, Any] = platform.claims("learner", nonce=nonce, now=int(time.time()))
            claims["sub"] = f"person-{number}"
            claims["https://purl.imsglobal.org/spec/lti/claim/target_link_uri"] = connection.target
            for claim, key in (("context", "c"), ("resource_link", "r")):
                name = f"https://purl.imsglobal.org/spec/lti/claim/{claim}"
                claims[name] = {**claims[name], "id": f"{key}-{number}"}
            connection.launch(platform.sign(claims), state, cookie)

        yield launch
