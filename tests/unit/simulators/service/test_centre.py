"""Erlang's formulas against published numbers and SciPy, and the day against SimPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import betainc

from benchmarks.sim_peers import SERVERS, contacts, simpy_day
from qualoop.simulators.service.centre import (
    Queue,
    erlang_b,
    erlang_c,
    impatient_service,
    incomplete_beta,
    patient_service,
    run_day,
)

BUSY = Queue(rate=50 / 360, handling=360, servers=55)


def test_erlang_c_of_the_literature() -> None:
    found = patient_service(BUSY, 20)
    assert found.wait == pytest.approx(0.3845, abs=5e-5)
    assert found.within == pytest.approx(0.7087, abs=5e-5)
    assert found.mean_wait == pytest.approx(27.7, abs=0.05)


def test_erlang_a_of_the_literature() -> None:
    found = impatient_service(Queue(rate=50 / 360, handling=360, servers=50, patience=120), 20)
    assert (found.wait, found.abandon, found.within) == pytest.approx((0.391, 0.0713, 0.794), abs=5e-4)


def test_endless_patience_is_erlang_c() -> None:
    patient, endless = patient_service(BUSY, 20), Queue(rate=50 / 360, handling=360, servers=55, patience=2e5)
    assert impatient_service(endless, 20).wait == pytest.approx(patient.wait, abs=2e-3)
    assert impatient_service(endless, 20).within == pytest.approx(patient.within, abs=2e-3)


def test_too_much_load() -> None:
    assert erlang_c(10, 10) == 1.0
    assert patient_service(Queue(rate=2, handling=5, servers=10), 1).mean_wait == math.inf


@pytest.mark.parametrize("load", [0.5, 8.0, 60.0])
def test_erlang_b_by_its_definition(load: float) -> None:
    terms = [load**number / math.factorial(number) for number in range(11)]
    assert erlang_b(load, 10) == pytest.approx(terms[10] / sum(terms))


def test_incomplete_beta() -> None:
    random = np.random.default_rng(2)
    a, b = np.exp(random.uniform(-1.5, 6, (2, 500)))
    x = random.random(500)
    ours = [incomplete_beta(*each) for each in zip(a.tolist(), b.tolist(), x.tolist(), strict=True)]
    assert ours == pytest.approx(betainc(a, b, x), abs=1e-11)
    assert (incomplete_beta(2, 3, 0.0), incomplete_beta(2, 3, 1.0)) == (0.0, 1.0)


def test_a_day_as_simpy_has_it() -> None:
    day = contacts()
    ours = run_day(*day, SERVERS)
    assert sorted(ours.waits) == pytest.approx(sorted(simpy_day(day, SERVERS)), abs=1e-9)
    assert 0 < sum(ours.gave_up) < 150


def test_long_days_come_to_erlang_a() -> None:
    random = np.random.default_rng(4)
    count = 120_000
    arrivals = np.cumsum(random.exponential(360 / 50, count)).tolist()
    day = run_day(arrivals, random.exponential(360, count).tolist(), random.exponential(120, count).tolist(), 50)
    expected = impatient_service(Queue(rate=50 / 360, handling=360, servers=50, patience=120), 20)
    assert np.mean(day.gave_up) == pytest.approx(expected.abandon, abs=0.006)
    assert np.mean(np.array(day.waits) > 0) == pytest.approx(expected.wait, abs=0.02)
