"""Which trees of DuckDB pass: the rules alone, without a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from qualoop.simulators.sql.select_rules import find_breach


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "breach"),
    [
        ("select * from sales", None),
        ("SELECT * FROM Sales", None),
        ("from sales", None),
        ("values (1)", None),
        ("select * from range(5)", None),
        ("select unnest([1, 2])", None),
        ("with a as (select 1) select * from a union all select * from a", None),
        ("with recursive t(n) as (select 1 union all select n + 1 from t where n < 9) select * from t", None),
        ("select * from sales pivot (sum(quantity) for country in ('Germany'))", None),
        ("select (select count(*) from sales) from sales limit 1", None),
        ("select * from lines", "unknown-table"),
        ("select (select count(*) from lines) from sales", "unknown-table"),
        ("select * from main.sales", "unknown-table"),
        ("select * from temp.main.sales", "unknown-table"),
        ("select * from information_schema.tables", "unknown-table"),
        ("select * from '/etc/passwd'", "unknown-table"),
        ("select * from sales at (version => 1)", "unknown-table"),
        ("select * from duckdb_settings()", "forbidden"),
        ("select * from query('select 1')", "forbidden"),
        ("select * from sales limit getenv('HOME')", "forbidden"),
        ("select current_setting('home_directory')", "forbidden"),
        ("select x.version() from (select 1 as x)", "forbidden"),
        ("with a as (with duckdb_databases as (select 1) select 1) select * from duckdb_databases", "forbidden"),
        ("select random() from sales", "unrepeatable"),
        ("select * from sales using sample 5", "unrepeatable"),
        ("select * from sales tablesample 5%", "unrepeatable"),
        ("select current_timestamp", "unrepeatable"),
        ("with x as (delete from sales returning *) select * from x", "not-select"),
        ("show tables", "not-select"),
        ("describe sales", "not-select"),
        ("summarize sales", "not-select"),
    ],
)
def test_breaches(connection: Any, query: str, breach: str | None) -> None:
    (text,) = connection.execute("select json_serialize_sql(?)", [query]).fetchone()
    tree = json.loads(text)
    assert not tree["error"], text
    assert find_breach(tree, frozenset({"sales"})) == breach
