"""`qualoop bench`: measure, and print the figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.runner import BENCHES, run
from qualoop.commands import Nouns


def register(nouns: Nouns) -> None:
    """Add `bench`."""
    noun = nouns.add_parser("bench", help="measure one thing and print its figures")
    noun.add_argument("name", choices=sorted(BENCHES), metavar="NAME", help=f"one of {', '.join(sorted(BENCHES))}")
    noun.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    noun.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Run a bench: what it does goes to stderr, what it found to stdout."""
    report = run(arguments.name, lambda line: print(line, file=sys.stderr, flush=True))
    if arguments.json:
        print(json.dumps(report))
        return 0
    for key, figure in report["figures"].items():
        print(f"{key:32} {report['notes'].get(key, 'not measured') if figure is None else figure}")
    return 0
