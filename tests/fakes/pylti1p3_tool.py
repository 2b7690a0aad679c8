"""A tool made of PyLTI1p3 as its documentation has it, without a web framework: session and cookies are dictionaries.

It is what other tools do, to compare with: nothing in it is ours but the glue.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pylti1p3.cookie import CookieService
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config import ToolConfDict


@dataclass
class PeerTool:
    """One browser's view of the peer: its session, its cookies, and the platform it was configured with."""

    issuer: str
    client_id: str
    deployment_id: str
    auth_login_url: str
    jwks: dict[str, Any]
    session: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def authenticate(self) -> tuple[str, str]:
        """Begin a launch; return state and nonce as the platform gets them."""
        query = parse_qs(urlsplit(self.login_redirect()).query)
        return query["state"][0], query["nonce"][0]

    def login_redirect(self) -> str:
        """Return where the peer sends the browser to log in."""
        form = {"iss": self.issuer, "login_hint": "s-1", "client_id": self.client_id}
        request = _Request(form, self.session)
        cookies = _Cookies(self.cookies)
        login: Any = _Login(request, self._configuration(), SessionService(request), cookies)
        where: str = login.get_redirect_object("https://tool.example.test/lti/launch").get_redirect_url()
        return where

    def answer(self, token: str, state: str) -> dict[str, Any]:
        """Return the claims of a launch that the peer accepts; whatever it refuses is an exception of its own."""
        request = _Request({"id_token": token, "state": state}, self.session)
        cookies = _Cookies(self.cookies)
        launch: Any = _Launch(request, self._configuration(), SessionService(request), cookies)
        claims: dict[str, Any] = launch.get_launch_data()
        return claims

    def _configuration(self) -> ToolConfDict:
        configuration = ToolConfDict(
            {
                self.issuer: {
                    "client_id": self.client_id,
                    "auth_login_url": self.auth_login_url,
                    "auth_token_url": self.issuer + "/token",
                    "key_set": self.jwks,
                    "deployment_ids": [self.deployment_id],
                }
            }
        )
        configuration.set_private_key(self.issuer, "not asked for in a launch")
        return configuration


class _Request(Request):
    def __init__(self, form: dict[str, str], session: dict[str, Any]) -> None:
        self._form, self._session = form, session

    @property
    def session(self) -> dict[str, Any]:
        return self._session

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> Any:
        return self._form.get(key)


class _Cookies(CookieService):
    def __init__(self, cookies: dict[str, str]) -> None:
        self._kept = cookies

    def get_cookie(self, name: str) -> str | None:
        return self._kept.get(name)

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        self._kept[name] = str(value)


class _Redirect(Redirect[str]):
    def __init__(self, where: str) -> None:
        self._where = where

    def do_redirect(self) -> str:
        return self._where

    def do_js_redirect(self) -> str:
        return self._where

    def set_redirect_url(self, location: str) -> None:
        self._where = location

    def get_redirect_url(self) -> str:
        return self._where


class _Login(OIDCLogin):  # type: ignore[type-arg]
    def get_redirect(self, url: str) -> _Redirect:
        return _Redirect(url)


class _Launch(MessageLaunch):  # type: ignore[type-arg]
    def _get_request_param(self, key: str) -> Any:
        return self._request.get_param(key)
