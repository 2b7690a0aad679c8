from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.authored_files import AuthoredFilesError
from qualoop.policies import (
    FormNotWeighedError,
    WeightTableNotFoundError,
    load_weight_table,
    vote_number,
    weigh,
    weight_table,
)
from qualoop.policies.tables import TABLES
from qualoop.values import LANGUAGES, Score

HALF = Score("0.5")


@pytest.mark.parametrize(
    ("form", "try_number", "hints", "expected"),
    [
        # form, meeting, hints: omega, y of a score of .5, u
        ("quiz", 1, 0, ("1", "0.5", "1")),
        ("quiz", 2, 0, ("0.3", "0.5", "1")),
        ("quiz", 9, 0, ("0.3", "0.5", "1")),
        ("quiz", 1, 1, ("0.5", "0.4", "1")),
        ("quiz", 1, 2, ("0.5", "0.3", "1")),
        ("quiz", 1, 5, ("0.5", "0", "1")),
        ("quiz", 1, 6, ("0.5", "0", "1")),
        ("quiz", 2, 1, ("0.15", "0.4", "1")),
        ("exam", 1, 0, ("1", "0.5", "1")),
        ("paper", 1, 0, ("1", "0.5", "0")),
        ("paper", 1, 3, ("1", "0.5", "0")),
        ("poll", 1, 0, ("0.5", "0.5", "1")),
        ("poll", 2, 0, ("0.2", "0.5", "1")),
        ("attendance", 1, 0, ("0", "0.5", "0")),
        ("process", 1, 0, ("0", "0.5", "0")),
    ],
)
def test_what_items_weigh(form: str, try_number: int, hints: int, expected: tuple[str, str, str]) -> None:
    for table in ("w1", "w2"):
        weight = weigh(form, HALF, try_number=try_number, hints=hints, table=weight_table(table))
        assert (weight.omega, weight.y, weight.u) == tuple(map(Decimal, expected))
        assert weight.table == table
    assert weigh(form, HALF).table == "w2"


@pytest.mark.parametrize(("form", "tries", "number"), [("poll", 1, 1), ("poll", 2, 2), ("quiz", 2, 1), ("paper", 3, 1)])
def test_a_second_vote_is_the_second_whoever_was_there_for_the_first(form: str, tries: int, number: int) -> None:
    assert vote_number(form, tries) == number


@pytest.mark.parametrize(
    ("form", "options", "gamma"),
    [
        ("quiz", None, Decimal(0)),
        ("quiz", 1, Decimal(0)),
        ("quiz", 2, Decimal("0.5")),
        ("quiz", 3, 1 / Decimal(3)),
        ("quiz", 4, Decimal("0.25")),
        ("quiz", 5, Decimal(0)),
        ("poll", 4, Decimal("0.25")),
        ("attendance", 4, Decimal(0)),
    ],
)
def test_the_guess_floor(form: str, options: int | None, gamma: Decimal) -> None:
    weight = weigh(form, HALF, options=options)
    assert weight.gamma == gamma
    assert weight.omega == weigh(form, HALF).omega, "the floor discounts; omega is not lowered as well"


@given(
    form=st.sampled_from(["quiz", "exam", "paper", "poll", "attendance", "process"]),
    score=st.decimals(0, 1, places=6).map(Score),
    try_number=st.integers(1, 50),
    hints=st.integers(0, 9),
)
def test_a_repeat_or_a_hint_never_adds_weight(form: str, score: Score, try_number: int, hints: int) -> None:
    weight = weigh(form, score, try_number=try_number, hints=hints, options=3)
    first = weigh(form, score, options=3)
    assert 0 <= weight.omega <= first.omega <= 1
    assert 0 <= weight.y <= first.y == score
    assert all(weight.why.by_language[language] for language in LANGUAGES)


@pytest.mark.parametrize(
    ("form", "try_number", "hints", "expected"),
    [
        (
            "quiz",
            1,
            0,
            (
                "Quiz item, first time: weight 1. A blind guess is right once in 4; that much is discounted.",
                "测验题，首次作答：权重 1。随机猜对的概率为 1/4，计算时已扣除这一因素。",
            ),
        ),
        (
            "exam",
            2,
            1,
            (
                "Exam item, same item again (no. 2), with 1 hint: weight 0.15. 80 % of the score counts.",
                "考试题，同一题第 2 次作答，用了 1 条提示：权重 0.15。得分按 80% 计入。",
            ),
        ),
        (
            "attendance",
            1,
            0,
            (
                "Attendance: weight 0. It shows exposure and can open a gate, but never moves mastery.",
                "出勤：权重 0。出勤只说明接触过教学内容，可作为准入条件，但不影响掌握程度。",
            ),
        ),
    ],
)
def test_the_sentence(form: str, try_number: int, hints: int, expected: tuple[str, str]) -> None:
    why = weigh(form, HALF, try_number=try_number, hints=hints, options=None if hints else 4).why
    assert (why["en"], why["zh-Hans"]) == expected


def test_a_form_that_is_not_weighed_is_refused() -> None:
    with pytest.raises(FormNotWeighedError, match="prior_learning"):
        weigh("prior_learning", HALF)


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_table_is_sound(path: Path) -> None:
    table = load_weight_table(path.stem)
    for weights in table.forms.values():
        assert weights.rubric or weights.omega == tuple(sorted(weights.omega or (), reverse=True))
        for text in (weights.name, weights.note or weights.name):
            assert set(text.by_language) == set(LANGUAGES)


@pytest.mark.parametrize("table_id", ["w0", "../w1", "", "W1"])
def test_an_unknown_table(table_id: str) -> None:
    with pytest.raises(WeightTableNotFoundError):
        weight_table(table_id)


def test_another_table_is_another_weighing(tmp_path: Path) -> None:
    text = (TABLES / "w1.yaml").read_text(encoding="utf-8")
    changed = text.replace("id: w1", "id: w9").replace('["1", "0.3"]', '["1", "0.1"]')
    (tmp_path / "w9.yaml").write_text(changed, encoding="utf-8")
    weight = weigh("quiz", HALF, try_number=2, table=load_weight_table("w9", tmp_path))
    assert (weight.omega, weight.table) == (Decimal("0.1"), "w9")


def test_a_broken_table_lists_all_its_problems(tmp_path: Path) -> None:
    text = (TABLES / "w1.yaml").read_text(encoding="utf-8")
    broken = text.replace('omega: ["0.5", "0.2"]', 'omega: ["-1", "x"]').replace(
        "format_version: 1", "format_version: 2"
    )
    (tmp_path / "w1.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(AuthoredFilesError) as refused:
        load_weight_table("w1", tmp_path)
    codes = {problem.code for problem in refused.value.problems}
    assert codes >= {"schema-literal-error", "schema-greater-than-equal", "schema-decimal-parsing"}


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w1.yaml").write_text("", encoding="utf-8")
    with pytest.raises(AuthoredFilesError, match="yaml-empty"):
        load_weight_table("w1", tmp_path)


def test_a_table_under_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w9.yaml").write_text((TABLES / "w1.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(AuthoredFilesError, match="weights-id"):
        load_weight_table("w9", tmp_path)
