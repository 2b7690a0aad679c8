"""Requests to the services of a platform, with our access token: one way for scores, columns and members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lti_tool.lti.registration import Registration
from lti_tool.lti.score_answers import Verdict, judge_score_answer
from lti_tool.outgoing import HttpClient, Reply
from lti_tool.services.platforms.access_tokens import AccessTokens
from lti_tool.services.platforms.runtime import Runtime


class PlatformServices:
    """Sends requests that bear a token of the registration, to the registration's origins only (S13)."""

    def __init__(self, http: HttpClient, tokens: AccessTokens) -> None:
        self._http = http
        self._tokens = tokens

    def send(
        self,
        registration: Registration,
        scopes: Iterable[str],
        method: str,
        *,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Reply:
        """Return the answer; a token that the platform no longer takes is renewed once (S28).

        Raises what AccessTokens.get and HttpClient.send raise.
        """
        token = self._tokens.get(registration, scopes)
        reply = self._send(registration, method, url, token=token, headers=headers, body=body)
        if judge_score_answer(reply.status, reply.headers, reply.body) is not Verdict.ACCESS:
            return reply
        self._tokens.drop(registration, scopes, token)
        token = self._tokens.get(registration, scopes)
        return self._send(registration, method, url, token=token, headers=headers, body=body)

    def _send(
        self,
        registration: Registration,
        method: str,
        url: str,
        *,
        token: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Reply:
        """Send one request with a token."""
        return self._http.send(
            method,
            url,
            headers={**headers, "Authorization": f"Bearer {token}"},
            body=body,
            only_to=registration.allowed_origins,
        )


def services_of(runtime: Runtime) -> PlatformServices:
    """Return the way to the platforms' services, with tokens that all processes share."""
    tokens = AccessTokens(runtime.database, runtime.http, secret=runtime.settings.secret_key, clock=runtime.clock)
    return PlatformServices(runtime.http, tokens)
