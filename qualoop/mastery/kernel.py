"""The arithmetic of the mastery model: one body, plain Python on lists online, compiled by numba over tables in replay.

Both give the same bits on one machine: only `exp`, `log1p` and `sqrt` of the C library, one fixed order of operations,
no fused or reordered ones. Nothing here allocates, reads a clock or knows a name. S1 to S5 are the steps of
docs/mastery.md. A *row* is a list of floats (Python) or a row of a float64 table (numba):

- learner ``[g, v_g, h, v_h, responses]``: ability and form (mean, variance), responses so far
- item ``[b, v_b]``, point ``[c, v_c]``, rater ``[s, v_s]``: difficulty, difficulty, severity
- memory ``[m, v_m, f, v_f, touches, at, responses]``: slow and fast memory of one learner for one knowledge point, and
  of its last touch the time (seconds) and the learner's `responses` then

Means are in logits, variances in logit². The arguments of `step`:

- ``rows = (learner, item, rater)``; the rater is read and moved only where the response is rated
- ``touched = (memories, points, memory_places, point_places, weights)``: two tables, and for the K >= 0 knowledge
  points of the response their places in them and their weights (sum 1)
- ``response = (at, score, omega, practice, guess, rated)``: seconds, score in [0, 1], weight of the evidence, practice
  factor, floor of guessing in [0, 1), 1.0 or 0.0
- ``constants``: `Constants.row`

and what it returns: ``(P, z, V, p, W, r, D)``: the shown prediction, the log-odds of success and their variance, the
bare probability, information, residual and damping.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from math import exp, log1p, sqrt
from types import FunctionType
from typing import Any, Final, TypeAlias, TypeVar, cast

from qualoop.errors import MissingExtraError
from qualoop.mastery.constants import KAPPA, RATER_DRIFT, Constants, ConstantsRow, Fading

Row: TypeAlias = list[float]
Rows: TypeAlias = tuple[Row, Row, Row]
Touched: TypeAlias = tuple[Sequence[Row], Sequence[Row], Sequence[int], Sequence[int], Sequence[float]]
ResponseRow: TypeAlias = tuple[float, float, float, float, float, float]
Numbers: TypeAlias = tuple[float, float, float, float, float, float, float]
Loop = TypeVar("Loop", bound=Callable[..., Any])

SIGMOID_FLOOR: Final = -35.0
"""At and below it the logistic counts as 0."""
MIN_DIFFICULTY_VARIANCE: Final = 0.02
"""No knowledge point's difficulty is read as better known than this, logit²."""


def new_learner(constants: Constants) -> Row:
    """Return the row of a learner of whom nothing is known."""
    return [0.0, constants.v_g0, 0.0, constants.v_h0, 0.0]


def new_memory(constants: Constants) -> Row:
    """Return the row of a knowledge point that the learner has not met."""
    return [0.0, constants.v_m0, 0.0, constants.v_f0, 0.0, 0.0, 0.0]


def new_item(constants: Constants) -> Row:
    """Return the row of an item that nobody has answered."""
    return [0.0, constants.v_b0]


def new_point(constants: Constants) -> Row:
    """Return the row of a knowledge point that nobody has met."""
    return [0.0, constants.v_c0]


def new_rater(constants: Constants) -> Row:
    """Return the row of a rater who has not rated yet."""
    return [0.0, constants.v_s0]


def fade(memory: Row, at: float, responses: float, fading: Fading) -> None:
    """S1: let the memory fade, in place, to the time and the number of responses; one never touched does not fade."""
    m, v_m, f, v_f, touches, last, then = memory
    if touches == 0.0:
        return
    v_m0, v_f0, phi_m, phi_f, psi, tau, timed = fading
    time = log1p((at - last) / tau) if timed != 0.0 and at > last else 0.0
    between = log1p(responses - then - 1.0) if responses - then > 1.0 else 0.0
    slow = exp(-phi_m * (time if timed != 0.0 else between))
    fast = exp(-phi_f * time - psi * between)
    memory[0], memory[1] = m * slow, v_m0 + (v_m - v_m0) * slow * slow if v_m < v_m0 else v_m0
    memory[2], memory[3] = f * fast, v_f0 + (v_f - v_f0) * fast * fast


def predict(rows: Rows, touched: Touched, response: ResponseRow, constants: ConstantsRow) -> Numbers:
    """S1 to S3: let the memories fade in place, predict, and weigh the score; see the module for all shapes."""
    learner, item, rater = rows
    memories, points, memory_places, point_places, weights = touched
    at, score, omega, _practice, guess, rated = response
    (base, slope, offset), fading, _learning = constants
    g, v_g, h, v_h, responses = learner
    b, v_b = item
    z, variance = base + g + h - b, v_g + v_h + v_b
    if rated != 0.0:
        s, v_s = rater
        z, variance = z - s, variance + v_s
        slope, offset = 1.0, 0.0
    k, count = 0, len(weights)
    while k < count:  # A `for` over range() costs plain Python a tenth of the whole step.
        w, memory = weights[k], memories[memory_places[k]]
        fade(memory, at, responses, fading)
        m, v_m, f, v_f, _touches, _at, _responses = memory
        c, v_c = points[point_places[k]]
        z += w * (m + f - c)
        variance += w * w * (v_m + v_f + v_c)
        k += 1
    shown = slope * z / sqrt(1.0 + KAPPA * variance) + offset
    predicted = 1.0 / (1.0 + exp(-shown)) if shown > SIGMOID_FLOOR else 0.0
    p = 1.0 / (1.0 + exp(-z)) if z > SIGMOID_FLOOR else 0.0
    if guess == 0.0:
        information, residual = omega * p * (1.0 - p), omega * (score - p)
    else:
        predicted = guess + (1.0 - guess) * predicted
        expected = guess + (1.0 - guess) * p
        share = omega * p / expected
        information, residual = share * (1.0 - guess) * p * (1.0 - p), share * (score - expected)
    return predicted, z, variance, p, information, residual, 1.0 + information * variance


def step(rows: Rows, touched: Touched, response: ResponseRow, constants: ConstantsRow) -> Numbers:
    """S1 to S5: apply one response to all rows, in place, and return its numbers; see the module for all shapes."""
    numbers = predict(rows, touched, response, constants)
    _predicted, _z, _variance, _p, information, residual, damping = numbers
    move, shrink = residual / damping, information / damping
    learner, item, rater = rows
    memories, points, memory_places, point_places, weights = touched
    at, score, _omega, practice, _guess, rated = response
    q_g, q_m, failure, difference, rho_h, keep_h, rest_h, rho_f, keep_f, rest_f = constants[2]
    g, v_g, h, v_h, responses = learner
    learner[0], learner[1] = g + v_g * move, v_g - v_g * v_g * shrink + q_g
    learner[2], learner[3] = rho_h * (h + v_h * move), keep_h * (v_h - v_h * v_h * shrink) + rest_h
    learner[4] = responses + 1.0
    b, v_b = item
    item[0], item[1] = b - v_b * move, v_b - v_b * v_b * shrink
    if rated != 0.0:
        s, v_s = rater
        rater[0], rater[1] = s - v_s * move, v_s - v_s * v_s * shrink + RATER_DRIFT
    gain = practice * (failure + difference * score)
    k, count = 0, len(weights)
    while k < count:
        w, memory, point = weights[k], memories[memory_places[k]], points[point_places[k]]
        m, v_m, f, v_f, touches, _at, _responses = memory
        loading = w * v_m
        memory[0], memory[1] = m + loading * move + w * gain, v_m - loading * loading * shrink + q_m
        loading = w * v_f
        memory[2], memory[3] = rho_f * (f + loading * move), keep_f * (v_f - loading * loading * shrink) + rest_f
        memory[4], memory[5], memory[6] = touches + 1.0, at, responses
        c, v_c = point
        loading = w * v_c
        point[0], point[1] = c - loading * move, v_c - loading * loading * shrink
        k += 1
    return numbers


def belief(
    learner: Sequence[float], memory: Sequence[float], point: Sequence[float], base: float
) -> tuple[float, float]:
    """Return mean (logits) and variance of the level of a knowledge point, from rows as they stand."""
    mean = base + learner[0] + memory[0] - point[0]
    return mean, learner[1] + memory[1] + max(MIN_DIFFICULTY_VARIANCE, point[1])


def compiled(loop: Loop) -> Loop:
    """Return ``loop``, a plain function that calls this module's functions by name, compiled together with them.

    The loop may not allocate arrays (tables and results come in as arguments): counting references to the views of
    rows would double the time of a step. Raises `MissingExtraError` where numba is not installed.
    """
    jit, kernel = _kernel()
    function = FunctionType(loop.__code__, {**loop.__globals__, **kernel}, loop.__name__, loop.__defaults__)
    return cast("Loop", jit()(function))


@cache
def _kernel() -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return numba's decorator with the options that keep the bits, and the compiled functions by name."""
    try:
        njit = import_module("numba").njit
    except ImportError as missing:
        raise MissingExtraError("The compiled mastery kernel", "mastery") from missing

    def jit(**options: Any) -> Any:
        return njit(error_model="numpy", fastmath=False, _nrt=False, **options)

    scope: dict[str, Any] = dict(globals())
    functions = {}
    for function in (fade, predict, step, belief):
        copy = FunctionType(function.__code__, scope, function.__name__)
        scope[function.__name__] = functions[function.__name__] = jit(inline="always")(copy)
    return jit, functions
