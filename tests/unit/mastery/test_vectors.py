"""The published test vectors of the model (docs/mastery.md): five responses of one learner, to 1e-8."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Difficulty, Learner, Memory, Response, State, Update, step

TOLERANCE = 1e-8


@dataclass
class World:
    """The states of one learner and everything met so far."""

    learner: Learner | None = None
    memories: dict[str, Memory] = field(default_factory=dict)
    items: dict[str, Difficulty] = field(default_factory=dict)
    knowledge_points: dict[str, Difficulty] = field(default_factory=dict)
    rater: Difficulty | None = None

    def respond(self, item: str, response: Response) -> Update:
        state = State(
            learner=self.learner,
            memories=self.memories,
            item=self.items.get(item),
            knowledge_points=self.knowledge_points,
            rater=self.rater,
        )
        after, update = step(state, response, DEFAULT_CONSTANTS)
        self.learner = after.learner
        self.memories |= after.memories
        self.knowledge_points |= after.knowledge_points
        self.rater = after.rater
        assert after.item
        self.items[item] = after.item
        return update


def close(value: float) -> object:
    return pytest.approx(value, abs=TOLERANCE)


def responded(count: int) -> tuple[World, Update]:
    """Return the world after the first responses, and the last update."""
    world = World()
    updates = [world.respond(item, response) for item, response in RESPONSES[:count]]
    assert world.learner
    return world, updates[-1]


RESPONSES = [
    ("i1", Response(weights={"A": 1.0}, at=0, score=1)),
    ("i2", Response(weights={"A": 0.5, "B": 0.5}, at=60, score=0)),
    ("i3", Response(weights={"B": 1.0}, at=86460, score=0.6)),
    ("i4", Response(weights={"A": 1.0}, at=90000, score=1, guess=0.25)),
    ("i5", Response(weights={"A": 1.0}, at=90060, score=2 / 3, omega=2.5, practice=0, rated=True)),
]
PREDICTED = [0.616793259, 0.716293832, 0.367010959, 0.709891368, 0.674951386]
ABILITY = [
    (0.047344339, 0.464675137),
    (-0.155040776, 0.445106176),
    (-0.096637869, 0.431174406),
    (-0.043258952, 0.416553208),
    (-0.080036860, 0.392559533),
]


@pytest.mark.parametrize("count", range(1, 6))
def test_prediction_and_ability(count: int) -> None:
    world, update = responded(count)
    assert world.learner
    assert update.predicted == close(PREDICTED[count - 1])
    assert (world.learner.g, world.learner.v_g) == tuple(close(value) for value in ABILITY[count - 1])


def test_the_first_response_moves_memory_item_and_knowledge_point() -> None:
    world, _ = responded(1)
    memory = world.memories["A"]
    assert (memory.m, memory.v_m, memory.f) == (close(0.067658510), close(0.257707231), close(0.018444565))
    assert world.items["i1"].mean == close(-0.108497444)
    assert world.knowledge_points["A"].mean == close(-0.739755299)


def test_two_knowledge_points_share_the_second() -> None:
    world, _ = responded(2)
    assert (world.memories["A"].m, world.memories["B"].m) == (close(0.026042029), close(-0.041442636))
    assert (world.items["i2"].mean, world.knowledge_points["B"].mean) == (close(0.479095196), close(1.633279079))


def test_a_day_passes_before_the_third() -> None:
    world, _ = responded(3)
    memory = world.memories["B"]
    assert (memory.m, memory.f, memory.v_f) == (close(0.049323084), close(0.004405619), close(0.337264875))
    assert world.knowledge_points["B"].mean == close(0.820693372)


def test_guessing_is_discounted_in_the_fourth() -> None:
    world, _ = responded(4)
    assert world.learner
    assert (world.memories["A"].m, world.memories["A"].f) == (close(0.086187390), close(0.013806687))
    assert (world.items["i4"].mean, world.learner.h) == (close(-0.136178791), close(-0.006605099))


def test_a_rater_gives_the_fifth() -> None:
    world, update = responded(5)
    seen = (update.weight, update.residual, update.damping)
    assert seen == (close(0.435187800), close(-0.272195075), close(3.082930419))
    assert world.rater
    assert (world.rater.mean, world.memories["A"].m) == (close(0.008829102), close(0.063893180))
