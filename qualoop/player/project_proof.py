"""What a scored run can be proved by later: its name in evidence, and with a graded run what graded it and what it came to.

An engine that is renewed may score the same decisions otherwise. So what was graded is kept with the attempt, and a run's file
is written from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qualoop.content_packages.project import Project
from qualoop.player.actions import RunScored
from qualoop.player.project_state import GRADED, PRACTICE, Mode, Proof, Run, Shock
from qualoop.player.project_stepping import Moment, Outcome
from qualoop.player.project_worlds import OpenWorld, shocked
from qualoop.simulators import Plan
from qualoop.simulators.run_files import Result, RunRecord, Source, played_digest, record_of, result_of


def proved(moment: Moment, outcome: Outcome, hash_of: Callable[[str], str]) -> Outcome:
    """Return what an action made, each run that it scored with its name, and the graded one with its proof.

    ``hash_of`` gives the hash of an engine by its name.
    """
    after, events = outcome
    scored = next((event for event in events if isinstance(event, RunScored)), None)
    mode: Mode = GRADED if scored is not None and scored.mode == GRADED else PRACTICE
    run = after.run(mode)
    if scored is None or run is None:
        return outcome
    proof = _proof(moment, mode, run, log=scored.digest, engine_hash=hash_of(moment.project.engine.name))
    named = replace(scored, digest=proof.digest)
    kept = replace(after, graded=replace(run, proof=proof)) if mode == GRADED else after
    return kept, tuple(named if event is scored else event for event in events)


def _proof(moment: Moment, mode: Mode, run: Run, *, log: str, engine_hash: str) -> Proof:
    project, opened = moment.project, moment.opened(mode, run)
    verdict = moment.worlds.verdict(opened, plan := opened.engine.plan(opened.world, run.state))
    return Proof(
        engine=engine_hash,
        digest=played_digest(
            log,
            project=project.key,
            engine=project.engine.name,
            engine_hash=engine_hash,
            world=said_world(project, run.shocks),
        ),
        value=verdict.value,
        realised=tuple(float(each.realised) for each in moment.worlds.played(opened, plan).happened),
    )


def said_world(project: Project, shocks: Sequence[Shock]) -> Mapping[str, Any]:
    """Return a project's world as its package says it, with what a teacher let happen in it."""
    plain = project.spec.model_dump(mode="json")
    after = shocked(project, shocks).spec.model_dump(mode="json")
    changed = {name: value for name, value in after.items() if value != plain.get(name)}
    return {**(plain if project.world is None else project.world), **changed}


def record_of_run(project: Project, run: Run, opened: OpenWorld, *, content: str) -> RunRecord:
    """Return the file of a graded run as it was graded; of one without a proof, what it comes to with the engine of today."""
    shocks = run.shocks
    source = Source(
        project=project.key, content=content, spec=shocked(project, shocks).spec, world=said_world(project, shocks)
    )
    plan = opened.engine.plan(opened.world, run.state)
    return record_of(opened.engine, source, opened.key, plan=plan, result=_result(source, run, opened, plan))


def _result(source: Source, run: Run, opened: OpenWorld, plan: Plan) -> Result:
    proof = run.proof
    if proof is None:
        today = result_of(opened.engine, source.spec, opened.key, plan, graded_by=None)
        return replace(today, score=run.score, scores=run.parts)
    return Result(
        engine_hash=proof.engine,
        value=proof.value,
        realised=proof.realised,
        score=run.score,
        scores=run.parts,
        played=proof.digest,
    )
