"""`qualoop content`: check content packages, start one, look at one, print the schemas.

Other packages add verbs of their own, as nouns are added: an entry point of the group `qualoop.commands.content`
names the verb, its value is a module with `register(verbs)`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from qualoop.authored_files import AuthoredFilesError, Problem
from qualoop.commands import Nouns, content_preview, load
from qualoop.commands.authored import add_framework, find_framework, load_below, print_problems
from qualoop.content_packages import LESSON_FILE, Package, find_packages, json_schema, load_package, start_package
from qualoop.errors import MissingExtraError
from qualoop.framework import Framework
from qualoop.simulators import PROJECT_FILE

VERBS_GROUP = "qualoop.commands.content"


def register(nouns: Nouns) -> None:
    """Add `content check`, `new`, `preview`, `schema`, and the verbs of other packages."""
    noun = nouns.add_parser("content", help="check, start, look at and install content packages")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")

    check = verbs.add_parser("check", help="list every problem of packages, each with file, line and repair")
    check.add_argument("directories", nargs="*", type=Path, default=[Path()], metavar="DIR", help=_PACKAGES)
    add_framework(check)
    check.set_defaults(run=_check)

    new = verbs.add_parser("new", help="start a micro-lesson that passes every check, to be written over")
    new.add_argument("key", metavar="KEY", help="names the lesson and its folder: a-z, 0-9, hyphens")
    new.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="where to make the folder (default: here)"
    )
    new.add_argument("--knowledge-point", metavar="CODE", help="default: the framework's first")
    add_framework(new)
    new.set_defaults(run=_new)

    preview = verbs.add_parser("preview", help="show a package as a learner meets it, on this machine only")
    preview.add_argument("directory", type=Path, metavar="DIR")
    preview.add_argument("--port", type=int, default=0, help="default: any that is free")
    add_framework(preview)
    preview.set_defaults(run=_preview)

    schema = verbs.add_parser("schema", help="print the JSON Schema of an authored file, for editors")
    schema.add_argument("file", choices=sorted(json_schema()), nargs="?", default=LESSON_FILE)
    schema.set_defaults(run=_schema)

    for entry_point in metadata.entry_points(group=VERBS_GROUP):
        try:
            load(entry_point).register(verbs)
        except MissingExtraError as error:
            verbs.add_parser(entry_point.name, help=f"not available: {error}")


_PACKAGES = (
    f"a package (a folder with {LESSON_FILE} or {PROJECT_FILE}), or a folder somewhere above packages (default: here)"
)


def _check(arguments: argparse.Namespace) -> int:
    wrong = {directory: fault for directory in arguments.directories if (fault := _fault_of(directory))}
    there = [directory for directory in arguments.directories if directory not in wrong]
    folders = [folder for directory in there for folder in _packages_in(directory)]
    # A framework that is not sound is told once, whatever stands below it.
    found = dict.fromkeys(problem for folder in folders for problem in _problems(folder, arguments.framework))
    lines = [f"{directory}: {fault}" for directory, fault in wrong.items()]
    return print_problems([*lines, *found], f"{len(folders)} checked, ")


def _fault_of(directory: Path) -> str:
    """Return what is wrong with a path before anything in it is read; empty where it may hold packages."""
    if not directory.is_dir():
        return "folder-missing: there is no such folder (mend the path)"
    if not any(directory.iterdir()):
        return "package-missing: the folder is empty (qualoop content new KEY begins a package)"
    return ""


def _problems(folder: Path, given: Path | None) -> Sequence[Problem]:
    """Return what is wrong with the framework of a package, or else with the package."""
    try:
        load_below(folder, find_framework(folder, given))
    except AuthoredFilesError as error:
        return error.problems
    return ()


def _packages_in(directory: Path) -> Iterator[Path]:
    """Iterate over the packages at or below ``directory``; one that names no package at all is checked itself."""
    yield from find_packages(directory) or [directory]


def _new(arguments: argparse.Namespace) -> int:
    framework = find_framework(arguments.into / arguments.key, arguments.framework)
    folder = start_package(arguments.into, arguments.key, framework, arguments.knowledge_point)
    print(f"{folder} is there. Next: qualoop content preview {folder}")
    if arguments.knowledge_point is None:
        print(
            "It is tagged with the framework's first knowledge point: name yours in `knowledge_points` of lesson.yaml"
        )
        print("and items.yaml, or begin with --knowledge-point. `qualoop framework show` lists them.")
    return 0


def _preview(arguments: argparse.Namespace) -> int:
    def load() -> tuple[Package, Framework]:
        framework = find_framework(arguments.directory, arguments.framework)
        return load_package(arguments.directory, framework), framework

    return content_preview.serve(arguments.directory, load, port=arguments.port)


def _schema(arguments: argparse.Namespace) -> int:
    print(json.dumps(json_schema()[arguments.file], ensure_ascii=False, indent=2))
    return 0
