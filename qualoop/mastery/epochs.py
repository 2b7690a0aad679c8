"""The regime of epochs over a log: learners meet difficulties as they were published last, which move behind them.

Within an epoch learners do not depend on one another; b, c and s move by the same responses in tables of their own,
which the next epoch publishes (docs/mastery.md, replay). Live is the regime of the tool; this one is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from qualoop.mastery.constants import Constants
from qualoop.mastery.kernel import compiled, new_learner, new_memory, step
from qualoop.mastery.log_runs import COMPILE_FROM, Floats, Responses, start_tables


def run_epochs(responses: Responses, constants: Constants, epochs: int, *, compile_it: bool | None = None) -> Floats:
    """Return the predictions of all responses, shape (n,), in so many epochs (from 1) of equally many responses.

    With as many epochs as responses this is the live regime. The loop is compiled from COMPILE_FROM responses on, or
    as ``compile_it`` says.
    """
    count = len(responses.rows)
    epoch = np.arange(count) * epochs // max(count, 1)
    learners, items, raters, memories, points = start_tables(responses, constants)
    most = int(responses.points.max(initial=0))
    kept = (items.copy(), raters.copy(), points.copy())
    scratch = (np.array(new_learner(constants)), np.tile(np.array(new_memory(constants)), (most, 1)), np.arange(most))
    predictions = np.empty(count)
    loop = _compiled_loop() if (count >= COMPILE_FROM if compile_it is None else compile_it) else _run
    loop(
        (responses.columns, responses.touches, epoch),
        ((learners, memories), (items, raters, points), kept, scratch),
        predictions,
        constants.row(timed=responses.log.timed),
    )
    return predictions


@cache
def _compiled_loop() -> Callable[..., None]:
    return compiled(_run)


def _run(given: Any, tables: Any, predictions: Any, constants: Any) -> None:
    """Predict and learn, response by response; nothing is allocated (see `kernel.compiled`).

    `step` moves all rows that it gets. So it is called twice: with the moving difficulties and copies of the learner's
    rows, then with the published difficulties, which are put back from the copy of their publication.
    """
    (learner_of, item_of, rater_of, facts), (starts, memory_of, point_of, weight_of), epoch = given
    (learners, memories), moving, published, (learner_copy, memory_copies, places) = tables
    for e in range(len(predictions)):
        if e and epoch[e] != epoch[e - 1]:
            for table in range(3):
                for row in range(len(moving[table])):
                    published[table][row, 0], published[table][row, 1] = moving[table][row, 0], moving[table][row, 1]
        first, last = starts[e], starts[e + 1]
        its, weights = point_of[first:last], weight_of[first:last]
        fact = (facts[e, 0], facts[e, 1], facts[e, 2], facts[e, 3], facts[e, 4], facts[e, 5])
        learner = learners[learner_of[e]]
        for i in range(5):
            learner_copy[i] = learner[i]
        for touch in range(first, last):
            for i in range(7):
                memory_copies[touch - first, i] = memories[memory_of[touch], i]
        item, rater = item_of[e], rater_of[e]
        rows = (learner_copy, moving[0][item], moving[1][rater])
        step(rows, (memory_copies, moving[2], places[: last - first], its, weights), fact, constants)
        b, v_b, s, v_s = published[0][item, 0], published[0][item, 1], published[1][rater, 0], published[1][rater, 1]
        rows = (learner, published[0][item], published[1][rater])
        for touch in range(first, last):
            places[touch - first] = touch - first
        predictions[e] = step(rows, (memories, published[2], memory_of[first:last], its, weights), fact, constants)[0]
        published[0][item, 0], published[0][item, 1], published[1][rater, 0], published[1][rater, 1] = b, v_b, s, v_s
