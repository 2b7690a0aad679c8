"""The same key makes the same world, plan, run and values in another process."""

from __future__ import annotations

import pytest

from qualoop.simulators import WorldKey
from qualoop.simulators.conformance import fingerprint
from qualoop.simulators.registry import get_engine
from tests.fakes.python_process import printed_by_another_process

CODE = """
from qualoop.simulators import WorldKey
from qualoop.simulators.conformance import fingerprint
from qualoop.simulators.registry import get_engine
engine = get_engine({name!r})
print(fingerprint(engine, engine.spec_model.model_validate({spec!r}), WorldKey.of_seed(3)))
"""
MARKET = {"queries": 80, "keywords": 30, "lines": 1, "terms": 10, "rounds": 2, "days_each": 2}


@pytest.mark.parametrize(("name", "spec"), [("search-market", MARKET), ("search-terms", {"queries": 160})])
def test_another_process_makes_the_same(name: str, spec: dict[str, int]) -> None:
    engine = get_engine(name)
    here = fingerprint(engine, engine.spec_model.model_validate(spec), WorldKey.of_seed(3))
    assert printed_by_another_process(CODE.format(name=name, spec=spec)) == here
