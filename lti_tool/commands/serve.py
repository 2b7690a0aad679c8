"""`qualoop serve`: the tool under gunicorn."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Final

from lti_tool.commands import open_runtime
from lti_tool.services.schema import is_current
from qualoop.commands import Nouns

THREADS: Final = 12
"""Requests at a time: more than the processors could serve, because who waits for a learner's query holds a thread."""


def register(nouns: Nouns) -> None:
    """Add `serve`."""
    noun = nouns.add_parser("serve", help="run the tool (gunicorn); the worker runs beside it: qualoop worker")
    noun.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
    noun.add_argument("--workers", type=int, default=1, help="processes; SQLite wants one, PostgreSQL takes more")
    noun.add_argument("--threads", type=int, default=THREADS, help="requests at a time (default: %(default)s)")
    noun.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    """Run gunicorn until it ends."""
    if not is_current(open_runtime(any_version=True).database):
        print("The database is not of this version. Run: qualoop database migrate", file=sys.stderr)
        return 1
    command = command_of(arguments.bind, workers=arguments.workers, threads=arguments.threads)
    return subprocess.run(command, check=False).returncode


def command_of(bind: str, *, workers: int, threads: int) -> list[str]:
    """Return the command line of the server at a host and port."""
    return [
        *(sys.executable, "-m", "gunicorn", "lti_tool.wsgi:application", "--bind", bind),
        "--no-control-socket",
        # A login initiation is repeated in an address: the hint of a platform may be long.
        *("--limit-request-line", "8190"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
    ]
