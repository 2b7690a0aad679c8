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


def test_the_five_published_responses() -> None:
    world = World()

    update = world.respond("i1", Response(weights={"A": 1.0}, at=0, score=1))
    assert update.predicted == close(0.616793259)
    assert world.learner
    assert (world.learner.g, world.learner.v_g) == (close(0.047344339), close(0.464675137))
    assert (world.memories["A"].m, world.memories["A"].v_m) == (close(0.067658510), close(0.257707231))
    assert world.memories["A"].f == close(0.018444565)
    assert world.items["i1"].mean == close(-0.108497444)
    assert world.knowledge_points["A"].mean == close(-0.739755299)

    update = world.respond("i2", Response(weights={"A": 0.5, "B": 0.5}, at=60, score=0))
    assert update.predicted == close(0.716293832)
    assert (world.learner.g, world.learner.v_g) == (close(-0.155040776), close(0.445106176))
    assert (world.memories["A"].m, world.memories["B"].m) == (close(0.026042029), close(-0.041442636))
    assert (world.items["i2"].mean, world.knowledge_points["B"].mean) == (close(0.479095196), close(1.633279079))

    update = world.respond("i3", Response(weights={"B": 1.0}, at=86460, score=0.6))
    assert update.predicted == close(0.367010959)
    assert (world.learner.g, world.learner.v_g) == (close(-0.096637869), close(0.431174406))
    assert (world.memories["B"].m, world.memories["B"].f) == (close(0.049323084), close(0.004405619))
    assert (world.memories["B"].v_f, world.knowledge_points["B"].mean) == (close(0.337264875), close(0.820693372))

    update = world.respond("i4", Response(weights={"A": 1.0}, at=90000, score=1, guess=0.25))
    assert update.predicted == close(0.709891368)
    assert (world.learner.g, world.learner.v_g) == (close(-0.043258952), close(0.416553208))
    assert (world.memories["A"].m, world.memories["A"].f) == (close(0.086187390), close(0.013806687))
    assert (world.items["i4"].mean, world.learner.h) == (close(-0.136178791), close(-0.006605099))

    rated = Response(weights={"A": 1.0}, at=90060, score=2 / 3, omega=2.5, practice=0, rated=True)
    update = world.respond("i5", rated)
    assert update.predicted == close(0.674951386)
    assert (update.weight, update.residual, update.damping) == (
        close(0.435187800),
        close(-0.272195075),
        close(3.082930419),
    )
    assert (world.learner.g, world.learner.v_g) == (close(-0.080036860), close(0.392559533))
    assert world.rater
    assert (world.rater.mean, world.memories["A"].m) == (close(0.008829102), close(0.063893180))
