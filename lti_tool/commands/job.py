"""`qualoop job`: long work, how far it is, and how to stop it."""

from __future__ import annotations

import argparse

from lti_tool.commands import open_runtime
from lti_tool.services.mechanisms import jobs
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `job list` and `job stop`."""
    verbs = nouns.add_parser("job", help="list and stop long work").add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="list jobs, the newest first").set_defaults(run=_list)
    stop = verbs.add_parser("stop", help="stop a job after its present step; the same command resumes it")
    stop.add_argument("uuid", metavar="UUID")
    stop.set_defaults(run=_stop)


def _list(arguments: argparse.Namespace) -> int:
    with open_runtime().database.reading() as session:
        for job in jobs.all_jobs(session):
            print(f"{job.uuid}\t{job.kind}\t{job.state}\t{job.done} of {job.total}\t{job.message}")
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        jobs.stop(session, arguments.uuid, runtime.clock())
    print("It stops after its present step.")
    return 0
