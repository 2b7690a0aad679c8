"""S24 to S26: what a launch says, typed and bounded, and Moodle's launches as they are."""

from __future__ import annotations

from typing import Any

import pytest

from lti_tool.lti.claims import (
    MAX_ENTRIES,
    MAX_TEXT,
    AgsEndpoint,
    LtiUser,
    ResourceLinkLaunch,
    read_resource_link_launch,
)
from lti_tool.lti.errors import ClaimInvalidError, ClaimMissingError, MessageTypeError, VersionError
from lti_tool.lti.id_token import VerifiedLaunch
from tests.factories.launches import AGS, LTI, NRPS, LaunchingPlatform, merged, moodle
from tests.unit.lti.doubles import NONCE, SECONDS, registration_of

PLATFORM = LaunchingPlatform()


def read(claims: dict[str, Any]) -> ResourceLinkLaunch:
    return read_resource_link_launch(VerifiedLaunch(registration_of(PLATFORM), "1", claims, SECONDS + 60.0))


def launch(patch: dict[str, Any]) -> ResourceLinkLaunch:
    """Return an ordinary launch under a merge patch; a null cannot be patched in, see `launch_with`."""
    return read(merged(PLATFORM.claims("learner", nonce=NONCE, now=SECONDS), patch))


def launch_with(claim: str, value: Any) -> ResourceLinkLaunch:
    return read({**PLATFORM.claims("learner", nonce=NONCE, now=SECONDS), claim: value})


def test_a_launch_is_read_whole() -> None:
    read_launch = launch({})
    assert read_launch.user == LtiUser("s-1", "Sam Student", "Sam", "Student", "learner@example.test")
    assert read_launch.roles.names == ("learner",)
    assert read_launch.context is not None
    assert read_launch.context.title == "Search marketing"
    assert read_launch.context.types == ("CourseSection",)
    assert read_launch.resource_link == ("r-1", "Keywords and intent", "")
    assert read_launch.target_link_uri == PLATFORM.target_link_uri
    assert read_launch.custom == {"lesson": "sem-1-1-keywords-and-intent"}
    assert read_launch.presentation == ("en", "iframe", "https://lms.example.test/course/1")
    assert read_launch.memberships_url == "https://lms.example.test/courses/1/members"


# -- Required claims


@pytest.mark.parametrize(("version", "shown"), [(None, "missing"), ("", "missing"), ("1.3", "1.3.0"), (1.3, "1.3.0")])
def test_the_version_is_1_3_0(version: Any, shown: str) -> None:
    with pytest.raises(VersionError, match=shown):
        launch_with(LTI + "version", version)


@pytest.mark.parametrize("kind", ["LtiDeepLinkingRequest", "", 7, ["LtiResourceLinkRequest"]])
def test_another_message_type_is_refused(kind: Any) -> None:
    with pytest.raises(MessageTypeError):
        launch_with(LTI + "message_type", kind)


@pytest.mark.parametrize("value", ["x" * 256, "é", 7, ["s-1"], {"id": 1}, True, "a\x00b"])
def test_s25_sub_is_at_most_255_ascii_characters(value: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="sub"):
        launch_with("sub", value)


@pytest.mark.parametrize("value", [None, ""])
def test_s25_sub_is_required(value: Any) -> None:
    with pytest.raises(ClaimMissingError, match="sub"):
        launch_with("sub", value)


def test_s25_the_longest_sub_is_taken_whole() -> None:
    assert launch_with("sub", "x" * 255).user.subject == "x" * 255


@pytest.mark.parametrize("value", [{}, {"id": ""}, {"id": None, "title": "x"}, None])
def test_a_resource_link_has_an_id(value: Any) -> None:
    with pytest.raises(ClaimMissingError, match=r"resource_link\.id"):
        launch_with(LTI + "resource_link", value)


def test_a_context_may_be_absent_but_not_without_id() -> None:
    assert launch_with(LTI + "context", None).context is None
    with pytest.raises(ClaimMissingError, match=r"context\.id"):
        launch_with(LTI + "context", {"title": "x"})


@pytest.mark.parametrize("uri", [None, ""])
def test_s15_a_target_link_uri_may_be_absent(uri: Any) -> None:
    assert launch_with(LTI + "target_link_uri", uri).target_link_uri is None


# -- Types and bounds


@pytest.mark.parametrize(
    "claim",
    [LTI + name for name in ("context", "resource_link", "custom", "launch_presentation")] + [AGS, NRPS],
)
@pytest.mark.parametrize("value", ["text", 7, ["list"], True])
def test_s25_an_object_is_an_object(claim: str, value: Any) -> None:
    with pytest.raises(ClaimInvalidError):
        launch_with(claim, value)


@pytest.mark.parametrize(
    "value", ["Learner", {"role": 1}, 7, ["Learner", 7], ["x" * 256], ["Learner"] * (MAX_ENTRIES + 1), ["\ud800"]]
)
def test_s24_roles_are_a_list_of_bounded_strings(value: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="roles"):
        launch_with(LTI + "roles", value)


@pytest.mark.parametrize("value", [[], [""]])
def test_s24_an_empty_list_of_roles_opens_without_rights(value: Any) -> None:
    assert launch_with(LTI + "roles", value).roles.names == ()


def test_s24_absent_roles_are_refused() -> None:
    with pytest.raises(ClaimMissingError, match="roles"):
        launch_with(LTI + "roles", None)


def test_s25_a_text_that_is_only_shown_is_cut_and_made_storable() -> None:
    title = "标" * 300
    read_launch = launch({LTI + "resource_link": {"title": title, "description": "a\x00b\ud800\nc"}})
    assert read_launch.resource_link.title == title[:255]
    assert read_launch.resource_link.description == "a\ufffdb\ufffd\nc"


@pytest.mark.parametrize("value", [7, ["x"], {}, False])
def test_s25_a_text_is_a_string(value: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="name"):
        launch_with("name", value)


def test_custom_parameters_are_strings_and_json_scalars_become_their_text() -> None:
    custom = {"a": "x\ny", "b": 7, "c": True, "d": None, "e": 1.5, "f": ""}
    assert launch_with(LTI + "custom", custom).custom == {
        "a": "x\ny", "b": "7", "c": "true", "d": "", "e": "1.5", "f": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "custom", [{"a": []}, {"a": {}}, {"a": "x" * (MAX_TEXT + 1)}, {"a": "\x00"}, {"k" * 256: ""}, {"\ud800": ""}]
)
def test_s25_custom_parameters_out_of_bounds_are_refused(custom: Any) -> None:
    with pytest.raises(ClaimInvalidError, match="custom"):
        launch_with(LTI + "custom", custom)


def test_s25_custom_parameters_are_at_most_200() -> None:
    assert len(launch_with(LTI + "custom", {str(n): "" for n in range(MAX_ENTRIES)}).custom) == MAX_ENTRIES
    with pytest.raises(ClaimInvalidError, match="custom"):
        launch_with(LTI + "custom", {str(n): "" for n in range(MAX_ENTRIES + 1)})


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "/relative", "https://a@b.example", ""])
def test_s15_a_return_url_is_http_or_none(url: str) -> None:
    assert launch({LTI + "launch_presentation": {"return_url": url}}).presentation.return_url is None


# -- Services


def test_the_grade_service_is_read() -> None:
    assert launch({}).ags == AgsEndpoint(
        frozenset(f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("lineitem", "score")),
        "https://lms.example.test/courses/1/lineitems?type_id=1",
        "https://lms.example.test/courses/1/lineitems/7/lineitem?type_id=1",
    )


@pytest.mark.parametrize("url", ["ftp://lms.example.test/x", "javascript:x", "lineitems", "https://a@b.example/"])
@pytest.mark.parametrize("name", ["lineitem", "lineitems"])
def test_the_address_of_a_service_is_http(name: str, url: str) -> None:
    with pytest.raises(ClaimInvalidError, match=name):
        launch({AGS: {name: url}})


@pytest.mark.parametrize("claim", [AGS, NRPS])
def test_services_may_be_absent(claim: str) -> None:
    read_launch = launch_with(claim, None)
    assert (read_launch.ags if claim == AGS else read_launch.memberships_url) is None


# -- Moodle


def moodle_launch(name: str) -> ResourceLinkLaunch:
    return read(moodle(name)["claims"])


def test_moodle_a_student() -> None:
    read_launch = moodle_launch("launch-student")
    assert read_launch.user.subject == "4"
    assert read_launch.roles.names == ("learner",)
    assert read_launch.custom["unknown"] == "$Nope.nothing"
    assert read_launch.ags is not None
    assert (
        read_launch.ags.line_item_url == "http://127.0.0.1:8085/mod/lti/services.php/2/lineitems/2/lineitem?type_id=1"
    )


def test_s24_moodle_a_site_administrator_teaches_by_the_context_role_alone() -> None:
    assert moodle_launch("launch-admin").roles.names == ("teacher",)


def test_moodle_an_ungraded_link_has_no_line_item() -> None:
    read_launch = moodle_launch("launch-no-lineitem")
    assert read_launch.resource_link.title == "M2 ungraded 课前微课"
    assert read_launch.resource_link.description == "<b>two</b>"
    assert read_launch.ags is not None
    assert read_launch.ags.line_item_url is None
    assert read_launch.ags.line_items_url is not None


def test_s26_moodle_names_and_grade_service_off() -> None:
    read_launch = moodle_launch("launch-private-no-name-no-ags")
    assert read_launch.user == LtiUser("5", None, None, None, None)
    assert read_launch.ags is None


def test_moodle_a_target_with_a_query_comes_whole() -> None:
    assert (
        moodle_launch("launch-target-link-with-query").target_link_uri
        == "http://localhost:9100/lti/launch?lesson=l-3&x=1"
    )


def test_moodle_a_copied_course_names_its_source() -> None:
    assert moodle_launch("launch-course-copy-history").custom["ctx_hist"] != ""


@pytest.mark.parametrize("name", ["launch-submission-review", "launch-deeplink-teacher"])
def test_moodle_other_messages_are_refused_by_name(name: str) -> None:
    with pytest.raises(MessageTypeError):
        moodle_launch(name)
