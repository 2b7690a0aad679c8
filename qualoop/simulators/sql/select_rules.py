"""Whether a statement that DuckDB parsed as a SELECT reads the learner's table and nothing else.

The syntax tree is DuckDB's own (json_serialize_sql), so that no second parser can be fooled. The worker loads this
module alone. The operating system is what protects the machine; this protects the lesson: no way round the sample, no
settings or paths as rows, and the same rows whenever the same query is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS: Final = frozenset({"range", "generate_series", "unnest"})
_CALLS: Final = frozenset({"FUNCTION", "WINDOW"})
_WINDOW_AGGREGATE: Final = "WINDOW_AGGREGATE"
_INNER_NAMES: Final = ("duckdb_", "pragma_", "sqlite_", "pg_", "information_schema")
_INNER_FUNCTIONS: Final = (
    *_INNER_NAMES,
    "__",
    "read_",
    "write_",
    "parquet_",
    "json_execute",
    "json_serialize_plan",
    "json_deserialize",
    "has_",
    "current_connection",
    "current_database",
    "current_query",
    "current_schema",
    "current_setting",
    "current_transaction",
    "txid_",
)
# Functions that give rows, but tell of the machine, work on the database's innards, or end a query at will.
_TELLING_FUNCTIONS: Final = frozenset(
    {
        "add_parquet_key",
        "combine",
        "combine_aggr",
        "constant_or_null",
        "current_catalog",
        "current_role",
        "current_user",
        "currval",
        "error",
        "finalize",
        "getenv",
        "getvariable",
        "glob",
        "in_search_path",
        "index_key",
        "invoke",
        "nextval",
        "query",
        "query_table",
        "session_user",
        "setval",
        "stats",
        "to_aggregate_state",
        "user",
        "vector_type",
        "version",
        "which_secret",
    }
)
# What the catalogue takes for repeatable and is not: a sample is drawn.
_DRAWING_FUNCTIONS: Final = frozenset({"reservoir_quantile"})
# With one argument, which may stand before the dot, the time since then.
_AGE: Final = "age"
_AGE_ARGUMENTS: Final = 2

# Functions that are called without brackets, and then stand in the tree as columns.
_BARE: Final = {
    **dict.fromkeys(
        ("current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"), "unrepeatable"
    ),
    **dict.fromkeys(("user", "current_user", "session_user", "current_role", "current_schema"), "forbidden"),
    **dict.fromkeys(("current_catalog", "current_database"), "forbidden"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a query may read and call.

    ``tables`` may be read, besides the query's own common table expressions. These may not have a name of ``taken``:
    inside one named like a table of ours, that name would still mean the table. ``repeatable`` are the functions that
    give the same whenever they are called, ``others`` all that there are besides. Names are in lower case.
    """

    tables: frozenset[str]
    taken: frozenset[str]
    repeatable: frozenset[str]
    others: frozenset[str]


def find_breach(tree: Mapping[str, Any], rules: Rules) -> str | None:
    """Return the code of the first rule that a tree breaks.

    That is `not-select`, `unknown-table`, `unknown-name`, `forbidden`, `unrepeatable` or `name-taken`.
    """
    named: set[str] = set()
    read: set[str] = set()
    for node in _nodes(tree):
        breach = _function_breach(node, rules) or _reference_breach(node)
        if breach:
            return breach
        named.update(_names_given(node))
        if node.get("type") == "BASE_TABLE":
            read.add(str(node.get("table_name")).lower())
    if any(name.startswith(_INNER_NAMES) for name in named):
        return "forbidden"
    if named & rules.taken:
        return "name-taken"
    return "unknown-table" if read - named - rules.tables else None


def _nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Iterate over all mappings of a tree. Without recursion: a query may be nested deeper than Python's stack."""
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            left.extend(node)


def _function_breach(node: Mapping[str, Any], rules: Rules) -> str | None:
    match node.get("column_names"):
        case [str(bare)] if bare.lower() in _BARE:
            return _BARE[bare.lower()]
    if node.get("type") == "TABLE_FUNCTION":
        function = node.get("function") or {}
        if str(function.get("function_name") or "").lower() not in _TABLE_FUNCTIONS:
            return "forbidden"
    if node.get("class") == "WINDOW" and node.get("type") != _WINDOW_AGGREGATE:
        # Ranks and neighbours, each a kind of node; releases before 2.0 do not have them in the catalogue.
        return None
    if "function_name" not in node:
        # One that the tree named in another way could not be judged.
        return "forbidden" if node.get("class") in _CALLS else None
    return _call_breach(str(node["function_name"]).lower(), node, rules)


def _call_breach(name: str, node: Mapping[str, Any], rules: Rules) -> str | None:
    if name in _TELLING_FUNCTIONS or name.startswith(_INNER_FUNCTIONS):
        return "forbidden"
    if name in _DRAWING_FUNCTIONS or (name == _AGE and len(_arguments(node)) < _AGE_ARGUMENTS):
        return "unrepeatable"
    if name in rules.repeatable or name in _TABLE_FUNCTIONS:
        return None
    return "unrepeatable" if name in rules.others else "unknown-name"


def _arguments(node: Mapping[str, Any]) -> Sequence[Any]:
    """Return the arguments of a call; releases before 2.0 have them under another name."""
    return node.get("arguments") or node.get("children") or ()


def _reference_breach(node: Mapping[str, Any]) -> str | None:
    kind = str(node.get("type") or "")
    if kind == "SHOW_REF" or (kind.endswith("_NODE") and kind not in _NODES):
        return "not-select"
    if kind == "BASE_TABLE" and (node.get("schema_name") or node.get("catalog_name") or node.get("at_clause")):
        return "unknown-table"
    # TABLESAMPLE and USING SAMPLE.
    return "unrepeatable" if isinstance(node.get("sample"), dict) else None


def _names_given(node: Mapping[str, Any]) -> Iterator[str]:
    """Iterate over the names of the common table expressions that a query node brings."""
    entries = (node.get("cte_map") or {}).get("map") or []
    yield from (str(entry.get("key")).lower() for entry in entries)
    if node.get("cte_name"):
        yield str(node["cte_name"]).lower()
