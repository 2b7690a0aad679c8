"""A run as a file that anybody can run again: the world's key, engine and content by hash, every decision, the score.

Whoever has this file and an installation with the same engine gets the same score to six decimals. Each step carries a
digest over itself and all steps before, so that what was changed is named by its round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Final, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qualoop.simulators.decisions import Decision, DecisionForm, Plan, packed, unpacked
from qualoop.simulators.engine import Engine, State
from qualoop.simulators.entering import entered, typed_values
from qualoop.simulators.errors import SimulatorError
from qualoop.simulators.registry import engine_hash, get_engine
from qualoop.simulators.scoring import as_score, gap_score, standard_of
from qualoop.simulators.streams import WorldKey

PLACES: Final = 6
MAX_BYTES: Final = 1_000_000


class RunFileRefusedError(SimulatorError):
    """A file is no run that can be played again."""

    code = "run-file"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RunStep(_Part):
    """One round: what was decided, what came of it, and a digest over this and all rounds before."""

    decision: dict[str, Any]
    realised: float
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class RunRecord(_Part):
    """The file of a run. ``world`` is the checked spec as plain JSON, ``scores`` by part, ``score`` of the whole."""

    format: Literal["qualoop-run"]
    format_version: Literal[1]
    project: str
    content: str = Field(pattern=r"^[0-9a-f]{64}$")
    engine: str
    engine_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    world: dict[str, Any]
    world_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    commitment: str = Field(pattern=r"^[0-9a-f]{64}$")
    steps: tuple[RunStep, ...] = Field(min_length=1, max_length=200)
    value: float
    score: str
    scores: dict[str, str]

    @property
    def digest(self) -> str:
        """Return what names this run in evidence."""
        return self.steps[-1].digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which project, in which version, a run is of."""

    project: str
    content: str
    spec: BaseModel


def make_record(engine: Engine, source: Source, key: WorldKey, plan: Plan) -> RunRecord:
    """Return the record of a plan that was played in the world of ``key``."""
    world = engine.world(source.spec, key)
    steps = list(_steps(engine, world, key, plan))
    value = engine.value(world, plan)
    return RunRecord(
        format="qualoop-run",
        format_version=1,
        project=source.project,
        content=source.content,
        engine=engine.name,
        engine_hash=engine_hash(engine.name),
        world=source.spec.model_dump(mode="json"),
        world_key=key.as_text(),
        commitment=key.commitment,
        steps=tuple(steps),
        value=value,
        score=gap_score(value, standard_of(engine, world)).as_text(),
        scores={part.part: as_score(part.score).as_text() for part in engine.scores(world, plan)},
    )


def _steps(engine: Engine, world: Any, key: WorldKey, plan: Plan) -> Iterator[RunStep]:
    form, digest = engine.form(world), key.commitment
    state: State = engine.initial(world)
    for decision in plan:
        state, happened = engine.step(world, state, decision, key.derive("run"))
        small = packed(decision, form)
        digest = _digest(digest, small)
        yield RunStep(decision=small, realised=happened.realised, digest=digest)


def run_digest(commitment: str, decisions: Sequence[Mapping[str, Any]]) -> str:
    """Return the digest of a run's last step, which is over the world's commitment and all decisions, packed."""
    digest = commitment
    for decision in decisions:
        digest = _digest(digest, decision)
    return digest


def _digest(before: str, decision: Mapping[str, Any]) -> str:
    return hashlib.sha256(before.encode() + rfc8785.dumps(dict(decision))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What running a file again shows: what does not agree, in the order found; nothing where all does.

    ``same_engine`` says whether the engine here is the one of the file; with another, figures may differ honestly.
    """

    faults: tuple[str, ...]
    same_engine: bool
    score: str


def read_record(data: bytes) -> RunRecord:
    """Return the record in a file from anywhere; raise RunFileRefusedError."""
    if len(data) > MAX_BYTES:
        raise RunFileRefusedError(f"a run has at most {MAX_BYTES} bytes, this file {len(data)}")
    try:
        return RunRecord.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RunFileRefusedError(f"{place}: {first['msg']}") from error


def verify(record: RunRecord) -> Verdict:
    """Return what running a record again shows. Raises UnknownEngineError, RunFileRefusedError."""
    engine = get_engine(record.engine)
    key = WorldKey.from_text(record.world_key)
    try:
        world = engine.world(engine.spec_model.model_validate(record.world), key)
        form = engine.form(world)
        plan = [_read_decision(step, form, number) for number, step in enumerate(record.steps, 1)]
    except ValidationError as error:
        raise RunFileRefusedError(f"world: {error.errors(include_url=False)[0]['msg']}") from error
    if len(plan) != engine.rounds(world):
        raise RunFileRefusedError(f"the run has {len(plan)} rounds, its world {engine.rounds(world)}")
    again = make_record(
        engine,
        Source(project=record.project, content=record.content, spec=engine.spec_model.model_validate(record.world)),
        key,
        plan,
    )
    return Verdict(
        faults=tuple(_differences(record, again)),
        same_engine=record.engine_hash == engine_hash(record.engine),
        score=again.score,
    )


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


def _differences(record: RunRecord, again: RunRecord) -> Iterator[str]:
    if record.commitment != again.commitment:
        yield "the key is not the one that was committed to"
    yield from _first_step_off(record, again)
    if not _alike(record.value, again.value):
        yield f"the expected value was {record.value:.6f}, and is {again.value:.6f}"
    if record.score != again.score:
        yield f"the score was {record.score}, and is {again.score}"
    for part, score in again.scores.items():
        if record.scores.get(part) != score:
            yield f"{part}: the score was {record.scores.get(part, 'none')}, and is {score}"


def _first_step_off(record: RunRecord, again: RunRecord) -> Iterator[str]:
    """Yield the first round that differs: those after it differ because of it."""
    for number, (told, found) in enumerate(zip(record.steps, again.steps, strict=True), 1):
        if told.digest != found.digest:
            yield f"round {number}: the decision is not the one that was recorded"
            return
        if not _alike(told.realised, found.realised):
            yield f"round {number}: it brought {told.realised:.6f}, and brings {found.realised:.6f}"
            return


def _alike(first: float, second: float) -> bool:
    return isclose(first, second, rel_tol=10.0**-PLACES, abs_tol=10.0**-PLACES)
