"""A run as a file: what stands in it, how it is made, and the digests that hold it together.

The digests are one chain, so that whatever is changed is named by its place: `head_digest` is over what the run is of, each
round's `digest` over the one before and the round, `result_digest` over the last one and the scores. Everything is hashed
as it stands in the file, in the form of RFC 8785. They hold no secret: a file proves by them that it is whole, by running
again that its scores are right, and by `run`, which the sealed ledger has too, that it is the run that was graded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from qualoop.simulators.decisions import Plan, packed
from qualoop.simulators.engine import Engine, State
from qualoop.simulators.errors import SimulatorError
from qualoop.simulators.registry import engine_hash
from qualoop.simulators.scoring import as_score, earned_parts, gap_score, standard_of
from qualoop.simulators.streams import WorldKey

_DIGEST: Final = r"^[0-9a-f]{64}$"
_NOT_HEAD: Final = frozenset({"head_digest", "steps", "value", "score", "scores", "result_digest"})
_RESULT: Final = frozenset({"value", "score", "scores"})


class RunFileRefusedError(SimulatorError):
    """A file is no run that can be played again."""

    code = "run-file"


class _Part(BaseModel):
    # Strict, so that a number that became a text is no longer the same file.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class RunStep(_Part):
    """One round: what was decided, what came of it, and a digest over this and all rounds before."""

    decision: dict[str, Any]
    realised: float
    digest: str = Field(pattern=_DIGEST)


class RunFile(_Part):
    """What the file of a run says, whatever its version.

    ``world`` is the checked spec as plain JSON, ``scores`` by part, ``score`` of the whole.
    """

    format: Literal["qualoop-run"]
    project: str
    content: str = Field(pattern=_DIGEST)
    engine: str
    engine_hash: str = Field(pattern=_DIGEST)
    world: dict[str, Any]
    world_key: str = Field(pattern=_DIGEST)
    commitment: str = Field(pattern=_DIGEST)
    steps: tuple[RunStep, ...] = Field(min_length=1, max_length=200)
    value: float
    score: str
    scores: dict[str, str]


class FirstRunRecord(RunFile):
    """A file of the first version: its digests begin with the commitment, and cover the decisions and nothing else."""

    format_version: Literal[1]


class RunRecord(RunFile):
    """A file of a run. ``run`` names it in evidence, as the ledger has it."""

    format_version: Literal[2]
    run: str = Field(pattern=_DIGEST)
    head_digest: str = Field(pattern=_DIGEST)
    result_digest: str = Field(pattern=_DIGEST)


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
    value, standard = engine.value(world, plan), standard_of(engine, world)
    score = gap_score(value, standard)
    parts = earned_parts(engine, world, plan, standard, score=score)
    return sealed(
        {
            "format": "qualoop-run",
            "format_version": 2,
            "project": source.project,
            "content": source.content,
            "engine": engine.name,
            "engine_hash": engine_hash(engine.name),
            "world": source.spec.model_dump(mode="json"),
            "world_key": key.as_text(),
            "commitment": key.commitment,
            "run": run_digest(key.commitment, [step["decision"] for step in steps]),
            "steps": steps,
            "value": value,
            "score": score.as_text(),
            "scores": {part.part: as_score(part.score).as_text() for part in parts},
        }
    )


def _steps(engine: Engine, world: Any, key: WorldKey, plan: Plan) -> Iterator[dict[str, Any]]:
    form = engine.form(world)
    state: State = engine.initial(world)
    for decision in plan:
        state, happened = engine.step(world, state, decision, key.derive("run"))
        yield {"decision": packed(decision, form), "realised": float(happened.realised)}


def sealed(said: Mapping[str, Any]) -> RunRecord:
    """Return the record that says this, with its digests, whatever they were before."""
    digests = list(_chain(said))
    steps = [{**step, "digest": digest} for step, digest in zip(said["steps"], digests[1:-1], strict=True)]
    whole = {**said, "head_digest": digests[0], "steps": tuple(map(RunStep.model_validate, steps))}
    return RunRecord.model_validate(whole | {"result_digest": digests[-1]})


def first_break(record: RunRecord) -> str | None:
    """Return which part of a file is not as it was written, in words; None where the file is whole."""
    said = record.model_dump(mode="json")
    told = [record.head_digest, *(step.digest for step in record.steps), record.result_digest]
    places = ["the head (what the run is of)", *(f"round {number}" for number in range(1, len(told) - 1)), "the result"]
    for place, digest, found in zip(places, told, _chain(said, told), strict=True):
        if digest != found:
            return f"{place} is not what was recorded: it was changed after the file was written"
    return None


def _chain(said: Mapping[str, Any], told: Sequence[str] = ()) -> Iterator[str]:
    """Iterate over the digests of head, rounds and result.

    Each is over the one before it as it was ``told``, where it was: then only the place that was changed is off.
    """
    links = [
        {name: value for name, value in said.items() if name not in _NOT_HEAD},
        *({"decision": step["decision"], "realised": step["realised"]} for step in said["steps"]),
        {name: said[name] for name in _RESULT},
    ]
    digest = ""
    for number, link in enumerate(links):
        digest = _digest(digest, link)
        yield digest
        digest = told[number] if told else digest


def run_digest(commitment: str, decisions: Sequence[Mapping[str, Any]]) -> str:
    """Return what names a run in evidence: a digest over the world's commitment and all decisions, packed."""
    return list(decision_digests(commitment, decisions))[-1]


def decision_digests(commitment: str, decisions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Iterate over the digests of a world's commitment and the decisions up to each round."""
    digest = commitment
    for decision in decisions:
        digest = _digest(digest, decision)
        yield digest


def _digest(before: str, said: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(before.encode() + rfc8785.dumps(dict(said))).hexdigest()
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise RunFileRefusedError(
            "the file holds what no run does, such as a number of more digits than any has"
        ) from error
