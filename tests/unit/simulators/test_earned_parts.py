"""No part of a plan has a score that the plan as a whole did not earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from qualoop.simulators import BaselineKind, Engine, PartScore, Plan, Standard, WorldKey, earned_parts, get_engine
from qualoop.simulators.scoring import gap_score, merit, standard_of
from qualoop.values import Score, Text
from tests.fakes.engines import StallEngine

COMPUTED = ("stock-season", "stock-policy", "beer-game", "landed-cost", "ab-referee", "search-terms", "search-market")
STANDARD = Standard(naive=0.0, reference=10.0, oracle=12.0, poor_lost={"a": 6.0, "b": 3.0, "c": 1.0})
WHY = Text({"en": "why", "zh-Hans": "原因"})


class Claiming(StallEngine):
    """An engine whose parts claim what a test says."""

    def __init__(self, claims: Mapping[str, float]) -> None:
        self._claims = claims

    def scores(self, world: Any, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        return [PartScore(part=part, score=score, lost=0.0, why=WHY) for part, score in self._claims.items()]


class Conversing(Claiming):
    """One whose parts are no components of its decisions."""

    def parts(self, world: Any, /) -> Sequence[str]:
        return tuple(self._claims)


def earned(engine: Engine, score: str) -> dict[str, float]:
    return {part.part: part.score for part in earned_parts(engine, None, [], STANDARD, score=Score(score))}


def test_together_parts_claim_what_the_plan_earned() -> None:
    found = earned(Claiming({"a": 1.0, "b": 0.5, "c": 0.5}), "0.4")
    assert found == pytest.approx({"a": 0.5, "b": 0.25, "c": 0.25})
    assert sum(found[part] * lost / 10 for part, lost in STANDARD.poor_lost.items()) == pytest.approx(0.4)


def test_a_plan_without_merit_has_none_in_any_part() -> None:
    assert set(earned(Claiming({"a": 1.0, "b": 1.0, "c": 0.2}), "0").values()) == {0.0}


def test_claims_that_the_plan_earned_stay() -> None:
    claims = {"a": 1.0, "b": 0.0, "c": 0.0}
    assert earned(Claiming(claims), "0.6") == claims
    assert earned(Claiming({"a": 0.1, "b": 0.0, "c": 1.0}), "0.16") == {"a": 0.1, "b": 0.0, "c": 1.0}
    assert earned(Claiming(dict.fromkeys("abc", 1.0)), "1") == dict.fromkeys("abc", 1.0)


def test_parts_of_a_dialogue_are_no_shares() -> None:
    assert earned(Conversing({"tone": 1.0, "policy": 0.3}), "0") == {"tone": 1.0, "policy": 0.3}


@pytest.mark.parametrize(
    ("score", "counted"),
    [("0", 0.0), ("0.1", 0.0), ("0.15", 0.0375), ("0.2", 0.1), ("0.3", 0.3), ("0.31", 0.31), ("1", 1.0)],
)
def test_what_chance_may_reach_is_no_merit(score: str, counted: float) -> None:
    assert merit(Score(score)) == pytest.approx(counted)


@pytest.mark.parametrize("name", COMPUTED)
def test_policies_without_merit_have_none_in_any_part(name: str) -> None:
    engine = get_engine(name)
    world = engine.world(engine.spec_model(), WorldKey.of_seed(3))
    standard = standard_of(engine, world)
    for kind in BaselineKind:
        plan = engine.baseline(world, kind)
        if plan is not None:
            score = gap_score(engine.value(world, plan), standard)
            parts = earned_parts(engine, world, plan, standard, score=score)
            assert {part.part: part.score for part in parts if part.score > 0.1} == {}, kind
