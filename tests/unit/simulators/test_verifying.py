"""A recorded run plays again to the same score; whoever changes anything in its file is found out, at the place of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import rfc8785

from qualoop.content_packages import load_package, open_project
from qualoop.framework import shipped_content
from qualoop.simulators import BaselineKind, Engine, WorldKey
from qualoop.simulators.run_files import (
    FirstRunRecord,
    RunFileRefusedError,
    RunRecord,
    SecondRunRecord,
    Source,
    make_record,
    name_of,
    played_digest,
    run_digest,
    run_name,
    sealed,
)
from qualoop.simulators.verifying import read_record, verify
from tests.factories.packages import ecommerce
from tests.fakes.engines import StallEngine

KEY = WorldKey.of_seed(9)


@pytest.fixture
def record(stall: Engine) -> RunRecord:
    spec = StallEngine.spec_model()
    world = stall.world(spec, KEY)
    return make_record(stall, Source(project="stall", content="5f" * 32, spec=spec), KEY, stall.reference(world))


def plain(record: RunRecord) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(record.model_dump_json())
    return document


def forged(record: RunRecord, **changes: Any) -> RunRecord:
    """Return a file that somebody changed who knows how its digests are made."""
    return sealed({**plain(record), **changes})


def chained(before: str, said: Any) -> str:
    return hashlib.sha256(before.encode() + rfc8785.dumps(said)).hexdigest()


def first_version(record: RunRecord) -> dict[str, Any]:
    """Return the file as it was written before version 2, digests and all."""
    document = plain(record)
    for name in ("run", "head_digests", "result_digest"):
        del document[name]
    digest = record.commitment
    for step in document["steps"]:
        digest = step["digest"] = chained(digest, step["decision"])
    return document | {"format_version": 1}


def second_version(record: RunRecord, **changes: Any) -> dict[str, Any]:
    """Return the file as it was written before version 3, digests and all."""
    document = {**first_version(record), **changes, "format_version": 2}
    steps, result = document.pop("steps"), {name: document.pop(name) for name in ("value", "score", "scores")}
    log = document["commitment"]
    for step in steps:
        log = chained(log, step["decision"])
    document["run"] = log
    digest = head = chained("", document)
    for step in steps:
        del step["digest"]
        digest = step["digest"] = chained(digest, {**step})
    return {**document, "head_digest": head, "steps": steps, **result, "result_digest": chained(digest, result)}


def found_in(document: object) -> str:
    """Return what verifying a file says first; empty where it finds nothing."""
    try:
        return next(iter(verify(read_record(json.dumps(document).encode())).faults), "")
    except RunFileRefusedError as error:
        return str(error)


def test_there_and_back(record: RunRecord) -> None:
    again = read_record(record.model_dump_json().encode())
    assert again == record
    verdict = verify(again)
    assert (verdict.faults, verdict.notes, verdict.score) == ((), (), "1")
    assert set(record.scores.values()) == {"1"}
    log = run_digest(record.commitment, [step.decision for step in record.steps])
    said: dict[str, Any] = {
        "project": "stall",
        "engine": "stall",
        "engine_hash": record.engine_hash,
        "world": record.world,
    }
    assert record.run == chained(chained(log, said), {"content": record.content}) == name_of(plain(record))
    assert record.run == run_name(played_digest(log, **said), record.content) == verdict.run


Change = tuple[tuple[str | int, ...], Callable[[Any], Any]]


def changes(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[Change]:
    """Iterate over all that can be done to one place of a document, with the place; what is done is done to its holder."""
    if isinstance(value, dict):
        yield (*place, "added"), lambda holder: holder.update(added=1)
        for name, inner in value.items():
            yield (*place, name), lambda holder, name=name: holder.pop(name)
            yield from _put((*place, name), name, inner)
            yield from changes(inner, (*place, name))
    if isinstance(value, list):
        yield (*place, len(value)), lambda holder: holder.append(deepcopy(holder[-1]))
        for number, inner in enumerate(value):
            yield (*place, number), lambda holder, number=number: holder.pop(number)
            yield from _put((*place, number), number, inner)
            yield from changes(inner, (*place, number))


def _put(place: tuple[str | int, ...], name: str | int, value: Any) -> Iterator[Change]:
    for other in _others(value):
        yield place, lambda holder, other=other: holder.__setitem__(name, other)


def _others(value: Any) -> Iterator[Any]:
    """Iterate over what might stand in place of a value, some of it as near as can be."""
    yield from (None, [value], {"": value})
    match value:
        case bool():
            yield from (not value, int(value), str(value))
        case int():
            yield from (value + 1, -value - 1, 2**60, str(value), value == 1)
        case float():
            yield from (math.nextafter(value, math.inf), math.nextafter(value, -math.inf), str(value), 1e300)
        case str():
            yield from (f"{value}0", value[1:], value.swapcase() if value.swapcase() != value else f" {value}", "")
            yield ("1" if value[:1] == "0" else "0") + value[1:]


LINKS = {
    "the result": ("run", "value", "score", "scores", "result_digest"),
    "the engine": ("engine", "engine_hash"),
    "the world": ("world",),
    "the key": ("world_key", "commitment", "key"),
}


def places_in_words(place: tuple[str | int, ...]) -> tuple[str, ...]:
    match place:
        case ("steps", int(number)):
            # Where the last round is missing, the result is what no longer follows.
            return f"round {number + 1}", "the result"
        case ("steps", int(number), *_):
            return (f"round {number + 1}",)
        case ("world" | "head_digests", "shocks", *_):
            return ("what happened in the world",)
        case ("head_digests", str(name), *_):
            return _link_of(name)
        case (name, *_):
            return _link_of(str(name))
    return ()


def _link_of(name: str) -> tuple[str, ...]:
    return (next((link for link, names in LINKS.items() if name in names), "the project or its content"),)


def test_whatever_is_changed_is_told_at_its_place(record: RunRecord) -> None:
    document, tried = plain(record), 0
    for place, change in changes(document):
        broken = deepcopy(document)
        holder: Any = broken
        for step in place[:-1]:
            holder = holder[step]
        change(holder)
        if broken == document and json.dumps(broken) == json.dumps(document):
            continue
        told = found_in(broken)
        assert told, f"{place} was changed and nobody noticed"
        # What a file of this version cannot hold at all is refused, by its name or as a whole.
        refused = (f"{'.'.join(map(str, place))}:", f"{place[0]}.", f"{place[0]}:", "the file")
        assert told.startswith((*places_in_words(place), *refused)), (place, told)
        tried += 1
    assert tried > 300


def test_a_name_that_stands_twice_is_refused(record: RunRecord) -> None:
    text = record.model_dump_json()
    for twice in ('{"project":"another",', '{"score":"0",'):
        with pytest.raises(RunFileRefusedError, match="stands twice"):
            read_record(text.replace("{", twice, 1).encode())


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("score", "0.5", "the score was 0.5"),
        ("scores", {"orders": "0.1", "prices": "1", "signs": "1"}, "orders: the score was 0.1"),
        ("scores", {"orders": "1", "prices": "1", "signs": "1", "charm": "1"}, "charm: the score was 1, and is none"),
        ("scores", {"orders": "1", "prices": "1"}, "signs: the score was none, and is 1"),
        ("value", 1.0, "the expected value was"),
        ("commitment", "00" * 32, "the key is not the one"),
        ("world_key", "11" * 32, "the key is not the one"),
        ("run", "22" * 32, "the run is not the one"),
    ],
)
def test_who_makes_the_digests_anew_cannot_change_what_comes_out(
    record: RunRecord, field: str, value: Any, told: str
) -> None:
    assert any(fault.startswith(told) for fault in verify(forged(record, **{field: value})).faults)


def test_a_forged_decision_or_result_does_not_come_out(record: RunRecord) -> None:
    steps = plain(record)["steps"]
    steps[0]["realised"] += 0.01
    assert verify(forged(record, steps=steps)).faults == (
        f"round 1: it brought {steps[0]['realised']:.6f}, and brings {record.steps[0].realised:.6f}",
    )
    steps = plain(record)["steps"]
    steps[1]["decision"]["order"][0] += 1
    assert "the run is not the one" in " ".join(verify(forged(record, steps=steps)).faults)


def test_another_engine_is_told_apart(record: RunRecord) -> None:
    said = {**plain(record), "engine_hash": "00" * 32}
    verdict = verify(forged(record, engine_hash="00" * 32, run=name_of(said)), ledger_run=name_of(said))
    assert verdict.faults == ()
    assert [note.partition(" here")[0] for note in verdict.notes] == ["the engine stall"]


def test_a_file_of_the_first_version_verifies_with_what_it_does_not_prove(record: RunRecord) -> None:
    document = first_version(record)
    first = read_record(json.dumps(document).encode())
    assert isinstance(first, FirstRunRecord)
    verdict = verify(first)
    assert (verdict.faults, verdict.score) == ((), "1")
    assert len(verdict.notes) == 1
    assert "of which project and content it is" in verdict.notes[0]


def test_a_file_of_the_second_version_verifies_with_what_it_does_not_prove(record: RunRecord) -> None:
    second = read_record(json.dumps(second_version(record)).encode())
    assert isinstance(second, SecondRunRecord)
    log = run_digest(record.commitment, [step.decision for step in record.steps])
    verdict = verify(second, ledger_run=log)
    assert (verdict.faults, verdict.score, verdict.run) == ((), "1", log), (
        "the ledger's name of before still is this run's"
    )
    assert len(verdict.notes) == 1
    assert "covers key and decisions only" in verdict.notes[0]
    changed = second_version(record)
    changed["content"] = "00" * 32
    assert found_in(changed).startswith("the head (what the run is of) is not what was recorded")
    other = [{**step, "decision": {**step["decision"], "order": [9, 9, 9, 9, 9]}} for step in plain(record)["steps"]]
    forged_run = second_version(record, steps=other) | {"run": log}
    assert found_in(forged_run).startswith("the head")


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("steps", 1, "decision", "order", 0), 9, "round 2: the decision is not"),
        (("steps", 0, "realised"), 9.5, "round 1: it brought"),
        (("scores", "charm"), "1", "charm: the score was 1, and is none"),
        (("score",), "0.5", "the score was 0.5"),
        (("format_version",), 2, "run: Field required"),
        (("format_version",), 3, "run: Field required"),
        (("format_version",), 4, "the file: "),
    ],
)
def test_a_change_in_such_a_file_is_told(
    record: RunRecord, place: tuple[str | int, ...], value: object, told: str
) -> None:
    document = first_version(record)
    holder: Any = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    assert found_in(document).startswith(told)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b"x" * 1_000_001,
        b"[" * 100_000,
        b'{"format": "qualoop-run", "format_version": 2}',
        b'{"format": "qualoop-run", "format_version": 3}',
        b'{"format": "qualoop-run", "format_version": true}',
        b'{"format_version": 1e999}',
    ],
)
def test_no_other_file_is_a_run(data: bytes) -> None:
    with pytest.raises(RunFileRefusedError):
        read_record(data)


@pytest.mark.parametrize("value", [1e9, -1, None, "x", float("nan"), 2**60, "\ud800"])
def test_a_decision_out_of_range_is_refused(record: RunRecord, value: object) -> None:
    steps = plain(record)["steps"]
    steps[0]["decision"]["order"][0] = value
    with pytest.raises(RunFileRefusedError):
        verify(forged(record, steps=steps))


@pytest.mark.parametrize("rounds", [1, 3])
def test_rounds_too_few_or_too_many_are_refused(record: RunRecord, rounds: int) -> None:
    steps = (plain(record)["steps"] * 2)[:rounds]
    with pytest.raises(RunFileRefusedError, match="rounds"):
        verify(forged(record, steps=steps))


def test_a_dialogue_that_ended_early_verifies() -> None:
    project = open_project(load_package(shipped_content() / "ecommerce/projects/sales-chat-desk", ecommerce()).document)
    plan = project.engine.baseline(project.engine.world(project.spec, KEY), BaselineKind.POOR)
    assert plan is not None
    source = Source(project=project.key, content="5f" * 32, spec=project.spec)
    assert verify(make_record(project.engine, source, KEY, plan[:5])).faults == ()
