"""Whether a statement that DuckDB parsed as a SELECT reads the learner's table and nothing else.

The syntax tree is DuckDB's own (json_serialize_sql), so that no second parser can be fooled. The worker loads this
module alone. The operating system is what protects the machine; this protects the lesson: no way round the sample, no
settings or paths as rows, and the same rows whenever the same query is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS: Final = frozenset({"range", "generate_series", "unnest"})
_INNER_NAMES: Final = ("duckdb_", "pragma_", "sqlite_", "pg_", "information_schema")
_INNER_FUNCTIONS: Final = (
    *_INNER_NAMES,
    "read_",
    "write_",
    "parquet_",
    "json_execute",
    "json_serialize_plan",
    "json_deserialize",
    "has_",
    "current_",
    "txid_",
)
_TELLING_FUNCTIONS: Final = frozenset(
    {
        "getenv",
        "getvariable",
        "version",
        "user",
        "session_user",
        "in_search_path",
        "query",
        "query_table",
        "glob",
        "sniff_csv",
        "which_secret",
        "seq_scan",
        "nextval",
        "currval",
        "checkpoint",
        "force_checkpoint",
        "file_exists",
        "sql_auto_complete",
        "test_all_types",
        "constant_or_null",
        "add_parquet_key",
        "from_substrait",
        "get_substrait",
        "load_aws_credentials",
        "error",
    }
)
_UNREPEATABLE: Final = frozenset(
    {
        "random",
        "setseed",
        "uuid",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "now",
        "today",
        "get_current_timestamp",
        "get_current_time",
        "current_timestamp",
        "current_date",
        "current_time",
        "current_localtimestamp",
        "current_localtime",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "localtime",
        "localtimestamp",
    }
)

# Functions that are called without brackets, and then stand in the tree as columns.
_BARE: Final = {
    **dict.fromkeys(
        ("current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"), "unrepeatable"
    ),
    **dict.fromkeys(("user", "current_user", "session_user", "current_role", "current_schema"), "forbidden"),
    **dict.fromkeys(("current_catalog", "current_database"), "forbidden"),
}


def find_breach(tree: Mapping[str, Any], tables: frozenset[str]) -> str | None:
    """Return the code of the first rule that a tree breaks: `not-select`, `unknown-table`, `forbidden` or `unrepeatable`.

    ``tables`` are the names that may be read, besides the query's own common table expressions.
    """
    named: set[str] = set()
    read: set[str] = set()
    for node in _nodes(tree):
        breach = _function_breach(node) or _reference_breach(node)
        if breach:
            return breach
        named.update(_names_given(node))
        if node.get("type") == "BASE_TABLE":
            read.add(str(node.get("table_name")).lower())
    if any(name.startswith(_INNER_NAMES) for name in named):
        return "forbidden"
    return "unknown-table" if read - named - tables else None


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


def _function_breach(node: Mapping[str, Any]) -> str | None:
    match node.get("column_names"):
        case [str(bare)] if bare.lower() in _BARE:
            return _BARE[bare.lower()]
    name = str(node.get("function_name") or "").lower()
    if name in _UNREPEATABLE:
        return "unrepeatable"
    if name in _TELLING_FUNCTIONS or name.startswith(_INNER_FUNCTIONS):
        return "forbidden"
    if node.get("type") == "TABLE_FUNCTION":
        function = node.get("function") or {}
        if str(function.get("function_name") or "").lower() not in _TABLE_FUNCTIONS:
            return "forbidden"
    return None


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
