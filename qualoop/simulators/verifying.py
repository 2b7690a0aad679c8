"""Reads the file of a run and plays it again: whoever has an installation with the same engine gets the same score.

Two things are looked at. Whether the file is as it was written: what was changed is named by its round (`run_files`). And
whether it comes out again, to six decimals.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from qualoop.simulators.decisions import Decision, DecisionForm, unpacked
from qualoop.simulators.engine import Engine, is_steady
from qualoop.simulators.entering import entered, typed_values
from qualoop.simulators.registry import engine_hash, get_engine
from qualoop.simulators.run_files import (
    FirstRunRecord,
    RunFile,
    RunFileRefusedError,
    RunRecord,
    RunStep,
    SecondRunRecord,
    Source,
    decision_digests,
    first_break,
    make_record,
    name_of,
)
from qualoop.simulators.streams import WorldKey

PLACES: Final = 6
MAX_BYTES: Final = 1_000_000

AnyRecord: TypeAlias = FirstRunRecord | SecondRunRecord | RunRecord

_READER: Final[TypeAdapter[AnyRecord]] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="format_version")])
_FIRST_VERSION: Final = (
    "a file of version 1: its digests cover key and decisions only. The scores are proved by running it again; of which "
    "project and content it is, and by which engine it was made, is not: download it anew, or ask for the ledger's word"
)
_SECOND_VERSION: Final = (
    "a file of version 2: its name, as the ledger has it, covers key and decisions only. Who writes such a file anew can put "
    "another world, content or engine into it, and has another score under the same name: compare its scores with those that "
    "the ledger has under this name"
)
_ENGINE_NOT_KEPT: Final = (
    "the run was graded before the engine was kept with the score: its name, as the ledger has it, covers key and decisions "
    "only, and which engine graded it is not known. Figures that differ may have been right then: compare the scores with those "
    "that the ledger has under this name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What running a file again shows: what does not agree, in the order found; nothing where all does.

    ``notes`` are what to know besides, such as that the engine here is another version, with which figures may differ
    honestly. ``score`` is what came out, ``run`` what the ledger names such a run; None where the file was changed, so
    that it was not run.
    """

    faults: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())
    score: str | None = None
    run: str | None = None


def read_record(data: bytes) -> AnyRecord:
    """Return the record in a file from anywhere; raise RunFileRefusedError."""
    if len(data) > MAX_BYTES:
        raise RunFileRefusedError(f"a run has at most {MAX_BYTES} bytes, and this file more")
    try:
        # pydantic takes the last of two values with one name, and nobody would see the first.
        json.loads(data, object_pairs_hook=_named_once)
        return _READER.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The first part of a place is the version, by which the model was chosen.
        place = ".".join(str(part) for part in first["loc"][1:]) or "the file"
        raise RunFileRefusedError(f"{place}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise RunFileRefusedError(f"the file is no JSON that a run could be: {error}") from error


def _named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise ValueError(f"`{counted.most_common(1)[0][0]}` stands twice")
    return found


def verify(record: RunFile, *, ledger_run: str | None = None) -> Verdict:
    """Return what running a record again shows; ``ledger_run`` is what the ledger names the run that it should be.

    Raises UnknownEngineError, RunFileRefusedError.
    """
    broken = first_break(record) if isinstance(record, SecondRunRecord | RunRecord) else None
    if broken:
        return Verdict(faults=(broken,))
    again = _again(record, get_engine(record.engine))
    name = _named(record, again)
    faults = [*_differences(record, again, name)]
    if ledger_run is not None and ledger_run != name:
        faults.append(
            "the ledger names another run: of this one the world, what happened in it, the content, the engine, its version, "
            "the key or a decision is not what was graded"
        )
    return Verdict(faults=tuple(faults), notes=tuple(_notes(record)), score=again.score, run=name)


def _named(record: RunFile, again: RunRecord) -> str:
    """Return the name of a record whose key and decisions are those that were read."""
    steps = [step.model_dump(mode="json") for step in again.steps]
    return name_of({**record.model_dump(mode="json"), "commitment": again.commitment, "steps": steps})


def _notes(record: RunFile) -> Iterator[str]:
    """Iterate over what a file cannot prove."""
    if isinstance(record, FirstRunRecord):
        yield _FIRST_VERSION
    elif isinstance(record, SecondRunRecord):
        yield _SECOND_VERSION
    if record.engine_hash is None:
        yield _ENGINE_NOT_KEPT
    elif record.engine_hash != engine_hash(record.engine):
        yield (
            f"the engine {record.engine} here is another version than the one that graded the run: figures that differ may "
            "have been right there, and only an installation of that version can confirm them"
        )


def _again(record: RunFile, engine: Engine) -> RunRecord:
    """Return the record of the same decisions, made here and now."""
    key = WorldKey.from_text(record.world_key)
    try:
        spec = engine.spec_model.model_validate(record.world)
    except ValidationError as error:
        raise RunFileRefusedError(f"world: {error.errors(include_url=False)[0]['msg']}") from error
    world = engine.world(spec, key)
    form = engine.form(world)
    plan = [_read_decision(step, form, number) for number, step in enumerate(record.steps, 1)]
    # A dialogue may end before its last round, and what was handed in late is shorter; other plans are whole.
    most = engine.rounds(world)
    if len(plan) > most or (len(plan) < most and is_steady(engine, world, key.derive("run"))):
        raise RunFileRefusedError(f"the run has {len(plan)} rounds, its world {most}")
    source = Source(project=record.project, content=record.content, spec=spec, world=record.world)
    return make_record(engine, source, key, plan)


def _read_decision(step: RunStep, form: DecisionForm, number: int) -> dict[str, Any]:
    try:
        decision = unpacked(step.decision, form)
        wrong = set(_misfits(step, form, decision))
    except (ValueError, IndexError, TypeError, KeyError) as error:
        raise RunFileRefusedError(f"round {number}: the decision does not fit the form") from error
    if wrong:
        raise RunFileRefusedError(f"round {number}: {', '.join(sorted(wrong))} does not fit the form")
    return decision


def _misfits(step: RunStep, form: DecisionForm, decision: Decision) -> Iterator[str]:
    """Iterate over the fields whose values the form would not take."""
    sizes = {each.key: len(table.rows) for table, each in form}
    yield from set(step.decision) - set(sizes)
    yield from (field for field, values in decision.items() if len(values) != sizes[field])
    told = entered(form, {each.key: typed_values(each, decision[each.key]) for _, each in form})
    yield from (problem.field or "the decision" for problem in told.problems)


def _differences(record: RunFile, again: RunRecord, name: str) -> Iterator[str]:
    if record.commitment != again.commitment:
        yield "the key is not the one that was committed to"
    yield from _first_step_off(record, again)
    if isinstance(record, SecondRunRecord | RunRecord) and record.run != name:
        yield "the run is not the one that it names: its world, what happened in it, content, engine or a decision was changed"
    if not _alike(record.value, again.value):
        yield f"the expected value was {record.value:.6f}, and is {again.value:.6f}"
    if record.score != again.score:
        yield f"the score was {record.score}, and is {again.score}"
    for part in dict.fromkeys([*again.scores, *record.scores]):
        told, found = record.scores.get(part, "none"), again.scores.get(part, "none")
        if told != found:
            yield f"{part}: the score was {told}, and is {found}"


def _first_step_off(record: RunFile, again: RunRecord) -> Iterator[str]:
    """Yield the first round that differs: those after it differ because of it."""
    decisions = [step.decision for step in again.steps]
    digests = list(decision_digests(again.commitment, decisions))
    for number, (told, found) in enumerate(zip(record.steps, again.steps, strict=True), 1):
        if isinstance(record, FirstRunRecord) and told.digest != digests[number - 1]:
            yield f"round {number}: the decision is not the one that was recorded"
            return
        if not _alike(told.realised, found.realised):
            yield f"round {number}: it brought {told.realised:.6f}, and brings {found.realised:.6f}"
            return


def _alike(first: float, second: float) -> bool:
    return isclose(first, second, rel_tol=10.0**-PLACES, abs_tol=10.0**-PLACES)
