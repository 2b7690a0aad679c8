"""A browser without script: it keeps cookies, follows redirects, reads forms, and sends them when it is told to.

To it, as to a real one, http on loopback is as good as https: cookies that are Secure go there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import BaseHandler, HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

PATIENCE_S = 20


@dataclass
class Form:
    """A form of a page: where it goes, what stands in it, and what could be picked, by the words beside it."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    options: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    browser: WebBrowser
    url: str
    status: int
    text: str

    @property
    def forms(self) -> list[Form]:
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms

    @property
    def links(self) -> list[str]:
        reader = _Reader()
        reader.feed(self.text)
        return [urljoin(self.url, link) for link in reader.links]

    def form(self, action: str) -> Form:
        """Return the first form whose action contains a text."""
        found = [form for form in self.forms if action in form.action]
        assert found, f"{self.status} {self.url} has forms for {[form.action for form in self.forms]} only"
        return found[0]

    def send(self, action: str, *, pick: str = "", to: str = "", **more: str) -> Page:
        """Send a form; ``pick`` is the label of what is picked, ``to`` the address of a button that has its own."""
        form = self.form(action)
        fields = [*form.fields, *more.items()]
        if pick:
            fields.append(next(value for label, value in form.options.items() if pick in label))
        url = urljoin(self.url, to or form.action or self.url)
        if form.method == "post":
            return self.browser.post(url, fields)
        return self.browser.get(f"{url}?{urlencode(fields)}")


class WebBrowser:
    """One person's browser. ``visited`` are the addresses of all requests in order, redirects among them."""

    def __init__(self) -> None:
        cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        visits = _Visits()
        self.visited = visits.urls
        self._opener: OpenerDirector = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies), visits)

    def get(self, url: str) -> Page:
        return self._open(Request(url))

    def post(self, url: str, fields: Mapping[str, str] | list[tuple[str, str]]) -> Page:
        return self._open(Request(url, data=urlencode(fields).encode()))

    def _open(self, request: Request) -> Page:
        try:
            response: Any = self._opener.open(request, timeout=PATIENCE_S)
        except HTTPError as error:
            response = error
        with response:
            text = response.read().decode("utf-8")
        return Page(self, response.url, response.status, text)


class _Visits(BaseHandler):
    """Notes the address of every request."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def http_request(self, request: Request) -> Request:
        self.urls.append(request.full_url)
        return request


class _Reader(HTMLParser):
    """Reads the forms and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._label = ""
        self._labelled: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "a" if "href" in values:
                self.links.append(values["href"])
            case "form":
                self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
            case "label":
                self._label, self._labelled = "", None
            case "input" if self.forms and values.get("name"):
                self._read_input(values)

    def _read_input(self, values: Mapping[str, str]) -> None:
        entry = values["name"], values.get("value", "")
        if values.get("type") in {"radio", "checkbox"}:
            self._labelled = entry
            if "checked" not in values:
                return
        self.forms[-1].fields.append(entry)

    def handle_data(self, data: str) -> None:
        self._label += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "label" and self._labelled:
            self.forms[-1].options[self._label.strip()] = self._labelled
