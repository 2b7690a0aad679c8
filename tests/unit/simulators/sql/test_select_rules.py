"""Which trees of DuckDB pass: the rules alone, without a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from qualoop.simulators import WorldKey
from qualoop.simulators.sql.duckdb_catalogue import read_rules
from qualoop.simulators.sql.ladder import pose
from qualoop.simulators.sql.select_rules import Rules, find_breach
from tests.factories.sql_ladder import ladder_spec


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as made:
        made.execute("create table lines (customer integer, quantity integer)")
        made.execute("create macro chance() as random()")
        made.execute("create macro twice(x) as x + x")
        made.execute("create macro fourfold(x) as twice(twice(x))")
        yield made


@pytest.fixture(scope="module")
def rules(connection: Any) -> Rules:
    return read_rules(connection, frozenset({"sales"}))


def breach_of(connection: Any, rules: Rules, query: str) -> str | None:
    (text,) = connection.execute("select json_serialize_sql(?)", [query]).fetchone()
    tree = json.loads(text)
    assert not tree["error"], text
    return find_breach(tree, rules)


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
def test_breaches(connection: Any, rules: Rules, query: str, breach: str | None) -> None:
    assert breach_of(connection, rules, query) == breach


@pytest.mark.parametrize(
    ("query", "breach"),
    [
        ("with lines as (select * from lines) select * from lines", "name-taken"),
        ("with LINES as (select * from Lines) select * from lInEs", "name-taken"),
        ('with "lines" as (select 1) select * from lines', "name-taken"),
        ("with lines as (select 1) select 2", "name-taken"),
        ("with recursive lines(n) as (select 1 union all select n from lines) select * from lines", "name-taken"),
        ("with a as (with lines as (select 1) select * from lines) select * from a", "name-taken"),
        ("select * from lines where 1 in (with lines as (select 1) select * from lines)", "name-taken"),
        ("select (with lines as (select 2) select 1) from lines", "name-taken"),
        ("from (with lines as (select 1) from lines) join lines on true", "name-taken"),
        ("with a as (select * from lines) select * from a", "unknown-table"),
        ("with a as materialized (from lines) from a", "unknown-table"),
        ("select * from sales as lines", None),
        ("select * from (select 1) lines, lines", "unknown-table"),
        ("select * from sales join lines using (customer)", "unknown-table"),
        ("select * from sales where exists (select 1 from lines)", "unknown-table"),
        ("from lines", "unknown-table"),
        ("from Lines select count(*)", "unknown-table"),
        ("table lines", "unknown-table"),
        ('select * from "LINES"', "unknown-table"),
        ("select * from main.lines", "unknown-table"),
        ("select * from memory.main.lines", "unknown-table"),
        ("select * from lines pivot (sum(quantity) for customer in (1))", "unknown-table"),
        ("select * from lines unpivot (v for n in (customer, quantity))", "unknown-table"),
        ("select * from (from lines limit 1), range(2)", "unknown-table"),
        ("select * from sales union all by name select * from lines", "unknown-table"),
        ("select 1 order by (select max(quantity) from lines)", "unknown-table"),
        ("select 1 limit (select max(quantity) from lines)", "unknown-table"),
        ("select list_transform([1], lambda x: (select max(quantity) from lines))", "unknown-table"),
        ("select count(*) filter (where (select true from lines)) from sales", "unknown-table"),
        ("select sum(1) over (order by (select max(quantity) from lines)) from sales", "unknown-table"),
        ("select 1 qualify (select true from lines)", "unknown-table"),
        ("values ((select max(quantity) from lines))", "unknown-table"),
        ("select * from range((select max(quantity) from lines))", "unknown-table"),
        ("with sales as (select * from sales) select * from sales", None),
        ("with columns as (select 1), tables as (select 2) select * from columns, tables", None),
        ("with pg_class as (select 1) select * from pg_class", "forbidden"),
        ("select * from (describe sales)", "not-select"),
        ("select * from (show tables)", "not-select"),
        ("select * from (summarize lines)", "not-select"),
        ("select * from duckdb_tables", "unknown-table"),
        ("select * from duckdb_tables()", "forbidden"),
        ("select * from information_schema.columns", "unknown-table"),
        ("select * from pragma_table_info('lines')", "forbidden"),
        ("select * from read_csv('x')", "forbidden"),
        ("select * from glob('*')", "forbidden"),
        ("select * from histogram(lines, quantity)", "forbidden"),
        ("select * from seq_scan(lines)", "forbidden"),
        ("select * from repeat_row(1, num_rows=3)", "forbidden"),
    ],
)
def test_nothing_reads_past_the_sample(connection: Any, rules: Rules, query: str, breach: str | None) -> None:
    assert breach_of(connection, rules, query) == breach


@pytest.mark.parametrize(
    ("call", "breach"),
    [
        ("sleep_ms(5000)", "unrepeatable"),
        ("SLEEP_MS(5000)", "unrepeatable"),
        ("(5000).sleep_ms()", "unrepeatable"),
        ("pg_sleep(5)", "forbidden"),
        ("pg_catalog.pg_sleep(5)", "forbidden"),
        ("random()", "unrepeatable"),
        ("setseed(0.5)", "unrepeatable"),
        ("uuid()", "unrepeatable"),
        ("gen_random_uuid()", "unrepeatable"),
        ("uuidv7()", "unrepeatable"),
        ("age(invoice_date)", "unrepeatable"),
        ("invoice_date.age()", "unrepeatable"),
        ("age(timestamp '2011-01-01', invoice_date)", None),
        ("ago(interval 1 day)", "unrepeatable"),
        ("now()", "unrepeatable"),
        ("today()", "unrepeatable"),
        ("current_date", "unrepeatable"),
        ("current_date()", "unrepeatable"),
        ("current_time", "unrepeatable"),
        ("current_timestamp", "unrepeatable"),
        ("CURRENT_TIMESTAMP", "unrepeatable"),
        ("localtimestamp", "unrepeatable"),
        ("current_localtimestamp()", "unrepeatable"),
        ("get_current_timestamp()", "unrepeatable"),
        ("transaction_timestamp()", "unrepeatable"),
        ("reservoir_quantile(quantity, 0.5)", "unrepeatable"),
        ("chance()", "unrepeatable"),
        ("fourfold(1)", None),
        ("write_log('x')", "forbidden"),
        ("error('x')", "forbidden"),
        ("nextval('x')", "forbidden"),
        ("stats(quantity)", "forbidden"),
        ("finalize(quantity)", "forbidden"),
        ("__internal_decompress_string(1)", "forbidden"),
        ("current_query()", "forbidden"),
        ("current_connection_id()", "forbidden"),
        ("txid_current()", "forbidden"),
        ("no_such_function(1)", "unknown-name"),
        ("list_sum([1])", None),
        ("split_part('a,b', ',', 1)", None),
        ("strftime(invoice_date, '%Y')", None),
        ("date_trunc('month', invoice_date)", None),
        ("count(distinct customer) filter (where quantity > 0)", None),
        ("row_number() over (order by customer)", None),
        ("random() over (order by customer)", "unrepeatable"),
        ("reservoir_quantile(quantity, 0.5) over (order by customer)", "unrepeatable"),
        ("sum(random()) over (order by age(invoice_date))", "unrepeatable"),
        ("lag(random()) over (order by customer)", "unrepeatable"),
        ("approx_count_distinct(customer)", None),
        ("if(true, 1, 2)", None),
    ],
)
def test_only_what_gives_the_same_again_may_be_called(
    connection: Any, rules: Rules, call: str, breach: str | None
) -> None:
    assert breach_of(connection, rules, f"select {call} from sales") == breach


def test_all_that_the_catalogue_calls_volatile_is_refused(connection: Any, rules: Rules) -> None:
    volatile = connection.execute(
        "select distinct function_name from duckdb_functions() where stability = 'VOLATILE' and function_type = 'scalar'"
    ).fetchall()
    assert len(volatile) > 5
    for (name,) in volatile:
        assert breach_of(connection, rules, f"select {name}(1)") in {"unrepeatable", "forbidden"}, name


def test_every_solution_keeps_the_rules(connection: Any, rules: Rules) -> None:
    world = pose(ladder_spec(), WorldKey.of_seed(0))
    texts = frozenset().union(*(task.known_texts for task in world.tasks))
    assert len(texts) > len(world.tasks)
    assert {breach_of(connection, rules, text) for text in texts} == {None}


def test_a_call_that_the_tree_names_in_another_way_is_refused(rules: Rules) -> None:
    assert find_breach({"class": "FUNCTION", "type": "FUNCTION", "qualified_name": ["random"]}, rules) == "forbidden"
    assert find_breach({"type": "BASE_TABLE", "qualified_name": {"path": ["lines"]}}, rules) == "unknown-table"
