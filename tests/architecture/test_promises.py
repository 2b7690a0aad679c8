"""Promises that no function holds: every route guarded, every setting and command documented, every ADR indexed."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from flask import Flask
from sqlalchemy import BigInteger, Integer

from lti_tool.app import create_app
from lti_tool.lti import errors, registration_errors
from lti_tool.models import Base
from lti_tool.services.assembling import assemble
from lti_tool.services.people.roles import MAY, Permission, Role
from lti_tool.settings import from_environment, names
from lti_tool.views.api_guards import SOURCE
from lti_tool.views.guards import GUARD

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

# Rows of the installation itself, which belong to no tenant.
WITHOUT_ORGANISATION = {"organisation", "tool_key"}


def app(tmp_path: Path) -> Flask:
    return create_app(assemble(from_environment({"QUALOOP_DATA_FOLDER": str(tmp_path)})))


def test_every_route_says_who_may_call_it(tmp_path: Path) -> None:
    made = app(tmp_path)
    unguarded = {
        rule.endpoint for rule in made.url_map.iter_rules() if not hasattr(made.view_functions[rule.endpoint], GUARD)
    }
    assert unguarded == set()


def test_every_guard_names_a_permission_or_a_reason(tmp_path: Path) -> None:
    made = app(tmp_path)
    guards = {getattr(view, GUARD) for view in made.view_functions.values()}
    permissions = {SOURCE, *(permission.value for permission in Permission)}
    assert {guard for guard in guards if not guard.startswith("public: ")} <= permissions


def test_every_role_stands_in_the_table() -> None:
    assert set(MAY) == set(Role)


def test_every_permission_is_granted_to_somebody() -> None:
    assert set().union(*MAY.values()) == set(Permission)


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`(QUALOOP_(?!TEST_)[A-Z_0-9]+)`", OPERATIONS))
    assert documented == set(names())


def test_every_command_is_documented() -> None:
    nouns = {point.name for point in entry_points(group="qualoop.commands")}
    documented = set(re.findall(r"`qualoop ([a-z]+)", OPERATIONS))
    assert nouns <= documented


def codes_of(module: ModuleType) -> set[str]:
    """Return the codes of a module's errors; what has leaves is never raised itself."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, errors.LtiError)]
    bases = {base for kind in kinds for base in kind.__bases__}
    return {kind.code for kind in kinds if kind not in bases}


def test_every_refusal_of_the_protocol_is_documented_and_no_other() -> None:
    (section,) = re.findall(r"^## When something goes wrong$(.*?)^## ", OPERATIONS, re.MULTILINE | re.DOTALL)
    told = {
        code for row in re.findall(r"^\|([^|]*)\|", section, re.MULTILINE) for code in re.findall(r"`([^`]+)`", row)
    }
    assert codes_of(errors) - told == set()
    assert {code for code in told if code.startswith("lti-")} <= codes_of(errors) | codes_of(registration_errors)


def test_every_decision_is_indexed() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert pages
    assert [page for page in pages if f"({page})" not in index] == []


def test_every_row_belongs_to_an_organisation() -> None:
    without = {table.name for table in Base.metadata.sorted_tables if "organisation_id" not in table.columns}
    assert without == WITHOUT_ORGANISATION


def test_every_table_that_counts_its_rows_counts_them_alike() -> None:
    # Cached states are known by their key, and have no number.
    kinds = {type(table.columns["id"].type) for table in Base.metadata.sorted_tables if "id" in table.columns}
    assert kinds <= {BigInteger, Integer}
