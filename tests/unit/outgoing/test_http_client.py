"""S12 and S13 against real servers: what the one HTTP client does, and what it refuses to do."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lti_tool.outgoing import AddressPolicy, HttpClient, OutgoingError
from lti_tool.outgoing.errors import (
    AddressRefusedError,
    ConnectFailedError,
    ConnectionBrokenError,
    NetworkBlockedError,
    OriginRefusedError,
    ReadTimedOutError,
    TlsFailedError,
    TooLargeError,
    UnexpectedStatusError,
    UnknownHostError,
)
from tests.unit.outgoing.servers import answering, certificate_for, serving

LOOPBACK = AddressPolicy(allow_loopback=True)
PATIENCE_S = 0.3


@pytest.fixture
def client() -> Iterator[HttpClient]:
    made = HttpClient(LOOPBACK, user_agent="Qualoop/test", timeout_s=PATIENCE_S, max_bytes=1000)
    yield made
    made.close()


# -- What it does


def test_a_request_goes_out_as_it_is_and_the_answer_comes_back(client: HttpClient) -> None:
    with serving(answering(b'{"a":1}', "201 Created", "X-Mixed-Case: Kept\r\n")) as server:
        reply = client.send("POST", server.url, headers={"Content-Type": "text/x"}, body=b"body")
        (request,) = server.requests
    assert (reply.status, reply.body, reply.headers["x-mixed-case"]) == (201, b'{"a":1}', "Kept")
    assert request.startswith(b"POST /path?query=1 HTTP/1.1\r\n")
    assert b"\r\nUser-Agent: Qualoop/test\r\n" in request
    assert b"\r\nContent-Type: text/x\r\n" in request
    assert request.endswith(b"\r\n\r\nbody")


def test_an_address_without_path_asks_for_the_root(client: HttpClient) -> None:
    with serving(answering()) as server:
        client.send("GET", f"http://127.0.0.1:{server.port}")
        assert server.requests[0].startswith(b"GET / HTTP/1.1\r\n")


def test_a_connection_is_used_again(client: HttpClient) -> None:
    with serving(answering()) as server:
        for _ in range(5):
            client.send("GET", server.url)
        assert (len(server.requests), server.connections) == (5, 1)


def test_threads_share_a_client() -> None:
    # A patient client: on a busy machine a thread may wait longer for its turn than the other tests are ready to.
    client = HttpClient(LOOPBACK, timeout_s=10, max_bytes=1000)
    with serving(answering()) as server, ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda _: client.send("GET", server.url).status, range(40)))
        assert replies == [200] * 40
        assert server.connections <= 8
    client.close()


def test_a_document_is_asked_for_as_json(client: HttpClient) -> None:
    with serving(answering(b'{"keys":[]}')) as server:
        assert client.get_document(server.url) == b'{"keys":[]}'
        assert b"\r\nAccept: application/json\r\n" in server.requests[0]


@pytest.mark.parametrize("status", ["204 No Content", "302 Found", "404 Not Found", "500 Oops"])
def test_a_document_is_there_or_not(client: HttpClient, status: str) -> None:
    with serving(answering(b"", status)) as server, pytest.raises(UnexpectedStatusError) as refusal:
        client.get_document(server.url)
    assert refusal.value.status == int(status[:3])


# -- S12: addresses


def test_s12_the_ordinary_policy_never_reaches_loopback() -> None:
    client = HttpClient(AddressPolicy(), timeout_s=PATIENCE_S)
    with serving(answering()) as server:
        for url in (server.url, server.url.replace("127.0.0.1", "localhost"), server.url.replace("http:", "https:")):
            with pytest.raises(NetworkBlockedError):
                client.send("GET", url)
        assert server.connections == 0


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[::ffff:10.0.0.1]", "0", "2130706433", "0x7f.1"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_s12_no_spelling_of_a_private_address_gets_through(scheme: str, host: str) -> None:
    client = HttpClient(AddressPolicy(), timeout_s=PATIENCE_S)
    with pytest.raises((NetworkBlockedError, UnknownHostError)):
        client.send("GET", f"{scheme}://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "https://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999999/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/é",
        "https://127.0.0.1/" + "x" * 5000,
    ],
)
def test_s12_what_is_no_http_address_is_refused(client: HttpClient, url: str) -> None:
    with pytest.raises(AddressRefusedError):
        client.send("GET", url)


def test_s12_a_port_out_of_range_is_refused_in_order(client: HttpClient) -> None:
    with pytest.raises(OutgoingError):
        client.send("GET", "http://127.0.0.1:99999/")


def test_s12_a_redirect_is_returned_not_followed(client: HttpClient) -> None:
    with serving(answering()) as inner:
        redirect = answering(b"", "302 Found", f"Location: {inner.url}\r\n")
        with serving(redirect) as server:
            assert client.send("GET", server.url).status == 302
        assert inner.connections == 0


# -- S13: origins


def test_s13_a_token_goes_to_named_origins_only(client: HttpClient) -> None:
    with serving(answering()) as server:
        origin = f"http://127.0.0.1:{server.port}"
        headers = {"Authorization": "Bearer secret"}
        assert client.send("GET", server.url, headers=headers, only_to={origin}).status == 200
        for allowed in ({"https://lms.example.test"}, {origin.replace("127.0.0.1", "localhost")}, set[str]()):
            with pytest.raises(OriginRefusedError):
                client.send("GET", server.url, headers=headers, only_to=allowed)
        assert len(server.requests) == 1


# -- Time


def test_s12_a_server_that_hangs_is_left_in_time(client: HttpClient) -> None:
    with serving(lambda *_: time.sleep(1)) as server:
        started = time.monotonic()
        with pytest.raises(ReadTimedOutError) as refusal:
            client.send("GET", server.url)
        assert time.monotonic() - started < 3 * PATIENCE_S
    assert refusal.value.may_have_arrived


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_s12_a_server_that_drips_is_left_in_time(client: HttpClient, begin: bytes) -> None:
    def drip(connected: socket.socket, _: bytes) -> None:
        connected.sendall(begin)
        for _second in range(100):
            time.sleep(0.02)
            connected.sendall(b"x")

    with serving(drip) as server:
        started = time.monotonic()
        with pytest.raises(ReadTimedOutError):
            client.send("GET", server.url)
        assert time.monotonic() - started < 3 * PATIENCE_S


def test_a_slow_answer_does_not_shorten_the_next(client: HttpClient) -> None:
    def slow(connected: socket.socket, request: bytes) -> None:
        time.sleep(PATIENCE_S * 0.6)
        answering()(connected, request)

    with serving(slow) as server:
        assert [client.send("GET", server.url).status for _ in range(3)] == [200] * 3
        assert server.connections == 1


# -- Size


def test_s12_an_answer_up_to_the_limit_is_taken(client: HttpClient) -> None:
    with serving(answering(b"x" * 1000)) as server:
        assert len(client.send("GET", server.url).body) == 1000


def test_s12_a_larger_answer_is_refused(client: HttpClient) -> None:
    with serving(answering(b"x" * 1001)) as server, pytest.raises(TooLargeError):
        client.send("GET", server.url)


def test_s12_an_endless_answer_is_refused(client: HttpClient) -> None:
    def endless(connected: socket.socket, _: bytes) -> None:
        connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connected.sendall(b"x" * 4096)

    with serving(endless) as server, pytest.raises(TooLargeError):
        client.send("GET", server.url)


def test_s12_a_packed_answer_is_not_unpacked(client: HttpClient) -> None:
    with serving(answering(b"\x1f\x8b\x08", headers="Content-Encoding: gzip\r\n")) as server:
        assert client.send("GET", server.url).body == b"\x1f\x8b\x08"
        assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]


# -- What breaks


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"SMTP ready\r\n\r\n", b"HTTP/1.1 2x0\r\n\r\n"]
)
def test_an_answer_that_breaks_off_may_have_been_acted_on(client: HttpClient, begin: bytes) -> None:
    def cut(connected: socket.socket, _: bytes) -> None:
        connected.sendall(begin)
        connected.shutdown(socket.SHUT_RDWR)

    with serving(cut) as server, pytest.raises(ConnectionBrokenError) as refusal:
        client.send("POST", server.url, body=b"x")
    assert refusal.value.may_have_arrived


def test_a_failed_answer_does_not_spoil_the_next(client: HttpClient) -> None:
    answers = [answering(b"x" * 5000), answering(b"good")]

    def first_bad_then_good(connected: socket.socket, request: bytes) -> None:
        answers.pop(0)(connected, request)

    with serving(first_bad_then_good) as server:
        with pytest.raises(TooLargeError):
            client.send("GET", server.url)
        assert client.send("GET", server.url).body == b"good"
        assert server.connections == 2


def test_nobody_listening_is_certainly_not_arrived(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectFailedError) as refusal:
        client.send("GET", f"http://127.0.0.1:{port}/")
    assert not refusal.value.may_have_arrived


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".invalid", "..."])
def test_an_unknown_host_is_named_as_such(client: HttpClient, host: str) -> None:
    with pytest.raises(UnknownHostError) as refusal:
        client.send("GET", f"https://{host}/")
    assert not refusal.value.may_have_arrived


# -- TLS


def test_tls_to_a_trusted_certificate_works(tmp_path: Path) -> None:
    server_tls, pem = certificate_for("127.0.0.1", tmp_path)
    trusting = ssl.create_default_context(cafile=str(pem))
    client = HttpClient(LOOPBACK, timeout_s=2, tls=trusting)
    with serving(answering(b"secure"), server_tls) as server:
        assert client.send("GET", server.url).body == b"secure"
        client.close()


@pytest.mark.parametrize("fault", ["untrusted", "other name"])
def test_tls_to_any_other_certificate_is_refused(tmp_path: Path, fault: str) -> None:
    server_tls, pem = certificate_for("127.0.0.1" if fault == "untrusted" else "other.example.test", tmp_path)
    trusting = None if fault == "untrusted" else ssl.create_default_context(cafile=str(pem))
    client = HttpClient(LOOPBACK, timeout_s=2, tls=trusting)
    with serving(answering(b"secure"), server_tls) as server:
        with pytest.raises(TlsFailedError) as refusal:
            client.send("POST", server.url, headers={"Authorization": "Bearer secret"}, body=b"secret")
        assert server.requests == []
    assert not refusal.value.may_have_arrived


def test_tls_to_a_server_without_it_is_refused(client: HttpClient) -> None:
    with serving(answering()) as server, pytest.raises((TlsFailedError, ReadTimedOutError)):
        client.send("GET", server.url.replace("http:", "https:"))
