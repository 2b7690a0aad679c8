"""What `qualoop content preview` serves: one package, one attempt in memory, on this machine only.

When a file of the package changes, the page shown reloads: with the lesson at the step where it stood, or with the
problems that keep it from being loaded. Nothing is recorded; the server forgets the attempt when it ends.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from qualoop.assessment import LinkSettings, ResponseRefusedError
from qualoop.authored_files import AuthoredFilesError
from qualoop.content_packages import Package
from qualoop.framework import Framework
from qualoop.player import (
    Action,
    ActivityKinds,
    PlayerError,
    Refused,
    StaleActionError,
    State,
    installed_kinds,
    translations,
)
from qualoop.values import DEFAULT_LANGUAGE, LANGUAGES

ADDRESS: Final = "127.0.0.1"
MAX_FORM_BYTES: Final = 200_000

_STATIC: Final = {"qualoop.css": ("qualoop.css", "text/css"), "player.js": ("dist/player.js", "text/javascript")}
_NAMES: Final = {"en": "English", "zh-Hans": "中文"}
_POLICY: Final = "default-src 'self'; img-src 'self' data:; media-src 'self' https:; frame-ancestors 'none'"
_RELOAD: Final = """
const { stamp } = document.documentElement.dataset;
setInterval(async () => {
  const reply = await fetch("/stamp").catch(() => null);
  if (reply?.ok && (await reply.text()) !== stamp) location.reload();
}, 1000);
"""

Load = Callable[[], tuple[Package, Framework]]


class Reply(NamedTuple):
    """What is sent back: a status, a body of a media type, and where to go instead."""

    status: HTTPStatus
    media_type: str
    body: bytes
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewHost:
    """Fulfils `qualoop.player.Host` for the preview."""

    language: str
    framework: Framework
    id_prefix: str = "q"
    hidden_fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    outlook: tuple[()] = ()
    next_activity: None = None
    can_restart: bool = True
    remarks: tuple[()] = ()

    @property
    def gettext(self) -> Callable[[str], str]:
        """Return what gives a message in the reader's language."""
        return translations(self.language).gettext

    @property
    def ngettext(self) -> Callable[[str, str, int], str]:
        """Return what gives a message with a number in the reader's language."""
        return translations(self.language).ngettext

    def action_url(self, name: str, /) -> str:
        """Return where the form of an action is sent."""
        return f"/do/{name}?language={self.language}"

    def asset_url(self, path: str, /) -> str:
        """Return where the browser finds a file of the package."""
        return f"/assets/{quote(path)}"

    def knowledge_point_title(self, code: str, /) -> str:
        """Return the title of a knowledge point, or its code where it is not known."""
        point = self.framework.find_knowledge_point(code)
        return point.title[self.language] if point else code


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One version of the package and how far it was walked through."""

    package: Package
    framework: Framework
    content: Any
    state: State


class Preview:
    """The package in a folder as it is now, and one attempt at it. Calls may come from several threads."""

    def __init__(self, directory: Path, load: Load, kinds: ActivityKinds) -> None:
        self._directory = directory
        self._load = load
        self._kinds = kinds
        self._settings = LinkSettings()
        self._lock = threading.RLock()
        self._stamp = ""
        self._attempt: _Attempt | None = None
        self._problems: tuple[str, ...] = ()

    def stamp(self) -> str:
        """Return a text that is another one whenever a file of the package was changed, added or removed."""
        paths = sorted(path for path in self._directory.rglob("*") if path.is_file())
        rows = [(str(path), (status := path.stat()).st_mtime_ns, status.st_size) for path in paths]
        return f"{hash(tuple(rows)):x}"

    def get(self, path: str, language: str) -> Reply:
        """Answer a GET."""
        with self._lock:
            if path == "/":
                return self._page(language)
            if path == "/stamp":
                return Reply(HTTPStatus.OK, "text/plain", self.stamp().encode())
            if path == "/reload.js":
                return Reply(HTTPStatus.OK, "text/javascript", _RELOAD.encode())
            return self._file(path)

    def post(self, path: str, language: str, form: Mapping[str, list[str]]) -> Reply:
        """Answer a POST: step the attempt, then show it; what is refused is shown at once, with 422 or 409."""
        action = Action(name=path.removeprefix("/do/"), form=form)
        with self._lock:
            self._refresh()
            try:
                self._do(action)
            except StaleActionError as error:
                if not error.taken:
                    return self._page(language, refused=Refused(action=action, error=error))
            except ResponseRefusedError as error:
                return self._page(language, refused=Refused(action=action, error=error))
            except PlayerError as error:
                return Reply(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", str(error).encode())
        return Reply(HTTPStatus.SEE_OTHER, "text/plain", b"", f"/?language={language}")

    def _do(self, action: Action) -> None:
        attempt = self._attempt
        if attempt is None:
            return
        kind = self._kinds.get_kind(attempt.package.kind)
        if action.name == "restart":
            attempt.state = kind.initial_state(attempt.content, seed=secrets.randbelow(2**31))
            return
        now = datetime.now(UTC)
        attempt.state = kind.step(attempt.content, attempt.state, action, settings=self._settings, now=now).state

    def _refresh(self) -> None:
        """Load the package again where its files changed since."""
        stamp = self.stamp()
        if stamp == self._stamp:
            return
        before = self._attempt
        self._stamp, self._problems = stamp, ()
        try:
            package, framework = self._load()
        except AuthoredFilesError as error:
            self._problems = tuple(str(problem) for problem in error.problems)
            return
        kind = self._kinds.get_kind(package.kind)
        content = kind.open(package.document)
        state = kind.initial_state(content, seed=secrets.randbelow(2**31))
        self._attempt = _Attempt(package=package, framework=framework, content=content, state=state)
        if before:
            self._return_to(str(before.state.get("at", "")))

    def _return_to(self, step: str) -> None:
        """Show the step at which the author was looking, where it is still there."""
        try:
            self._do(Action(name="go", form={"step": [step]}))
        except PlayerError:
            return

    def _page(self, language: str, refused: Refused | None = None) -> Reply:
        self._refresh()
        attempt = self._attempt
        if attempt is None or self._problems:
            rows = "".join(f"<li><code>{escape(problem)}</code></li>" for problem in self._problems)
            title = f"{len(self._problems)} to mend"
            body = f'<div class="q-card q-stack"><h1>{title}</h1><div class="q-prose"><ul>{rows}</ul></div></div>'
            return self._html(body, language, title)
        kind = self._kinds.get_kind(attempt.package.kind)
        host = PreviewHost(language=language, framework=attempt.framework)
        body = kind.render(attempt.content, attempt.state, host, settings=self._settings, refused=refused)
        title = attempt.package.document["title"].get(language, attempt.package.key)
        status = refused.status if refused else HTTPStatus.OK
        return self._html(body, language, title, status=status)

    def _html(self, main: str, language: str, title: str, status: HTTPStatus = HTTPStatus.OK) -> Reply:
        links = "".join(f'<a href="/?language={tag}" lang="{tag}">{_NAMES[tag]}</a>' for tag in LANGUAGES)
        page = (
            f'<!doctype html><html lang="{language}" data-stamp="{self._stamp}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            f'<title>{escape(title)}</title><link rel="stylesheet" href="/static/qualoop.css">'
            '<script type="module" src="/static/player.js"></script><script type="module" src="/reload.js"></script>'
            f'</head><body class="qualoop q-page"><header class="q-topbar"><p class="q-topbar-title">Preview</p>{links}'
            f'</header><main class="q-wrap">{main}</main></body></html>'
        )
        return Reply(status, "text/html; charset=utf-8", page.encode())

    def _file(self, path: str) -> Reply:
        folder, _, name = path.removeprefix("/").partition("/")
        if folder == "assets" and self._attempt and name in self._attempt.package.assets:
            asset = self._attempt.package.assets[name]
            return Reply(HTTPStatus.OK, asset.media_type, asset.data)
        if folder == "static" and name in _STATIC:
            source, media_type = _STATIC[name]
            return Reply(HTTPStatus.OK, media_type, (files("qualoop.player") / "static" / source).read_bytes())
        return Reply(HTTPStatus.NOT_FOUND, "text/plain", b"not here")


class Handler(BaseHTTPRequestHandler):
    """Takes requests from this machine's own pages; others, such as a page that rebinds a name, are turned away."""

    def __init__(self, *arguments: Any, preview: Preview) -> None:
        self._preview = preview
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer a GET."""
        if self._is_ours():
            address = urlsplit(self.path)
            self._send(self._preview.get(address.path, _language(address.query)))

    def do_POST(self) -> None:
        """Answer a POST."""
        length = int(self.headers.get("Content-Length") or 0)
        if self._is_ours() and length <= MAX_FORM_BYTES:
            address = urlsplit(self.path)
            form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"), keep_blank_values=True)
            self._send(self._preview.post(address.path, _language(address.query), form))

    def log_message(self, *_: Any) -> None:
        """Say nothing: the author looks at the page."""

    def _is_ours(self) -> bool:
        port = self.connection.getsockname()[1]
        hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}
        origin = self.headers.get("Origin")
        ours = self.headers.get("Host") in hosts and (origin is None or origin.removeprefix("http://") in hosts)
        if not ours:
            self._send(Reply(HTTPStatus.FORBIDDEN, "text/plain", b"only for pages of this server"))
        return ours

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        headers = {
            "Content-Type": reply.media_type,
            "Content-Length": str(len(reply.body)),
            "Cache-Control": "no-store",
        }
        headers |= {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        for name, value in (headers | ({"Location": reply.location} if reply.location else {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)


def _language(query: str) -> str:
    wanted = parse_qs(query).get("language", [DEFAULT_LANGUAGE])[0]
    return wanted if wanted in LANGUAGES else DEFAULT_LANGUAGE


def server(preview: Preview, *, port: int = 0) -> ThreadingHTTPServer:
    """Return a server bound to a loopback port (0 for any that is free), not yet serving."""
    return ThreadingHTTPServer((ADDRESS, port), partial(Handler, preview=preview))


def serve(directory: Path, load: Load, *, port: int) -> int:
    """Serve until interrupted; print the address. Return the exit status."""
    with server(Preview(directory, load, installed_kinds()), port=port) as http:
        print(f"http://{ADDRESS}:{http.server_address[1]}/ shows {directory}. Stop with Ctrl-C.", flush=True)
        try:
            http.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
    return 0
