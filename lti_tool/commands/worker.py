"""`qualoop worker`: deliver grades, seal the ledgers, clear away what has expired."""

from __future__ import annotations

import argparse
import logging
import sys
from random import SystemRandom

from lti_tool.commands import open_runtime
from lti_tool.services.dispatch import DEFAULT_THREADS
from lti_tool.services.schema import is_current
from lti_tool.worker import Worker, make_dispatch, stop_on_signals
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `worker`."""
    noun = nouns.add_parser("worker", help="deliver grades and seal the ledgers, beside `qualoop serve`")
    noun.add_argument("--once", action="store_true", help="do what is due now, then end")
    noun.add_argument("--threads", type=int, default=DEFAULT_THREADS, help="requests at a time (default: %(default)s)")
    noun.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; requests under way are ended, everything else is handed back."""
    runtime = open_runtime()
    if not is_current(runtime.database):
        print("The database is not of this version. Run: qualoop database migrate", file=sys.stderr)
        return 1
    logging.basicConfig(
        level=runtime.settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    worker = Worker(runtime, make_dispatch(runtime, random=SystemRandom(), threads=max(arguments.threads, 1)))
    if arguments.once:
        print(f"Tried {worker.run_once()} deliveries.")
        return 0
    worker.run(stop_on_signals())
    return 0
