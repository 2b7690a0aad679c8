"""Which platform is which, and what is special about each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lti_tool.lti import ags
from lti_tool.lti.platform_profiles import PROFILES, Product, ResultAddress, find_product, profile_of

MOODLE = Path(__file__).parents[2] / "fixtures" / "moodle" / "launch-student.json"


@pytest.mark.parametrize(
    ("code", "product"),
    [
        ("moodle", Product.MOODLE),
        ("canvas", Product.CANVAS),
        ("desire2learn", Product.BRIGHTSPACE),
        ("BlackboardLearn", Product.BLACKBOARD),
        ("sakai", None),
    ],
)
def test_a_platform_tells_its_product(code: str, product: Product | None) -> None:
    assert find_product({"product_family_code": code, "guid": "x"}) is product


def test_moodle_is_known_by_what_it_really_sends() -> None:
    claims = json.loads(MOODLE.read_text())
    claims = claims.get("claims", claims)
    assert find_product(claims["https://purl.imsglobal.org/spec/lti/claim/tool_platform"]) is Product.MOODLE


@pytest.mark.parametrize("claim", [None, "moodle", [], {}, {"product_family_code": 3}, {"product_family_code": None}])
def test_any_other_claim_names_no_product(claim: object) -> None:
    assert find_product(claim) is None


@pytest.mark.parametrize("stored", [None, "", "something-newer"])
def test_an_unknown_product_has_the_generic_profile(stored: str | None) -> None:
    assert profile_of(stored).product is Product.GENERIC


def test_each_product_has_a_profile_and_no_family_code_is_shared() -> None:
    assert set(PROFILES) == set(Product)
    codes = [code for profile in PROFILES.values() for code in profile.family_codes]
    assert len(codes) == len(set(codes))
    assert all(code == code.casefold() for code in codes)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (ResultAddress.BY_QUERY, "https://lms.example/li/7/results?type_id=1&user_id=a%2Fb"),
        (ResultAddress.BY_PATH, "https://lms.example/li/7/results/a%2Fb?type_id=1"),
        (ResultAddress.ALL, "https://lms.example/li/7/results?type_id=1"),
    ],
)
def test_results_are_asked_for_as_each_platform_takes_it(address: ResultAddress, url: str) -> None:
    assert ags.results_url("https://lms.example/li/7?type_id=1", "a/b", address) == url
