"""S23 and S15: what a request for content says, typed and bounded, and the claims of the answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.deep_linking import (
    MAX_DATA,
    DeepLinkingRequest,
    DeepLinkingSettings,
    Item,
    read_deep_linking_request,
    response_claims,
    sign_response,
)
from lti_tool.lti.errors import (
    ClaimInvalidError,
    ClaimMissingError,
    ContentTypeError,
    LtiError,
    MessageTypeError,
    ServiceOriginError,
    VersionError,
)
from lti_tool.lti.id_token import VerifiedLaunch
from lti_tool.lti.tool_keys import make_tool_key
from qualoop.values import ValueRefusedError
from tests.factories.choosing import DL, SETTINGS
from tests.factories.launches import LTI, LaunchingPlatform, moodle
from tests.unit.lti.doubles import NONCE, NOW, SECONDS, registration_of

PLATFORM = LaunchingPlatform()
ASKED = {
    "deep_link_return_url": PLATFORM.issuer + "/return?sesskey=S",
    "accept_types": ["link", "ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
}


def read_claims(claims: dict[str, Any], platform: LaunchingPlatform = PLATFORM) -> DeepLinkingRequest:
    return read_deep_linking_request(VerifiedLaunch(registration_of(platform), "1", claims, SECONDS + 60.0))


def read(**settings: Any) -> DeepLinkingRequest:
    """Return a request; a setting of None is absent."""
    claims = PLATFORM.claims("teacher", nonce=NONCE, now=SECONDS)
    asked = {name: value for name, value in {**ASKED, **settings}.items() if value is not None}
    return read_claims({**claims, LTI + "message_type": "LtiDeepLinkingRequest", SETTINGS: asked})


def test_a_request_is_read_whole() -> None:
    asked = read(accept_multiple=True, auto_create="true", accept_lineitem=False, title="T", text="X", data="d")
    assert asked.settings == DeepLinkingSettings(
        return_url=PLATFORM.issuer + "/return?sesskey=S",
        targets=("iframe", "window"),
        accept_multiple=True,
        auto_create=True,
        takes_line_items=False,
        title="T",
        text="X",
        data="d",
    )
    assert (asked.deployment_id, asked.user.subject, asked.roles.names) == ("1", "t-1", ("teacher",))


def test_what_is_not_said_is_not_taken_for_granted() -> None:
    settings = read(accept_presentation_document_targets=None).settings
    assert settings.accept_multiple is settings.auto_create is False
    assert (settings.targets, settings.takes_line_items, settings.data) == ((), None, None)


def test_the_request_of_moodle_is_read() -> None:
    claims = moodle("launch-deeplink-teacher")["claims"]
    platform = LaunchingPlatform(issuer=claims["iss"], client_id=claims["aud"])
    asked = read_claims(claims, platform)
    assert asked.settings.accept_multiple
    assert asked.settings.targets == ("frame", "iframe", "window")
    assert (asked.settings.data, asked.settings.title) == (None, "Raw Tool")
    assert asked.context is not None
    assert (asked.context.id, asked.roles.names) == ("2", ("teacher",))


def test_another_message_is_refused() -> None:
    claims = PLATFORM.claims("teacher", nonce=NONCE, now=SECONDS)
    with pytest.raises(MessageTypeError):
        read_claims(claims)
    with pytest.raises(VersionError):
        read_claims({**claims, LTI + "version": "1.1"})


@pytest.mark.parametrize("absent", ["deep_link_return_url", "accept_types"])
def test_what_an_answer_needs_is_required(absent: str) -> None:
    with pytest.raises(ClaimMissingError, match=absent):
        read(**{absent: None})


def test_a_request_without_settings_is_refused() -> None:
    claims = PLATFORM.claims("teacher", nonce=NONCE, now=SECONDS)
    with pytest.raises(ClaimMissingError, match="deep_linking_settings"):
        read_claims({**claims, LTI + "message_type": "LtiDeepLinkingRequest"})


def test_s23_only_resource_links_are_given() -> None:
    with pytest.raises(ContentTypeError):
        read(accept_types=["link", "html", "file", "image"])


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.test/return",
        "https://lms.example.test@evil.example.test/return",
        "https://lms.example.test.evil.test/return",
        "http://lms.example.test/return",
        "https://lms.example.test:444/return",
        "https:\\\\lms.example.test/return",
        "javascript:alert(1)",
        "data:text/html,x",
        "//lms.example.test/return",
        "/return",
    ],
)
def test_s15_s23_a_return_address_lies_in_the_origins_of_the_registration(url: str) -> None:
    with pytest.raises(ServiceOriginError):
        read(deep_link_return_url=url)


@pytest.mark.parametrize("data", ["", " ", "a\"<'&\u2028é發", "x" * MAX_DATA, "line\nline\ttab"])
def test_s23_data_is_kept_exactly(data: str) -> None:
    assert read(data=data).settings.data == data


@pytest.mark.parametrize("data", ["x" * (MAX_DATA + 1), "nul\x00", "half \ud800", 7, {"a": 1}, ["a"], True])
def test_s23_data_out_of_bounds_is_refused(data: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="data"):
        read(data=data)


@pytest.mark.parametrize(
    "settings",
    [
        {"accept_multiple": "yes"},
        {"accept_multiple": 1},
        {"accept_types": "ltiResourceLink"},
        {"accept_types": ["ltiResourceLink", 7]},
        {"accept_presentation_document_targets": {"iframe": True}},
        {"deep_link_return_url": 7},
        {"title": ["x"]},
    ],
)
def test_s25_settings_of_wrong_types_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ClaimInvalidError):
        read(**settings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ASKED, "accept_multiple", "auto_create", "title", "text", "data"]), JSON))
def test_s25_whatever_is_sent_the_refusal_is_orderly(settings: dict[str, Any]) -> None:
    # Anything but an LtiError would be a server error.
    with suppress(LtiError):
        read(**settings)


# -- The answer


def item(**changed: Any) -> Item:
    values = {
        "key": "a-b",
        "title": "T",
        "text": "X",
        "url": "https://tool.example.test/lti/activity/a-b",
        "maximum": 10,
    }
    return Item(**{**values, **changed})


def claim_of(asked: DeepLinkingRequest, **changed: Any) -> dict[str, Any]:
    return item(**changed).as_claim(asked.settings, parameter="qualoop_activity", tag="score")


def test_an_item_names_the_activity_where_copies_keep_it() -> None:
    claim = claim_of(read())
    assert claim["type"] == "ltiResourceLink"
    assert claim["custom"]["qualoop_activity"] == "a-b"
    assert claim["lineItem"] == {"label": "T", "scoreMaximum": 10, "resourceId": "a-b", "tag": "score"}
    assert type(claim["lineItem"]["scoreMaximum"]) is int


def test_an_item_asks_for_what_it_is_copied_from_and_for_the_dates() -> None:
    asked = {name: value for name, value in claim_of(read())["custom"].items() if name != "qualoop_activity"}
    assert asked == {
        "context_id_history": "$Context.id.history",
        "resource_link_id_history": "$ResourceLink.id.history",
        "available_from": "$ResourceLink.available.startDateTime",
        "available_until": "$ResourceLink.available.endDateTime",
        "submission_from": "$ResourceLink.submission.startDateTime",
        "submission_until": "$ResourceLink.submission.endDateTime",
    }


def test_a_graded_item_says_where_what_was_handed_in_opens() -> None:
    review = claim_of(read(), review="See the answers")["lineItem"]["submissionReview"]
    assert review == {
        "reviewableStatus": ["InProgress", "Submitted", "Completed"],
        "label": "See the answers",
        "url": claim_of(read())["url"],
        "custom": {"qualoop_activity": "a-b"},
    }


def test_only_a_graded_item_has_a_column() -> None:
    assert "lineItem" not in claim_of(read(), maximum=None)
    assert "lineItem" not in claim_of(read(accept_lineitem=False))


@pytest.mark.parametrize(
    ("targets", "hints"),
    [(["iframe", "window"], {"iframe"}), (["window"], {"window"}), (["embed"], set()), ([], set())],
)
def test_the_targets_are_obeyed(targets: list[str], hints: set[str]) -> None:
    assert set(claim_of(read(accept_presentation_document_targets=targets))) & {"iframe", "window"} == hints


def test_titles_are_one_line_and_bounded() -> None:
    claim = claim_of(read(), title="two\r\nlines " + "x" * 300, text="y" * 5000)
    assert claim["title"].startswith("two lines x")
    assert (len(claim["title"]), len(claim["lineItem"]["label"]), len(claim["text"])) == (255, 100, 4000)


@pytest.mark.parametrize(
    "changed", [{"key": "a\nb=c"}, {"key": ""}, {"maximum": 0}, {"maximum": 1001}, {"maximum": 7.5}, {"maximum": True}]
)
def test_an_item_checks_itself(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueRefusedError):
        item(**changed)


def answer(data: str | None) -> dict[str, Any]:
    return response_claims(registration_of(PLATFORM), "1", items=[], data=data, nonce="n", now=NOW)


def test_s23_an_answer_is_from_us_to_the_platform_and_soon_too_old() -> None:
    claims = answer("d")
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (PLATFORM.client_id, PLATFORM.issuer, "n")
    assert claims["iat"] <= NOW.timestamp() < claims["exp"] <= (NOW + timedelta(minutes=5)).timestamp()
    assert claims["exp"] - claims["iat"] <= 300
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert (claims[LTI + "version"], claims[LTI + "deployment_id"]) == ("1.3.0", "1")
    assert claims[DL + "content_items"] == []


@pytest.mark.parametrize(("data", "there"), [(None, False), ("", True), ("d", True)])
def test_s23_data_goes_back_only_where_it_came(data: str | None, *, there: bool) -> None:
    assert (DL + "data" in answer(data)) == there
    assert answer(data).get(DL + "data") == data


def test_the_same_answer_signed_again_is_the_same() -> None:
    key = make_tool_key()
    assert sign_response(answer("d"), key) == sign_response(answer("d"), key)
