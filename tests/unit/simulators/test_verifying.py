"""A recorded run plays again to the same score; whoever changes it is found out, at the round that was changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qualoop.simulators import Engine, WorldKey
from qualoop.simulators.verifying import RunFileRefusedError, RunRecord, Source, make_record, read_record, verify
from tests.fakes.engines import StallEngine

KEY = WorldKey.of_seed(9)


@pytest.fixture
def record(stall: Engine) -> RunRecord:
    spec = StallEngine.spec_model()
    world = stall.world(spec, KEY)
    return make_record(stall, Source(project="stall", content="5f" * 32, spec=spec), KEY, stall.reference(world))


def changed(record: RunRecord, **changes: Any) -> RunRecord:
    return RunRecord.model_validate({**record.model_dump(mode="json"), **changes})


def test_there_and_back(record: RunRecord) -> None:
    again = read_record(record.model_dump_json().encode())
    assert again == record
    verdict = verify(again)
    assert (verdict.faults, verdict.same_engine, verdict.score) == ((), True, "1")
    assert set(record.scores.values()) == {"1"}


def test_a_changed_decision_is_named_by_its_round(record: RunRecord) -> None:
    steps = json.loads(record.model_dump_json())["steps"]
    steps[1]["decision"]["order"][0] += 1
    assert verify(changed(record, steps=steps)).faults[0].startswith("round 2: the decision is not")


def test_a_changed_result_is_named_by_its_round(record: RunRecord) -> None:
    steps = json.loads(record.model_dump_json())["steps"]
    steps[0]["realised"] += 0.01
    assert verify(changed(record, steps=steps)).faults[0].startswith("round 1: it brought")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("score", "0.5", "the score was 0.5"),
        ("scores", {"orders": "0.1", "prices": "1", "signs": "1"}, "orders: the score was 0.1"),
        ("value", 1.0, "the expected value was"),
        ("commitment", "00" * 32, "the key is not the one"),
        ("world_key", "11" * 32, "the key is not the one"),
    ],
)
def test_whatever_is_changed_is_told(record: RunRecord, field: str, value: Any, told: str) -> None:
    assert any(fault.startswith(told) for fault in verify(changed(record, **{field: value})).faults)


def test_another_engine_is_told_apart(record: RunRecord) -> None:
    verdict = verify(changed(record, engine_hash="00" * 32))
    assert (verdict.same_engine, verdict.faults) == (False, ())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b"x" * 1_000_001,
        b'{"format": "qualoop-run", "format_version": 2}',
    ],
)
def test_no_other_file_is_a_run(data: bytes) -> None:
    with pytest.raises(RunFileRefusedError):
        read_record(data)


@pytest.mark.parametrize("value", [1e9, -1, None, "x", float("nan")])
def test_a_decision_out_of_range_is_refused(record: RunRecord, value: object) -> None:
    steps = json.loads(record.model_dump_json())["steps"]
    steps[0]["decision"]["order"][0] = value
    with pytest.raises(RunFileRefusedError):
        verify(read_record(json.dumps({**json.loads(record.model_dump_json()), "steps": steps}).encode()))


def test_a_round_too_few_is_refused(record: RunRecord) -> None:
    steps = json.loads(record.model_dump_json())["steps"]
    with pytest.raises(RunFileRefusedError, match="rounds"):
        verify(changed(record, steps=steps[:1]))
