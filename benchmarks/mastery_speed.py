"""What one update of the engine costs: the kernel as a request calls it, and compiled over a log in its own order."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Final

import numpy as np

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.kernel import new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.mastery.log_runs import Responses, run_engine
from qualoop.mastery.logs import ResponseLog

RUNS: Final = 7
PYTHON_STEPS: Final = 20_000
LOG_ROWS: Final = 1_000_000
LEARNERS: Final = 50_000
ITEMS: Final = 20_000
POINTS: Final = 500
MEAN_SCORE: Final = 0.7
CLASS: Final = 30
"""Learners who answer at the same time, taking turns in the log."""
SESSION: Final = 10
"""Responses of each on one knowledge point, as in a micro-lesson."""
SEED: Final = 3
LOADED: Final = 100
MICROSECONDS: Final = 1e6


def speed_figures(steps: int = PYTHON_STEPS, rows: int = LOG_ROWS) -> dict[str, float | None]:
    """Return µs of process CPU per update with one knowledge point and times: medians after a warm-up."""
    return {
        "update_us_python": _python(steps),
        "update_us_numba": _numba(busy_log(rows, CLASS, SESSION)),
        "update_us_numba_shuffled": _numba(busy_log(rows, 1, 1)),
    }


def _python(steps: int) -> float:
    """Return the cost of one step in plain Python, on rows as a request has loaded them: lists of floats."""
    constants = DEFAULT_CONSTANTS
    row = constants.row()
    makers = (new_learner, new_item, new_rater, new_memory, new_point)
    responses = [(60.0 * number, float(number % 3 > 0), 1.0, 1.0, 0.0, 0.0) for number in range(steps)]
    places, weights = (0,), (1.0,)

    def go() -> None:
        for who, touched, response in calls:
            step(who, touched, response, row)

    loaded = [tuple(make(constants) for make in makers) for _ in range(LOADED)]
    rows = [
        ((learner, item, rater), ([memory], [point], places, places, weights))
        for learner, item, rater, memory, point in loaded
    ]
    calls = [(*rows[number % LOADED], response) for number, response in enumerate(responses)]
    return _median(go) / steps * MICROSECONDS


def _numba(log: ResponseLog) -> float:
    """Return the cost of one compiled step over a log in its own order; start rows for everybody are made anew."""
    responses = Responses(log, np.arange(log.rows))
    return _median(lambda: run_engine(responses, DEFAULT_CONSTANTS)) / log.rows * MICROSECONDS


def busy_log(rows: int, together: int, session: int) -> ResponseLog:
    """Return a log of LEARNERS on ITEMS with one of POINTS each, in the order of time.

    So many learners at a time take turns, each for a session of responses on one knowledge point. With 1 and 1 every
    response is of another learner on another point: the worst that a log can be for a processor's cache.
    """
    random = np.random.default_rng(SEED)
    blocks = -(-rows // (together * session))
    shape = (blocks, session, together)
    learner, point = (
        np.broadcast_to(random.integers(count, size=(blocks, 1, together)), shape).reshape(-1)[:rows].copy()
        for count in (LEARNERS, POINTS)
    )
    item = random.integers(ITEMS // POINTS, size=rows) * POINTS + point
    return ResponseLog(
        name="busy",
        learners=tuple(map(str, range(LEARNERS))),
        items=tuple(map(str, range(ITEMS))),
        point_names=tuple(map(str, range(POINTS))),
        raters=(),
        sheets=(),
        learner=learner,
        item=item,
        order=np.arange(rows),
        time=np.cumsum(random.exponential(30.0, rows)),
        timed=True,
        score=(random.random(rows) < MEAN_SCORE).astype(np.float64),
        tests=np.zeros(LEARNERS, np.bool_),
        point_start=np.arange(ITEMS + 1),
        points=np.arange(ITEMS) % POINTS,
        rater=np.full(rows, -1),
        sheet=np.full(rows, -1),
        omega=np.ones(rows),
        guess=np.zeros(rows),
    )


def _median(work: Callable[[], object]) -> float:
    """Return the median seconds of process CPU of RUNS runs, after one to warm up."""
    work()
    taken = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return median(taken)
