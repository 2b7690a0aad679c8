"""The weights of work that is not answered item by item: rubric sheets and runs of simulations."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.authored_files import AuthoredFilesError
from qualoop.ledger import EvidenceForm
from qualoop.policies import (
    Checkpoints,
    FormNotWeighedError,
    GradedRun,
    Judge,
    Occasion,
    PracticeRun,
    Sheet,
    load_weight_table,
    read_occasion,
    rubric_score,
    weigh,
    weight_table,
)
from qualoop.policies.tables import TABLES
from qualoop.values import LANGUAGES, Score, ValueRefusedError

HALF = Score("0.5")
JUDGED = ("project", "defence", "portfolio", "live", "observation")


def graded(reliability: str, components: int = 1) -> GradedRun:
    return GradedRun(reliability=Decimal(reliability), components=components)


@pytest.mark.parametrize(
    ("occasion", "try_number", "omega"),
    [
        (None, 1, "2.5"),
        (Sheet(criteria=4), 1, "2.5"),
        (Sheet(criteria=5), 1, "2"),
        (Sheet(criteria=6), 1, "1.666666"),
        (Sheet(criteria=4), 7, "2.5"),
        (Sheet(criteria=4, judge=Judge.PEER), 1, "1"),
        (Sheet(criteria=5, judge=Judge.PEER), 1, "0.8"),
        (Sheet(judge=Judge.SELF), 1, "0.1"),
        (Checkpoints(count=1), 1, "1"),
        (Checkpoints(count=3), 1, "3"),
        (Checkpoints(count=9), 1, "3"),
        (Checkpoints(count=9), 2, "1.5"),
        (Checkpoints(count=1), 5, "0.5"),
        (graded("0"), 1, "0"),
        (graded("0.5"), 1, "1"),
        (graded("0.75"), 1, "3"),
        (graded("0.76"), 1, "3"),
        (graded("1"), 1, "3"),
        (graded("0.6", 4), 1, "0.375"),
        (graded("0.6", 4), 2, "0.1875"),
        (PracticeRun(), 1, "0.3"),
        (PracticeRun(components=4), 1, "0.075"),
        (PracticeRun(), 2, "0.15"),
    ],
)
def test_table_w1(occasion: Occasion | None, try_number: int, omega: str) -> None:
    weight = weigh("project", HALF, occasion=occasion, try_number=try_number, table=weight_table("w1"))
    assert (weight.omega, weight.y, weight.gamma) == (Decimal(omega), HALF, Decimal(0))
    assert weight.u == (0 if isinstance(occasion, Sheet | None) else 1)
    if try_number == 1 or isinstance(occasion, Sheet | Checkpoints | None):
        assert weigh("project", HALF, occasion=occasion, try_number=try_number).omega == Decimal(omega), "nor in w2"


@pytest.mark.parametrize(
    ("occasion", "why"),
    [
        (graded("0.92"), "Graded run of a simulation, retest reliability 0.92: weight 3."),
        (graded("0.6", 4), "Graded run of a simulation, retest reliability 0.6, one of 4 components: weight 0.375."),
        (PracticeRun(components=4), "Practice run of a simulation, one of 4 components: weight 0.075."),
    ],
)
def test_what_was_practised_before_halves_no_run(occasion: Occasion, why: str) -> None:
    for number in (1, 2, 9):
        weight = weigh("project", HALF, occasion=occasion, try_number=number)
        assert (weight.table, weight.why["en"]) == ("w2", why)
    once = weigh("project", HALF, occasion=occasion, try_number=2, table=weight_table("w1"))
    assert once.omega * 2 == weigh("project", HALF, occasion=occasion).omega
    assert "same scenario again (no. 2)" in once.why["en"]


def test_a_graded_run_without_a_published_reliability_weighs_as_practice() -> None:
    run = GradedRun(reliability=None, components=4)
    weight = weigh("project", HALF, occasion=run)
    assert weight.omega == weigh("project", HALF, occasion=PracticeRun(components=4)).omega == Decimal("0.075")
    assert weight.why["en"] == (
        "Graded run of a simulation without a published reliability, one of 4 components: weight 0.075."
    )
    assert weight.why["zh-Hans"] == "模拟实训（计分运行），未公布信度，为 4 个组成部分之一：权重 0.075。"


@pytest.mark.parametrize("form", JUDGED)
def test_every_judged_form_counts_like_a_rubric(form: str) -> None:
    assert weigh(form, HALF, occasion=Sheet(criteria=8)).omega == Decimal("1.25")


@pytest.mark.parametrize("form", EvidenceForm)
def test_every_form_is_weighed_but_prior_learning(form: EvidenceForm) -> None:
    if form is EvidenceForm.PRIOR_LEARNING:
        with pytest.raises(FormNotWeighedError):
            weigh(form, HALF)
    else:
        assert set(weigh(form, HALF).why.by_language) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("form", "occasion"),
    [("quiz", Sheet()), ("quiz", Checkpoints(count=2)), ("live", PracticeRun()), ("attendance", Sheet())],
)
def test_a_form_that_does_not_come_about_like_this_is_refused(form: str, occasion: Occasion) -> None:
    with pytest.raises(FormNotWeighedError, match=form):
        weigh(form, HALF, occasion=occasion)


@given(criteria=st.integers(1, 200), judge=st.sampled_from(Judge))
def test_a_sheet_never_exceeds_its_total(criteria: int, judge: Judge) -> None:
    omega = weigh("live", HALF, occasion=Sheet(criteria=criteria, judge=judge)).omega
    assert 0 < omega * criteria <= weight_table().rubric.sheet_total


@given(
    reliability=st.decimals(0, 1, places=3),
    components=st.integers(1, 20),
    try_number=st.integers(1, 9),
)
def test_a_run_never_exceeds_its_cap_and_a_rerun_never_the_first(
    reliability: Decimal, components: int, try_number: int
) -> None:
    run = GradedRun(reliability=reliability, components=components)
    first = weigh("project", HALF, occasion=run).omega
    assert 0 <= weigh("project", HALF, occasion=run, try_number=try_number).omega <= first
    assert first * components <= weight_table().simulation.most


@pytest.mark.parametrize(("level", "levels", "score"), [(0, 4, "0"), (2, 4, "0.666667"), (3, 4, "1"), (1, 2, "1")])
def test_the_score_of_a_rubric_level(level: int, levels: int, score: str) -> None:
    assert rubric_score(level, levels) == Score(score)


@pytest.mark.parametrize(("level", "levels"), [(-1, 4), (4, 4), (0, 1), (0, 0)])
def test_a_level_that_the_rubric_does_not_have(level: int, levels: int) -> None:
    with pytest.raises(ValueRefusedError, match=str(level)):
        rubric_score(level, levels)


def test_an_occasion_that_cannot_be_is_refused() -> None:
    for make in (
        lambda: Sheet(criteria=0),
        lambda: Checkpoints(count=0),
        lambda: graded("1.1"),
        lambda: graded("0.5", 0),
        lambda: PracticeRun(components=0),
    ):
        with pytest.raises(ValueRefusedError):
            make()


@pytest.mark.parametrize(
    ("occasion", "try_number", "expected"),
    [
        (
            Sheet(),
            1,
            ("Rubric criterion (practice project): weight 2.5.", "评分标准（实训项目）：权重 2.5。"),
        ),
        (
            Sheet(criteria=6, judge=Judge.PEER),
            1,
            (
                "Rubric criterion (practice project), one of 6 on the sheet, judged by a peer: weight 0.667. "
                "Criteria on one sheet are not independent, so the whole sheet counts 10 at most.",
                "评分标准（实训项目），为评分表 6 项标准之一，由同学评定：权重 0.667。"
                "同一张评分表的各项标准并不独立，整张表最多计 10。",
            ),
        ),
        (
            Checkpoints(count=1),
            2,
            (
                "Simulation with 1 independent checkpoint, same scenario again (no. 2): weight 0.5.",
                "模拟实训，共 1 个独立检查点，同一情景第 2 次运行：权重 0.5。",
            ),
        ),
        (
            graded("0.79", 4),
            1,
            (
                "Graded run of a simulation, retest reliability 0.79, one of 4 components: weight 0.75.",
                "模拟实训（计分运行），重测信度 0.79，为 4 个组成部分之一：权重 0.75。",
            ),
        ),
        (
            PracticeRun(),
            1,
            ("Practice run of a simulation: weight 0.3.", "模拟实训（练习运行）：权重 0.3。"),
        ),
    ],
    ids=["rubric", "peer", "checkpoints", "graded", "practice"],
)
def test_the_sentence(occasion: Occasion, try_number: int, expected: tuple[str, str]) -> None:
    why = weigh("project", HALF, occasion=occasion, try_number=try_number).why
    assert (why["en"], why["zh-Hans"]) == expected


def test_a_form_is_weighed_by_items_or_by_a_rubric(tmp_path: Path) -> None:
    text = (TABLES / "w1.yaml").read_text(encoding="utf-8")
    broken = text.replace('omega: ["0.5", "0.2"]\n', 'omega: ["0.5", "0.2"]\n    rubric: true\n')
    (tmp_path / "w1.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(AuthoredFilesError, match=r"forms\.poll.*not both"):
        load_weight_table("w1", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "sheet:6:assessor",
        "sheet:1:peer",
        "checkpoints:3",
        "graded-run:4:0.85",
        "graded-run:1:1",
        "graded-run:4",
        "practice-run:2",
    ],
)
def test_an_occasion_as_text_there_and_back(text: str) -> None:
    occasion = read_occasion(text)
    assert occasion is not None
    assert occasion.as_text() == text
    assert read_occasion("") is None


@pytest.mark.parametrize(
    "text",
    [
        "sheet:0:assessor",
        "sheet:6:nobody",
        "graded-run:4:1.5",
        "graded-run:4:nan",
        "graded-run:0",
        "graded-run:x",
        "practice-run:x",
        "walk:1",
        "sheet:6",
    ],
)
def test_no_other_text_is_an_occasion(text: str) -> None:
    with pytest.raises(ValueRefusedError):
        read_occasion(text)
