"""A run as a file: what stands in it, how it is made, and the digests that hold it together.

The digests are one chain, so that whatever is changed is named by its place: `head_digests` are over what the run is of, each
round's `digest` over the one before and the round, `result_digest` over the last one, the run's name and the scores.
Everything is hashed as it stands in the file, in the form of RFC 8785. They hold no secret: a file proves by them that it is
whole, by running again that its scores follow from it, and by `run`, which the sealed ledger has too, that it is the run
that was graded.

`run`, the name, is made in three steps, because who plays a run does not know what its package is called: the *log*, over the
key's commitment and each decision; what was *played*, over the log, project, engine, engine hash and world with what happened
in it; and the name, over that and the content hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from qualoop.simulators.decisions import Plan, packed
from qualoop.simulators.engine import Engine, State
from qualoop.simulators.errors import SimulatorError
from qualoop.simulators.registry import engine_hash
from qualoop.simulators.scoring import as_score, earned_parts, gap_score, standard_of
from qualoop.simulators.streams import WorldKey
from qualoop.values import Score

_DIGEST: Final = r"^[0-9a-f]{64}$"
_NOT_HEAD: Final = frozenset({"head_digest", "steps", "value", "score", "scores", "result_digest"})
_RESULT: Final = ("value", "score", "scores")
_PLAYED: Final = ("project", "engine", "engine_hash", "world")
_SECOND: Final = 2

SHOCKS: Final = "shocks"
"""Where the spec of an engine that takes shocks has them."""


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

    ``world`` is the checked spec as plain JSON, with what happened in it; ``scores`` are by part, ``score`` of the whole.
    """

    format: Literal["qualoop-run"]
    project: str
    content: str = Field(pattern=_DIGEST)
    engine: str
    engine_hash: str | None = Field(pattern=_DIGEST)
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
    engine_hash: str = Field(pattern=_DIGEST)


class SecondRunRecord(RunFile):
    """A file of the second version: one chain over everything, and ``run`` the log, which is no more than key and decisions."""

    format_version: Literal[2]
    engine_hash: str = Field(pattern=_DIGEST)
    run: str = Field(pattern=_DIGEST)
    head_digest: str = Field(pattern=_DIGEST)
    result_digest: str = Field(pattern=_DIGEST)


class HeadDigests(_Part):
    """The chain over what a run is of, by what was changed where one does not hold."""

    project: str = Field(pattern=_DIGEST)
    engine: str = Field(pattern=_DIGEST)
    world: str = Field(pattern=_DIGEST)
    shocks: str = Field(pattern=_DIGEST)
    key: str = Field(pattern=_DIGEST)


class RunRecord(RunFile):
    """A file of a run as it was graded. ``run`` names it in evidence, as the ledger has it.

    ``engine_hash`` is that of the engine that graded it; None for a run that was graded before this was kept, whose ``run`` is
    the log alone.
    """

    format_version: Literal[3]
    run: str = Field(pattern=_DIGEST)
    head_digests: HeadDigests
    result_digest: str = Field(pattern=_DIGEST)


ChainedRecord: TypeAlias = SecondRunRecord | RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which project, in which version, a run is of; ``world`` is the spec as the package has it, where it is from one.

    A later engine may know more of a spec than the package says: then the package's own words are what was graded.
    """

    project: str
    content: str
    spec: BaseModel
    world: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to, and by which engine; None where nobody kept that.

    ``played`` is the digest of what was played, as it was told when the run was scored; empty where it is made now.
    """

    engine_hash: str | None
    value: float
    realised: tuple[float, ...]
    score: Score
    scores: Mapping[str, Score]
    played: str = ""


def make_record(engine: Engine, source: Source, key: WorldKey, plan: Plan) -> RunRecord:
    """Return the record of a plan that was played in the world of ``key``, with what the engine here makes of it."""
    return record_of(
        engine,
        source,
        key,
        plan=plan,
        result=result_of(engine, source.spec, key, plan, graded_by=engine_hash(engine.name)),
    )


def result_of(engine: Engine, spec: BaseModel, key: WorldKey, plan: Plan, *, graded_by: str | None) -> Result:
    """Return what the engine that is installed here makes of a plan; ``graded_by`` is the hash that is told."""
    world = engine.world(spec, key)
    realised = tuple(_realised(engine, world, key, plan))
    value, standard = engine.value(world, plan), standard_of(engine, world)
    score = gap_score(value, standard)
    parts = earned_parts(engine, world, plan, standard, score=score)
    return Result(
        engine_hash=graded_by,
        value=value,
        realised=realised,
        score=score,
        scores={part.part: as_score(part.score) for part in parts},
    )


def _realised(engine: Engine, world: Any, key: WorldKey, plan: Plan) -> Iterator[float]:
    state: State = engine.initial(world)
    for decision in plan:
        state, happened = engine.step(world, state, decision, key.derive("run"))
        yield float(happened.realised)


def record_of(engine: Engine, source: Source, key: WorldKey, *, plan: Plan, result: Result) -> RunRecord:
    """Return the record of a plan that came to this."""
    form = engine.form(engine.world(source.spec, key))
    told = source.spec.model_dump(mode="json") if source.world is None else dict(source.world)
    said: dict[str, Any] = {
        "format": "qualoop-run",
        "format_version": 3,
        "project": source.project,
        "content": source.content,
        "engine": engine.name,
        "engine_hash": result.engine_hash,
        "world": told,
        "world_key": key.as_text(),
        "commitment": key.commitment,
        "steps": [
            {"decision": packed(decision, form), "realised": realised}
            for decision, realised in zip(plan, result.realised, strict=True)
        ],
        "value": result.value,
        "score": result.score.as_text(),
        "scores": {part: score.as_text() for part, score in result.scores.items()},
    }
    name = run_name(result.played, source.content) if result.played else name_of(said)
    return sealed(said | {"run": name})


def sealed(said: Mapping[str, Any]) -> RunRecord:
    """Return the record that says this, with its digests, whatever they were before."""
    digests = list(_chain(said, ()))
    head, rounds = digests[: len(HeadDigests.model_fields)], digests[len(HeadDigests.model_fields) : -1]
    steps = [{**step, "digest": digest} for step, digest in zip(said["steps"], rounds, strict=True)]
    made = {
        "head_digests": dict(zip(HeadDigests.model_fields, head, strict=True)),
        "steps": tuple(map(RunStep.model_validate, steps)),
        "result_digest": digests[-1],
    }
    return RunRecord.model_validate({**said, **made})


def first_break(record: ChainedRecord) -> str | None:
    """Return which part of a file is not as it was written, in words; None where the file is whole."""
    said = record.model_dump(mode="json")
    head = [record.head_digest] if isinstance(record, SecondRunRecord) else [*said["head_digests"].values()]
    told = [*head, *(step.digest for step in record.steps), record.result_digest]
    places = [place for place, _ in _links(said)]
    for place, digest, found in zip(places, told, _chain(said, told), strict=True):
        if digest != found:
            return f"{place} is not what was recorded: it was changed after the file was written"
    return None


def _chain(said: Mapping[str, Any], told: Sequence[str]) -> Iterator[str]:
    """Iterate over the digests of head, rounds and result.

    Each is over the one before it as it was ``told``, where it was: then only the place that was changed is off.
    """
    digest = ""
    for number, (_, link) in enumerate(_links(said)):
        digest = _digest(digest, link)
        yield digest
        digest = told[number] if told else digest


def _links(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Iterate over the links of a file's chain, each with what it is called."""
    yield from _head_of_second(said) if said["format_version"] == _SECOND else _head(said)
    for number, step in enumerate(said["steps"], 1):
        yield f"round {number}", {"decision": step["decision"], "realised": step["realised"]}
    names = _RESULT if said["format_version"] == _SECOND else ("run", *_RESULT)
    yield "the result", {name: said[name] for name in names}


def _head(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    world = said["world"]
    yield (
        "the project or its content",
        {name: said[name] for name in ("format", "format_version", "project", "content")},
    )
    yield "the engine", {name: said[name] for name in ("engine", "engine_hash")}
    yield "the world", {name: value for name, value in world.items() if name != SHOCKS}
    yield "what happened in the world", {name: value for name, value in world.items() if name == SHOCKS}
    yield "the key", {name: said[name] for name in ("world_key", "commitment")}


def _head_of_second(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "the head (what the run is of)", {name: value for name, value in said.items() if name not in _NOT_HEAD}


def name_of(said: Mapping[str, Any]) -> str:
    """Return what the ledger names a run that says this; one of before version 3 by the log alone."""
    log = run_digest(said["commitment"], [step["decision"] for step in said["steps"]])
    if said["format_version"] <= _SECOND or said["engine_hash"] is None:
        return log
    return run_name(played_digest(log, **{name: said[name] for name in _PLAYED}), said["content"])


def played_digest(log: str, *, project: str, engine: str, engine_hash: str, world: Mapping[str, Any]) -> str:
    """Return the digest of what was played: the ``log``, and in which world of which engine."""
    return _digest(log, {"project": project, "engine": engine, "engine_hash": engine_hash, "world": dict(world)})


def run_name(played: str, content: str) -> str:
    """Return what names a run in evidence: what was ``played``, and of which version of the content."""
    return _digest(played, {"content": content})


def run_digest(commitment: str, decisions: Sequence[Mapping[str, Any]]) -> str:
    """Return the log of a run: a digest over the world's commitment and all decisions, packed."""
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
