"""The command `qualoop`: `main` finds the nouns, and each noun's module adds its own verbs.

A noun is an entry point of the group `qualoop.commands`: its name is the noun, its value a module with
`register(nouns)`, which calls ``nouns.add_parser`` and gives each verb ``set_defaults(run=…)``, a callable that takes
the parsed arguments and returns the exit status. Thus any package may bring nouns, and nobody imports across.

    [options.entry_points]
    qualoop.commands =
        framework = qualoop.commands.framework
        platform = lti_tool.commands.platform [lti]

The extra in brackets is what the noun's libraries come with. Where they are not installed the noun is still listed,
with the extra to install.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any, Protocol

from qualoop.authored_files import AuthoredFilesError
from qualoop.errors import MissingExtraError, QualoopError

__all__ = ["ENTRY_POINT_GROUP", "NounEntryPoint", "Nouns", "load", "main"]

ENTRY_POINT_GROUP = "qualoop.commands"

DONE = 0
FAILED = 1
MISUSED = 2
INTERRUPTED = 130


class Nouns(Protocol):
    """What `register` gets: argparse's sub-parsers."""

    def add_parser(self, name: str, **kwargs: Any) -> argparse.ArgumentParser:
        """Add the parser of a noun; the arguments are those of argparse.ArgumentParser, and ``help``."""


class NounEntryPoint(Protocol):
    """What is read of an entry point (importlib.metadata.EntryPoint)."""

    @property
    def name(self) -> str:
        """The noun."""

    @property
    def extras(self) -> Sequence[str]:
        """The extras that its module needs."""

    def load(self) -> Any:
        """Import the module."""


def main(argv: Sequence[str] | None = None, *, entry_points: Iterable[NounEntryPoint] | None = None) -> int:
    """Run one command and return its exit status.

    0 done; 1 refused, with the reason and its code on stderr; 2 used wrongly; 130 interrupted.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    found = metadata.entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points
    try:
        return _run(arguments, sorted(found, key=lambda entry_point: entry_point.name))
    except AuthoredFilesError as error:
        print(error, file=sys.stderr)
        print(f"qualoop: {error.code}: {len(error.problems)} to mend", file=sys.stderr)
        return FAILED
    except QualoopError as error:
        print(f"qualoop: {error.code}: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("qualoop: interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: list[str], entry_points: Sequence[NounEntryPoint]) -> int:
    parser = argparse.ArgumentParser(prog="qualoop", description="Micro-lessons, evidence and mastery.")
    parser.add_argument("--version", action="version", version=f"qualoop {metadata.version('qualoop')}")
    nouns = parser.add_subparsers(title="nouns", metavar="NOUN")
    # Only the noun that was asked for is imported: one noun's libraries never slow another down.
    asked = [entry_point for entry_point in entry_points if entry_point.name in arguments[:1]]
    for entry_point in asked or entry_points:
        try:
            load(entry_point).register(nouns)
        except MissingExtraError as error:
            if asked:
                raise
            nouns.add_parser(entry_point.name, help=f"not available: {error}")
    try:
        parsed = parser.parse_args(arguments)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else DONE
    if "run" not in parsed:
        nouns.choices.get(next(iter(arguments), ""), parser).print_help(sys.stderr)
        return MISUSED
    return int(parsed.run(parsed))


def load(entry_point: NounEntryPoint) -> Any:
    """Return the module of a noun, or of a verb that another package adds to one, else raise MissingExtraError with the extra that it declares.

    Where it declares none, a module that is not there is a fault of ours, and its error is passed on.
    """
    try:
        return entry_point.load()
    except ModuleNotFoundError as error:
        if not entry_point.extras:
            raise
        raise MissingExtraError(f"`qualoop {entry_point.name}`", ",".join(entry_point.extras)) from error
