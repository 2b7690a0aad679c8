"""Grade service: what is asked, how answers are read, what they mean."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.ags import (
    LineItem,
    Result,
    find_line_item,
    find_line_items_url,
    line_item_body,
    parse_line_item,
    parse_line_items,
    parse_results,
    results_url,
    score_body,
    scores_url,
)
from lti_tool.lti.errors import AnswerMalformedError
from lti_tool.lti.score_answers import Verdict, judge_score_answer
from qualoop.values import Score
from tests.factories.launches import moodle
from tests.unit.lti.doubles import NOW

MOODLE_ITEM = "http://127.0.0.1:8085/mod/lti/services.php/2/lineitems/7/lineitem?type_id=1"


# -- Addresses


def test_scores_and_results_stand_before_the_query() -> None:
    assert scores_url(MOODLE_ITEM) == MOODLE_ITEM.replace("?", "/scores?")
    assert results_url(MOODLE_ITEM, "a b&c") == MOODLE_ITEM.replace("?", "/results?") + "&user_id=a+b%26c"
    assert scores_url("https://lms.example.test/items/7/") == "https://lms.example.test/items/7/scores"


def test_line_items_are_looked_for_by_link_resource_and_tag_without_limit() -> None:
    url = find_line_items_url("https://x.test/items?type_id=1", resource_link_id="1", resource_id="l-1", tag="")
    assert url == "https://x.test/items?type_id=1&resource_link_id=1&resource_id=l-1"


# -- Bodies


def test_a_score_is_one_line_of_ascii_and_fully_graded() -> None:
    body = score_body(Score("0.875"), maximum=100, user_id="4", timestamp=NOW, comment="很好\n做得好")
    assert body.isascii()
    assert b"\n" not in body
    assert json.loads(body) == {
        "userId": "4",
        "scoreGiven": 87.5,
        "scoreMaximum": 100,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-11-24T08:00:00.000Z",
        "comment": "很好\n做得好",
    }


@given(st.integers(0, 10**6), st.integers(1, 1000))
def test_a_score_arrives_with_every_digit(millionths: int, maximum: int) -> None:
    score = Score(Decimal(millionths) / 10**6)
    body = score_body(score, maximum=maximum, user_id="4", timestamp=NOW)
    given_score = json.loads(body, parse_float=Decimal)["scoreGiven"]
    assert given_score == Decimal(score) * maximum
    assert b"e" not in body.split(b'"scoreGiven":')[1].split(b",")[0].lower() or given_score < Decimal("0.001")


def test_a_line_item_is_made_with_everything_that_platforms_need() -> None:
    body = line_item_body(label="词" * 200, maximum=100, resource_link_id="r", resource_id="l", tag="t" * 60)
    assert json.loads(body) == {
        "label": "词" * 100, "scoreMaximum": 100, "resourceLinkId": "r", "resourceId": "l", "tag": "t" * 50,
    }  # fmt: skip
    assert (
        json.loads(line_item_body(label="", maximum=1, resource_link_id="r", resource_id="l", tag=""))["label"] == "l"
    )


# -- Times


# -- Answers


def moodle_json(file: str, label: str) -> bytes:
    (entry,) = [entry for entry in moodle(file) if entry.get("label") == label]
    return json.dumps(entry["response"]["json"]).encode()


def test_moodles_line_items_are_read_and_found() -> None:
    items = parse_line_items(moodle_json("token-and-lineitems", "GET lineitems"))
    wanted = find_line_item(items, resource_link_id="1", resource_id="", tag="")
    assert wanted is not None
    assert (wanted.label, wanted.score_maximum) == ("Raw activity", Decimal(100))
    assert find_line_item(items, resource_link_id="1", resource_id="other", tag="") is None


def test_moodles_new_line_item_is_read() -> None:
    item = parse_line_item(moodle_json("token-and-lineitems", "POST lineitem (decoupled)"))
    assert (item.resource_id, item.tag, item.resource_link_id) == ("kp-a", "kp", "1")
    assert item.url.startswith("http://127.0.0.1:8085/mod/lti/services.php/2/lineitems/")


def test_moodles_results_are_read() -> None:
    assert parse_results(moodle_json("scores-and-results", "results user 5")) == (
        Result("5", Decimal("33.33333"), Decimal(100)),
    )


def test_a_result_without_score_has_none() -> None:
    assert parse_results(b'[{"userId":"4","resultScore":null}]') == (Result("4", None, None),)
    assert parse_results(b'[{"userId":"4","resultScore":true,"resultMaximum":"x"}]') == (Result("4", None, None),)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[7]", b"<html>", b"\xff", b"[" * 50_000])
def test_an_answer_that_is_no_list_is_malformed(body: bytes) -> None:
    for parse in (parse_results, parse_line_items):
        with pytest.raises(AnswerMalformedError):
            parse(body)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"id":""}', b'{"id":7}'])
def test_a_line_item_without_id_is_malformed(body: bytes) -> None:
    with pytest.raises(AnswerMalformedError):
        parse_line_item(body)


def test_a_tag_is_compared_as_it_was_sent() -> None:
    item = LineItem("u", "l", Decimal(1), "r", "a", "t" * 50)
    assert find_line_item([item], resource_link_id="r", resource_id="a", tag="t" * 60) == item


# -- What an answer to a score means

THROTTLED = {"x-rate-limit-remaining": "0.0"}


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"", Verdict.DONE),
        (200, b'{"resultUrl":"https://x.test/1"}', Verdict.DONE),
        (201, b"{}", Verdict.DONE),
        (204, b"", Verdict.DONE),
        (200, b"[]\n", Verdict.PERMANENT),
        (302, b"", Verdict.LATER),
        (408, b"", Verdict.LATER),
        (429, b"", Verdict.LATER),
        (503, b"", Verdict.LATER),
        (500, b"", Verdict.AMBIGUOUS),
        (500, b"<html>", Verdict.AMBIGUOUS),
        (502, b"", Verdict.AMBIGUOUS),
        (504, b"", Verdict.AMBIGUOUS),
        (500, b"[]", Verdict.LOCKED),
        (401, b"", Verdict.ACCESS),
        (403, b"", Verdict.ACCESS),
        (409, b"[]", Verdict.CONFLICT),
        (400, b'{"detail":"Score already exists for the provided timestamp."}', Verdict.CONFLICT),
        (400, b'{"detail":"There is a score with a later point in time"}', Verdict.CONFLICT),
        (400, b"[]", Verdict.PERMANENT),
        (404, b"", Verdict.REFIND),
        (410, b"", Verdict.REFIND),
        (405, b"", Verdict.PERMANENT),
        (422, b'{"errors":"not a student"}', Verdict.PERMANENT),
    ],
)
def test_an_answer_has_one_verdict(status: int, body: bytes, verdict: Verdict) -> None:
    assert judge_score_answer(status, {}, body) is verdict


@pytest.mark.parametrize(("left", "verdict"), [("0", Verdict.LATER), ("-3.5", Verdict.LATER), ("700", Verdict.ACCESS)])
def test_s28_a_403_with_an_exhausted_rate_is_a_throttle(left: str, verdict: Verdict) -> None:
    assert judge_score_answer(403, {"x-rate-limit-remaining": left}, b"") is verdict


def moodle_scores() -> list[dict[str, Any]]:
    entries = moodle("scores-and-results") + moodle("scores-formats") + moodle("memberships-and-grade-edge-cases")
    return [
        entry
        for entry in entries
        if entry.get("request", {}).get("method") == "POST" and "/scores" in entry["request"]["url"]
    ]


@pytest.mark.parametrize("entry", moodle_scores(), ids=lambda entry: entry["label"])
def test_moodles_answers_are_judged_as_it_acted(entry: dict[str, Any]) -> None:
    response = entry["response"]
    body = json.dumps(response["json"]) if "json" in response else response.get("body", "<html>")
    verdict = judge_score_answer(response["status"], {}, body.encode())
    expected = {
        200: Verdict.PERMANENT if body == "[]" else Verdict.DONE,
        400: Verdict.PERMANENT,
        401: Verdict.ACCESS,
        409: Verdict.CONFLICT,
        500: Verdict.LOCKED,
        502: Verdict.AMBIGUOUS,
    }
    assert verdict is expected[response["status"]]
