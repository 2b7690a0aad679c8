"""Small markets, which are made in a few milliseconds, and one of the standard size."""

from __future__ import annotations

import pytest

from qualoop.simulators import WorldKey
from qualoop.simulators.sem.engine import SearchMarketEngine
from qualoop.simulators.sem.spec import SearchMarketSpec, SearchTermsSpec
from qualoop.simulators.sem.triage import SearchTermsEngine
from qualoop.simulators.sem.worlds import SearchWorld, campaign_world, report_world

SMALL = {
    "queries": 120,
    "keywords": 40,
    "lines": 2,
    "terms": 20,
    "rounds": 3,
    "days_each": 3,
    "budget": 80,
    "shocks": [{"round": 2, "kind": "rival_enters"}],
}


@pytest.fixture(scope="session")
def small() -> SearchWorld:
    return campaign_world(SearchMarketSpec.model_validate(SMALL), WorldKey.of_seed(1))


@pytest.fixture(scope="session")
def standard() -> SearchWorld:
    return campaign_world(SearchMarketSpec(), WorldKey.of_seed(1))


@pytest.fixture(scope="session")
def report() -> SearchWorld:
    spec = SearchTermsSpec(rivals=4, junk=0.4, budget=200, bands=(0.3, 0.5, 0.75, 1.1))
    return report_world(spec, WorldKey.of_seed(2))


@pytest.fixture
def market_engine() -> SearchMarketEngine:
    return SearchMarketEngine()


@pytest.fixture
def terms_engine() -> SearchTermsEngine:
    return SearchTermsEngine()
