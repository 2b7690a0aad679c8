"""Which facts are reasons to look, just below and exactly at each threshold; what a look does; the sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.moves import Move
from qualoop.mastery.readings import sigmoid
from qualoop.policies.warning_policy import WarningPolicy, warning_policy
from qualoop.records.early_warning import (
    Decided,
    LearnerFacts,
    Look,
    Reason,
    Rule,
    SessionFacts,
    Trend,
    UnitFacts,
    decide_by,
    look,
    quiet_keys,
    reason_from,
    reasons_to_look,
)
from qualoop.records.warning_sentences import reason_sentence
from qualoop.values import Score, Text
from tests.unit.records.evidence import answered, move, moved

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TITLE = Text({"en": "Keywords", "zh-Hans": "关键词"})
POLICY = warning_policy()
CALM = LearnerFacts(since=NOW, last=NOW)


def found(facts: LearnerFacts, policy: WarningPolicy = POLICY) -> list[tuple[str, dict[str, int]]]:
    return [(reason.key, dict(reason.figures)) for reason in reasons_to_look(facts, policy, NOW)]


def unit(**facts: Any) -> LearnerFacts:
    return replace(CALM, units=[UnitFacts(key="u", title=TITLE, **facts)])


def test_calm_facts_are_no_reason() -> None:
    assert found(CALM) == []


@pytest.mark.parametrize(
    ("hours", "started", "reasons"),
    [
        (48, False, [("not-started:u", {"days": 2})]),
        (49, False, []),
        (1, False, [("not-started:u", {"days": 1})]),
        (1, True, []),
        (-1, False, []),
    ],
)
def test_nothing_begun_shortly_before_class(hours: int, *, started: bool, reasons: list[Any]) -> None:
    assert found(unit(class_at=NOW + timedelta(hours=hours), has_started=started)) == reasons


@pytest.mark.parametrize(
    ("absences", "reasons"),
    [
        ([True, True, False, False], [("absent:1", {"missed": 2, "of": 4})]),
        ([True, False, False, False, True], []),
        ([True, False, False, False], []),
        ([True, True], [("absent:1", {"missed": 2, "of": 2})]),
        ([], []),
    ],
)
def test_absent_from_the_last_sessions(absences: list[bool], reasons: list[Any]) -> None:
    assert found(replace(CALM, sessions=held(absences))) == reasons


def held(absences: Sequence[bool]) -> list[SessionFacts]:
    """Return sessions, one a day up to today."""
    begin = NOW - timedelta(days=len(absences))
    return [
        SessionFacts(key=str(number), at=begin + timedelta(days=number), was_absent=was)
        for number, was in enumerate(absences)
    ]


@pytest.mark.parametrize(
    ("scores", "class_at", "count"),
    [
        (("0.5", "0.59", "1"), NOW + timedelta(days=1), 2),
        (("0.5", "0.6", "1"), NOW + timedelta(days=1), 0),
        (("0.5", "0.59", "1"), NOW - timedelta(days=8), 0),
        (("0.5", "0.59", "1"), None, 2),
    ],
)
def test_a_readiness_check_below_the_share(scores: tuple[str, ...], class_at: datetime | None, count: int) -> None:
    checked = {f"K-{number}": Score(score) for number, score in enumerate(scores)}
    reasons = found(unit(checked=checked, class_at=class_at, has_started=True))
    assert reasons == ([("not-ready:u", {"points": count, "asked": 3, "below": 60})] if count else [])


@pytest.mark.parametrize(
    ("levels", "is_reason"),
    [
        ((0.8, 0.75, 0.74, 0.74, 0.73), True),
        ((0.8, 0.75, 0.74, 0.74, 0.74), False),
        ((0.8, 0.75, 0.74, 0.7), False),
        ((0.5, 0.9, 0.85, 0.84, 0.84, 0.83), True),
    ],
)
def test_a_level_that_falls(levels: tuple[float, ...], *, is_reason: bool) -> None:
    facts = replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=moved(*levels))])
    assert [key for key, _ in found(facts)] == (["falling:K-1"] if is_reason else [])


@pytest.mark.parametrize(
    ("last", "since", "figures"),
    [
        (NOW - timedelta(days=14), NOW, {"days": 14, "ever": 1}),
        (NOW - timedelta(days=14) + timedelta(seconds=1), NOW, None),
        (None, NOW - timedelta(days=20), {"days": 20, "ever": 0}),
        (None, NOW - timedelta(days=3), None),
    ],
)
def test_nothing_done_for_days(last: datetime | None, since: datetime, figures: dict[str, int] | None) -> None:
    reasons = found(LearnerFacts(since=since, last=last))
    assert [each for _, each in reasons] == ([figures] if figures else [])


def test_an_unfinished_unit_that_is_due() -> None:
    facts = unit(due_at=NOW + timedelta(days=5), unseen=("K-1", "K-2"), has_started=True)
    assert found(facts) == [("unit-due:u", {"points": 2, "days": 5})]
    assert found(unit(due_at=NOW + timedelta(days=5, seconds=1), unseen=("K-1",), has_started=True)) == []
    assert found(unit(due_at=NOW + timedelta(days=1), unseen=(), has_started=True)) == []


@pytest.mark.parametrize(
    ("levels", "is_reason"),
    [
        ((0.5,) * 7 + (0.54,), True),
        ((0.5,) * 7 + (0.55,), False),
        ((0.5,) * 7, False),
        ((0.72,) * 7 + (0.73,), False),
    ],
)
def test_practice_without_improvement(levels: tuple[float, ...], *, is_reason: bool) -> None:
    facts = replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=moved(*levels))])
    assert [key for key, _ in found(facts)] == (["no-gain:K-1"] if is_reason else [])


def test_what_others_answer_meanwhile_neither_makes_nor_hides_a_reason() -> None:
    """Each answer is a move; between two of them the level goes its way, for all learners."""
    harder = [move(level, level + 0.01) for level in (0.8, 0.7, 0.6, 0.5, 0.4)]
    easier = [move(level, level - 0.04) for level in (0.4, 0.5, 0.6, 0.7, 0.8)]
    assert found(replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=harder)])) == []
    [(key, figures)] = found(replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=easier)]))
    assert (key, figures["after"], figures["answers"]) == ("falling:K-1", 76, 4)
    assert figures["before"] >= 76 + 10
    # Eight answers that have raised it by next to nothing, while it became twice as easy for everybody.
    idle = [move(level, level) for level in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)]
    figures = {"first": 65, "latest": 65, "answers": 8}
    assert found(replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=idle)])) == [("no-gain:K-1", figures)]


@pytest.mark.parametrize("days", [1, 7])
@pytest.mark.parametrize("ability", [0.0, 0.8])
def test_four_wrong_after_four_right_are_a_reason_however_far_apart(days: int, ability: float) -> None:
    """On a well-known knowledge point, of a learner of whom a hundred answers are known: e1 said nothing there."""
    moves = answered([True] * 4 + [False] * 4, days=days, ability=ability)
    assert falls(moves)
    assert not falls(moves, warning_policy("e1"))


@pytest.mark.parametrize("days", [1, 7])
def test_one_slip_among_spaced_answers_is_no_reason(days: int) -> None:
    for wrong in range(8):
        moves = answered([number != wrong for number in range(8)], days=days, ability=0.0)
        assert not falls(moves)


@pytest.mark.parametrize(("days", "most"), [(1, 0.035), (7, 0.025)])
def test_chance_is_seldom_a_reason(days: int, most: float) -> None:
    """An average learner whose skill stays as it is, at each look from the fifth to the twelfth answer."""
    chance = sigmoid(DEFAULT_CONSTANTS.base)
    reasons = 0
    for seed in range(100):
        random = Random(seed)
        moves = answered([random.random() < chance for _ in range(12)], days=days, ability=0.0)
        reasons += sum(falls(moves[:count]) for count in range(5, 13))
    assert 0 < reasons / 800 <= most


def test_answers_that_do_not_count_make_no_reason() -> None:
    moves = answered([True] * 4 + [False] * 4, days=1, ability=0.0)
    assert falls(moves[3:])
    # One fewer is too few of them, and with one in between the four newest are another four.
    assert not falls([*moves[3:-1], moves[-1]._replace(is_counted=False)])
    assert not falls([*moves[:5], moves[5]._replace(is_counted=False), *moves[6:7]])
    assert not falls([each._replace(is_counted=False) for each in moves])


def falls(moves: Sequence[Move], policy: WarningPolicy = POLICY) -> bool:
    """Say whether what answers did is a level that falls."""
    facts = replace(CALM, trends=[Trend(code="K-1", title=TITLE, moves=moves)])
    return "falling:K-1" in [key for key, _ in found(facts, policy)]


def test_a_rule_that_is_off_finds_nothing() -> None:
    facts = LearnerFacts(since=NOW - timedelta(days=40))
    assert found(facts)
    assert found(facts, POLICY.adjusted({"idle.is_on": 0})) == []


EVERY = [
    Reason(rule=Rule.NOT_STARTED, about="u", figures={"days": 1}, title=TITLE),
    Reason(rule=Rule.ABSENT, about="s", figures={"missed": 2, "of": 4}, at=NOW),
    Reason(rule=Rule.NOT_READY, about="u", figures={"points": 2, "asked": 3, "below": 60}, title=TITLE),
    Reason(rule=Rule.FALLING, about="K-1", figures={"before": 80, "after": 60, "answers": 4}, title=TITLE),
    Reason(rule=Rule.IDLE, about="2026-02-01", figures={"days": 20, "ever": 1}),
    Reason(rule=Rule.IDLE, about="2026-02-01", figures={"days": 20, "ever": 0}),
    Reason(rule=Rule.UNIT_DUE, about="u", figures={"points": 1, "days": 2}, title=TITLE),
    Reason(rule=Rule.NO_GAIN, about="K-1", figures={"first": 40, "latest": 42, "answers": 9}, title=TITLE),
]


@pytest.mark.parametrize("reason", EVERY, ids=lambda each: f"{each.key}-{each.figures.get('ever', '')}")
def test_every_reason_has_a_sentence_with_its_figures_in_both_languages(reason: Reason) -> None:
    sentence = reason_sentence(reason)
    for language in ("en", "zh-Hans"):
        assert "{" not in sentence[language]
        shown = [value for name, value in reason.figures.items() if name != "ever"]
        assert all(str(value) in sentence[language] for value in shown)
    assert sentence["en"] != sentence["zh-Hans"]
    assert reason_from(reason.to_document()) == reason


def test_one_is_told_in_the_singular() -> None:
    assert "in 1 day or less" in reason_sentence(EVERY[0])["en"]
    assert "on 1 knowledge point." in reason_sentence(EVERY[6])["en"]


# -- What a look does

REASONS = st.lists(st.sampled_from(EVERY), unique_by=lambda reason: reason.key, max_size=5)
KEYS = st.sets(st.sampled_from([reason.key for reason in EVERY]))


@given(REASONS, KEYS)
def test_looking_twice_changes_nothing(reasons: list[Reason], quiet: set[str]) -> None:
    first = look(None, reasons, quiet)
    assert first in {Look.NOTHING, Look.OPEN}
    again = look(reasons if first is Look.OPEN else None, reasons, quiet)
    assert again is Look.NOTHING


@given(REASONS, REASONS, KEYS)
def test_only_a_fresh_reason_opens_a_warning_or_keeps_one(
    before: list[Reason], after: list[Reason], quiet: set[str]
) -> None:
    is_fresh = any(reason.key not in quiet for reason in after)
    assert (look(None, after, quiet) is Look.OPEN) == is_fresh
    assert (look(before, after, quiet) is Look.WITHDRAW) == (not is_fresh)


def test_what_was_decided_is_quiet_for_a_while_and_a_new_reason_is_not() -> None:
    decided = [Decided(at=NOW - timedelta(days=13), reasons=EVERY[:1])]
    quiet = quiet_keys(decided, EVERY, POLICY, NOW)
    assert look(None, [EVERY[0]], quiet) is Look.NOTHING
    assert look(None, [EVERY[0], EVERY[1]], quiet) is Look.OPEN
    later = quiet_keys(decided, EVERY, POLICY, NOW + timedelta(days=1))
    assert look(None, [EVERY[0]], later) is Look.OPEN


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        # One absence of three was corrected, the newest or the oldest; one more came.
        ((True, True, True), (True, True, False), Look.NOTHING),
        ((True, True, True), (False, True, True), Look.NOTHING),
        ((True, False, True), (True, False, True, True), Look.OPEN),
        ((True, True, False), (True, True, True), Look.OPEN),
    ],
)
def test_only_another_absence_is_news_after_a_decision(
    before: Sequence[bool], after: Sequence[bool], step: Look
) -> None:
    begin = NOW - timedelta(days=9)
    sessions = [
        [SessionFacts(key=str(n), at=begin + timedelta(days=n), was_absent=was) for n, was in enumerate(each)]
        for each in (before, after)
    ]
    known, now = (reasons_to_look(replace(CALM, sessions=each), POLICY, NOW) for each in sessions)
    quiet = quiet_keys([Decided(at=NOW, reasons=known)], now, POLICY, NOW)
    assert look(None, now, quiet) is step


@pytest.mark.parametrize(("days_after", "step"), [(-20, Look.NOTHING), (-3, Look.NOTHING), (1, Look.OPEN)])
def test_only_a_pause_that_began_after_a_decision_is_news(days_after: int, step: Look) -> None:
    policy = POLICY.adjusted({"idle.days": 3})
    decided_at = NOW - timedelta(days=5)
    known = [Reason(rule=Rule.IDLE, about="2026-02-20", figures={}, at=NOW - timedelta(days=10))]
    found = reasons_to_look(replace(CALM, last=decided_at + timedelta(days=days_after)), policy, NOW)
    assert found
    quiet = quiet_keys([Decided(at=decided_at, reasons=known)], found, policy, NOW)
    assert look(None, found, quiet) is step


def test_nobody_pauses_in_a_course_that_is_over() -> None:
    facts = LearnerFacts(since=NOW - timedelta(days=90), last=NOW - timedelta(days=40), is_running=False)
    assert found(facts) == []
    assert found(replace(facts, is_running=True))


@pytest.mark.parametrize(("days", "count"), [(7, 1), (8, 0)])
def test_a_check_of_a_unit_without_class_is_a_reason_for_a_week(days: int, count: int) -> None:
    checked = {"K-1": Score("0.1"), "K-2": Score("0.1")}
    facts = unit(checked=checked, checked_at=NOW - timedelta(days=days), has_started=True)
    assert len(found(facts)) == count


def test_other_figures_of_the_same_reason_are_an_update() -> None:
    moved = replace(EVERY[4], figures={"days": 21, "ever": 1})
    assert look([EVERY[4]], [moved], set()) is Look.UPDATE


@given(st.lists(st.floats(0.01, 0.99), max_size=12), st.integers(0, 60), st.integers(-5, 30))
def test_facts_alone_decide(levels: list[float], idle: int, days: int) -> None:
    facts = LearnerFacts(
        since=NOW - timedelta(days=idle),
        units=[UnitFacts(key="u", title=TITLE, class_at=NOW + timedelta(days=days), unseen=("K-1",))],
        trends=[Trend(code="K-1", title=TITLE, moves=moved(*levels))],
    )
    assert reasons_to_look(facts, POLICY, NOW) == reasons_to_look(facts, POLICY, NOW)
    keys = [reason.key for reason in reasons_to_look(facts, POLICY, NOW)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        # With half a day before the class; seven days where no class comes before.
        (48, timedelta(hours=36)),
        (13, timedelta(hours=1)),
        (12, timedelta(0)),
        (1, timedelta(0)),
    ],
)
def test_a_warning_falls_due_before_its_class(hours: int, due: timedelta) -> None:
    facts = unit(class_at=NOW + timedelta(hours=hours))
    reasons = reasons_to_look(facts, POLICY, NOW)
    assert [reason.rule for reason in reasons] == [Rule.NOT_STARTED]
    assert decide_by(reasons, POLICY, NOW) == NOW + due
    assert [reason_from(reason.to_document()) for reason in reasons] == list(reasons)


def test_what_is_about_no_class_to_come_falls_due_as_the_policy_says() -> None:
    usual = NOW + timedelta(days=POLICY.due_days)
    assert decide_by([Reason(rule=Rule.IDLE, about="x", figures={})], POLICY, NOW) == usual
    far = Reason(rule=Rule.NOT_READY, about="u", figures={}, until=NOW + timedelta(days=30))
    assert decide_by([far], POLICY, NOW) == usual
    near = replace(far, until=NOW + timedelta(days=2))
    assert decide_by([far, near], POLICY, NOW) == NOW + timedelta(hours=36)
    low = unit(class_at=NOW - timedelta(hours=1), checked={"a": Score("0.1"), "b": Score("0.1")}, has_started=True)
    assert [reason.until for reason in reasons_to_look(low, POLICY, NOW)] == [None]
