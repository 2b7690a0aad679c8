"""Captured answers of Moodle, given again by a server on loopback to the code that asks for them in production.

Each step of a capture is replayed to the part of the tool that makes such a request; what it made of the answer is
said in a few words, which the table of the test expects.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select, update

from lti_tool.lti import ags
from lti_tool.lti.errors import LtiError
from lti_tool.lti.registration import Registration
from lti_tool.models import Registration as RegistrationRow
from lti_tool.services.grades.columns import Column, ColumnMissingError, GradeColumns
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.grades.score_posts import ScoreMessage, ScorePosts
from lti_tool.services.mechanisms.outbox import Result
from lti_tool.services.moodle.sites import MoodleClient, Site
from lti_tool.services.platforms.access_tokens import AccessTokens
from lti_tool.services.platforms.platform_services import PlatformServices, services_of
from lti_tool.services.rosters.pages import read_roster
from qualoop.errors import QualoopError
from tests.factories.tool import SECRET, Tool
from tests.unit.outgoing.servers import serving

MOODLE = "http://127.0.0.1:8085"
TOKEN_PATH = "/mod/lti/token.php"
Step = dict[str, Any]


@dataclass
class Replaying:
    """A Moodle that knows one answer at a time; it gives tokens, and the answers of ``before`` first."""

    url: str = ""
    answer: bytes = b""
    before: list[bytes] = field(default_factory=list)
    after: bytes = b""
    is_about_tokens: bool = False
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    def behave(self, connected: socket.socket, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        first = head.decode("latin-1").split("\r\n", 1)[0]
        if TOKEN_PATH in first and not self.is_about_tokens:
            token = {"access_token": "replayed", "token_type": "Bearer", "expires_in": 3600}
            connected.sendall(_http(200, json.dumps(token).encode()))
            return
        self.sent.append((head.decode("latin-1"), body))
        answers = [*self.before, self.answer]
        number = len(self.sent) - 1
        connected.sendall(answers[number] if number < len(answers) else self.after or self.answer)

    def play(self, step: Step, *, before: tuple[bytes, ...] = (), after: bytes = b"") -> None:
        """Make the answer of a step the next one."""
        self.sent.clear()
        self.before, self.after = list(before), after
        self.answer = self.reply_of(step)
        self.is_about_tokens = step["request"]["url"].endswith(TOKEN_PATH)

    def reply_of(self, step: Step) -> bytes:
        """Return the answer as it was, with this server in place of the captured one."""
        response = step["response"]
        if "json" in response:
            body = json.dumps(response["json"])
        elif "html_error_page" in response:
            page = response["html_error_page"]
            body = f"<!DOCTYPE html><title>Error</title><p>{page['visible_message']}</p>".ljust(page["characters"])
        else:
            body = response["body"]
        headers = {name: text.replace(MOODLE, self.url) for name, text in response["headers"].items()}
        return _http(response["status"], body.replace(MOODLE, self.url).encode(), headers)


def _http(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    lines = "".join(f"{name}: {text}\r\n" for name, text in (headers or {}).items())
    return f"HTTP/1.1 {status} -\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


EMPTY_LIST = _http(200, b"[]")
NOBODY_MORE = _http(200, b'{"id":"m","context":{"id":"2"},"members":[]}')


@dataclass
class Replay:
    """The tool's own services before a replaying Moodle."""

    tool: Tool
    moodle: Replaying
    registration: Registration
    services: PlatformServices

    def understood(self, step: Step) -> str:
        """Return what the tool makes of a step: in a few words, or as `never sent` where it does no such thing."""
        request = step["request"]
        path, method = urlsplit(request["url"]).path, request["method"]
        for (of_method, ending), does in _DOES.items():
            if method == of_method and path.endswith(ending):
                try:
                    return does(self, step)
                except LtiError as error:
                    return error.code
        return "never sent"

    def here(self, step: Step) -> str:
        url: str = step["request"]["url"]
        return url.replace(MOODLE, self.moodle.url)

    def token(self, step: Step) -> str:
        self.moodle.play(step)
        tokens = AccessTokens(
            self.tool.runtime.database, self.tool.runtime.http, secret=SECRET, clock=self.tool.runtime.clock
        )
        asked = step["request"].get("form", {}).get("scope", ags.SCOPE_SCORE).split()
        value = tokens.get(self.registration, asked)
        tokens.drop(self.registration, asked, value)
        return f"token for {len(step['response']['json']['scope'].split())}"

    def columns(self, step: Step) -> str:
        self.moodle.play(step)
        try:
            listed = self._columns().list_of_link(self.registration, self.column(lineitems_url=self.here(step)))
        except ColumnMissingError as error:
            return _said(error.result)
        return f"{len(listed)} columns"

    def make_column(self, step: Step) -> str:
        self.moodle.play(step, before=(EMPTY_LIST,))
        try:
            url = self._columns().get_url(self.registration, self.column(lineitems_url=self.here(step)))
        except ColumnMissingError as error:
            return _said(error.result)
        assert url == step["response"]["json"]["id"].replace(MOODLE, self.moodle.url)
        return "column made"

    def score(self, step: Step) -> str:
        self.moodle.play(step)
        posts = ScorePosts(self.services, self._columns(), self._results(), self.tool.runtime.registrations)
        url = self.here(step).replace("/scores", "")
        message = ScoreMessage(
            outbox_id=0,
            value="0.8",
            user_id=str(step["request"].get("json", {}).get("userId", "3")),
            registration_id=self.registration.id,
            column=self.column(url=url),
            begun_at=0,
            lane=None,
            comment="3 of 4, 2026-11-23",
        )
        return _said(posts.send(message, self.tool.clock.now))

    def results(self, step: Step) -> str:
        self.moodle.play(step)
        line_item = self.here(step).replace("/results", "").partition("&")[0]
        user = parse_qs(urlsplit(step["request"]["url"]).query).get("user_id", [""])[0]
        if not user:
            found = self._results().find_all(self.registration, line_item)
            return "not told" if found is None else f"{len(found)} grades"
        seen = self._results().find(self.registration, line_item, user)
        if seen is None:
            return "not told"
        return "no grade" if seen.share is None else f"grade {seen.share:.3f}"

    def members(self, step: Step) -> str:
        self.moodle.play(step, after=NOBODY_MORE if step["response"]["status"] == HTTPStatus.OK else b"")
        roster = read_roster(self.services, self.registration, self.here(step), is_late=lambda: False)
        named = sum(member.name is not None for member in roster.members.values())
        return f"{len(roster.members)} members, {named} named, {len(self.moodle.sent)} pages"

    def column(self, *, url: str | None = None, lineitems_url: str | None = None) -> Column:
        """Return a column that no row of ours knows, as the captured launches describe it."""
        return Column(
            organisation_id=self.tool.organisation_id,
            key=0,
            url=url,
            lineitems_url=lineitems_url,
            scopes=frozenset({ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ, ags.SCOPE_SCORE}),
            link_key="1",
            title="Raw activity",
            resource_id="sem-1-1-keywords-and-intent",
            maximum=100,
        )

    def competencies(self, call: Step) -> Any:
        """Let the tool make the call, and return what it read: a value, or the code of a refusal."""
        self.moodle.sent.clear()
        self.moodle.before, self.moodle.after = [], b""
        self.moodle.answer = _http(call["status"], json.dumps(call["response"]).encode())
        origins = self.registration.allowed_origins
        site = Site(
            organisation_id=1, registration_id=1, url=self.moodle.url, origins=origins, token="0123456789abcdef"
        )
        client = MoodleClient(self.tool.runtime.http)
        try:
            return _CALLS.get(call["function"], _call)(client, site, call)
        except QualoopError as error:
            return error.code

    def _columns(self) -> GradeColumns:
        return GradeColumns(self.tool.runtime.database, self.services, clock=self.tool.runtime.clock)

    def _results(self) -> GradeResults:
        return GradeResults(self.tool.runtime.database, self.services)


def _call(client: MoodleClient, site: Site, call: Step) -> str:
    client.call(site, call["function"], call["params"])
    return "answered"


_CALLS: dict[str, Callable[[MoodleClient, Site, Step], Any]] = {
    "core_webservice_get_site_info": lambda client, site, _: f"{len(client.functions(site))} functions",
    "core_competency_list_competency_frameworks": lambda client, site, _: [
        (each.id_number, each.scale.competent if each.scale else None) for each in client.frameworks(site)
    ],
    "core_competency_list_competencies": lambda client, site, _: [
        each.id_number for each in client.competencies(site, 1)
    ],
    "core_competency_get_scale_values": lambda client, site, _: dict(client.scale_values(site, 2)),
    "tool_lp_data_for_user_competency_summary": lambda client, site, _: client.standing(site, "4", 2).grade,
    "core_competency_grade_competency": lambda client, site, call: client.rate(
        site, "4", 2, grade=int(call["params"]["grade"]), note="n"
    ),
}

_DOES: dict[tuple[str, str], Callable[[Replay, Step], str]] = {
    ("POST", TOKEN_PATH): Replay.token,
    ("GET", "/lineitems"): Replay.columns,
    ("POST", "/lineitems"): Replay.make_column,
    ("POST", "/scores"): Replay.score,
    ("GET", "/results"): Replay.results,
    ("GET", "/memberships"): Replay.members,
}


def _said(result: Result) -> str:
    return f"{result.outcome}: {result.reason}" if result.reason else str(result.outcome)


@contextmanager
def replaying(tool: Tool) -> Iterator[Replay]:
    """Run a replaying Moodle on loopback as the tool's platform."""
    moodle = Replaying()
    with serving(moodle.behave) as server:
        moodle.url = f"http://127.0.0.1:{server.port}"
        with tool.runtime.database.transaction() as session:
            values = {"issuer": moodle.url, "token_url": moodle.url + TOKEN_PATH, "product": "moodle"}
            session.execute(update(RegistrationRow).values(**values))
            found = session.scalars(select(RegistrationRow.id)).one()
        tool.runtime.registrations.forget()
        registration = tool.runtime.registrations.get(found).registration
        yield Replay(tool, moodle, registration, services_of(tool.runtime))
