"""`qualoop rubric`: the rubrics of an organisation, listed, shown, and installed from a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from lti_tool.commands import add_organisation, get_organisation, open_runtime
from lti_tool.services.content import rubrics
from lti_tool.services.content.rubrics import RubricMissingError
from lti_tool.services.marking import rubric_uses
from qualoop.assessment.rubric import Rubric, read_rubric
from qualoop.authored_files import Problems, read_text
from qualoop.commands import Nouns
from qualoop.values import LANGUAGES


def register(nouns: Nouns) -> None:
    """Add `rubric list`, `rubric show` and `rubric install`."""
    noun = nouns.add_parser("rubric", help="list, show and install the rubrics that work is marked by")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="list the rubrics: key, version, rows, versions, how much work they judged")
    add_organisation(listing)
    listing.set_defaults(run=_list)
    show = verbs.add_parser("show", help="show a rubric: its rows and levels, its versions, where each is used")
    show.add_argument("key", metavar="KEY")
    show.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="language of the rows")
    add_organisation(show)
    show.set_defaults(run=_show)
    install = verbs.add_parser(
        "install", help="install a rubric from a file; what was handed in keeps the version it had"
    )
    install.add_argument("file", type=Path, metavar="FILE", help="a rubric.yaml")
    add_organisation(install)
    install.set_defaults(run=_install)


def _list(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        lines = rubric_uses.list_rubrics(session.connection(), organisation_id)
    for line in lines:
        rows, points = len(line.rubric.rows), line.rubric.highest.normalize()
        print(
            f"{line.key}\t{line.rubric.version}\t{rows} rows, {points:f} points\t{line.versions} versions\t{line.works} works"
        )
    if not lines:
        print("There is no rubric.")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    runtime = open_runtime()
    with runtime.database.reading() as session:
        connection = session.connection()
        organisation_id = get_organisation(session, arguments.organisation).id
        found = rubrics.find_newest(connection, organisation_id, arguments.key)
        if found is None:
            raise RubricMissingError(f"there is no rubric {arguments.key}; `qualoop rubric list` names them")
        versions = rubric_uses.list_versions(connection, organisation_id, arguments.key)
    _print_rows(found.rubric, arguments.language)
    for line in versions:
        newest = ", the newest" if line.is_newest else ""
        brought = f", brought by {', '.join(line.activities)}" if line.activities else ""
        print(
            f"{line.label} ({line.hash[:12]}), {line.installed_at:%Y-%m-%d %H:%M}{newest}: {line.works} works{brought}"
        )
    return 0


def _print_rows(rubric: Rubric, language: str) -> None:
    print(f"{rubric.key} {rubric.version}: {rubric.title[language]}")
    for row in rubric.rows:
        served = ", ".join(f"{code} {weight.normalize():f}" for code, weight in row.knowledge_points.items())
        print(f"  {row.key}: {row.title[language]}{f' ({served})' if served else ''}")
        for number, level in enumerate(row.levels):
            points = f"{level.points.normalize():f}"
            upper = "" if level.up_to is None else f"-{level.up_to.normalize():f}"
            print(f"    {number} {level.title[language]} [{points}{upper}]: {level.descriptor[language]}")


def _install(arguments: argparse.Namespace) -> int:
    runtime, problems = open_runtime(), Problems()
    text = read_text(arguments.file.parent, arguments.file.name, problems)
    problems.raise_if_any()
    with runtime.database.transaction() as session:
        organisation_id = get_organisation(session, arguments.organisation).id
        framework = runtime.contents.find_framework(session.connection(), organisation_id)
        rubric = read_rubric(text or "", framework, name=arguments.file.name)
        before = rubrics.find_newest(session.connection(), organisation_id, rubric.key)
        stored = rubrics.install(session, organisation_id, rubric, runtime.clock())
    same = before is not None and before.hash == stored.hash
    said = "was there already, and is the newest" if same else "is the newest now"
    print(f"{rubric.key} {stored.rubric.version} ({stored.hash[:12]}) {said}.")
    return 0
