"""Somebody who uses the demo over HTTP as a browser without scripts does: cookies, redirects, forms that post on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

import urllib3

from demo.processes import DemoFailedError

MOST_STEPS: Final = 12
TIMEOUT_S: Final = 30.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FAILED: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page: where it is, and its HTML."""

    url: str
    html: str


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One person with a browser. Cookies are kept by host and port, Secure ones too: all is on this machine."""

    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=TIMEOUT_S, retries=False))
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def get(self, url: str) -> Shown:
        """Open a page; raise DemoFailedError where it does not answer well."""
        return self._follow("GET", url, None)

    def post(self, url: str, form: Mapping[str, str]) -> Shown:
        """Send a form and return the page that follows; raise DemoFailedError."""
        return self._follow("POST", url, form)

    def launch(self, url: str) -> Shown:
        """Open an activity of the LMS in the tool: the forms between the two are sent on."""
        shown = self.get(url)
        for _ in range(MOST_STEPS):
            posting = form_of(shown, "posting")
            if posting is None:
                return shown
            shown = self.post(posting.action, posting.fields)
        raise DemoFailedError(f"{url} never arrives in the tool")

    def _follow(self, method: str, url: str, form: Mapping[str, str] | None) -> Shown:
        for _ in range(MOST_STEPS):
            answer = self._send(method, url, form)
            if answer.status not in _REDIRECTS:
                if answer.status >= _FAILED:
                    raise DemoFailedError(f"{urlsplit(url).path} answers {answer.status}")
                return Shown(url=url, html=answer.data.decode())
            method, form, url = "GET", None, urljoin(url, answer.headers["Location"])
        raise DemoFailedError(f"{url} redirects for ever")

    def _send(self, method: str, url: str, form: Mapping[str, str] | None) -> urllib3.BaseHTTPResponse:
        jar = self.cookies.setdefault(urlsplit(url).netloc, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()), "Accept-Language": "en"}
        if form is None:
            answer = self.http.request(method, url, headers=headers, redirect=False)
        else:
            fields = dict(form)
            answer = self.http.request(
                method, url, fields=fields, headers=headers, redirect=False, encode_multipart=False
            )
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            jar[name.strip()] = value.strip()
        return answer


@dataclass(slots=True, kw_only=True)
class Form:
    """A form of a page: where it goes, and what stands in its hidden fields."""

    id: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


def form_of(shown: Shown, id_: str) -> Form | None:
    """Return the form of a page with this id; None where there is none."""
    return next((form for form in forms_of(shown) if form.id == id_), None)


def form_to(shown: Shown, ending: str) -> Form:
    """Return the form of a page whose address ends so; raise DemoFailedError where there is none."""
    for form in forms_of(shown):
        if form.action.endswith(ending):
            return form
    raise DemoFailedError(f"{urlsplit(shown.url).path} has no form to {ending}")


def forms_of(shown: Shown) -> list[Form]:
    """Return the forms of a page."""
    reader = _Forms(shown.url)
    reader.feed(shown.html)
    return reader.found


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._url = url

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(id=given.get("id", ""), action=urljoin(self._url, given.get("action", ""))))
        elif tag == "input" and given.get("type") == "hidden" and self.found:
            self.found[-1].fields[given.get("name", "")] = given.get("value", "")
