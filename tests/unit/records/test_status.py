"""The status of a knowledge point: each edge of the rule."""

from __future__ import annotations

from dataclasses import replace
from math import log
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import EvidenceForm
from qualoop.mastery.readings import Reading
from qualoop.policies import forms_mask, status_policy
from qualoop.records import (
    SECONDS_PER_MONTH,
    Flag,
    Lack,
    PointFacts,
    Status,
    StatusRules,
    chance_above,
    is_remedial,
    level_step,
    may_stop,
    missing_for,
    status_of,
    status_reason,
    status_rules,
    whole_percent,
)
from qualoop.values import LANGUAGES
from tests.unit.records.evidence import reading

LEVEL = log(0.7 / 0.3)
TWO_FORMS = forms_mask([EvidenceForm.QUIZ, EvidenceForm.PROJECT])
NOW = 1.8e9


def mean_for(chance: float) -> float:
    """Return the mean at which that is the chance of lying above 70 %, for a deviation of 1 widened by 1.15."""
    return LEVEL + 1.15 * NormalDist().inv_cdf(chance)


def facts(chance: float, items: int = 3, forms: int = TWO_FORMS) -> PointFacts:
    return PointFacts(reading=reading(mean_for(chance), 1), items=items, forms=forms, last=NOW, review_months=12)


def status(known: PointFacts, *, later: float = 0.0) -> Status:
    return status_of(known, now=NOW + later)


def test_nothing_is_said_without_evidence() -> None:
    assert status(PointFacts(reading=None)) is Status.NO_EVIDENCE
    assert status(PointFacts(reading=reading(3, 0.1, n=0), items=5)) is Status.NO_EVIDENCE


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts(0.801, forms=1), Status.PROVISIONAL),
        (facts(0.799, forms=1), Status.DEVELOPING),
        (facts(0.801, items=2), Status.DEVELOPING),
        (facts(0.0001, items=10), Status.DEVELOPING),
        (facts(0.899), Status.PROVISIONAL),
        (facts(0.901), Status.COMPETENT),
        (facts(0.901, items=2), Status.DEVELOPING),
        (facts(0.999, forms=1), Status.PROVISIONAL),
        (facts(0.999, forms=0), Status.PROVISIONAL),
        (replace(facts(0.999), critical_error=True), Status.PROVISIONAL),
    ],
)
def test_the_rule_asks_for_chance_items_and_forms(known: PointFacts, expected: Status) -> None:
    assert status(known) is expected


@pytest.mark.parametrize("form", [EvidenceForm.ATTENDANCE, EvidenceForm.PROCESS, EvidenceForm.PRIOR_LEARNING])
def test_what_shows_no_skill_is_no_second_form(form: EvidenceForm) -> None:
    assert status(facts(0.99, forms=forms_mask([EvidenceForm.QUIZ, form]))) is Status.PROVISIONAL


@pytest.mark.parametrize(
    ("chance", "expected"),
    [(0.95, Status.COMPETENT), (0.85, Status.COMPETENT), (0.801, Status.COMPETENT), (0.799, Status.REVIEW_DUE)],
)
def test_what_was_competent_stays_so_until_review_is_due(chance: float, expected: Status) -> None:
    assert status(replace(facts(chance), was_competent=True)) is expected


@pytest.mark.parametrize(
    ("months", "expected"), [(12.0, Status.COMPETENT), (12.001, Status.REVIEW_DUE), (0.0, Status.COMPETENT)]
)
def test_old_evidence_is_due_for_review(months: float, expected: Status) -> None:
    assert status(facts(0.99), later=months * SECONDS_PER_MONTH) is expected


def test_a_point_without_review_time_is_never_too_old() -> None:
    known = replace(facts(0.99), review_months=None)
    assert status(known, later=1000 * SECONDS_PER_MONTH) is Status.COMPETENT


def test_the_policy_may_set_the_review_time() -> None:
    policy = status_policy().model_copy(update={"review": status_policy().review.model_copy(update={"months": 3})})
    assert status_of(facts(0.99), now=NOW + 4 * SECONDS_PER_MONTH, rules=StatusRules.of(policy)) is Status.REVIEW_DUE


def test_a_critical_error_is_no_review() -> None:
    assert status(replace(facts(0.95), was_competent=True, critical_error=True)) is Status.PROVISIONAL


@pytest.mark.parametrize("known", [facts(0.99), facts(0.1), PointFacts(reading=None)])
def test_an_event_of_the_ledger_stands_over_all_numbers(known: PointFacts) -> None:
    assert status(replace(known, flag=Flag.APPEAL)) is Status.UNDER_APPEAL
    assert status(replace(known, flag=Flag.WITHDRAWN)) is Status.WITHDRAWN


def test_the_chance_is_that_of_the_widened_belief() -> None:
    expected = 1 - NormalDist(1.2, 0.8 * 1.15).cdf(LEVEL)
    assert chance_above(reading(1.2, 0.8)) == pytest.approx(expected, abs=1e-12)


def test_the_same_level_with_less_doubt_is_worth_more() -> None:
    known = facts(0.9)
    assert status(replace(known, reading=reading(1.5, 2))) is Status.DEVELOPING
    assert status(replace(known, reading=reading(1.5, 0.4))) is Status.COMPETENT


def test_help_is_due_where_the_level_is_almost_surely_below() -> None:
    low, middling = reading(-1, 0.8), reading(0.8, 0.8)
    assert is_remedial(low, 3)
    assert not is_remedial(low, 2)
    assert not is_remedial(middling, 3)


@pytest.mark.parametrize("known", [facts(0.801), facts(0.799), facts(0.95, items=2), PointFacts(reading=None)])
def test_practice_may_stop_where_the_status_is_provisional_at_least(known: PointFacts) -> None:
    assert may_stop(known) == (status(known) in {Status.PROVISIONAL, Status.COMPETENT})


RANKS = {
    Status.NO_EVIDENCE: 0,
    Status.DEVELOPING: 1,
    Status.REVIEW_DUE: 1,
    Status.PROVISIONAL: 2,
    Status.COMPETENT: 3,
}
"""A status that stands higher here says more; what is due for review must not rise by waiting either."""


@given(
    mean=st.floats(-4, 6),
    sd=st.floats(0.15, 3),
    fade=st.floats(0, 3),
    doubt=st.floats(0, 3),
    months=st.floats(0, 60),
    items=st.integers(0, 6),
    forms=st.integers(0, 4095),
    was_competent=st.booleans(),
)
def test_waiting_never_improves_a_status(**drawn: float) -> None:
    """Idleness lowers a mean or leaves it, and adds to the doubt."""
    before = PointFacts(
        reading=reading(drawn["mean"], drawn["sd"]),
        items=int(drawn["items"]),
        forms=int(drawn["forms"]),
        last=NOW,
        was_competent=bool(drawn["was_competent"]),
        review_months=12,
    )
    after = replace(before, reading=reading(drawn["mean"] - drawn["fade"], drawn["sd"] + drawn["doubt"]))
    then, now = status(after, later=drawn["months"] * SECONDS_PER_MONTH), status(before)
    assert RANKS[then] <= RANKS[now]


@given(chance=st.floats(0.01, 0.99), items=st.integers(0, 6), forms=st.integers(0, 511), was=st.booleans())
def test_each_status_has_its_reason_in_both_languages(chance: float, items: int, forms: int, *, was: bool) -> None:
    known = replace(facts(chance, items, forms), was_competent=was)
    for language in LANGUAGES:
        sentence = status_reason(known, now=NOW)[language]
        assert sentence[-1] in ".。"
        assert not set("{}") & set(sentence)
        assert "None" not in sentence


@pytest.mark.parametrize(
    ("known", "later", "english", "chinese"),
    [
        (
            PointFacts(reading=None),
            0,
            "There is no evidence yet: the first scored answer begins it.",
            "还没有学习证据：从第一次计分作答开始评估。",
        ),
        (
            facts(0.62, items=1),
            0,
            "Missing for “provisionally secure”: 2 more different questions; "
            "a probability of 80% that the level lies above 70% (now 62%).",
            "要“暂达标”还需：再答 2 道不同的题目；水平高于 70% 的概率达到 80%（目前 62%）。",
        ),
        (
            facts(0.8999, forms=1),
            0,
            "Practice may stop for now. Missing for “competent”: evidence of one more kind; "
            "a probability of 90% that the level lies above 70% (now 89%).",
            "目前可以停止练习。要“达标”还需：再有 1 种形式的证据；水平高于 70% 的概率达到 90%（目前 89%）。",
        ),
        (
            replace(facts(0.95), critical_error=True),
            0,
            "Practice may stop for now. Missing for “competent”: an open critical error settled by a later graded run "
            "without one.",
            "目前可以停止练习。要“达标”还需：通过之后一次没有严重错误的计分作答，消除尚未解决的严重错误。",
        ),
        (
            facts(0.951),
            0,
            "The level lies above 70% with a probability of 95%, from 3 different questions and 2 kinds of evidence. "
            "Review is due by 2028-01-15.",
            "水平高于 70% 的概率为 95%，依据 3 道不同题目和 2 种证据形式。请在 2028-01-15 前复核。",
        ),
        (
            replace(facts(0.7901), was_competent=True),
            0,
            "It was competent. The probability that the level still lies above 70% has fallen to 79%, "
            "and 80% are needed: practise it again.",
            "曾经达标。水平仍高于 70% 的概率已降至 79%，需要 80%：请再次练习。",
        ),
        (
            facts(0.95),
            13 * SECONDS_PER_MONTH,
            "It was competent, and its newest evidence is older than 12 months: new evidence renews it.",
            "曾经达标，但最新的学习证据已超过 12 个月：有新的证据即可恢复。",
        ),
    ],
    ids=["none", "developing", "provisional", "critical", "competent", "faded", "old"],
)
def test_the_reason_says_what_is_missing(known: PointFacts, later: float, english: str, chinese: str) -> None:
    reason = status_reason(known, now=NOW + later)
    assert (reason["en"], reason["zh-Hans"]) == (english, chinese)


@pytest.mark.parametrize("flag", Flag)
def test_a_flag_has_its_reason(flag: Flag) -> None:
    reason = status_reason(replace(facts(0.95), flag=flag), now=NOW)
    assert reason["en"] != reason["zh-Hans"]
    assert ("appeal" in reason["en"]) == (flag is Flag.APPEAL)


def test_what_is_missing_is_data_too() -> None:
    [items, forms] = missing_for(Status.COMPETENT, facts(0.95, items=1, forms=1))
    assert (items.lack, items.have, items.need) == (Lack.ITEMS, 1, 3)
    assert (forms.lack, forms.have, forms.need) == (Lack.FORMS, 1, 2)
    assert missing_for(Status.COMPETENT, facts(0.95)) == ()


@pytest.mark.parametrize("mean", [-1e3, 1e3])
def test_an_extreme_belief_is_no_fault(mean: float) -> None:
    assert chance_above(reading(0, 1)) == pytest.approx(chance_above(Reading(0.5, 0.0, 1.0, 3, mean=0.0, sd=1.0)))
    assert 0 <= chance_above(Reading(0.0, 0.0, 0.0, 3, mean=mean, sd=0.1)) <= 1


def test_the_shipped_rules_are_the_policys() -> None:
    rules = status_rules()
    assert (rules.policy.id, rules.stop, rules.review, rules.widening) == ("s2", 0.8, 0.8, 1.15)


@pytest.mark.parametrize(("share", "shown"), [(0.0, 0), (0.004, 0), (0.616, 62), (0.995, 100), (1.0, 100)])
def test_levels_are_shown_as_whole_per_cent(share: float, shown: int) -> None:
    assert whole_percent(share) == shown


@pytest.mark.parametrize(
    ("percent", "step"), [(0, 0), (39, 0), (40, 1), (54, 1), (55, 2), (69, 2), (70, 3), (84, 3), (85, 4), (100, 4)]
)
def test_a_colour_begins_where_its_step_does(percent: int, step: int) -> None:
    assert level_step(percent) == step
