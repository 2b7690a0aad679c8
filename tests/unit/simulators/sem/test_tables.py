"""The closed-form table against published values, simulated auctions, and exact integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from qualoop.simulators.sem.tables import EXAMINATION, response_table

MU = -0.6


def at(rank: float) -> tuple[float, float, float]:
    looked, paid, shown = response_table(8, 0.6).at(np.array([np.log(rank) - MU]))[0]
    return float(looked), float(paid * np.exp(MU)), float(shown)


@pytest.mark.parametrize(
    ("rank", "examined", "next_rank"),
    [(0.5, 0.0985, 0.4507), (1.0, 0.6550, 0.8222), (2.0, 0.9587, 1.2249)],
)
def test_regression_values_of_the_standard_form(rank: float, examined: float, next_rank: float) -> None:
    looked, paid, _ = at(rank)
    assert looked == pytest.approx(examined, abs=5e-5)
    assert paid == pytest.approx(next_rank, abs=5e-5)


@pytest.mark.parametrize("rank", [0.5, 1.0, 2.0])
def test_simulated_auctions_agree(rank: float) -> None:
    rivals = np.exp(MU + 0.6 * np.random.default_rng(0).standard_normal((60_000, 8)))
    rivals[::-1].sort(axis=1)
    falling = rivals[:, ::-1]
    position = (falling > rank).sum(axis=1)
    looks = np.append(EXAMINATION, np.zeros(5))[position]
    below = np.append(falling, np.zeros((len(falling), 1)), axis=1)[np.arange(len(falling)), position]
    looked, paid, shown = at(rank)
    assert looked == pytest.approx(looks.mean(), abs=0.008)
    assert paid == pytest.approx((looks * below).sum() / looks.sum(), rel=0.01)
    assert shown == pytest.approx((position < 4).mean(), abs=0.008)


@pytest.mark.parametrize("rivals", [4, 8, 9])
def test_exact_integrals_agree(rivals: int) -> None:
    y = 0.37
    rank, below = np.exp(y), norm.cdf(y / 0.6)
    chances = [binom.pmf(position, rivals, 1 - below) for position in range(4)]
    looked = sum(look * chance for look, chance in zip(EXAMINATION, chances, strict=True))
    paid = 0.0
    for position, (look, chance) in enumerate(zip(EXAMINATION, chances, strict=True)):
        left = rivals - position
        area = quad(lambda t, n=left: norm.cdf(np.log(t) / 0.6) ** n, 0, rank)[0] if left else rank
        paid += look * chance * (rank - area / below**left)
    found = response_table(rivals, 0.6).at(np.array([y]))[0]
    assert found[0] == pytest.approx(looked, rel=1e-4)
    assert found[1] == pytest.approx(paid / looked, rel=1e-3)
    assert found[2] == pytest.approx(sum(chances), rel=1e-4)


def test_a_higher_rank_gets_more_and_never_pays_more_than_itself() -> None:
    table = response_table(8, 0.6)
    assert (np.diff(table.values[:, 0]) >= 0).all()
    assert (np.diff(table.values[:, 2]) >= -1e-12).all()
    assert (table.values[:, 1] <= table.ranks).all()


def test_below_the_grid_nothing_is_shown_and_above_it_nothing_changes() -> None:
    table = response_table(8, 0.6)
    low, high, higher = table.at(np.array([table.low - 0.1, 5.0, 50.0]))
    assert (low == 0).all()
    assert high == pytest.approx(higher, abs=1e-5)


@pytest.mark.parametrize("worth", [0.0, 1e-4, 0.3, 1.0, 2.7, 40.0, 5e4])
def test_the_envelope_is_never_below_what_any_rank_brings(worth: float) -> None:
    table = response_table(8, 0.6)
    fine = table.at(np.linspace(table.low, 6.0, 20_001))
    best = float(np.max(fine[:, 0] * (worth - fine[:, 1]), initial=0.0))
    found = float(table.best_margin(np.array([worth]))[0])
    assert best - 1e-12 <= found <= best * 1.005 + 1e-4
