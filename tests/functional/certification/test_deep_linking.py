"""LTI Advantage conformance, tool side, 6.2: a request for content, the answer, and the launch of what was chosen."""

from __future__ import annotations

import json

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.factories.choosing import DL, FIRST, SECOND, Sent, open_chooser, request_of, sent_by
from tests.factories.launches import LTI, Case
from tests.factories.tool import Tool


def chosen(tool: Tool, *keys: str) -> Sent:
    """Let a teacher choose and return what is sent to the platform."""
    return sent_by(open_chooser(tool, request_of(tool, data="state-of-the-platform")).answer(*keys))


def test_6_2_a_request_opens_the_choice(tool: Tool) -> None:
    page = open_chooser(tool).get()
    assert page.status_code == 200
    assert f'value="{FIRST}"' in page.text


def test_6_2_the_answer_goes_to_the_return_address(tool: Tool) -> None:
    assert chosen(tool, FIRST).url == tool.platform.issuer + "/return?course=2&sesskey=S"


def test_6_2_the_type_of_the_answer(tool: Tool) -> None:
    claims = chosen(tool, FIRST).claims
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"


def test_6_2_the_timestamps_of_the_answer(tool: Tool) -> None:
    claims, now = chosen(tool, FIRST).claims, tool.clock.now.timestamp()
    assert now - 60 <= claims["iat"] <= now < claims["exp"] <= now + 300


def test_6_2_the_signature_of_the_answer(tool: Tool) -> None:
    sent = chosen(tool, FIRST)
    published = json.loads(tool.browser().get("/lti/jwks").text)
    key = KeySet.import_key_set(published).get_by_kid(sent.header["kid"])
    assert dict(jwt.decode(sent.token, key, algorithms=["RS256"]).claims) == sent.claims


def test_6_2_the_required_claims_of_the_answer(tool: Tool) -> None:
    claims = chosen(tool, FIRST).claims
    assert (claims["iss"], claims["aud"]) == (tool.platform.client_id, tool.platform.issuer)
    assert claims["nonce"]
    assert claims[LTI + "deployment_id"] == tool.platform.deployment_id
    assert claims[DL + "data"] == "state-of-the-platform"


def test_6_2_the_values_of_the_answer(tool: Tool) -> None:
    items = chosen(tool, FIRST, SECOND).items
    assert [item["type"] for item in items] == ["ltiResourceLink"] * 2
    assert [item["custom"]["qualoop_activity"] for item in items] == [FIRST, SECOND]
    assert [item["lineItem"]["resourceId"] for item in items] == [FIRST, SECOND]
    assert [item["lineItem"]["scoreMaximum"] for item in items] == [100, 100]
    assert all(item["title"] and item["url"].endswith(item["custom"]["qualoop_activity"]) for item in items)


def test_6_2_the_returned_link_is_launched_without_target(tool: Tool) -> None:
    item = chosen(tool, SECOND).items[0]
    claims = {
        LTI + "target_link_uri": None,
        LTI + "resource_link": {"id": "made-from-the-item", "title": item["title"]},
        LTI + "custom": {"lesson": None, **item["custom"]},
    }
    page = tool.browser().launch(Case(name="returned", header={}, claims=claims, payload=None, code=None, roles=()))
    assert page.status_code == 200
    assert item["title"] in page.text
