"""The player's pages of one attempt at an address of their own, without a server: what a browser keeps, it keeps by address."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Request, Route

from qualoop.player import Action, Refused, StaleActionError
from qualoop.player.errors import DecisionRefusedError
from qualoop.player.translation import translations
from tests.browser.test_project_sheet import document
from tests.unit.player.hosts import FixedHost
from tests.unit.player.projects import KIND, NOW, Attempt

ADDRESS: Final = "http://player.test/"
FRAGMENT: Final = "x-qualoop-fragment"


@dataclass(kw_only=True)
class PlayerSite:
    """Shows an attempt, and does what is sent; `?lang=` chooses the language. ``is_down`` answers nothing."""

    attempt: Attempt = field(default_factory=Attempt)
    is_down: bool = False

    def serve(self, context: BrowserContext) -> None:
        context.route(f"{ADDRESS}**", self._answer)

    def _answer(self, route: Route, request: Request) -> None:
        if self.is_down:
            route.abort()
            return
        language = parse_qs(urlsplit(request.url).query).get("lang", ["en"])[0]
        fields = {"attempt": "first", "csrf": "token"}
        host = FixedHost(language=language, catalogue=translations(language), hidden_fields=fields)
        refused = self._do(request) if request.method == "POST" else None
        html = replace(self.attempt, host=host).html(refused)
        body = html if FRAGMENT in request.headers else document(html, language)
        route.fulfill(
            status=refused.status if refused else HTTPStatus.OK, content_type="text/html; charset=utf-8", body=body
        )

    def _do(self, request: Request) -> Refused | None:
        form = parse_qs(request.post_data or "", keep_blank_values=True)
        action = Action(name=urlsplit(request.url).path.removeprefix("/do/"), form=form)
        attempt = self.attempt
        try:
            step = KIND.step(attempt.content, attempt.state, action, settings=attempt.settings, now=NOW)
        except StaleActionError as error:
            return None if error.taken else Refused(action=action, error=error)
        except DecisionRefusedError as error:
            return Refused(action=action, error=error)
        attempt.state = step.state
        return None
