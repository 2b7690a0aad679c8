"""Calibrated peers: planted errors are recovered, weak and strong work is ordered rightly, silence is no number."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from math import sqrt
from random import Random
from statistics import correlation, mean

import pytest

from qualoop.assessment.peers import (
    FIRST_VARIANCE,
    LEAST_VARIANCE,
    NoRatingsError,
    calibrate,
    peer_score,
    sample_errors,
)
from qualoop.values import Score


def noisy(true: float, *, bias: float, spread: float, random: Random) -> Score:
    return Score(Decimal(str(round(min(max(true + bias + random.gauss(0, spread), 0.0), 1.0), 4))))


def planted(reviewers: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return bias and spread of each reviewer: from careful to careless, from strict to lenient."""
    random = Random(seed)
    return {f"r{each}": (random.gauss(0, 0.1), random.uniform(0.03, 0.25)) for each in range(reviewers)}


def calibrated(truth: dict[str, tuple[float, float]], samples: int, seed: int) -> dict[str, list[float]]:
    """Return the errors of each reviewer at samples that staff scored in the middle of the scale."""
    random = Random(seed)
    staff = {f"s{each}": Score(Decimal(str(round(random.uniform(0.35, 0.65), 2)))) for each in range(samples)}
    return {
        reviewer: [
            *sample_errors(
                {key: noisy(float(score), bias=bias, spread=spread, random=random) for key, score in staff.items()},
                staff,
            )
        ]
        for reviewer, (bias, spread) in truth.items()
    }


def test_planted_error_is_recovered_from_many_samples() -> None:
    truth = planted(40, seed=1)
    found = calibrate(calibrated(truth, samples=60, seed=2))
    for reviewer, (bias, spread) in truth.items():
        assert found[reviewer].bias == pytest.approx(bias, abs=0.1)
        assert sqrt(found[reviewer].variance) == pytest.approx(max(spread, 0.05), rel=0.4)


def test_planted_error_is_ordered_rightly_from_three_samples() -> None:
    truth = planted(200, seed=3)
    found = calibrate(calibrated(truth, samples=3, seed=4))
    assert correlation([bias for bias, _ in truth.values()], [found[each].bias for each in truth]) > 0.6
    assert correlation([spread for _, spread in truth.values()], [sqrt(found[each].variance) for each in truth]) > 0.4


def test_few_samples_are_drawn_towards_the_class() -> None:
    errors = {"lucky": [0.0, 0.0, 0.0], **{f"r{each}": [0.2, -0.2, 0.1, -0.1] for each in range(10)}}
    found = calibrate(errors)
    assert LEAST_VARIANCE < found["lucky"].variance < found["r0"].variance
    assert found["lucky"].weight < 4 * found["r0"].weight, "three lucky samples silence nobody"


def test_weighted_and_corrected_peers_beat_the_plain_mean() -> None:
    truth = planted(60, seed=5)
    found = calibrate(calibrated(truth, samples=3, seed=6))
    random = Random(7)
    plain, weighted = [], []
    for _ in range(300):
        true = random.uniform(0.2, 0.8)
        chosen = random.sample(sorted(truth), 4)
        ratings = {each: noisy(true, bias=truth[each][0], spread=truth[each][1], random=random) for each in chosen}
        plain.append(abs(mean(map(float, ratings.values())) - true))
        weighted.append(abs(float(peer_score(ratings, found).score) - true))
    assert mean(weighted) < 0.9 * mean(plain)


def test_weak_and_strong_work_is_ordered_rightly() -> None:
    truth = planted(30, seed=8)
    found = calibrate(calibrated(truth, samples=3, seed=9))
    random = Random(10)
    scores = [
        peer_score(
            {each: noisy(true, bias=truth[each][0], spread=truth[each][1], random=random) for each in truth}, found
        ).score
        for true in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    assert all(weaker < stronger for weaker, stronger in pairwise(scores))


def test_shares_sum_to_one_and_follow_the_weights() -> None:
    found = calibrate({"careful": [0.01, -0.01, 0.02, 0.0, 0.01, -0.02], "careless": [0.4, -0.4, 0.3, -0.3, 0.4, -0.4]})
    result = peer_score({"careful": Score("0.5"), "careless": Score("1")}, found)
    assert sum(result.shares.values()) == pytest.approx(1)
    assert result.shares["careful"] > 0.7
    assert 0.4 < result.score < 0.7
    assert result.standard_error < sqrt(found["careful"].variance)


def test_a_strict_and_a_lenient_peer_mean_the_same() -> None:
    errors = {"strict": [-0.2] * 8, "lenient": [0.2] * 8}
    found = calibrate(errors)
    strict, lenient = (
        peer_score({name: Score(score)}, found).score for name, score in (("strict", "0.4"), ("lenient", "0.8"))
    )
    assert abs(strict - lenient) < Decimal("0.02")


def test_who_rated_no_sample_is_an_average_member() -> None:
    found = calibrate({"new": [], "a": [0.1, 0.1, 0.2], "b": [0.0, 0.2, 0.0]})
    assert found["new"].bias == pytest.approx(0.1)
    assert found["new"].samples == 0
    assert calibrate({"new": []})["new"].variance == pytest.approx(FIRST_VARIANCE)
    assert calibrate({"one": [0.1]})["one"].variance > 0


def test_no_ratings_are_no_score() -> None:
    with pytest.raises(NoRatingsError):
        peer_score({}, {})
    with pytest.raises(KeyError):
        peer_score({"stranger": Score(1)}, {})


def test_a_score_never_leaves_the_scale() -> None:
    found = calibrate({"lenient": [0.3] * 5, "strict": [-0.3] * 5})
    assert peer_score({"lenient": Score(0)}, found).score == 0
    assert peer_score({"strict": Score(1)}, found).score == 1


def test_only_common_samples_make_errors() -> None:
    assert sample_errors({"a": Score("0.5"), "c": Score(1)}, {"a": Score("0.25"), "b": Score(1)}) == [0.25]
