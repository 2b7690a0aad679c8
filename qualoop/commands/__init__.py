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
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import metadata
from typing import Any, Protocol

from qualoop.authored_files import AuthoredFilesError
from qualoop.commands.refusals import told
from qualoop.errors import MissingExtraError, QualoopError

__all__ = ["ENTRY_POINT_GROUP", "NounEntryPoint", "Nouns", "load", "main"]

ENTRY_POINT_GROUP = "qualoop.commands"

DONE = 0
FAILED = 1
MISUSED = 2
INTERRUPTED = 130
CLOSED = 141


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

    0 done; 1 refused, with the reason and its code on stderr; 2 used wrongly; 130 interrupted; 141 whoever read the output
    has closed it. What nobody explained (`refusals`) is a fault of ours, and passed on.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    found = metadata.entry_points(group=ENTRY_POINT_GROUP) if entry_points is None else entry_points
    try:
        status = _run(arguments, sorted(found, key=lambda entry_point: entry_point.name))
        # A pipe that was closed shows now, or as a traceback when the interpreter ends.
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()
        return CLOSED
    except KeyboardInterrupt:
        print("qualoop: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if not _tell(error):
            raise
        return FAILED
    return status


def _tell(error: Exception) -> bool:
    """Say what went wrong, and return whether there was anything to say."""
    if isinstance(error, AuthoredFilesError):
        print(error, file=sys.stderr)
        line: str | None = f"{error.code}: {len(error.problems)} to mend"
    else:
        line = f"{error.code}: {error}" if isinstance(error, QualoopError) else told(error)
    if line is not None:
        print(f"qualoop: {line}", file=sys.stderr)
    return line is not None


def _leave_pipe() -> None:
    """Let what is still to be written go nowhere."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str], entry_points: Sequence[NounEntryPoint]) -> int:
    if not all(_is_text(argument) for argument in arguments):
        print("qualoop: an argument is not text in UTF-8: type it anew", file=sys.stderr)
        return MISUSED
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
        if "run" in parsed:
            return int(parsed.run(parsed))
    except SystemExit as exit_:
        # argparse's own, and that of a verb that finds its options at odds.
        return exit_.code if isinstance(exit_.code, int) else DONE
    nouns.choices.get(next(iter(arguments), ""), parser).print_help(sys.stderr)
    return MISUSED


def _is_text(argument: str) -> bool:
    """Say whether an argument can be printed and stored: bytes that are no UTF-8 become halves of pairs."""
    return argument.isprintable() or argument == argument.encode(errors="ignore").decode()


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
