"""Rules of mastery fire where they say, and what follows is counted."""

from __future__ import annotations

from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mastery_rules import (
    RULES,
    Attempts,
    beta_above,
    engine,
    first_tries,
    moving_average,
    outcome,
    rule_figures,
    streak,
)
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.log_runs import run_engine
from tests.unit.benchmarks.mastery.csv_logs import responses_of

HEADER = "learner,order,item,kps,score,split"
LONG = "0111101111001"


def attempts_of(folder: Path, *sequences: str, items: int = 100) -> Attempts:
    """Return the attempts of learners, one a sequence of 0 and 1, on one point."""
    rows = [
        f"u{learner},{order},i{order % items},a,{score},test"
        for learner, scores in enumerate(sequences)
        for order, score in enumerate(scores)
    ]
    responses = responses_of(folder, *rows, header=HEADER)
    return Attempts(responses, run_engine(responses, DEFAULT_CONSTANTS, readings=True))


def fired(attempts: Attempts, fires: object) -> list[str]:
    marks = "".join(".X"[int(mark)] for mark in np.asarray(fires))
    return [marks[a:z] for a, z in zip(attempts.starts[:-1], attempts.starts[1:], strict=True)]


def test_streaks_do_not_cross_learners(tmp_path: Path) -> None:
    attempts = attempts_of(tmp_path, LONG, "11")
    assert fired(attempts, streak(3)(attempts)) == ["...XX...XX...", ".."]
    assert fired(attempts, streak(1)(attempts)) == [".XXXX.XXXX..X", "XX"]


def test_moving_average_from_zero(tmp_path: Path) -> None:
    attempts = attempts_of(tmp_path, "111110", "11111")
    assert fired(attempts, moving_average(attempts)) == ["....X.", "....X"], "1 - .7^5 = .83"


def test_first_tries_count_each_item_once(tmp_path: Path) -> None:
    attempts = attempts_of(tmp_path, "11101")
    assert fired(attempts, first_tries(attempts)) == ["..X.X"], "(3 + .2)/4 is .8 and not above it, (4 + .2)/5 is"
    again = attempts_of(tmp_path, "1111", items=2)
    assert fired(again, first_tries(again)) == ["...."], "two items are not enough"


def test_beta_is_the_exact_chance() -> None:
    grid = (np.arange(200_000) + 0.5) / 200_000
    for successes, failures in ((0, 0), (3, 0), (5, 2), (0, 4)):
        density = grid**successes * (1 - grid) ** failures
        expected = density[grid > 0.7].sum() / density.sum()
        assert beta_above(0.7, successes, failures) == pytest.approx(expected, abs=1e-5)


def test_engine_fires_on_the_chance_of_being_above_the_cut(tmp_path: Path) -> None:
    attempts = attempts_of(tmp_path, "1111111111111", items=2)
    z = (attempts.run.means - np.log(0.7 / 0.3)) / np.sqrt(attempts.run.variances)
    chance = np.array([0.5 * (1 + erf(x / sqrt(2))) for x in z])
    assert (engine(0.7, 0.8)(attempts) == (chance >= 0.8)).all()
    assert engine(0.7, 0.8)(attempts).any()
    assert not engine(0.7, 0.8, items=3)(attempts).any(), "there are two items only"


def test_outcome(tmp_path: Path) -> None:
    # The first fires after 4 and goes on 1 0 1 1 1; the second after 3 with 0 0 1 0 1; the third too late; the fourth
    # is short; nobody else.
    sequences = ("01111011100", "11100101000", "00000011100", "111", "00000000000")
    attempts = attempts_of(tmp_path, *sequences)
    assert sequences[0][4:9] == "10111"
    figures = outcome(attempts, streak(3)(attempts))
    assert figures == {
        "reach": 2 / 4,
        "attempts": 3.5,
        "attempts_median": 3.5,
        "post5": (4 + 2) / 10,
        "false": 1 / 2,
    }
    assert outcome(attempts, np.zeros(len(attempts.right), np.bool_))["reach"] == 0


def test_every_rule_is_told(tmp_path: Path) -> None:
    attempts = attempts_of(tmp_path, *(LONG, "1" * 20, "10" * 10))
    figures = rule_figures(attempts.responses, attempts.run)
    assert figures["rule.sequences"] == 3
    assert {key.split(".")[1] for key in figures if key.count(".") == 2} == set(RULES)
    few = attempts_of(tmp_path, "111")
    assert rule_figures(few.responses, few.run) == {"rule.sequences": 0}
