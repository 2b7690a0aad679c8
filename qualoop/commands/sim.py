"""`qualoop sim`: start, check, run, measure and verify practice projects."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from qualoop.authored_files import AuthoredFilesError
from qualoop.commands import FAILED, Nouns, sim_check
from qualoop.commands.authored import add_framework, check_place, find_framework, load_below, print_problems
from qualoop.content_packages import (
    LIVE_KIND,
    NotComputedError,
    PackageMissingError,
    Project,
    open_project,
    start_project,
)
from qualoop.simulators import PROJECT_FILE, BaselineKind, Plan, WorldKey, engine_names, get_engine
from qualoop.simulators.learners import random_plan
from qualoop.simulators.run_files import Source, make_record
from qualoop.simulators.verifying import MAX_BYTES, read_record, verify

POLICIES = ("reference", "oracle", "random", *(kind.value for kind in BaselineKind))


def register(nouns: Nouns) -> None:
    """Add `sim new`, `check`, `run`, `bench`, `schema` and `verify`."""
    noun = nouns.add_parser("sim", help="start, check, run and verify practice projects")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")

    new = verbs.add_parser("new", help="start a project that passes every check, to be written over")
    new.add_argument("key", metavar="KEY", help="names the project and its folder: a-z, 0-9, hyphens")
    new.add_argument("--engine", required=True, choices=engine_names(), help="what its world is made by")
    new.add_argument("--unit", required=True, metavar="CODE", help="the unit of competency that it heads")
    new.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="where to make it (default: here)")
    add_framework(new)
    new.set_defaults(run=_new)

    check = verbs.add_parser("check", help="conformance and psychometrics of a project: what authors must know first")
    _add_directory(check)
    check.add_argument("--quick", action="store_true", help="fewer runs, forms and learners: some seconds")
    check.add_argument("--json", action="store_true", help="print plain JSON")
    check.add_argument("--report", type=Path, metavar="FILE", help="write a page to look at, as one HTML file")
    check.set_defaults(run=_check)

    run = verbs.add_parser("run", help="play a policy in a world and print what it is worth")
    _add_directory(run)
    run.add_argument("--seed", type=int, default=1, help="which world (default: 1)")
    run.add_argument("--policy", choices=POLICIES, default="reference", help="what is decided")
    run.add_argument("--out", type=Path, metavar="FILE", help="write the run as a file that `sim verify` takes")
    run.set_defaults(run=_run)

    bench = verbs.add_parser("bench", help="how long the steps of a project take")
    _add_directory(bench)
    bench.set_defaults(run=_bench)

    schema = verbs.add_parser("schema", help="print the JSON Schema of an engine's world, for editors")
    schema.add_argument("engine", choices=engine_names(), metavar="ENGINE", help=f"one of {', '.join(engine_names())}")
    schema.set_defaults(run=_schema)

    _add_verify(verbs)


def _add_verify(verbs: Nouns) -> None:
    verb = verbs.add_parser("verify", help="run a recorded run again and compare")
    verb.add_argument("file", type=Path, metavar="FILE")
    # `run` is already what a verb is done by.
    named = "what its evidence in the ledger says is `run`"
    verb.add_argument("--run", dest="ledger_run", metavar="NAME", help=named)
    verb.set_defaults(run=_verify)


def _add_directory(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("directory", type=Path, metavar="DIR", help=f"the folder with {PROJECT_FILE}")
    add_framework(verb)


def load_project(directory: Path, framework: Path | None = None) -> tuple[Project, str]:
    """Return a project and the hash of its content; ``framework`` is its folder where the nearest one will not do.

    Raises PackageMissingError, AuthoredFilesError with every problem, NotComputedError.
    """
    if not (directory / PROJECT_FILE).is_file():
        lacking = f"{directory} holds no {PROJECT_FILE}" if directory.is_dir() else f"there is no folder {directory}"
        raise PackageMissingError(f"{lacking}: name a project's folder, or begin one with `qualoop sim new`")
    package = load_below(directory, find_framework(directory, framework))
    if package.kind == LIVE_KIND:
        raise NotComputedError(f"{package.key} is a live project: people judge it, and nothing of it is computed")
    return open_project(package.document), package.content_hash


def _new(arguments: argparse.Namespace) -> int:
    framework = find_framework(arguments.into / arguments.key, arguments.framework)
    folder = start_project(arguments.into, arguments.key, framework, engine=arguments.engine, unit=arguments.unit)
    print(f"{folder} is there. Next: qualoop sim check {folder}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    try:
        project, _ = load_project(arguments.directory, arguments.framework)
    except AuthoredFilesError as error:
        return print_problems(error.problems)
    check_place(arguments.report)
    report = sim_check.examine(project, quick=arguments.quick, say=_say)
    if arguments.report:
        arguments.report.write_text(sim_check.as_html(project, report), encoding="utf-8")
        _say(f"the page is {arguments.report}")
    if arguments.json:
        print(json.dumps(sim_check.as_json(report)))
    else:
        print(sim_check.as_text(report))
    return 0 if report.ok else FAILED


def _run(arguments: argparse.Namespace) -> int:
    project, content = load_project(arguments.directory, arguments.framework)
    check_place(arguments.out)
    engine, key = project.engine, WorldKey.of_seed(arguments.seed, project.key, "command")
    world = engine.world(project.spec, key)
    plan = _policy(project, world, arguments.policy, key)
    source = Source(project=project.key, content=content, spec=project.spec, world=project.world)
    record = make_record(engine, source, key, plan)
    realised = sum(step.realised for step in record.steps)
    print(f"expected {record.value:.2f}\trealised {realised:.2f}\tscore {record.score}")
    for part, score in record.scores.items():
        print(f"  {part}\t{score}")
    if arguments.out:
        arguments.out.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return 0


def _policy(project: Project, world: object, name: str, key: WorldKey) -> Plan:
    engine = project.engine
    if name == "reference":
        return engine.reference(world)
    if name == "oracle":
        return engine.oracle(world).plan
    if name == "random":
        return random_plan(engine, world, key.derive("policy"))
    plan = engine.baseline(world, BaselineKind(name))
    return engine.reference(world) if plan is None else plan


def _bench(arguments: argparse.Namespace) -> int:
    project, _ = load_project(arguments.directory, arguments.framework)
    for name, milliseconds in sim_check.timings(project).items():
        print(f"{name:12} {milliseconds:9.3f} ms")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(get_engine(arguments.engine).spec_model.model_json_schema(), ensure_ascii=False, indent=2))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    with arguments.file.open("rb") as file:
        # No more than tells that it is too much: a device has no end.
        record = read_record(file.read(MAX_BYTES + 1))
    verdict = verify(record, ledger_run=arguments.ledger_run)
    for line in (*verdict.notes, *verdict.faults):
        print(line)
    if verdict.faults:
        return FAILED
    print(f"{record.project}: {len(record.steps)} rounds run again, the score is {verdict.score}")
    if arguments.ledger_run is None:
        print(
            f"the ledger names this run {verdict.run}: only where it does, this is what was graded (--run NAME compares)"
        )
    else:
        print("the ledger's name is this run's")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
