"""Whatever happens and in whatever order: in the end the platform has the latest score, by ever later timestamps.

Scores change while others are sent, requests fail in every way that passes by itself, workers die between claiming,
sending and marking. On each product, on each database, in simulated time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.ags_faults import Fault
from benchmarks.ags_platforms import BEHAVIOURS
from benchmarks.ags_stub import Stub, running
from lti_tool.db import Database
from lti_tool.lti.platform_profiles import Product
from tests.integration.delivery.simulation import End, Happening, Simulation

FULL = os.environ.get("QUALOOP_TEST_SIZE") == "full"
EXAMPLES = 1_000 if FULL else 30
MOST_PEOPLE = 3
#: PostgreSQL costs several times as much: at the small size the most different products are enough for it.
ON_POSTGRESQL = [*Product] if FULL else [Product.MOODLE, Product.CANVAS]
PLACES = [(product, "sqlite_url") for product in Product] + [(product, "postgresql_url") for product in ON_POSTGRESQL]

WAITS = st.sampled_from([0, 1, 7, 20, 61, 400])
SCORES = st.lists(st.tuples(st.integers(0, MOST_PEOPLE - 1), st.integers(0, 1000)), min_size=1, max_size=4).map(tuple)
#: New scores while requests are on their way.
MEANWHILE = st.lists(st.one_of(st.none(), st.integers(0, 1000)), max_size=6)
HAPPENINGS = st.one_of(
    st.builds(Happening, WAITS, SCORES),
    st.builds(Happening, WAITS, st.none(), st.sampled_from(End)),
)


def faults_of(product: Product) -> st.SearchStrategy[list[Fault | None]]:
    """Return what the requests of one run may meet, one after the other."""
    return st.lists(st.one_of(st.none(), st.sampled_from([*BEHAVIOURS[product].faults])), max_size=10)


@pytest.fixture(params=PLACES, ids=lambda place: "-".join(place).removesuffix("_url"))
def simulation(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    product, url = request.param
    with running(Stub(behaviour=BEHAVIOURS[product])) as stub:
        database = Database(request.getfixturevalue(url))
        made = Simulation(database, stub)
        yield made
        made.close()
        database.close()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), people=st.integers(1, MOST_PEOPLE), happenings=st.lists(HAPPENINGS, min_size=1, max_size=12))
def test_the_latest_score_wins(
    simulation: Simulation, data: st.DataObject, people: int, happenings: Sequence[Happening]
) -> None:
    faults = data.draw(faults_of(simulation.stub.behaviour.product))
    numbers = simulation.begin(people, faults, data.draw(MEANWHILE))
    for happening in happenings:
        simulation.happen(numbers, happening)
    simulation.run_out(numbers)
    simulation.check(numbers)


def test_each_fault_and_each_death_alone_costs_nothing(simulation: Simulation) -> None:
    """A fault strikes, the worker dies over it, the score changes meanwhile: another worker brings the newest one."""
    for fault in (None, *simulation.stub.behaviour.faults):
        for end in End:
            numbers = simulation.begin(2, [fault, None, fault])
            simulation.happen(numbers, Happening(1, None, end))
            simulation.happen(numbers, Happening(1, ((0, 700), (1, 400))))
            simulation.happen(numbers, Happening(61))
            simulation.run_out(numbers)
            simulation.check(numbers)
