"""Members of a course: what is asked, how pages and people are read."""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.errors import LtiError, ServiceOriginError
from lti_tool.lti.nrps import MAX_NAME, find_next_url, first_page_url, parse_members
from lti_tool.lti.roster_errors import RosterError, RosterLinkError, RosterUnreadableError
from tests.factories.launches import MEMBERSHIP, moodle

PAGE = "https://lms.example.test/courses/1/members?type_id=1&limit=100"


def page_of(*members: Any) -> bytes:
    return json.dumps({"id": PAGE, "context": {"id": "1"}, "members": list(members)}).encode()


def one(**member: Any) -> Any:
    [read] = parse_members(page_of({"user_id": "7", "roles": ["Learner"], **member}))
    return read


# -- What is asked


def test_all_members_are_asked_for_and_never_one_role() -> None:
    url = first_page_url("https://lms.example.test/members?type_id=1")
    assert url == "https://lms.example.test/members?type_id=1&limit=100"
    assert first_page_url("https://lms.example.test/members") == "https://lms.example.test/members?limit=100"


def test_a_limit_that_the_platform_chose_stays() -> None:
    assert first_page_url("https://lms.example.test/members?limit=20") == "https://lms.example.test/members?limit=20"


# -- Where it goes on


@pytest.mark.parametrize(
    ("header", "following"),
    [
        ("", None),
        ('<https://lms.example.test/m?b=AbC%2F>; rel="next"', "https://lms.example.test/m?b=AbC%2F"),
        ("<https://lms.example.test/m?page=2>;rel=next", "https://lms.example.test/m?page=2"),
        ('<https://lms.example.test/m?page=2> ; Title="a, b; c" ; REL="Next"', "https://lms.example.test/m?page=2"),
        ('<https://lms.example.test/m?a=1,2>; rel="last next"', "https://lms.example.test/m?a=1,2"),
        (
            '<https://lms.example.test/m?d=1>; rel="differences", <https://lms.example.test/m?p=2>; rel="next",',
            "https://lms.example.test/m?p=2",
        ),
        ('<https://lms.example.test/m?p=1>; rel="first"', None),
        ('</m?page=2>; rel="next"', "https://lms.example.test/m?page=2"),
        ('<?page=2>; rel="next"', "https://lms.example.test/courses/1/members?page=2"),
        ('<https://LMS.example.test:443/m?p=2>; rel="next"', "https://LMS.example.test:443/m?p=2"),
        (r'<https://lms.example.test/m?p=2>; title="\"next\""; rel="ne\xt"', "https://lms.example.test/m?p=2"),
        ('<https://lms.example.test/m?p=2>; rel="next"; rel="last"', "https://lms.example.test/m?p=2"),
    ],
)
def test_the_next_page_is_found(header: str, following: str | None) -> None:
    assert find_next_url({"link": header}, PAGE) == following


@pytest.mark.parametrize(
    "header",
    [
        "https://lms.example.test/m?page=2",
        "<https://lms.example.test/m?page=2",
        "<https://lms.example.test/m?page=2>",
        '<https://lms.example.test/m?page=2>; rel="next',
        # What Moodle sends for line items: curly quotes, here as they come over the wire.
        "<https://lms.example.test/m?page=2>; rel=\u00e2\u0080\u009cnext\u00e2\u0080\u009d",
        '<>; rel="next"',
        '<https://lms.example.test/m?p=2>; rel="next", <https://lms.example.test/m?p=3>; rel="next"',
        "<https://lms.example.test/m?page=2>; rel=next nonsense",
        '<https://[nonsense/m>; rel="next"',
        "<" + "x" * 9000 + '>; rel="next"',
    ],
)
def test_a_header_that_cannot_be_read_is_an_error_and_no_end(header: str) -> None:
    """Taken for the end it would let everybody on the later pages leave the class."""
    with pytest.raises(RosterLinkError):
        find_next_url({"link": header}, PAGE)


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example.test/m?page=2",
        "http://lms.example.test/m?page=2",
        "https://lms.example.test:8443/m",
        "//elsewhere.example.test/m",
        "https://lms.example.test@elsewhere.example.test/m",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_s13_a_next_page_is_of_the_same_origin(target: str) -> None:
    with pytest.raises(ServiceOriginError):
        find_next_url({"link": f'<{target}>; rel="next"'}, PAGE)


@given(st.text(max_size=80))
def test_whatever_the_header_says_the_answer_is_orderly(header: str) -> None:
    with suppress(RosterError, LtiError):
        found = find_next_url({"link": header}, PAGE)
        assert found is None or found.lower().startswith("https://lms.example.test")


def test_moodle_s_own_pages_are_followed() -> None:
    steps = {step["label"]: step for step in moodle("memberships")}
    first = steps["limit=2"]
    following = find_next_url({"link": first["response"]["headers"]["Link"]}, first["request"]["url"])
    assert following is not None
    assert following.endswith("/memberships?limit=2&from=2")


# -- Who is there


def test_moodle_s_members_are_read() -> None:
    [answer] = [step["response"]["json"] for step in moodle("memberships") if step["label"] == "members"]
    read = parse_members(json.dumps(answer).encode())
    assert [(each.user_id, each.roles.names, each.name) for each in read] == [
        ("4", ("learner",), "Sam Student"),
        ("3", ("teacher",), "Tina Teacher"),
        ("5", ("learner",), "Ana Åkesson"),
        ("6", ("learner",), "李 小龍"),
    ]
    assert all(each.is_active for each in read)


def test_names_may_be_withheld() -> None:
    [answer] = [s["response"]["json"] for s in moodle("privacy-and-other-tools") if s["label"] == "NRPS privacy tool"]
    assert {(each.name, each.email) for each in parse_members(json.dumps(answer).encode())} == {(None, None)}


@pytest.mark.parametrize(
    ("status", "is_active"),
    [
        ({}, True),
        ({"status": None}, True),
        ({"status": "Active"}, True),
        ({"status": "Inactive"}, False),
        ({"status": "Deleted"}, False),
        ({"status": "http://purl.imsglobal.org/vocab/lis/v2/status#Inactive"}, False),
    ],
)
def test_a_status_says_who_is_active(status: dict[str, Any], *, is_active: bool) -> None:
    assert one(**status).is_active is is_active


def test_roles_come_in_full_and_in_short_form() -> None:
    assert one(roles=[MEMBERSHIP + "Instructor"]).roles.names == ("teacher",)
    assert one(roles=["Instructor", "Nonsense"]).roles.names == ("teacher",)
    assert one(roles=None).roles.names == ()
    assert one(roles=["http://purl.imsglobal.org/vocab/lti/system/person#TestUser", "Learner"]).roles.test_user


def test_a_name_is_made_of_its_parts_where_there_is_no_whole() -> None:
    assert one(given_name="Sam", family_name="Student").name == "Sam Student"
    assert one(name="  ", given_name="Sam").name == "Sam"
    assert one(name="").name is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Sam\x00\n\tStudent\u2028", "Sam Student"),
        ("\u202eevilMoT\u202c", "evilMoT"),
        ("Sam\ud800 Student", "Sam Student"),
        ("\u200fSam\u2066", "Sam"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ue86f名", "\ue86f名"),
        ("李\u3000小龍", "李 小龍"),
    ],
)
def test_a_name_stays_on_its_line_and_in_its_direction(told: str, kept: str) -> None:
    [read] = parse_members(json.dumps({"members": [{"user_id": "7", "name": told}]}).encode())
    assert read.name == kept
    assert not read.was_cut


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("名" * 255, 255),
        ("名" * 256, 255),
        ("名" * 500, 255),
        ("a" * 254 + "e\u0301" + "b" * 9, 254),
        ("a" * 252 + "\U0001f469\u200d\U0001f52c" + "b" * 9, 255),
        ("a" * 253 + "\U0001f469\u200d\U0001f52c" + "b" * 9, 253),
        ("a" * 254 + "\U0001f44d\U0001f3fd" + "b" * 9, 254),
        ("a" + "\u0301" * 499, 255),
    ],
)
def test_a_long_name_is_cut_between_two_characters(name: str, length: int) -> None:
    read = one(name=name)
    assert len(read.name) == length
    assert name.startswith(read.name)
    assert read.was_cut is (len(name) > MAX_NAME)


@given(st.text(max_size=600))
def test_a_name_always_fits_and_can_be_stored(name: str) -> None:
    read = one(name=name)
    if read.name is not None:
        assert 0 < len(read.name) <= MAX_NAME
        assert "\x00" not in read.name
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in read.name)


def test_an_address_too_long_to_be_one_is_dropped() -> None:
    assert one(email="a@example.test").email == "a@example.test"
    assert one(email="a" * 300 + "@example.test").email is None


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Log in to the site</body></html>",
        b"",
        b"null",
        b"[]",
        b'{"members": {}}',
        b'{"members": null}',
        b"[" * 100_000,
        b"\xff\xfe",
        page_of("Sam"),
        page_of({"user_id": 7}),
        page_of({"user_id": ""}),
        page_of({"roles": ["Learner"]}),
        page_of({"user_id": "x" * 256}),
        page_of({"user_id": "名"}),
        page_of({"user_id": "7", "status": "Away"}),
        page_of({"user_id": "7", "status": ["Active"]}),
        page_of({"user_id": "7", "roles": "Learner"}),
        page_of({"user_id": "7", "roles": [{}]}),
        page_of({"user_id": "7", "roles": ["x"] * 201}),
        page_of({"user_id": "7", "roles": ["x" * 256]}),
        page_of({"user_id": "7", "name": {"first": "Sam"}}),
    ],
)
def test_what_is_no_list_of_members_is_refused(body: bytes) -> None:
    with pytest.raises(RosterUnreadableError):
        parse_members(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["Active", "Learner", "7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
NAMES = st.sampled_from(["user_id", "status", "roles", "name", "given_name", "email"])


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), max_size=4))
def test_whatever_is_sent_the_answer_is_orderly(members: list[dict[str, Any]]) -> None:
    with suppress(RosterError):
        assert len(parse_members(page_of(*members))) == len(members)
