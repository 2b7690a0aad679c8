"""The servers of the launch bench: a platform's key set, the tool, and the peer's documented Flask application."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.factories.launches import LaunchingPlatform

ACTIVITY = "sem-1-1-keywords-and-intent"
GUNICORN = [
    "-m",
    "gunicorn",
    "--no-control-socket",
    "--worker-class",
    "gthread",
    "--workers",
    "1",
    "--threads",
    "4",
    "--log-level",
    "warning",
]
START_S = 60
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Paths:
    """Where a server takes the steps of a launch."""

    login: str
    launch: str
    target: str


class Connection:
    """A kept connection that does the steps of a launch as a browser would."""

    def __init__(self, host: str, port: int, paths: Paths) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=30)
        self._paths = paths
        self.target = f"http://{host}:{port}{paths.target}"

    def login(self, platform: LaunchingPlatform) -> tuple[str, str, str]:
        """Return state and nonce of a login, and the cookies that it set."""
        query = {
            "iss": platform.issuer,
            "login_hint": "1",
            "target_link_uri": self.target,
            "client_id": platform.client_id,
        }
        self._http.request("GET", f"{self._paths.login}?{urlencode(query)}")
        response = self._http.getresponse()
        response.read()
        location = response.headers["Location"] or ""
        if response.status != http.HTTPStatus.FOUND:
            raise RuntimeError(f"login answered {response.status}")
        sent = parse_qs(urlsplit(location).query)
        cookies = "; ".join(value.partition(";")[0] for value in response.headers.get_all("Set-Cookie") or [])
        return sent["state"][0], sent["nonce"][0], cookies

    def launch(self, token: str, state: str, cookies: str) -> None:
        """Post the platform's answer and follow to the delivered page."""
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        self._http.request("POST", self._paths.launch, urlencode({"id_token": token, "state": state}), headers)
        response = self._http.getresponse()
        response.read()
        while response.status in {302, 303}:
            more = [value.partition(";")[0] for value in response.headers.get_all("Set-Cookie") or []]
            self._http.request(
                "GET", response.headers["Location"] or "/", headers={"Cookie": "; ".join([cookies, *more])}
            )
            response = self._http.getresponse()
            response.read()
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"launch answered {response.status}")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


@dataclass(frozen=True)
class Server:
    """A running server: where it is and which process does its work."""

    port: int
    worker: int
    paths: Paths

    def cpu_seconds(self) -> float:
        """Return the CPU time of the worker so far, to the microsecond where the kernel tells it."""
        with contextlib.suppress(OSError, ValueError):
            threads = Path(f"/proc/{self.worker}/task").iterdir()
            return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in threads) / 1e9
        fields = Path(f"/proc/{self.worker}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a kept connection."""
        made = Connection("localhost", self.port, self.paths)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def key_server() -> Iterator[LaunchingPlatform]:
    """Serve a platform's key set on loopback and give the platform."""
    port = free_port()
    platform = LaunchingPlatform(
        issuer=f"http://127.0.0.1:{port}", target_link_uri="http://localhost/", client_id=uuid.uuid4().hex
    )
    body = platform.jwks()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def tool_server(folder: Path, platform: LaunchingPlatform, database: str) -> Iterator[Server]:
    """Run the tool on an empty database with the shipped content and this platform registered."""
    port = free_port()
    home = folder / uuid.uuid4().hex
    home.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("QUALOOP_")},
        "QUALOOP_DATA_FOLDER": str(home),
        "QUALOOP_DATABASE_URL": f"sqlite:///{home / 'tool.db'}" if database == "sqlite" else database,
        "QUALOOP_BASE_URL": f"http://localhost:{port}",
        "QUALOOP_ALLOW_LOOPBACK": "1",
        "QUALOOP_LOG_LEVEL": "WARNING",
    }
    for arguments in (
        ["database", "migrate"],
        ["organisation", "add", "bench", "--name", "Bench"],
        ["content", "install", "--organisation", "bench"],
        [
            *("platform", "add", "--organisation", "bench", "--issuer", platform.issuer),
            *("--client-id", platform.client_id, "--auth-login-url", platform.auth_login_url),
            *("--token-url", platform.token_url, "--jwks-url", platform.jwks_url, "--deployment", "1"),
        ],
    ):
        code = "import sys; from qualoop.commands import main; sys.exit(main())"
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=environment, stdout=subprocess.DEVNULL)
    paths = Paths("/lti/login", "/lti/launch", f"/lti/activity/{ACTIVITY}")
    with _gunicorn("lti_tool.wsgi:application", port, environment, paths) as server:
        yield server


@contextlib.contextmanager
def peer_server(folder: Path, platform: LaunchingPlatform, *, tuned: bool = False) -> Iterator[Server]:
    """Run the peer's documented flow with the same platform, or that flow tuned (see launch_peer)."""
    home = folder / uuid.uuid4().hex
    home.mkdir()
    port = free_port()
    tool = {
        "default": True,
        "client_id": platform.client_id,
        "auth_login_url": platform.auth_login_url,
        "auth_token_url": platform.token_url,
        "key_set_url": platform.jwks_url,
        "deployment_ids": ["1"],
        "private_key_file": "private.key",
    }
    pem = platform.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "private.key").write_bytes(pem)
    (home / "tool.json").write_text(json.dumps({platform.issuer: [tool]}), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PEER_CONFIG": str(home / "tool.json"),
        "PEER_TUNED": "1" if tuned else "0",
    }
    with _gunicorn(
        "benchmarks.launch_peer:application", port, environment, Paths("/login/", "/launch/", "/launch/")
    ) as server:
        yield server


@contextlib.contextmanager
def postgresql_database() -> Iterator[str | None]:
    """Give the address of an empty database on the test server, None where there is no server."""
    url = os.environ.get("QUALOOP_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    plain = url.replace("+psycopg", "")
    name = f"qualoop_bench_{uuid.uuid4().hex[:8]}"
    try:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
    except psycopg.OperationalError:
        yield None
        return
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _gunicorn(application: str, port: int, environment: dict[str, str], paths: Paths) -> Iterator[Server]:
    """Run an application under gunicorn and give the server once it answers."""
    command = [sys.executable, *GUNICORN, "--bind", f"localhost:{port}", application]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        yield Server(port, _worker(process, port), paths)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _worker(process: subprocess.Popen[bytes], port: int) -> int:
    """Return the process id of gunicorn's only worker once it answers."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("localhost", port, timeout=5)
            connection.request("GET", "/health")
            connection.getresponse().read()
            connection.close()
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
            return int(children[0])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
