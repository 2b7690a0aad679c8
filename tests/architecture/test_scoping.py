"""Every statement on a table of the tenants names the organisation, or stands here with the reason why it need not."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lti_tool.models import Base
from lti_tool.models.base import Scoped

PACKAGE = Path(__file__).parents[2] / "lti_tool"
SCOPED = {table.name for table in Base.metadata.sorted_tables if "organisation_id" in table.columns}
MODELS = {model.__name__ for model in Scoped.__subclasses__()} | {"RegistrationRow", "DeliveryRow"}
_STATEMENT = re.compile(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b")
_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)")
_BUILDERS = {"select", "update", "delete"}

OF_A_ROW = "one row, by an id that the caller has read with its organisation"
OF_A_REGISTRATION = "a registration, which belongs to one organisation"
OF_A_GENERATION = "a generation of levels, which belongs to one organisation"
OF_A_VERSION = "a version of content, which belongs to one organisation"
OF_A_SECRET = "a random secret, which leads to its organisation"
OF_ALL = "the worker's rounds and the operator's lists: every organisation's, nothing of which is shown to another"
OF_THE_CALLER = "rows that the caller names: an organisation's, or all that are old"

#: Statements in SQL: module -> (how many, why).
IN_SQL: dict[str, tuple[int, str]] = {
    "services/platforms/access_tokens.py": (2, OF_A_REGISTRATION),
    "services/attempts/attempts.py": (2, OF_A_ROW),
    "services/mastery/class_cells.py": (1, OF_A_GENERATION),
    "services/classes/live.py": (2, OF_A_SECRET),
    "services/moodle/grade_comparison.py": (1, OF_A_ROW),
    "services/grades/results.py": (1, OF_A_ROW),
    "services/rosters/groups.py": (1, OF_A_REGISTRATION),
    "services/launches/launches.py": (3, OF_A_REGISTRATION),
    "services/loops/log.py": (1, "the number of an event, of whichever organisation, of which nothing is shown"),
    "services/moodle/mastery_column_making.py": (1, OF_ALL),
    "services/mastery/tables.py": (11, OF_A_GENERATION),
    "services/moodle/channel.py": (1, OF_A_ROW),
    "services/mechanisms/outbox.py": (8, OF_ALL),
    "services/mastery/replay_report.py": (2, OF_A_GENERATION),
    "services/mastery/replay_tables.py": (5, OF_A_GENERATION),
    "services/rosters/apply.py": (2, OF_A_REGISTRATION),
    "services/sources/requests.py": (1, OF_ALL),
}
#: Functions that build one: (module, function) -> why.
BUILT: dict[tuple[str, str], str] = {
    ("commands/platform.py", "_find"): OF_ALL,
    ("commands/platform.py", "_list"): OF_ALL,
    ("services/classes/sessions.py", "_new_code"): OF_A_SECRET,
    ("services/classes/sessions.py", "get_by_code"): OF_A_SECRET,
    ("services/classes/sessions.py", "get_by_screen"): OF_A_SECRET,
    ("services/classes/sessions.py", "get_by_uuid"): OF_A_SECRET,
    ("services/mastery/content_install.py", "find_version"): OF_A_ROW,
    ("services/mastery/content_install.py", "newest_tags"): OF_A_VERSION,
    ("services/classes/devices.py", "purge_devices"): OF_ALL,
    ("services/classes/team_erasure.py", "_drop_appeals"): OF_THE_CALLER,
    ("services/classes/team_erasure.py", "_drop_comments"): OF_THE_CALLER,
    ("services/launches/deep_links.py", "purge_requests"): OF_ALL,
    ("services/evidence/checks.py", "_has_tags"): OF_A_VERSION,
    ("services/moodle/grade_comparison.py", "_due"): OF_ALL,
    ("services/platforms/invites.py", "get"): OF_A_SECRET,
    ("services/mechanisms/jobs.py", "_get_locked"): OF_A_ROW,
    ("services/people/logins.py", "find_storage"): OF_A_SECRET,
    ("services/people/logins.py", "purge_states"): OF_ALL,
    ("services/platforms/approval.py", "approve"): OF_A_REGISTRATION,
    ("services/platforms/approval.py", "refuse"): OF_A_REGISTRATION,
    ("services/platforms/registrations.py", "note_product"): OF_A_REGISTRATION,
    ("services/rosters/roster.py", "_apply"): OF_A_ROW,
    ("services/rosters/roster.py", "_give_up_dead"): OF_ALL,
    ("services/rosters/roster.py", "_hand_back"): OF_A_ROW,
    ("services/rosters/roster.py", "_is_due"): OF_ALL,
    ("services/rosters/roster.py", "_note_failure"): OF_A_ROW,
    ("services/rosters/roster.py", "_still_ours"): OF_A_ROW,
    ("services/observing/devices.py", "find_invitation"): OF_A_SECRET,
    ("services/people/sessions.py", "purge_sessions"): OF_ALL,
}


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")


def in_sql(source: str) -> Iterator[str]:
    """Give the literals of a module that are statements on tables of the tenants."""
    literals = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    for text in literals:
        if isinstance(text, str) and _STATEMENT.match(text) and set(_TABLE.findall(text)) & SCOPED:
            yield text


def built(source: str) -> Iterator[tuple[str, bool]]:
    """Give the functions of a module that build a statement on such a table, and whether they name the organisation.

    It may stand in a condition that the module has a function for, as `_of(link)`.
    """
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    texts = {function.name: ast.get_source_segment(source, function) or "" for function in functions}
    conditions = [name for name, text in texts.items() if "organisation_id ==" in text]
    for function in functions:
        if any(_is_on_tenants(node) for node in ast.walk(function)):
            text = texts[function.name]
            yield function.name, "organisation" in text or any(f"*{name}(" in text for name in conditions)


def _is_on_tenants(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BUILDERS):
        return False
    owners = [each.value if isinstance(each, ast.Attribute) else each for each in node.args]
    return any(isinstance(owner, ast.Name) and owner.id in MODELS for owner in owners)


def test_every_statement_in_sql_names_the_organisation() -> None:
    unscoped = Counter(name for name, source in modules() for sql in in_sql(source) if "organisation_id" not in sql)
    assert dict(unscoped) == {name: count for name, (count, _) in IN_SQL.items()}


def test_every_function_that_builds_a_statement_names_the_organisation() -> None:
    unscoped = {
        (name, function) for name, source in modules() for function, is_scoped in built(source) if not is_scoped
    }
    assert unscoped == set(BUILT)


def test_the_look_finds_statements() -> None:
    assert sum(1 for _, source in modules() for _ in in_sql(source)) > 100
    assert sum(1 for _, source in modules() for _ in built(source)) > 60
