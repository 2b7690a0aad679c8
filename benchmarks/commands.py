"""`qualoop bench`: measure, and print the figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.runner import BENCHES, find, report
from qualoop.commands import FAILED, MISUSED, Nouns
from qualoop.mastery.logs import LogFaultsError


def register(nouns: Nouns) -> None:
    """Add `bench`: what stands after the name belongs to the bench, so that only the one asked for is imported."""
    noun = nouns.add_parser("bench", help="measure one thing and print its figures")
    noun.add_argument("name", choices=sorted(BENCHES), metavar="NAME", help=f"one of {', '.join(sorted(BENCHES))}")
    noun.add_argument(
        "options", nargs=argparse.REMAINDER, metavar="...", help="its own options: qualoop bench NAME --help"
    )
    noun.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    """Run a bench: what it does goes to stderr, what it found to stdout."""
    bench = find(arguments.name)
    parser = argparse.ArgumentParser(prog=f"qualoop bench {arguments.name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    if bench.missed is not None:
        parser.add_argument("--gate", action="store_true", help="exit 1 where a figure misses what it must reach")
    if bench.add_arguments is not None:
        bench.add_arguments(parser)
    try:
        options = parser.parse_args(arguments.options)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else MISUSED
    try:
        found = report(arguments.name, bench, _say, options)
    except LogFaultsError as error:
        _say(str(error))
        _say(f"qualoop: {error.code}: {len(error.problems)} to mend")
        return MISUSED
    if options.json:
        print(json.dumps(found))
    else:
        for key, figure in found["figures"].items():
            print(f"{key:32} {found['notes'].get(key, 'not measured') if figure is None else figure}")
    missed = bench.missed(found["figures"]) if bench.missed is not None and options.gate else []
    for line in missed:
        _say(f"missed: {line}")
    return FAILED if missed else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
