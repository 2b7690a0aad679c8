"""`qualoop replay`: compute mastery anew from the ledger, look at what would change, adopt it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.commands import get_organisation, open_runtime
from lti_tool.commands.ledger_as_of import a_moment
from lti_tool.db import micros, moment
from lti_tool.models import Job, Organisation
from lti_tool.services.mastery import cache, replay, replay_report, replay_steps
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mastery.replay_log import FOLDER
from lti_tool.services.mechanisms.jobs import JobState, Progress
from lti_tool.services.platforms.runtime import Runtime
from qualoop.commands import Nouns
from qualoop.policies import DEFAULT_TABLE

Start = Callable[[Session, Organisation], Job]


def register(nouns: Nouns) -> None:
    """Add `replay` and `replay adopt`."""
    noun = nouns.add_parser(
        "replay", help="compute mastery anew from the ledger and adopt it; resumes where it stopped"
    )
    noun.add_argument("--organisation", metavar="KEY", help="default: every one")
    noun.add_argument("--what-if", action="store_true", help="compute and say what would change, but adopt nothing")
    noun.add_argument(
        "--report", type=Path, metavar="FILE", help="with --what-if and --organisation: every change as CSV"
    )
    noun.add_argument(
        "--tags-as-of", type=int, metavar="SEQ", help="with --what-if: by the tags that held after this event"
    )
    noun.add_argument(
        "--weights", default=DEFAULT_TABLE, metavar="ID", help="with --what-if: by this table of evidence weights"
    )
    noun.add_argument(
        "--as-of",
        type=a_moment,
        metavar="DATE-OR-TIME",
        help="with --what-if: from what was known by then, and what stands otherwise now; a date means its end, UTC",
    )
    noun.set_defaults(run=_run)
    adopt = noun.add_subparsers(metavar="adopt").add_parser("adopt", help="adopt what the last --what-if computed")
    adopt.add_argument("--organisation", metavar="KEY", default=argparse.SUPPRESS, help="default: every one")
    adopt.set_defaults(run=_adopt)


def _run(arguments: argparse.Namespace) -> int:
    """Replay each organisation; what people see changes only when its replay is complete."""
    if arguments.report and not (arguments.what_if and arguments.organisation):
        print("--report goes with --what-if and --organisation.", file=sys.stderr)
        return 2
    runtime = open_runtime()
    choice = Choice(
        adopt=not arguments.what_if,
        tags_as_of=arguments.tags_as_of,
        weights=arguments.weights,
        recorded_by=arguments.as_of and micros(arguments.as_of),
    )

    def start(session: Session, organisation: Organisation) -> Job:
        return replay.start(session, organisation, runtime.clock(), choice)

    for key in _keys(runtime, arguments.organisation):
        if _replay(runtime, key, start) is not JobState.DONE:
            print("Stopped. The same command goes on from there.")
            return 1
        if arguments.what_if:
            _show(runtime, key, choice, arguments.report)
    return 0


def _adopt(arguments: argparse.Namespace) -> int:
    """Adopt the computed generation of each organisation."""
    runtime = open_runtime()

    def start(session: Session, organisation: Organisation) -> Job:
        return replay.start_adoption(session, organisation, runtime.clock())

    for key in _keys(runtime, arguments.organisation):
        if _replay(runtime, key, start) is not JobState.DONE:
            print("Stopped. The same command goes on from there.")
            return 1
        print(f"{key}: adopted.")
    return 0


def _keys(runtime: Runtime, chosen: str | None) -> Sequence[str]:
    """Return the organisation that was named, or all."""
    if chosen:
        return [chosen]
    with runtime.database.reading() as session:
        return session.scalars(select(Organisation.key).order_by(Organisation.id)).all()


def _replay(runtime: Runtime, key: str, start: Start) -> JobState:
    """Run the job that ``start`` makes, and show how far it is."""
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, key)
        job = start(session, organisation)

    def report(progress: Progress) -> None:
        doing = replay_steps.PHASES[progress.cursor["phase"]]
        line = f"{key}: {progress.done} of {progress.total} events, {doing}"
        print(f"\r{line:78}", end="", file=sys.stderr, flush=True)

    folder = runtime.settings.data_folder / FOLDER
    try:
        return replay_steps.run(runtime.database, job, organisation, folder=folder, clock=runtime.clock, report=report)
    finally:
        print(file=sys.stderr)


def _show(runtime: Runtime, key: str, choice: Choice, report: Path | None) -> None:
    """Say what the computed generation would change; of one as of a moment, what has changed since."""
    then = None if choice.recorded_by is None else moment(choice.recorded_by)
    with runtime.database.reading() as session:
        organisation = get_organisation(session, key)
        connection = session.connection()
        generation = replay.find_computed(session, organisation.id)
        if generation is None:
            raise replay.NothingComputedError
        computed = cache.Place(organisation.id, generation.id)
        adopted = cache.find_adopted(connection, organisation.id)
        differences = replay_report.compare(
            connection,
            *((computed, adopted) if then else (adopted, computed)),
            framework=runtime.contents.find_framework(connection, organisation.id),
            now=runtime.clock(),
            then=then,
        )
        print(f"{key}:")
        for line in replay_report.as_lines(replay_report.summarise(differences, report), then=then):
            print(line)
    if choice.is_adoptable:
        print(f"Nothing is adopted. To adopt it: qualoop replay adopt --organisation {key}")
    else:
        print("Nothing is adopted: this can only be looked at.")
