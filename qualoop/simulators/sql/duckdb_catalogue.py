"""The rules for queries on DuckDB, from its own catalogue, so that what a release adds is judged by what it says of itself.

Only functions that it declares to give the same for the same arguments may be called, and macros made of these alone.
The worker loads this module alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from qualoop.simulators.sql.select_rules import Rules, find_breach

# Those that a name alone leads to.
_TABLES: Final = """
select table_name from duckdb_tables() where schema_name <> 'information_schema'
union select view_name from duckdb_views() where schema_name <> 'information_schema'
"""
_FUNCTIONS: Final = """
select function_name, bool_or(stability = 'CONSISTENT') from duckdb_functions()
where function_type in ('scalar', 'aggregate', 'window') group by function_name
"""
_MACROS: Final = "select function_name, macro_definition from duckdb_functions() where function_type = 'macro'"


def read_rules(connection: Any, tables: frozenset[str]) -> Rules:
    """Return the rules of a database of which ``tables`` may be read.

    A function counts as repeatable where it is with some types: with times in a time zone most are so only as long as
    the zone is the same, and in the sandbox that is UTC everywhere.
    """
    taken = frozenset(str(name).lower() for (name,) in connection.execute(_TABLES).fetchall()) - tables
    rows = connection.execute(_FUNCTIONS).fetchall()
    repeatable = frozenset(str(name).lower() for name, is_repeatable in rows if is_repeatable)
    others = frozenset(str(name).lower() for name, _ in rows) - repeatable
    rules = Rules(tables=frozenset(), taken=taken, repeatable=repeatable, others=others)
    macros = _macros(connection)
    while more := {name for name, trees in macros.items() if _are_repeatable(trees, rules)} - rules.repeatable:
        rules = Rules(tables=frozenset(), taken=taken, repeatable=rules.repeatable | more, others=others)
    others = (others | macros.keys()) - rules.repeatable
    return Rules(tables=tables, taken=taken, repeatable=rules.repeatable, others=others)


def _macros(connection: Any) -> Mapping[str, list[Mapping[str, Any]]]:
    """Return what each macro stands for, in each of its forms."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, definition in connection.execute(_MACROS).fetchall():
        (text,) = connection.execute("select json_serialize_sql(?)", [f"select {definition}"]).fetchone()
        found.setdefault(str(name).lower(), []).append(json.loads(text))
    return found


def _are_repeatable(trees: list[Mapping[str, Any]], rules: Rules) -> bool:
    return all(not tree.get("error") and find_breach(tree, rules) is None for tree in trees)
