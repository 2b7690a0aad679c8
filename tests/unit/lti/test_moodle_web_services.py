"""Moodle's web services: bodies as the captured calls have them, every captured answer, and answers that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti import moodle_errors as errors
from lti_tool.lti import moodle_web_services as moodle
from lti_tool.lti.moodle_web_services import Scale
from lti_tool.lti.score_answers import Verdict, judge_score_answer

FOLDER = Path(__file__).parents[2] / "fixtures" / "moodle"
CALLS: list[dict[str, Any]] = json.loads((FOLDER / "competency-web-services.json").read_text())
TOKEN = "0123456789abcdef"
PARSERS: dict[str, Callable[[object], object]] = {
    moodle.SITE_INFO: moodle.parse_site_functions,
    moodle.LIST_FRAMEWORKS: moodle.parse_frameworks,
    moodle.LIST_COMPETENCIES: moodle.parse_competencies,
    moodle.SCALE_VALUES: moodle.parse_scale_values,
    moodle.SUMMARY: moodle.parse_summary,
    moodle.GRADE: moodle.parse_rating,
}
REFUSED = {
    "invalidparameter": errors.MoodleRefusedError,
    "invalidpersistenterror": errors.MoodleRatingError,
    "invalidtoken": errors.MoodleTokenError,
    "invalidrecord": errors.MoodleGoneError,
    "accessexception": errors.MoodleFunctionError,
}


def answered(call: dict[str, Any]) -> bytes:
    return json.dumps(call["response"]).encode()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['function']} {call['label']}")
def test_every_captured_answer_is_understood_or_refused_for_its_reason(call: dict[str, Any]) -> None:
    code = call["response"].get("errorcode") if isinstance(call["response"], dict) else None
    if code is not None:
        with pytest.raises(REFUSED[code]) as caught:
            moodle.read_answer(call["status"], answered(call), function=call["function"])
        assert caught.type is REFUSED[code]
        assert str(caught.value) == f"Moodle answered {code}", "and nothing of its message"
        return
    answer = moodle.read_answer(call["status"], answered(call), function=call["function"])
    assert answer == call["response"]
    if call["function"] in PARSERS:
        PARSERS[call["function"]](answer)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call['function']} {call['label']}")
def test_bodies_have_the_names_that_were_captured(call: dict[str, Any]) -> None:
    body = moodle.form_body(TOKEN, call["function"], nested(call["params"]))
    sent = dict(parse_qsl(body.decode(), keep_blank_values=True))
    head = {"wstoken": TOKEN, "wsfunction": call["function"], "moodlewsrestformat": "json"}
    assert sent == head | {name: str(value) for name, value in call["params"].items()}


def nested(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as this tool's functions make them: `a[b]` is a mapping, `a[0]` a list."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        keys = name.replace("]", "").split("[")
        place = found
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return {
        name: [*value.values()] if isinstance(value, dict) and "0" in value else value for name, value in found.items()
    }


def test_what_this_tool_asks_is_what_was_captured() -> None:
    captured = next(call["params"] for call in CALLS if call["label"] == "ok form")
    body = moodle.form_body(TOKEN, "f", moodle.competencies_page(1, 0, 0))
    sent = dict(parse_qsl(body.decode()))
    assert {name: sent[name] for name in captured if name != "sort"} == {
        name: str(value) for name, value in captured.items() if name != "sort"
    }
    assert "," not in sent["sort"], "two sort columns are an invalid parameter"
    rated = next(call["params"] for call in CALLS if call["label"] == "rate user 4 competent")
    assert moodle.rating(4, 2, 2, rated["note"]) == rated  # type: ignore[arg-type]


def test_what_captured_answers_say() -> None:
    by_label = {(call["function"], call["label"]): call["response"] for call in CALLS}
    (framework,) = moodle.parse_frameworks(by_label[moodle.LIST_FRAMEWORKS, ""])
    assert (framework.id_number, framework.scale) == ("SKILLS-2026", Scale(id=2, proficient=frozenset({2}), default=2))
    competencies = moodle.parse_competencies(by_label[moodle.LIST_COMPETENCIES, "ok form"])
    assert [each.id_number for each in competencies] == ["MOD-A", "KP-A1", "KP-A2", "KP-A3"]
    assert competencies[2].title == "Knowledge point A2 Fermentation 发酵"
    assert moodle.parse_scale_values(by_label[moodle.SCALE_VALUES, ""]) == {1: "Not yet competent", 2: "Competent"}
    standing = moodle.parse_summary(by_label[moodle.SUMMARY, ""])
    assert (standing.grade, standing.can_grade) == (2, True)
    assert moodle.parse_rating(by_label[moodle.GRADE, "same rating again"]) == 2
    assert moodle.GRADE in moodle.parse_site_functions(by_label[moodle.SITE_INFO, ""])


def test_scores_to_an_activity_with_competencies_are_scores_like_any_other() -> None:
    """The way without a token. What Moodle makes of them (5/10 nothing, 8/10 both rated, 3/10 stays) is its own."""
    posts = json.loads((FOLDER / "score-to-competency.json").read_text())[1:]
    assert [(post["request"]["json"]["scoreGiven"], judge_score_answer(200, {}, b"")) for post in posts] == [
        (5, Verdict.DONE),
        (8, Verdict.DONE),
        (7, Verdict.DONE),
        (3, Verdict.DONE),
    ]
    assert {(post["response"]["status"], post["response"]["body"]) for post in posts} == {(200, "")}


@pytest.mark.parametrize(
    ("proficient", "default", "competent", "not_yet"),
    [
        ({2}, 2, 2, 1),
        ({3, 4}, 4, 4, 2),
        ({3, 4}, None, 3, 2),
        ({3, 4}, 1, 3, 2),
        ({1}, 1, 1, None),
        ({1, 2}, 2, 2, None),
        (set(), 2, None, None),
    ],
)
def test_the_grades_of_a_scale(
    proficient: set[int], default: int | None, competent: int | None, not_yet: int | None
) -> None:
    scale = Scale(id=1, proficient=frozenset(proficient), default=default)
    assert (scale.competent, scale.not_yet) == (competent, not_yet)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>maintenance</html>", errors.MoodleUnreadableError),
        (200, b"", errors.MoodleUnreadableError),
        (200, b"[" * 100_000, errors.MoodleUnreadableError),
        (200, b"\xff\xfe", errors.MoodleUnreadableError),
        (200, b'{"exception": "x"}', errors.MoodleRefusedError),
        (200, b'{"exception": "x", "errorcode": ["invalidtoken"]}', errors.MoodleRefusedError),
        (200, b'{"exception": "x", "errorcode": "sitemaintenance"}', errors.MoodleBusyError),
        (302, b"", errors.MoodleDisabledError),
        (403, b"", errors.MoodleDisabledError),
        (404, b"<html>", errors.MoodleDisabledError),
        (429, b"", errors.MoodleBusyError),
        (500, b"", errors.MoodleUnreadableError),
        (502, b"", errors.MoodleUnreadableError),
        (503, b"", errors.MoodleBusyError),
    ],
)
def test_what_is_no_answer(status: int, body: bytes, error: type[errors.MoodleError]) -> None:
    with pytest.raises(error) as caught:
        moodle.read_answer(status, body, function=moodle.GRADE)
    assert caught.type is error


def test_an_error_code_that_is_none_is_not_repeated() -> None:
    body = json.dumps({"exception": "x", "errorcode": "Sam Student <sam@example.test>"}).encode()
    with pytest.raises(errors.MoodleRefusedError) as caught:
        moodle.read_answer(200, body, function=moodle.GRADE)
    assert "Sam" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "idnumber", "shortname", "scaleid", "scaleconfiguration", "grade", "usercompetency"])
            | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(answer=JSON | st.lists(JSON), parser=st.sampled_from(sorted(PARSERS)))
def test_whatever_comes_is_understood_or_refused(answer: object, parser: str) -> None:
    with suppress(errors.MoodleUnreadableError):
        PARSERS[parser](answer)


@given(configuration=JSON | st.text())
def test_whatever_a_scale_is_configured_to_be(configuration: object) -> None:
    text = configuration if isinstance(configuration, str) else json.dumps(configuration)
    entry = {"id": 1, "idnumber": "A", "shortname": "a", "scaleid": 2, "scaleconfiguration": text}
    (found,) = moodle.parse_frameworks([entry])
    if found.scale is not None and found.scale.not_yet is not None:
        assert found.scale.competent is not None
        assert found.scale.not_yet < found.scale.competent


def test_what_is_shown_is_one_short_line() -> None:
    entry = {"id": 1, "idnumber": "A\x00\n B", "shortname": "x" * 500 + "\u202e"}
    (found,) = moodle.parse_competencies([entry])
    assert (found.id_number, found.title) == ("A B", "x" * 100)


@pytest.mark.parametrize("ident", [0, -1, True, "1", 1.5, None, 2**60])
def test_an_id_is_a_positive_number(ident: object) -> None:
    with pytest.raises(errors.MoodleUnreadableError):
        moodle.parse_competencies([{"id": ident, "idnumber": "A"}])


def test_too_many_entries_are_no_page() -> None:
    with pytest.raises(errors.MoodleUnreadableError):
        moodle.parse_competencies([{"id": 1}] * 1001)


def test_nobody_was_rated_yet() -> None:
    assert moodle.parse_summary({"cangrade": False, "usercompetency": None}).grade is None
    assert moodle.parse_summary({"cangrade": False, "usercompetency": {"grade": None}}).grade is None


@pytest.mark.parametrize(
    ("subject", "is_user"),
    [("4", True), ("12345", True), ("0", False), ("04", False), ("s-4", False), ("٤", False), ("", False)],
)
def test_which_subjects_are_users(subject: str, *, is_user: bool) -> None:
    assert moodle.is_user_id(subject) is is_user


@pytest.mark.parametrize(
    ("issuer", "token_url", "site"),
    [
        ("https://m.example", "https://m.example/mod/lti/token.php", "https://m.example"),
        ("https://other.example", "https://m.example/moodle/mod/lti/token.php", "https://m.example/moodle"),
        ("https://m.example/", "https://m.example/elsewhere", "https://m.example"),
    ],
)
def test_where_the_site_is(issuer: str, token_url: str, site: str) -> None:
    assert moodle.site_url(issuer, token_url) == site
