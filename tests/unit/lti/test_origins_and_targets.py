"""S13 and S15: where tokens may go, and where a launch may lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult

import pytest

from lti_tool.lti.errors import ServiceOriginError, TargetRefusedError
from lti_tool.lti.registration import find_origin
from lti_tool.lti.target import check_target
from qualoop.values import ValueRefusedError
from tests.factories.launches import LaunchingPlatform
from tests.unit.lti.doubles import registration_of

PLATFORM = LaunchingPlatform()
TOOL = "https://tool.example.test"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://LMS.example.test/a?b#c", "https://lms.example.test"),
        ("HTTPS://lms.example.test:443", "https://lms.example.test"),
        ("http://127.0.0.1:8085/mod", "http://127.0.0.1:8085"),
        ("http://[::1]:80/x", "http://[::1]"),
        ("https://lms.example.test?x", "https://lms.example.test"),
        ("https://lms.example.test:8443#x", "https://lms.example.test:8443"),
    ],
)
def test_s13_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert find_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lms.example.test",
        "//lms.example.test",
        "ftp://lms.example.test",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://lms.example.test@evil.test/",
        "https://user:pass@lms.example.test/",
        "https://lms.example.test:port/",
        "https://lms.example.test\\@evil.test",
        "https://lms.example.test\n.evil.test",
        " https://lms.example.test",
        "https://bücher.example",
        "https://[::1",
        "https://a b/",
    ],
)
def test_s13_anything_doubtful_has_no_origin(url: str) -> None:
    assert find_origin(url) is None


def test_s13_services_lie_at_the_issuer_the_token_url_or_an_allowed_origin() -> None:
    registration = registration_of(
        PLATFORM,
        issuer="https://canvas.example.test",
        token_url="https://sso.example.test/token",
        jwks_url="https://files.example.test/keys.json",
        service_origins=("https://school.example.test/",),
    )
    for url in ("https://canvas.example.test/x", "https://sso.example.test/y?z", "https://school.example.test/api"):
        assert registration.check_service_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/lineitems",
        "http://lms.example.test/lineitems",
        "https://lms.example.test:8443/lineitems",
        "https://lms.example.test.evil.test/",
        "https://lms.example.test@evil.test/",
        "https://files.example.test/x",
        "",
    ],
)
def test_s13_a_service_elsewhere_is_refused(url: str) -> None:
    registration = registration_of(PLATFORM, jwks_url="https://files.example.test/keys.json")
    with pytest.raises(ServiceOriginError):
        registration.check_service_url(url)


@pytest.mark.parametrize(
    "changed",
    [
        {"algorithms": ()},
        {"algorithms": ("RS256", "none")},
        {"algorithms": ("HS256",)},
        {"auth_login_url": "javascript:x"},
        {"token_url": ""},
        {"jwks_url": "keys.json"},
    ],
)
def test_s7_a_registration_checks_itself(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueRefusedError):
        registration_of(PLATFORM, **changed)


def knows(parts: SplitResult) -> bool:
    return parts.path.startswith("/activities/")


def test_s15_a_target_of_ours_comes_back_in_parts() -> None:
    parts = check_target(TOOL + "/activities/sem-1-1?x=1", TOOL, knows)
    assert (parts.path, parts.query) == ("/activities/sem-1-1", "x=1")


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/activities/a",
        "http://tool.example.test/activities/a",
        "https://tool.example.test:444/activities/a",
        "https://tool.example.test@evil.test/activities/a",
        "//tool.example.test/activities/a",
        "/activities/a",
        "https://tool.example.test/activities/\\evil.test",
        "https://tool.example.test/activities/a\r\nSet-Cookie: x",
        "https://tool.example.test/nothing",
        "https://tool.example.test",
        "",
    ],
)
def test_s15_any_other_target_is_refused(uri: str) -> None:
    with pytest.raises(TargetRefusedError):
        check_target(uri, TOOL, knows)
