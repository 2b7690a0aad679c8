"""`qualoop content install`, `undo` and `list`: content for one organisation of this installation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.commands.by_hand import desk_of
from lti_tool.services.administration import content
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.mechanisms import imports
from qualoop.authored_files import AuthoredFilesError, Problem
from qualoop.content_packages import Package, find_packages, load_package
from qualoop.framework import FRAMEWORK_FILE, Framework, load_framework, shipped_content

TAGS_WAIT: Final = """\
Answers go on counting by the tags before; all of them count by the new tags from the next replay on.
  qualoop replay --organisation {key} --what-if    shows who would change
  qualoop replay adopt --organisation {key}        adopts it"""


def register(verbs: Any) -> None:
    """Add the verbs to the noun `content`."""
    install = verbs.add_parser("install", help="install packages, and the framework beside them, for an organisation")
    install.add_argument("directories", nargs="*", type=Path, metavar="DIR", help="default: what comes with Qualoop")
    add_organisation(install)
    install.add_argument("--dry-run", action="store_true", help="only say what would change")
    install.set_defaults(run=_install)
    undo = verbs.add_parser("undo", help="let activities point to the versions they had before the last install")
    add_organisation(undo)
    undo.set_defaults(run=_undo)
    listing = verbs.add_parser("list", help="list what is installed: key, version, since when, places in courses")
    add_organisation(listing)
    listing.set_defaults(run=_list)


def _install(arguments: argparse.Namespace) -> int:
    """Read everything, list every problem, say what changes, apply it in one transaction."""
    directories = arguments.directories or [shipped_content() / "ecommerce"]
    importer = read(directories)
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        diff = importer.diff(session, organisation.id)
        tags_wait = importer.tags_wait(session, organisation.id)
        if not arguments.dry_run:
            imports.apply(session, importer, organisation.id, runtime.clock())
    for line in diff or ["Nothing to do: all of it is installed."]:
        print(line)
    if tags_wait:
        print(TAGS_WAIT.format(key=arguments.organisation))
    return 0


def _undo(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.transaction() as session:
        organisation = get_organisation(session, arguments.organisation)
        run = content.undo(desk_of(session, organisation.id, runtime.clock()))
    print(f"Undone: {'; '.join(run.diff)}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        lines = content.activities(session, runtime.contents, organisation_id)
    for line in lines:
        version = f"{line.version} ({line.content_hash[:12]})" if line.content_hash else "not installed"
        since = f"{line.installed_at:%Y-%m-%d %H:%M}" if line.installed_at else "-"
        print(f"{line.key}\t{line.kind}\t{version}\t{since}\t{line.links} places")
    if not lines:
        print("Nothing is installed.")
    return 0


def read(directories: list[Path]) -> ContentImport:
    """Return the framework and all packages below ``directories``; raise AuthoredFilesError with every problem."""
    problems: list[Problem] = []
    framework: Framework | None = None
    packages: list[Package] = []
    roots = [path.parent for folder in directories for path in sorted(folder.rglob(FRAMEWORK_FILE))]
    for root in roots:
        framework = load_framework(root)
    known = framework or load_framework(shipped_content() / "ecommerce")
    for folder in directories:
        for root in find_packages(folder):
            try:
                packages.append(load_package(root, known))
            except AuthoredFilesError as error:
                problems += [problem.below(root.name) for problem in error.problems]
    if problems:
        raise AuthoredFilesError(problems)
    return ContentImport(source=" ".join(map(str, directories)), framework=framework, packages=packages)
