"""Every verb of the command line, and what somebody might type after it who means no good or knows no better."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from qualoop.commands import ENTRY_POINT_GROUP, load

#: They run until they are stopped, or measure for minutes.
ENDLESS = frozenset({("serve",), ("worker",), ("bench",), ("content", "preview")})

Words = tuple[str, ...]


def nouns() -> list[str]:
    return sorted({entry.name for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)})


def verbs(noun: str) -> Iterator[tuple[Words, argparse.ArgumentParser]]:
    """Iterate over the verbs of a noun, with the words that call each."""
    parser = argparse.ArgumentParser()
    places = parser.add_subparsers()
    for entry in metadata.entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == noun:
            load(entry).register(places)
    for words, verb in _leaves(parser, ()):
        if words and words not in ENDLESS:
            yield words, verb


def _leaves(parser: argparse.ArgumentParser, words: Words) -> Iterator[tuple[Words, argparse.ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if parser.get_default("run") is not None:
        yield words, parser
    for group in groups:
        for name, inner in group.choices.items():
            yield from _leaves(inner, (*words, name))


def hostile_files(folder: Path) -> None:
    """Fill a folder with what is no file that any command takes."""
    (folder / "folder").mkdir()
    (folder / "binary").write_bytes(bytes(range(256)) * 8)
    (folder / "list.json").write_text("[1]", encoding="utf-8")
    (folder / "deep").write_text("[" * 5_000, encoding="utf-8")


def hostile_lines(verb: argparse.ArgumentParser, folder: Path, *, every: bool) -> Iterator[list[str]]:
    """Iterate over arguments of a verb: one of them hostile each time, the others as harmless as can be.

    Without ``every`` an argument that is no path is tried with one hostile value, the next one with the next.
    """
    taken = [
        action
        for action in verb._actions
        if action.nargs != 0 and not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]
    yield _line(taken, folder, None, "")
    for number, action in enumerate(taken):
        values = _values(action, folder)
        for value in values if every or action.type is Path else [values[number % len(values)]]:
            yield _line(taken, folder, action, value)


def _line(taken: Sequence[argparse.Action], folder: Path, hostile: argparse.Action | None, value: str) -> list[str]:
    options, places = [], []
    for action in taken:
        said = value if action is hostile else _harmless(action, folder)
        if action.option_strings:
            options += [f"{action.option_strings[-1]}={said}"] if action is hostile or action.required else []
        elif action is hostile or action.nargs not in ("?", "*"):
            places.append(said)
    return [*options, *places]


def _harmless(action: argparse.Action, folder: Path) -> str:
    if action.choices:
        return str(next(iter(action.choices)))
    if action.type in (int, float):
        return "1"
    if action.type is Path:
        return str(folder / "list.json")
    return "school" if action.dest == "organisation" else "x"


def _values(action: argparse.Action, folder: Path) -> list[str]:
    if action.choices:
        return ["no-such-choice"]
    if action.type in (int, float):
        return ["-1", "1000000000000000000000", "nan"]
    if action.type is Path:
        names = ("absent", "absent/deep", "binary/below", "binary", "folder", "list.json", "deep")
        return [str(folder / name) for name in names]
    return ["", "1" * 5_000, "9999-99-99", "https://[::1"]
