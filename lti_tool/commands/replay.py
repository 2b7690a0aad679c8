"""`qualoop replay`: compute mastery anew from the ledger."""

from __future__ import annotations

import argparse
import sys

from sqlalchemy import select

from lti_tool.commands import get_organisation, open_runtime
from lti_tool.models import Organisation
from lti_tool.services import jobs, replay
from lti_tool.services.runtime import Runtime
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `replay`."""
    noun = nouns.add_parser(
        "replay", help="compute mastery anew from the ledger and adopt it; resumes where it stopped"
    )
    noun.add_argument("--organisation", metavar="KEY", help="default: every one")
    noun.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Replay each organisation; what people see changes only when its replay is complete."""
    runtime = open_runtime()
    with runtime.database.reading() as session:
        keys = [arguments.organisation] if arguments.organisation else session.scalars(select(Organisation.key)).all()
    for key in keys:
        if _replay(runtime, key) is not jobs.JobState.DONE:
            print("Stopped. The same command goes on from there.")
            return 1
    return 0


def _replay(runtime: Runtime, key: str) -> jobs.JobState:
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, key)
        job_id = replay.start(session, organisation, runtime.clock()).id

    def report(progress: jobs.Progress) -> None:
        print(f"\r{key}: {progress.done} of {progress.total} events", end="", file=sys.stderr, flush=True)

    state = jobs.run(runtime.database, job_id, replay.Replay(organisation).step, clock=runtime.clock, report=report)
    print(file=sys.stderr)
    return state
