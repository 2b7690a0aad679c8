"""The explanation record and its words, on the worked case of docs/mastery.md: a sheet on two knowledge points."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Difficulty, Learner, Memory, Response, State, Update, step
from qualoop.mastery.explanation import About, numbers, sentence, summary

DAY = 86_400.0
NOW = 100 * DAY
TITLES = {"A": "Keywords", "B": "Bids"}
STATE = State(
    learner=Learner(0.10, 0.12, 0.05, 0.10, responses=100),
    memories={
        # N at the last touch is counted before that response itself.
        "A": Memory(0.02, 0.20, 0.05, 0.30, n=5, at=NOW - 23 * DAY, responses=59),
        "B": Memory(0.30, 0.09, 0.02, 0.20, n=9, at=NOW - 2 * DAY, responses=96),
    },
    item=Difficulty(0.35, 0.15),
    knowledge_points={"A": Difficulty(0.35, 0.03), "B": Difficulty(0.10, 0.02)},
    rater=Difficulty(0.20, 0.03),
)
SHEET = Response(weights={"A": 0.5, "B": 0.5}, at=NOW, score=0.40, omega=2.5, practice=0, rated=True)


def worked_case(response: Response = SHEET) -> Update:
    return step(STATE, response, DEFAULT_CONSTANTS)[1]


def test_the_worked_case_gives_its_numbers() -> None:
    record = numbers(worked_case())
    names = ("predicted", "score", "omega", "z", "V", "p", "W", "r", "D")
    assert [record[name] for name in names] == [
        "0.560", "0.400", "2.500", "0.271", "0.697", "0.567", "0.614", "-0.418", "1.428",
    ]  # fmt: skip
    assert record["item"] == {"b": "0.350", "word": "hard"}
    assert record["rater"] == {"s": ["0.200", "0.209"], "word": "strict"}
    assert record["learner"] == {"g": ["0.100", "0.065"], "d_h": "-0.029"}


def test_the_worked_case_gives_its_points() -> None:
    first, second = numbers(worked_case())["kps"]
    assert first == {
        "kp": "A", "stored": "63.7", "forgetting": "-0.5", "days": 23, "before": "63.3", "evidence": "-1.7",
        "practice": "0.0", "after": "61.6", "band": ["37.1", "82.4"], "n": 6, "d_m": "-0.036", "d_c": "0.004",
    }  # fmt: skip
    assert second == {
        "kp": "B", "stored": "74.7", "forgetting": "-3.9", "days": 2, "before": "70.8", "evidence": "-1.4",
        "practice": "0.0", "after": "69.4", "band": ["47.1", "86.7"], "n": 10, "d_m": "-0.033", "d_c": "0.003",
    }  # fmt: skip


def test_the_points_add_up() -> None:
    update = worked_case(replace(SHEET, practice=1, score=1.0, rated=False))
    for change, row in zip(update.changes.values(), numbers(update)["kps"], strict=True):
        points = [float(row[name]) for name in ("forgetting", "evidence", "practice")]
        assert change.practice > 0
        assert sum(points) == pytest.approx(float(row["after"]) - float(row["stored"]), abs=0.21)


def test_the_worked_case_is_said_in_english() -> None:
    assert sentence(numbers(worked_case()), "en", TITLES) == (
        "On this hard criterion, judged by a strict rater, a result of 56% was expected; it was 40%. "
        "Keywords fell by 1.7 points to 62%, from 63% (most doubt there). "
        "Bids fell by 1.4 points to 69%, from 71%. Before that, 3.9 points had faded in 2 days."
    )


def test_the_worked_case_is_said_in_chinese() -> None:
    assert sentence(numbers(worked_case()), "zh-Hans", TITLES) == (
        "这个较难的评分项由偏严的评分者评定，预期得分56%，实际得分40%。Keywords从63%下降1.7个百分点，现为62%（此处最不确定）。"
        "Bids从71%下降1.4个百分点，现为69%。此前2天里已遗忘3.9个百分点。"
    )


def test_practice_is_told_apart_from_the_score() -> None:
    explanation = numbers(worked_case(replace(SHEET, weights={"A": 1.0}, practice=1, score=1.0, rated=False)))
    assert "Doing the work added 0.9 points by itself." in sentence(explanation, "en", TITLES)
    assert "完成练习本身增加了0.9个百分点。" in sentence(explanation, "zh-Hans", TITLES)


def test_what_lay_below_the_general_level_comes_closer_to_it() -> None:
    low = replace(STATE, memories={"A": Memory(-1.0, 0.10, 0.0, 0.3, n=5, at=NOW - DAY, responses=99)})
    update = step(low, replace(SHEET, weights={"A": 1.0}), DEFAULT_CONSTANTS)[1]
    assert "it had come 12.3 points closer to the learner's general level in 1 day." in sentence(
        numbers(update), "en", TITLES
    )


def test_a_weight_brings_its_reason() -> None:
    explanation = {**numbers(worked_case()), "weight": {"why": {"en": "A sheet counts 2.5.", "zh-Hans": "计2.5。"}}}
    assert sentence(explanation, "en", TITLES).endswith("A sheet counts 2.5.")
    assert sentence(explanation, "zh-Hans", TITLES).endswith("计2.5。")


def test_several_updates_are_summed_up_from_what_there_would_be_without_them() -> None:
    right, wrong = (
        numbers(worked_case(replace(SHEET, weights={"A": 1.0}, score=score, rated=False))) for score in (1.0, 0.0)
    )
    before, after = 0.4, float(wrong["kps"][0]["after"])
    told = summary([right, wrong], "A", "en", TITLES, before=before)
    assert told.startswith(
        f"With 2 results of this attempt, Keywords rose by {after - 40:.1f} points to {after:.0f}%, from 40%."
    )
    assert summary([right, wrong], "A", "zh-Hans", TITLES, before=before).startswith(
        "本次共有2个结果，Keywords从40%上升"
    )
    assert "fell by" in summary([right, wrong], "A", "en", TITLES, before=0.9)
    assert summary([right, wrong], "A", "en", TITLES, before=after / 100) == (
        f"After 2 results of this attempt, Keywords stays at {after:.0f}%."
    )
    expected = f"{100 * float(right['predicted']):.0f}%"
    assert f"a result of {expected} was expected" in told
    assert summary([right], "A", "en", TITLES, before=before) == sentence(right, "en", TITLES)


def test_a_whole_record_names_its_versions_and_subjects() -> None:
    about = About(
        event="e1", constants="c1", tags="t31", weights="w4", at="2026-03-02T10:15:00Z", item="quiz/i1", rater="r7"
    )
    record = numbers(worked_case(), about)
    assert list(record)[:5] == ["event", "constants", "tags", "weights", "at"]
    assert (record["item"]["id"], record["rater"]["id"]) == ("quiz/i1", "r7")
    assert record["item"]["word"] == "hard"


@pytest.mark.parametrize(
    ("value", "item", "rater"),
    [(-0.7, "very-easy", "very-mild"), (-0.2, "easy", "mild"), (0.1, "", ""), (0.7, "very-hard", "very-strict")],
)
def test_words_follow_from_numbers(value: float, item: str, rater: str) -> None:
    state = replace(STATE, item=Difficulty(value, 0.1), rater=Difficulty(value, 0.01))
    record = numbers(step(state, SHEET, DEFAULT_CONSTANTS)[1])
    assert (record["item"]["word"], record["rater"]["word"]) == (item, rater)
    assert sentence(record, "zh-Hans", TITLES)


def test_the_record_is_plain_json_without_floats() -> None:
    def floats(value: object) -> bool:
        if isinstance(value, dict):
            return any(floats(part) for part in value.values())
        if isinstance(value, list):
            return any(floats(part) for part in value)
        return isinstance(value, float)

    assert not floats(numbers(worked_case()))


def test_an_ordinary_question_has_no_word_and_no_rater() -> None:
    response = Response(weights={"A": 1.0}, at=30 * DAY, score=0)
    explanation = numbers(step(State(), response, DEFAULT_CONSTANTS)[1])
    english, chinese = (sentence(explanation, language, TITLES) for language in ("en", "zh-Hans"))
    assert english.startswith("On this question a result of 62% was expected; it was 0%. Keywords fell by")
    assert chinese.startswith("这道题预期得分62%，实际得分0%。Keywords从60%下降")
