"""The mastery model: a Bayesian Elo with two memories per knowledge point.

A learner's knowledge of a knowledge point is *general ability + deviation*: zero deviation means "as good here as
this learner is in general". All states are Gaussian and diagonal: means in logits, variances in logit². One `step`
serves the request that brings an answer and the replay that recomputes everything. The steps are named S1 to S5 in
docs/mastery.md, which also holds the test vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import exp, log1p, sqrt
from typing import Final

from qualoop.mastery.constants import KAPPA, Constants

Z_90: Final = 1.645
"""Half width of a 90 % band in standard deviations."""
MIN_DIFFICULTY_VARIANCE: Final = 0.02
SIGMOID_FLOOR: Final = -35.0
RATER_DRIFT: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Learner:
    """General ability g, form of the day h (mean, variance each) and the number of responses so far."""

    g: float
    v_g: float
    h: float
    v_h: float
    responses: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """A learner's slow (m) and fast (f) memory of one knowledge point: n touches, the last at `at` seconds."""

    m: float
    v_m: float
    f: float
    v_f: float
    n: int = 0
    at: float = 0.0
    responses: int = 0


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
    """What one response did to one knowledge point; shown levels in [0, 1]."""

    stored: float
    before: float
    after: float
    low: float
    high: float
    days: float
    n: int
    d_m: float
    d_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The numbers behind one update: prediction, residual and what changed (docs/mastery.md, explanation)."""

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


@dataclass(frozen=True, slots=True)
class Reading:
    """The shown level of a knowledge point, its 90 % band, all in [0, 1], and the number of responses behind it."""

    level: float
    low: float
    high: float
    n: int


def sigmoid(x: float) -> float:
    """Return the logistic of ``x``."""
    return 0.0 if x <= SIGMOID_FLOOR else 1.0 / (1.0 + exp(-x))


def filled(state: State, response: Response, constants: Constants) -> FilledState:
    """Return ``state`` with everything that ``response`` touches, priors where there was nothing."""
    c = constants
    codes = response.weights
    return FilledState(
        learner=state.learner or Learner(0.0, c.v_g0, 0.0, c.v_h0),
        memories={code: state.memories.get(code) or Memory(0.0, c.v_m0, 0.0, c.v_f0) for code in codes},
        item=state.item or Difficulty(0.0, c.v_b0),
        knowledge_points={code: state.knowledge_points.get(code) or Difficulty(0.0, c.v_c0) for code in codes},
        rater=(state.rater or Difficulty(0.0, c.v_s0)) if response.rated else None,
    )


def faded(memory: Memory, learner: Learner, at: float, constants: Constants) -> Memory:
    """S1: return the memory as forgetting leaves it at ``at``; a memory never touched does not fade."""
    if not memory.n:
        return memory
    c = constants
    time = log1p(max(at - memory.at, 0.0) / c.tau)
    between = log1p(max(learner.responses - memory.responses - 1, 0))
    slow = exp(-c.phi_m * time)
    fast = exp(-c.phi_f * time - c.psi * between)
    return replace(
        memory,
        m=memory.m * slow,
        v_m=min(c.v_m0, memory.v_m * slow * slow + c.v_m0 * (1.0 - slow * slow)),
        f=memory.f * fast,
        v_f=memory.v_f * fast * fast + c.v_f0 * (1.0 - fast * fast),
    )


def step(state: State, response: Response, constants: Constants) -> tuple[FilledState, Update]:
    """Return the state after ``response``, and the numbers that explain the change. Pure."""
    start = filled(state, response, constants)
    learner = start.learner
    now = {code: faded(memory, learner, response.at, constants) for code, memory in start.memories.items()}
    z, variance = _expected(replace(start, memories=now), response.weights, constants)
    predicted = _shown_prediction(z, variance, response, constants)
    p = sigmoid(z)
    expected = response.guess + (1.0 - response.guess) * p
    weight = response.omega * (1.0 - response.guess) * p * p * (1.0 - p) / expected if expected else 0.0
    residual = response.omega * (response.score - expected) * p / expected if expected else 0.0
    move = _Move(weight, residual, 1.0 + weight * variance)
    after = _moved(replace(start, memories=now), response, move, constants)
    update = Update(
        predicted=predicted,
        score=response.score,
        z=z,
        variance=variance,
        p=p,
        weight=weight,
        residual=residual,
        damping=move.damping,
        item_before=start.item.mean,
        learner_before=learner.g,
        learner_after=after.learner.g,
        changes={code: _change(code, (start, now, after), response.at, constants) for code in response.weights},
    )
    return after, update


def read(state: State, code: str, now: float, constants: Constants) -> Reading:
    """Return the shown level of a knowledge point at ``now``, on an item of average difficulty.

    Form and fast memory are left out: they are the day, not the skill. Idleness never raises a level.
    """
    learner = state.learner or Learner(0.0, constants.v_g0, 0.0, constants.v_h0)
    memory = state.memories.get(code) or Memory(0.0, constants.v_m0, 0.0, constants.v_f0)
    difficulty = state.knowledge_points.get(code) or Difficulty(0.0, constants.v_c0)
    then = faded(memory, learner, now, constants)
    return _level(learner, replace(then, m=min(memory.m, then.m)), difficulty, constants)


@dataclass(frozen=True, slots=True)
class _Move:
    """Information W, residual r and damping D of one response."""

    weight: float
    residual: float
    damping: float

    def mean(self, value: float, variance: float, loading: float = 1.0) -> float:
        """Move a mean by loading x variance x r / D."""
        return value + loading * variance * self.residual / self.damping

    def shrunk(self, variance: float, loading: float = 1.0) -> float:
        """Return the variance that is left."""
        return variance - loading * loading * variance * variance * self.weight / self.damping


def _expected(state: FilledState, weights: Mapping[str, float], constants: Constants) -> tuple[float, float]:
    """S2: return the log-odds of success and their variance."""
    learner, item, rater = state.learner, state.item, state.rater
    z = constants.base + learner.g + learner.h - item.mean - (rater.mean if rater else 0.0)
    variance = learner.v_g + learner.v_h + item.variance + (rater.variance if rater else 0.0)
    for code, w in weights.items():
        memory, difficulty = state.memories[code], state.knowledge_points[code]
        z += w * (memory.m + memory.f - difficulty.mean)
        variance += w * w * (memory.v_m + memory.v_f + difficulty.variance)
    return z, variance


def _shown_prediction(z: float, variance: float, response: Response, constants: Constants) -> float:
    """Return the prediction as it is shown: averaged over doubt, then Platt-scaled (not for rated evidence)."""
    slope, offset = (1.0, 0.0) if response.rated else (constants.slope, constants.offset)
    return response.guess + (1.0 - response.guess) * sigmoid(slope * z / sqrt(1.0 + KAPPA * variance) + offset)


def _moved(state: FilledState, response: Response, move: _Move, constants: Constants) -> FilledState:
    """S4 and S5: return the state after the response, everything computed from the values before it."""
    learner, item, rater = state.learner, state.item, state.rater
    c = constants
    keep = c.rho_h * c.rho_h
    return FilledState(
        learner=Learner(
            g=move.mean(learner.g, learner.v_g),
            v_g=move.shrunk(learner.v_g) + c.q_g,
            h=c.rho_h * move.mean(learner.h, learner.v_h),
            v_h=keep * move.shrunk(learner.v_h) + (1.0 - keep) * c.v_h0,
            responses=learner.responses + 1,
        ),
        item=Difficulty(move.mean(item.mean, item.variance, -1.0), move.shrunk(item.variance)),
        rater=Difficulty(move.mean(rater.mean, rater.variance, -1.0), move.shrunk(rater.variance) + RATER_DRIFT)
        if rater
        else None,
        memories={
            code: _moved_memory(state.memories[code], w, response, move, responses=learner.responses, constants=c)
            for code, w in response.weights.items()
        },
        knowledge_points={
            code: Difficulty(
                move.mean(state.knowledge_points[code].mean, state.knowledge_points[code].variance, -w),
                move.shrunk(state.knowledge_points[code].variance, w),
            )
            for code, w in response.weights.items()
        },
    )


def _moved_memory(
    memory: Memory, w: float, response: Response, move: _Move, *, responses: int, constants: Constants
) -> Memory:
    """Return both memories of one knowledge point after the response."""
    c = constants
    gain = c.gain_success * response.score + c.gain_failure * (1.0 - response.score)
    keep = c.rho_f * c.rho_f
    return Memory(
        m=move.mean(memory.m, memory.v_m, w) + response.practice * w * gain,
        v_m=move.shrunk(memory.v_m, w) + c.q_m,
        f=c.rho_f * move.mean(memory.f, memory.v_f, w),
        v_f=keep * move.shrunk(memory.v_f, w) + (1.0 - keep) * c.v_f0,
        n=memory.n + 1,
        at=response.at,
        responses=responses,
    )


def _level(learner: Learner, memory: Memory, difficulty: Difficulty, constants: Constants) -> Reading:
    """Return the read-out of one knowledge point."""
    mean = constants.base + learner.g + memory.m - difficulty.mean
    variance = learner.v_g + memory.v_m + max(MIN_DIFFICULTY_VARIANCE, difficulty.variance)
    reach = Z_90 * sqrt(variance)
    return Reading(sigmoid(mean / sqrt(1.0 + KAPPA * variance)), sigmoid(mean - reach), sigmoid(mean + reach), memory.n)


def _change(
    code: str, states: tuple[FilledState, Mapping[str, Memory], FilledState], at: float, constants: Constants
) -> Change:
    """Return what happened to one knowledge point: stored, after forgetting, after the response."""
    start, now, after = states
    stored, difficulty = start.memories[code], start.knowledge_points[code]
    end = _level(after.learner, after.memories[code], after.knowledge_points[code], constants)
    return Change(
        stored=_level(start.learner, stored, difficulty, constants).level,
        before=_level(start.learner, now[code], difficulty, constants).level,
        after=end.level,
        low=end.low,
        high=end.high,
        days=(at - stored.at) / 86400.0 if stored.n else 0.0,
        n=end.n,
        d_m=after.memories[code].m - now[code].m,
        d_c=after.knowledge_points[code].mean - difficulty.mean,
    )
