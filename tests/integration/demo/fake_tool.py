"""A tool that does just enough of LTI 1.3 to use the demo LMS: it has a key, asks, signs and posts."""

from __future__ import annotations

import json
import re
import time
import uuid
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.test import TestResponse

from demo.lms.settings import LmsSettings

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
MEMBERSHIP_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def form_of(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Return the action and the hidden fields of a page that posts itself."""
    action = re.search(r'<form method="post" action="([^"]*)" id="posting">', page.text)
    assert action, page.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return unescape(action[1]), {unescape(name): unescape(value) for name, value in fields}


class FakeTool:
    """The tool that the LMS of a test has registered."""

    def __init__(self, settings: LmsSettings, key: RSAKey) -> None:
        self.settings = settings
        self.key = key

    def key_set(self, url: str) -> dict[str, Any]:
        assert url == self.settings.tool_key_set_url
        return {"keys": [self.key.as_dict(private=False)]}

    def authentication_request(self, login: dict[str, str], **changes: str | None) -> dict[str, str]:
        """Return what the tool asks for after ``login``; a change of None leaves a parameter out."""
        parameters = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": login["client_id"],
            "redirect_uri": f"{self.settings.tool_url}/lti/launch",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": "state-1",
            "nonce": "nonce-1",
        }
        return {name: value for name, value in (parameters | changes).items() if value is not None}

    def read(self, client: FlaskClient, id_token: str) -> dict[str, Any]:
        """Return the claims of an id_token, verified with the key set that the LMS publishes."""
        keys = KeySet.import_key_set(client.get("/lti/jwks").get_json())
        return dict(jwt.decode(id_token, keys, algorithms=["RS256"]).claims)

    def assertion(self, *, key: RSAKey | None = None, **changes: Any) -> str:
        """Return a client assertion; a change of None leaves a claim out."""
        now = int(time.time())
        client_id = self.settings.client_id
        claims = {"iss": client_id, "sub": client_id, "aud": self.settings.token_url, "iat": now, "exp": now + 60}
        kept = {
            name: value for name, value in ({"jti": str(uuid.uuid4())} | claims | changes).items() if value is not None
        }
        return jwt.encode({"alg": "RS256", "kid": "fake-1"}, kept, key or self.key)

    def ask_token(self, client: FlaskClient, *scopes: str, assertion: str | None = None) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            "scope": " ".join(scopes),
        }
        return client.post("/lti/token", data=form)

    def bearer(self, client: FlaskClient, *scopes: str) -> dict[str, str]:
        """Return the Authorization header with a fresh token."""
        return {"Authorization": f"Bearer {self.ask_token(client, *scopes).get_json()['access_token']}"}


def score(user_id: str = "22", **changes: Any) -> dict[str, Any]:
    """Return a good score message; a change of None leaves a member out."""
    message = {
        "userId": user_id,
        "scoreGiven": 8.5,
        "scoreMaximum": 10,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "comment": "",
    }
    return {name: value for name, value in (message | changes).items() if value is not None}


def post_score(
    client: FlaskClient, headers: dict[str, str], message: object, *, url: str, media_type: str = SCORE_TYPE
) -> TestResponse:
    """Post ``message`` (text as it is, anything else as JSON) to the scores of a line item."""
    address, _, query = url.partition("?")
    body = message if isinstance(message, str) else json.dumps(message)
    return client.post(f"{address}/scores?{query}", data=body, headers=headers, content_type=media_type)
