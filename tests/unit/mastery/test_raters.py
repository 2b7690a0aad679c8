"""Severity, reliability and the sentence about a rater."""

from __future__ import annotations

import numpy as np
import pytest

from qualoop.mastery.agreement import RatingsRefusedError
from qualoop.mastery.raters import (
    Components,
    MixedTasksError,
    RaterStatistics,
    RepeatedRatingError,
    Severity,
    Sheet,
    rater_statistics,
    severity_sentence,
)

#: Shrout and Fleiss, "Intraclass correlations" (Psychological Bulletin, 1979), table 2: six targets, four judges.
JUDGES = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))


def sheet(text: str, rater: str, *scores: float | None, task: str = "") -> Sheet:
    return Sheet(text=text, rater=rater, scores=scores, task=task)


def judged() -> RaterStatistics:
    return rater_statistics(
        [sheet(f"t{t}", f"r{r}", float(score)) for t, row in enumerate(JUDGES) for r, score in enumerate(row)]
    )


def test_reliability_of_the_published_table() -> None:
    components = judged().components
    assert components
    assert components.icc == pytest.approx(0.29, abs=5e-3)
    assert components.icc_of(4) == pytest.approx(0.62, abs=5e-3)
    # The analysis of variance there: judges 32.49, error 1.02, targets 11.24.
    assert components.rest == pytest.approx(1.02, abs=5e-3)
    assert components.rater == pytest.approx((32.49 - 1.02) / 6, abs=5e-3)
    assert components.text == pytest.approx((11.24 - 1.02) / 4, abs=5e-3)


def test_severity_of_the_published_table() -> None:
    severities = {severity.rater: severity for severity in judged().severities}
    means = np.mean(JUDGES, axis=0)
    for number, mean in enumerate(means):
        assert severities[f"r{number}"].points == pytest.approx(means.mean() - mean)
    assert severities["r0"].sd == pytest.approx(np.sqrt(1.0194 / 6 * 3 / 4), abs=1e-3)
    assert severities["r0"].shared == 6


def test_raters_needed_for_a_reliability() -> None:
    components = Components(text=0.311, rater=0.029, rest=0.098)
    assert components.icc == pytest.approx(0.71, abs=5e-3)
    needed = components.raters_needed()
    assert needed == pytest.approx(1.63, abs=5e-3)
    assert Components(text=2.0, rater=1.0, rest=1.0).icc_of(4) == pytest.approx(0.8)
    assert Components(text=2.0, rater=1.0, rest=1.0).raters_needed(0.8) == pytest.approx(4.0)
    assert Components(text=0.0, rater=1.0, rest=1.0).raters_needed() is None
    assert Components(text=0.0, rater=0.0, rest=0.0).icc is None


def simulated(*, texts: int = 3000, sure: bool = False) -> list[Sheet]:
    """Make sheets by five raters of known severity; the mild ones get the stronger texts, where ``sure`` is false."""
    random = np.random.default_rng(5)
    severity = {"a": 0.4, "b": 0.1, "c": 0.0, "d": -0.1, "e": -0.4}
    sheets = []
    for text in range(texts):
        quality = random.normal(0, 0.6)
        pool = "abcde" if sure or abs(quality) < 0.6 else ("cde" if quality > 0 else "abc")
        raters = random.choice(list(pool), size=random.integers(1, 3), replace=False)
        sheets += [sheet(f"t{text}", r, 2 + quality - severity[r] + random.normal(0, 0.3)) for r in raters]
    return sheets


def test_severity_is_found_although_mild_raters_got_the_better_texts() -> None:
    statistics = rater_statistics(simulated())
    found = {severity.rater: severity for severity in statistics.severities}
    for rater, truth in {"a": 0.4, "b": 0.1, "c": 0.0, "d": -0.1, "e": -0.4}.items():
        points, sd = found[rater].points, found[rater].sd
        assert points is not None
        assert sd
        assert abs(points - truth) < 3 * sd
        assert sd < 0.03
    assert [severity.told for severity in statistics.severities] == [True, True, False, True, True]


def test_components_are_found() -> None:
    components = rater_statistics(simulated(sure=True)).components
    assert components
    assert components.text == pytest.approx(0.36, rel=0.1)
    assert components.rater == pytest.approx(0.085, rel=0.15)  # the variance of five raters' severities
    assert components.rest == pytest.approx(0.09, rel=0.1)


def test_each_text_counts_once_and_pairs_have_no_order() -> None:
    many = [sheet("t1", f"r{k}", 1.0) for k in range(10)] + [sheet("t2", "r1", 0.0), sheet("t2", "r2", 2.0)]
    statistics = rater_statistics(many)
    assert statistics.exact == pytest.approx(0.5)
    assert rater_statistics(many[::-1]).kappa == statistics.kappa


def test_gaps_count_for_the_criteria_that_are_there() -> None:
    sheets = [sheet("t1", "a", 1.0, None), sheet("t1", "b", 1.0, 2.0), sheet("t2", "a", 0.0, 1.0)]
    statistics = rater_statistics([*sheets, sheet("t2", "b", 1.0, 3.0)])
    assert statistics.gaps == 1
    assert statistics.exact == pytest.approx(1 / 3)
    assert statistics.adjacent == pytest.approx(2 / 3)


def test_two_tasks_under_one_text_are_refused() -> None:
    sheets = [sheet("student-7", "a", 1.0, task="letter"), sheet("student-7", "b", 2.0, task="report")]
    with pytest.raises(MixedTasksError, match="student-7"):
        rater_statistics(sheets)


def test_the_same_rater_twice_is_refused() -> None:
    with pytest.raises(RepeatedRatingError, match="'a'"):
        rater_statistics([sheet("t1", "a", 1.0), sheet("t1", "a", 2.0)])


def test_different_rubrics_are_refused() -> None:
    with pytest.raises(RatingsRefusedError):
        rater_statistics([sheet("t1", "a", 1.0), sheet("t1", "b", 2.0, 1.0)])


def test_nothing_is_invented_from_nothing() -> None:
    empty = rater_statistics([])
    assert (empty.exact, empty.kappa, empty.alpha, empty.components, empty.severities) == (None,) * 4 + ((),)
    once = rater_statistics([sheet("t1", "a", 1.0), sheet("t2", "b", 2.0)])
    assert once.twice == 0
    assert [severity.points for severity in once.severities] == [None, None]
    single = rater_statistics([sheet("t1", "a", 1.0), sheet("t1", "b", 2.0)])
    assert [severity.sd for severity in single.severities] == [None, None]


def test_sentences_in_both_languages() -> None:
    strict = Severity(rater="B", points=0.21, sd=0.05, shared=40)
    assert severity_sentence(strict, "en") == "Rater B is 0.2 points stricter than average (± 0.1)."
    assert severity_sentence(strict, "zh-Hans", name="李老师") == "李老师比平均严格0.2分（±0.1）。"
    mild = Severity(rater="B", points=-0.21, sd=0.05, shared=40)
    assert severity_sentence(mild, "en", name="Ms Li") == "Ms Li is 0.2 points milder than average (± 0.1)."
    assert "宽松0.2分" in severity_sentence(mild, "zh-Hans")
    sure = Severity(rater="B", points=0.21, sd=0.01, shared=400)
    assert severity_sentence(sure, "en").endswith("(± 0.02).")


@pytest.mark.parametrize(("points", "sd"), [(0.21, 0.2), (-0.21, 0.2), (0.04, 0.001)])
def test_what_cannot_be_told_is_not_told(points: float, sd: float) -> None:
    severity = Severity(rater="B", points=points, sd=sd, shared=4)
    assert severity_sentence(severity, "en") == "Rater B: no difference from the average that can be told."
    assert severity_sentence(severity, "zh-Hans") == "评分者B：与平均没有可辨别的差异。"


def test_a_rater_alone_gets_no_verdict() -> None:
    alone = Severity(rater="B", points=None, sd=None, shared=0)
    assert "shares no text" in severity_sentence(alone, "en")
    few = Severity(rater="B", points=1.0, sd=None, shared=1)
    assert "too few texts" in severity_sentence(few, "en")
    assert "太少" in severity_sentence(few, "zh-Hans")
