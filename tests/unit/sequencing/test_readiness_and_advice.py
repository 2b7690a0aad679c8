"""Whether a knowledge point can be begun, and whether to go on practising it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.framework import UnknownCodeError
from qualoop.mastery.readings import Reading
from qualoop.records import PointFacts, is_remedial, may_stop
from qualoop.sequencing import Move, advise, readiness
from qualoop.values import LANGUAGES
from tests.factories.packages import ecommerce
from tests.unit.records.evidence import reading

WELL, POOR = reading(3, 0.5, n=8), reading(-1, 0.6, n=8)


def test_what_builds_on_nothing_is_ready() -> None:
    found = readiness(ecommerce(), "SEM-1.1", {})
    assert (found.is_ready, found.met, found.missing) == (True, (), ())
    assert found.sentence["zh-Hans"] == "它没有前置知识点。"


def test_a_new_learner_lacks_everything_before_in_learning_order() -> None:
    framework = ecommerce()
    found = readiness(framework, "SEM-1.4", {})
    assert not found.is_ready
    assert found.missing == tuple(point.code for point in framework.prerequisites_of("SEM-1.4"))
    assert found.missing[0] == "SEM-1.1"


@pytest.mark.parametrize(
    ("known", "is_ready"),
    [(WELL, True), (POOR, False), (reading(3, 0.5, n=2), False), (reading(3, 0.5, n=3), True), (None, False)],
)
def test_a_prerequisite_takes_answers_that_do_not_call_for_help(known: Reading | None, *, is_ready: bool) -> None:
    found = readiness(ecommerce(), "SEM-1.2", {"SEM-1.1": known} if known else {})
    assert found.is_ready is is_ready
    title = ecommerce().get_knowledge_point("SEM-1.1").title["en"]
    assert found.sentence["en"] == (
        f"What it builds on is known: “{title}”." if is_ready else f"First make this secure: “{title}”."
    )


def test_an_unknown_point_is_refused() -> None:
    with pytest.raises(UnknownCodeError):
        readiness(ecommerce(), "XX-1", {})


@pytest.mark.parametrize(
    ("facts", "move"),
    [
        (PointFacts(reading=None), Move.CONTINUE),
        (PointFacts(reading=WELL, items=3), Move.STOP),
        (PointFacts(reading=WELL, items=2), Move.CONTINUE),
        (PointFacts(reading=POOR, items=3), Move.REMEDIATE),
        (PointFacts(reading=POOR, items=2), Move.CONTINUE),
        (PointFacts(reading=reading(0.85, 0.6), items=9), Move.CONTINUE),
    ],
)
def test_practice_goes_on_stops_or_needs_help(facts: PointFacts, move: Move) -> None:
    advice = advise(facts)
    assert advice.move is move
    for language in LANGUAGES:
        assert advice.sentence[language][-1] in ".。"
        assert not set("{}") & set(advice.sentence[language])


def test_the_advice_says_why() -> None:
    assert advise(PointFacts(reading=POOR, items=3)).sentence["en"] == (
        "More of the same will not help: the level lies above 70% with a probability of 0% only. "
        "Go back to the lesson, or ask for help."
    )
    assert advise(PointFacts(reading=WELL, items=1)).sentence["zh-Hans"] == (
        "请继续练习。要停止练习还需：再答 2 道不同的题目。"
    )


@given(mean=st.floats(-4, 5), sd=st.floats(0.15, 3), items=st.integers(0, 9))
def test_no_advice_both_stops_and_sends_for_help(mean: float, sd: float, items: int) -> None:
    facts = PointFacts(reading=reading(mean, sd), items=items)
    assert not (may_stop(facts) and facts.known and is_remedial(facts.known, items))
    more = replace(facts, items=items + 1)
    assert not may_stop(facts) or may_stop(more)
