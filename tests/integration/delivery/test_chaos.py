"""Real worker processes, killed over and over, and platforms of every product that fail in all their ways."""

from __future__ import annotations

import pytest

from benchmarks.delivery import Chaos, survive

SMALL = Chaos(scores=240, kill_every_s=0.7, changing=1, most_kills=3)


def test_nothing_is_lost_stale_or_doubled(database_url: str) -> None:
    survives(database_url, SMALL)


@pytest.mark.soak
def test_nothing_of_ten_thousand_scores_is(database_url: str) -> None:
    survives(database_url, Chaos(seed=2))


def survives(url: str, chaos: Chaos) -> None:
    """Deliver through faults and kills, and see what is left."""
    survived = survive(url, chaos, print)
    outcome = survived.outcome
    assert (outcome.lost, outcome.stale, outcome.lowered, outcome.repeated, outcome.doubled) == (0, 0, 0, 0, 0)
    assert outcome.ahead_s <= 0, "no timestamp lies in the future"
    assert survived.given_up == 0, "no person was needed"
    assert survived.kills >= 2
    assert survived.struck.total() > 20
