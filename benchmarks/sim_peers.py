"""Stock, the beer game and a contact centre against stockpyl and SimPy: one run each, times taken in turns.

Each function returns how many times quicker ours is: the peer's median of process CPU over ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from statistics import median
from typing import Any, Final

import numpy as np
import simpy

from benchmarks.stockpyl_peer import serial_system, simulation, single_stage_system
from qualoop.simulators.distributions import exponential_quantile
from qualoop.simulators.service.centre import run_day
from qualoop.simulators.stock.chain import Chain, Start, base_stock, simulate
from qualoop.simulators.stock.year import Policy, run_stock
from qualoop.simulators.streams import WorldKey

RUNS: Final = 15
OURS_EACH: Final = 20
"""Runs of ours for one of the peer's, so that a run is not lost in the clock's grain."""
WEEKS: Final = 52
SEED: Final = 3
MEAN: Final = 8
HOURS: Final = 8.0
CONTACTS: Final = 475
SERVERS: Final = 6
HANDLING: Final = 0.1
PATIENCE: Final = 0.05


def peer_figures(runs: int = RUNS) -> dict[str, float]:
    """Return the three ratios, by the keys of the bench."""
    return {
        "inventory_vs_stockpyl": inventory_vs_stockpyl(runs),
        "beer_vs_stockpyl": beer_vs_stockpyl(runs),
        "contact_vs_simpy": contact_vs_simpy(runs),
    }


def inventory_vs_stockpyl(runs: int = RUNS) -> float:
    """Return the ratio for a year of one reordered product."""
    demand = weekly_demand().tolist()
    policies, leads = [Policy(point=20, quantity=25)] * WEEKS, [2] * WEEKS
    return _ratio(lambda: run_stock(30, demand, policies, leads), _stockpyl(_single_stage), runs)


def beer_vs_stockpyl(runs: int = RUNS) -> float:
    """Return the ratio for a year of the beer game's four firms."""
    demand = weekly_demand().astype(np.float64)
    rule, chain, start = base_stock(np.full(4, 32.0)), Chain(), Start()
    return _ratio(lambda: simulate(demand, rule, chain, start), _stockpyl(_four_stages), runs)


def contact_vs_simpy(runs: int = RUNS) -> float:
    """Return the ratio for eight hours of a contact centre with patience."""
    arrivals, handling, patience = contacts()
    day = (arrivals, handling, patience)
    return _ratio(lambda: run_day(*day, SERVERS), lambda: simpy_day(day, SERVERS), runs)


def weekly_demand() -> Any:
    """Return a year of Poisson demand."""
    return np.random.default_rng(SEED).poisson(MEAN, WEEKS)


def contacts() -> tuple[list[float], list[float], list[float]]:
    """Return when contacts come, how long each takes and how long each waits, in hours."""
    key = WorldKey.of_seed(SEED, "contacts")
    arrivals = np.sort(key.uniforms("arrivals", shape=CONTACTS)) * HOURS
    handling = exponential_quantile(key.uniforms("handling", shape=CONTACTS), HANDLING)
    patience = exponential_quantile(key.uniforms("patience", shape=CONTACTS), PATIENCE)
    return arrivals.tolist(), handling.tolist(), patience.tolist()


def _single_stage() -> Any:
    return single_stage_system(
        holding_cost=0.5,
        stockout_cost=1.0,
        demand_type="D",
        demand_list=weekly_demand().tolist(),
        shipment_lead_time=2,
        policy_type="rQ",
        reorder_point=20,
        order_quantity=25,
    )


def _four_stages() -> Any:
    # The factory's orders need not travel, but what it makes takes a week longer: as in the game.
    return serial_system(
        num_nodes=4,
        node_order_in_system=[4, 3, 2, 1],
        node_order_in_lists=[1, 2, 3, 4],
        local_holding_cost=[0.5] * 4,
        stockout_cost=[1.0] * 4,
        demand_type="D",
        demand_list=weekly_demand().tolist(),
        order_lead_time=[1, 1, 1, 0],
        shipment_lead_time=[2, 2, 2, 3],
        policy_type="BS",
        base_stock_level=[32] * 4,
        initial_inventory_level=[12] * 4,
        initial_orders=[4] * 4,
        initial_shipments=[4] * 4,
    )


def _stockpyl(make: Callable[[], Any]) -> Callable[[], object]:
    network = make()
    return lambda: simulation(network, WEEKS, rand_seed=SEED, progress_bar=False, consistency_checks="N")


def simpy_day(day: tuple[list[float], list[float], list[float]], servers: int) -> list[float]:
    """Return the waits of a contact centre's day as SimPy has it: a process a contact, one resource."""
    environment = simpy.Environment()
    advisers = simpy.Resource(environment, capacity=servers)
    waits: list[float] = []

    def contact(takes: float, bears: float) -> Generator[Any, Any, None]:
        came = environment.now
        with advisers.request() as turn:
            yield turn | environment.timeout(bears)
            waits.append(environment.now - came)
            if turn.triggered:
                yield environment.timeout(takes)

    def source() -> Generator[Any, Any, None]:
        for came, takes, bears in zip(*day, strict=True):
            yield environment.timeout(came - environment.now)
            environment.process(contact(takes, bears))

    environment.process(source())
    environment.run()
    return waits


def _ratio(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> float:
    ours()
    theirs()
    own, peer = [], []
    for _ in range(runs):
        peer.append(_seconds(theirs, 1))
        own.append(_seconds(ours, OURS_EACH))
    return median(peer) / median(own)


def _seconds(work: Callable[[], object], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times
