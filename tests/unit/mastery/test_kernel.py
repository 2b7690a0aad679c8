"""The kernel as plain Python on lists and compiled over tables: the same bits, whatever the responses are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qualoop.errors import MissingExtraError
from qualoop.mastery import kernel
from qualoop.mastery.constants import DEFAULT_CONSTANTS, ConstantsRow
from qualoop.mastery.kernel import (
    belief,
    compiled,
    fade,
    new_item,
    new_learner,
    new_memory,
    new_point,
    new_rater,
    predict,
    step,
)

CHUNK = 50_000
LEARNERS, ITEMS, RATERS, POINTS = 400, 2_000, 12, 60
BLOCK = 3
"""Knowledge points of one response at most."""


def run(tables: Any, log: Any, constants: ConstantsRow, numbers: Any) -> None:
    """Apply a whole log to the tables; ``numbers`` takes what each step returns."""
    learners, items, raters, memories, points = tables
    learner_of, item_of, rater_of, starts, memory_places, point_places, weights, responses = log
    for event in range(len(numbers)):
        first, last = starts[event], starts[event + 1]
        row = responses[event]
        result = step(
            (learners[learner_of[event]], items[item_of[event]], raters[rater_of[event]]),
            (memories, points, memory_places[first:last], point_places[first:last], weights[first:last]),
            (row[0], row[1], row[2], row[3], row[4], row[5]),
            constants,
        )
        for column in range(7):
            numbers[event][column] = result[column]


def new_tables() -> tuple[Any, ...]:
    rows = (new_learner, new_item, new_rater, new_memory, new_point)
    counts = (LEARNERS, ITEMS, RATERS, LEARNERS * POINTS, POINTS)
    return tuple(np.tile(row(DEFAULT_CONSTANTS), (count, 1)) for row, count in zip(rows, counts, strict=True))


def random_log(steps: int, seed: int) -> tuple[Any, ...]:
    """Responses of every sort: no to three KPs, guessed, rated, partly right, judged, repeated at one moment."""
    draw = np.random.default_rng(seed)
    learner_of = draw.integers(0, LEARNERS, steps)
    of_response = draw.integers(0, BLOCK + 1, steps)
    codes = (draw.integers(0, POINTS, steps)[:, None] + np.array([0, 7, 19])) % POINTS
    used = np.arange(BLOCK)[None, :] < of_response[:, None]
    places = learner_of[:, None] * POINTS + codes
    shares = np.array([1.0, 0.5, 1 / 3])[np.maximum(of_response, 1) - 1]
    responses = np.stack(
        [
            np.cumsum(draw.exponential(40, steps) * draw.integers(0, 2, steps)),
            draw.choice([0.0, 1.0, 0.6, 1 / 3], steps),
            draw.choice([1.0, 0.3, 2.5], steps),
            draw.choice([1.0, 0.0], steps),
            draw.choice([0.0, 0.25, 1 / 3, 0.5], steps),
            draw.choice([0.0, 1.0], steps),
        ],
        axis=1,
    )
    starts = np.concatenate([[0], np.cumsum(of_response)])
    choices = (draw.integers(0, ITEMS, steps), draw.integers(0, RATERS, steps), starts)
    return (learner_of, *choices, places[used], codes[used], np.repeat(shares, of_response), responses)


def as_lists(value: Any) -> Any:
    return tuple(part.tolist() for part in value)


def assert_same_bits(steps: int, constants: ConstantsRow) -> None:
    """Run plain and compiled side by side, in chunks, and compare every number and every row."""
    fast, plain = new_tables(), as_lists(new_tables())
    fast_run = compiled(run)
    for chunk in range(steps // CHUNK):
        log = random_log(CHUNK, seed=chunk)
        numbers, plain_numbers = np.zeros((CHUNK, 7)), [[0.0] * 7 for _ in range(CHUNK)]
        fast_run(fast, log, constants, numbers)
        run(plain, as_lists(log), constants, plain_numbers)
        for table, rows in zip((numbers, *fast), (plain_numbers, *plain), strict=True):
            assert table.tobytes() == np.array(rows).tobytes()
        assert np.isfinite(numbers).all()


def test_compiled_and_plain_give_the_same_bits() -> None:
    assert_same_bits(150_000, DEFAULT_CONSTANTS.row())


def test_compiled_and_plain_give_the_same_bits_without_times() -> None:
    assert_same_bits(50_000, DEFAULT_CONSTANTS.row(timed=False))


@pytest.mark.soak
def test_a_million_steps_compiled_and_plain_give_the_same_bits() -> None:
    assert_same_bits(1_000_000, DEFAULT_CONSTANTS.row())


def one(memory: list[float], *, rated: float = 0.0, weights: tuple[float, ...] = (1.0,)) -> tuple[Any, ...]:
    """Return rows, touched and a right response at 100 s."""
    rows = (new_learner(DEFAULT_CONSTANTS), new_item(DEFAULT_CONSTANTS), new_rater(DEFAULT_CONSTANTS))
    points = [new_point(DEFAULT_CONSTANTS)]
    places = tuple(range(len(weights)))
    return rows, ([memory], points, places, places, weights), (100.0, 1.0, 1.0, 1.0, 0.0, rated)


def test_a_prediction_moves_nothing_but_forgetting() -> None:
    memory = [0.5, 0.1, 0.2, 0.1, 3.0, 0.0, 0.0]
    arguments = one(memory)
    before = repr(arguments[0])
    predict(*arguments, DEFAULT_CONSTANTS.row())
    faded = [0.5, 0.1, 0.2, 0.1, 3.0, 0.0, 0.0]
    fade(faded, 100.0, 0.0, DEFAULT_CONSTANTS.row()[1])
    assert repr(arguments[0]) == before
    assert memory == faded
    assert memory[0] < 0.5


def test_a_rater_moves_only_where_somebody_rated() -> None:
    alone, rated = one(new_memory(DEFAULT_CONSTANTS)), one(new_memory(DEFAULT_CONSTANTS), rated=1.0)
    for arguments in (alone, rated):
        step(*arguments, DEFAULT_CONSTANTS.row())
    assert alone[0][2] == new_rater(DEFAULT_CONSTANTS)
    assert rated[0][2][0] < 0.0


def test_without_times_only_other_responses_make_forget() -> None:
    fading = DEFAULT_CONSTANTS.row(timed=False)[1]
    long_ago, others = [0.5, 0.1, 0.2, 0.1, 3.0, 0.0, 0.0], [0.5, 0.1, 0.2, 0.1, 3.0, 0.0, 0.0]
    fade(long_ago, 1e9, 1.0, fading)
    fade(others, 0.0, 11.0, fading)
    assert long_ago == [0.5, 0.1, 0.2, 0.1, 3.0, 0.0, 0.0]
    assert others[0] == pytest.approx(0.5 * 11**-0.28)
    assert others[2] == pytest.approx(0.2 * 11**-0.68)


@pytest.mark.parametrize(
    ("elapsed", "others", "slow", "fast"),
    [(3600, 0, 0.88, 0.98), (86_400, 0, 0.47, 0.90), (7 * 86_400, 0, 0.28, 0.83), (0, 1, 1, 0.62), (0, 10, 1, 0.20)],
)
def test_what_is_kept_is_what_the_page_says(elapsed: float, others: int, slow: float, fast: float) -> None:
    memory = [1.0, 0.1, 1.0, 0.1, 1.0, 0.0, 0.0]
    fade(memory, elapsed, others + 1.0, DEFAULT_CONSTANTS.row()[1])
    assert (memory[0], memory[2]) == (pytest.approx(slow, abs=0.006), pytest.approx(fast, abs=0.006))


def test_a_hopeless_prediction_still_learns_from_a_right_answer() -> None:
    arguments = one(new_memory(DEFAULT_CONSTANTS))
    arguments[0][0][0] = -50.0
    numbers = step(*arguments, DEFAULT_CONSTANTS.row())
    assert numbers[3] == 0.0
    assert arguments[0][0][0] > -50.0


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise ImportError(name)

    kernel._kernel.cache_clear()
    monkeypatch.setattr(kernel, "import_module", absent)
    with pytest.raises(MissingExtraError, match="mastery"):
        compiled(run)


def levels(rows: Any, found: Any) -> None:
    learners, memories, points = rows
    for place in range(len(found)):
        mean, variance = belief(learners[place], memories[place], points[place], 0.83)
        found[place][0], found[place][1] = mean, variance


def test_what_is_believed_is_the_same_compiled() -> None:
    draw = np.random.default_rng(5)
    rows = tuple(draw.normal(size=(500, width)) for width in (5, 7, 2))
    found, plain = np.zeros((500, 2)), [[0.0, 0.0] for _ in range(500)]
    compiled(levels)(rows, found)
    levels(as_lists(rows), plain)
    assert found.tobytes() == np.array(plain).tobytes()
