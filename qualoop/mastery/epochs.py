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
from qualoop.mastery.kernel import compiled, step
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
    copies = (np.empty(5), np.empty(2), np.empty(2), np.empty((most, 7)), np.empty((most, 2)), np.arange(most))
    predictions = np.empty(count)
    loop = _compiled_loop() if (count >= COMPILE_FROM if compile_it is None else compile_it) else _run
    loop(
        (responses.columns, responses.touches, epoch),
        ((learners, memories), (items, raters, points), (items.copy(), raters.copy(), points.copy()), copies),
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
    rows, then with the learner's rows and copies of the published difficulties.
    """
    (learner_of, item_of, rater_of, facts), (starts, memory_of, point_of, weight_of), epoch = given
    (learners, memories), moving, published, copies = tables
    learner_copy, item_copy, rater_copy, memory_copies, point_copies, places = copies
    for e in range(len(predictions)):
        if e and epoch[e] != epoch[e - 1]:
            for table in range(3):
                for place in range(len(moving[table])):
                    published[table][place, 0], published[table][place, 1] = moving[table][place]
        first, last = starts[e], starts[e + 1]
        its, mine, weights = point_of[first:last], memory_of[first:last], weight_of[first:last]
        fact = (facts[e, 0], facts[e, 1], facts[e, 2], facts[e, 3], facts[e, 4], facts[e, 5])
        learner, item, rater = learners[learner_of[e]], item_of[e], rater_of[e]
        learner_copy[0], learner_copy[1], learner_copy[2], learner_copy[3], learner_copy[4] = learner
        item_copy[0], item_copy[1] = published[0][item]
        rater_copy[0], rater_copy[1] = published[1][rater]
        for k in range(last - first):
            copy = memory_copies[k]
            copy[0], copy[1], copy[2], copy[3], copy[4], copy[5], copy[6] = memories[mine[k]]
            point_copies[k, 0], point_copies[k, 1] = published[2][its[k]]
        here = places[: last - first]
        rows = (learner_copy, moving[0][item], moving[1][rater])
        step(rows, (memory_copies, moving[2], here, its, weights), fact, constants)
        rows = (learner, item_copy, rater_copy)
        predictions[e] = step(rows, (memories, point_copies, mine, here, weights), fact, constants)[0]
