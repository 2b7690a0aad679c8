"""The mastery model in readable form: one response applied to named states, and the numbers that explain the change.

The arithmetic is `qualoop.mastery.kernel`'s; this is its face for everything that is not in a hurry. A learner's
knowledge of a knowledge point is *general ability + deviation*: zero deviation means "as good here as this learner is
in general". Means are in logits, variances in logit². docs/mastery.md has the steps and the test vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Final

from qualoop.mastery import kernel
from qualoop.mastery.constants import Constants
from qualoop.mastery.kernel import MIN_DIFFICULTY_VARIANCE, new_item, new_learner, new_memory, new_point, new_rater
from qualoop.mastery.readings import Z_90, Reading, belief, read_point, sigmoid

__all__ = [
    "MIN_DIFFICULTY_VARIANCE",
    "Z_90",
    "Change",
    "Difficulty",
    "FilledState",
    "Learner",
    "Memory",
    "Reading",
    "Response",
    "State",
    "Step",
    "Update",
    "change",
    "read",
    "sigmoid",
    "step",
]

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Learner:
    """General ability g, form of the day h (mean, variance each) and the number of responses so far."""

    g: float
    v_g: float
    h: float
    v_h: float
    responses: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """A learner's slow (m) and fast (f) memory of one knowledge point: n touches, the last at `at` seconds."""

    m: float
    v_m: float
    f: float
    v_f: float
    n: float = 0.0
    at: float = 0.0
    responses: float = 0.0


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The difficulty of an item, of a knowledge point, or the severity of a rater (positive = hard, strict)."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one response reads and changes; whatever is absent starts from its prior."""

    learner: Learner | None = None
    memories: Mapping[str, Memory] = field(default_factory=dict)
    item: Difficulty | None = None
    knowledge_points: Mapping[str, Difficulty] = field(default_factory=dict)
    rater: Difficulty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledState(State):
    """A state in which everything that a response touches is there."""

    learner: Learner
    item: Difficulty


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One scored response: weights of its knowledge points (sum 1), seconds since 1970, score in [0, 1].

    ``omega`` weighs the evidence, ``practice`` is 1 where the learner worked and 0 where work was only judged,
    ``guess`` is the floor of guessing (1 over the number of options, 0 where unknown).
    """

    weights: Mapping[str, float]
    at: float
    score: float
    omega: float = 1.0
    practice: float = 1.0
    guess: float = 0.0
    rated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one response did to one knowledge point.

    Levels in [0, 1]: as stored, after forgetting (``before``), after the response, of which ``practice`` is what doing
    the work added; ``low`` and ``high`` are the band around ``after``. ``days`` since the last touch; ``n`` responses
    with this one; how far slow memory and difficulty of the knowledge point moved, logits.
    """

    stored: float
    before: float
    after: float
    low: float
    high: float
    days: float
    n: int
    d_m: float
    d_c: float
    practice: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The numbers behind one update: prediction, residual and what changed (docs/mastery.md, explanation).

    ``weight`` is the information W; ``omega`` weighed the evidence; ``rater`` is the severity before and after, None
    where nobody rated; ``form`` is how far the score moved the form of the day, None where that was not kept.
    """

    predicted: float
    score: float
    z: float
    variance: float
    p: float
    weight: float
    residual: float
    damping: float
    item_before: float
    learner_before: float
    learner_after: float
    changes: Mapping[str, Change]
    omega: float = 1.0
    rater: tuple[float, float] | None = None
    form: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One knowledge point around a response, as rows: (learner, memory, point) before and after it.

    ``gain`` is what the work itself added to the slow memory, logits; ``at`` when the response came, seconds.
    """

    before: tuple[kernel.Row, kernel.Row, kernel.Row]
    after: tuple[kernel.Row, kernel.Row, kernel.Row]
    gain: float
    at: float


def step(state: State, response: Response, constants: Constants) -> tuple[FilledState, Update]:
    """Return the state after ``response``, and the numbers that explain the change. Pure."""
    codes, before, after = tuple(response.weights), _rows(state, response, constants), _rows(state, response, constants)
    places = range(len(codes))
    numbers = kernel.step(
        (after.learner, after.item, after.rater),
        (after.memories, after.points, places, places, tuple(response.weights.values())),
        (response.at, response.score, response.omega, response.practice, response.guess, float(response.rated)),
        constants.row(),
    )
    predicted, z, variance, p, weight, residual, damping = numbers
    gains = practice_gains(response, constants)
    update = Update(
        predicted=predicted,
        score=response.score,
        z=z,
        variance=variance,
        p=p,
        weight=weight,
        residual=residual,
        damping=damping,
        item_before=before.item[0],
        learner_before=before.learner[0],
        learner_after=after.learner[0],
        changes={
            code: change(Step(before=before.around(k), after=after.around(k), gain=gains[k], at=response.at), constants)
            for k, code in enumerate(codes)
        },
        omega=response.omega,
        rater=(before.rater[0], after.rater[0]) if response.rated else None,
        form=before.learner[3] * residual / damping,
    )
    return after.state(codes, rated=response.rated), update


def read(state: State, code: str, now: float, constants: Constants) -> Reading:
    """Return the shown level of a knowledge point at ``now``, on an item of average difficulty.

    Form and fast memory are left out: they are the day, not the skill. Idleness never raises a level.
    """
    memory, point = state.memories.get(code), state.knowledge_points.get(code)
    return read_point(
        list(astuple(state.learner)) if state.learner else None,
        list(astuple(memory)) if memory else None,
        list(astuple(point)) if point else None,
        at=now,
        constants=constants,
    )


def practice_gains(response: Response, constants: Constants) -> tuple[float, ...]:
    """Return what the work itself adds to the slow memory of each knowledge point, logits."""
    gain = constants.gain_success * response.score + constants.gain_failure * (1.0 - response.score)
    return tuple(response.practice * weight * gain for weight in response.weights.values())


def change(around: Step, constants: Constants) -> Change:
    """Return what a response did to one knowledge point, in levels."""
    learner, memory, point = around.before
    faded = list(memory)
    kernel.fade(faded, around.at, learner[4], constants.fading())
    unpractised = [around.after[1][0] - around.gain, *around.after[1][1:]]
    n = int(around.after[1][4])
    end = belief(*around.after, constants).reading(n)
    return Change(
        stored=belief(learner, memory, point, constants).level,
        before=belief(learner, faded, point, constants).level,
        after=end.level,
        low=end.low,
        high=end.high,
        days=(around.at - memory[5]) / DAY_S if memory[4] else 0.0,
        n=n,
        d_m=around.after[1][0] - faded[0],
        d_c=around.after[2][0] - point[0],
        practice=end.level - belief(around.after[0], unpractised, around.after[2], constants).level,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rows that one response touches, knowledge points in the order of its weights."""

    learner: kernel.Row
    item: kernel.Row
    rater: kernel.Row
    memories: list[kernel.Row]
    points: list[kernel.Row]

    def around(self, place: int) -> tuple[kernel.Row, kernel.Row, kernel.Row]:
        """Return the rows that say how a knowledge point stands."""
        return self.learner, self.memories[place], self.points[place]

    def state(self, codes: tuple[str, ...], *, rated: bool) -> FilledState:
        """Return the rows with their names."""
        return FilledState(
            learner=Learner(*self.learner),
            item=Difficulty(*self.item),
            rater=Difficulty(*self.rater) if rated else None,
            memories={code: Memory(*row) for code, row in zip(codes, self.memories, strict=True)},
            knowledge_points={code: Difficulty(*row) for code, row in zip(codes, self.points, strict=True)},
        )


def _rows(state: State, response: Response, constants: Constants) -> _Rows:
    """Return fresh rows of everything that ``response`` touches, priors where there was nothing."""
    memories = [state.memories.get(code) for code in response.weights]
    points = [state.knowledge_points.get(code) for code in response.weights]
    return _Rows(
        learner=list(astuple(state.learner)) if state.learner else new_learner(constants),
        item=list(astuple(state.item)) if state.item else new_item(constants),
        rater=list(astuple(state.rater)) if state.rater else new_rater(constants),
        memories=[list(astuple(memory)) if memory else new_memory(constants) for memory in memories],
        points=[list(astuple(point)) if point else new_point(constants) for point in points],
    )
