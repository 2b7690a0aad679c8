"""What a learner may try, and how it must end: the attacks of docs/simulation.md, section 6, and more of our own."""

from __future__ import annotations

from typing import Final, NamedTuple

MANY: Final = 10_000

#: How a query ends that would take more memory, time or room than it may.
STOPPED: Final = frozenset({"memory", "timeout", "too-large", "too-many-rows", "too-deep"})


class Attack(NamedTuple):
    name: str
    query: str
    ends: frozenset[str]


def attack(name: str, query: str, *ends: str) -> Attack:
    return Attack(name, query, frozenset(ends))


REFUSED: Final = ("not-select", "forbidden", "unknown-table", "unknown-name", "several-statements", "syntax", "binding")

# Named in the reference: files, settings, Python's variables, definitions, error texts, memory, time.
REFERENCE: Final = (
    attack("read_csv", "select * from read_csv('/etc/passwd')", "forbidden"),
    attack("read_csv_auto", "select * from read_csv_auto('/etc/passwd')", "forbidden"),
    attack("read_text", "select * from read_text('/etc/passwd')", "forbidden"),
    attack("read_blob", "select * from read_blob('/etc/shadow')", "forbidden"),
    attack("read_json", "select * from read_json('/proc/self/environ')", "forbidden"),
    attack("read_parquet", "select * from read_parquet('/data/*.parquet')", "forbidden"),
    attack("parquet_metadata", "select * from parquet_metadata('/tmp/x.parquet')", "forbidden"),
    attack("glob", "select * from glob('/home/**')", "forbidden"),
    attack("sniff_csv", "select * from sniff_csv('/etc/passwd')", "forbidden"),
    attack("table-by-path", "select * from '/etc/passwd'", "unknown-table"),
    attack("table-by-address", "select * from 'https://example.org/x.csv'", "unknown-table"),
    attack("copy-to", "copy sales to '/tmp/out.csv'", "not-select"),
    attack("copy-query", "copy (select 1) to '/tmp/out.csv'", "not-select"),
    attack("copy-from", "copy sales from '/etc/passwd'", "not-select"),
    attack("export", "export database '/tmp/all'", "not-select"),
    attack("import", "import database '/tmp/all'", "not-select", "several-statements", "syntax"),
    attack("attach-file", "attach '/tmp/other.duckdb'", "not-select"),
    attack("attach-memory", "attach ':memory:' as m", "not-select"),
    attack("detach", "detach online", "not-select"),
    attack("use", "use memory", "not-select"),
    attack("install", "install httpfs", "not-select"),
    attack("load", "load '/tmp/evil.duckdb_extension'", "not-select"),
    attack("secret", "create secret s (type s3, key_id 'a', secret 'b')", "not-select"),
    attack("secrets", "select * from duckdb_secrets()", "forbidden"),
    attack("set", "set memory_limit = '100GB'", "not-select"),
    attack("set-global", "set global enable_external_access = true", "not-select"),
    attack("reset", "reset memory_limit", "not-select"),
    attack("pragma", "pragma threads = 64", "not-select"),
    attack("pragma-version", "pragma version", "not-select"),
    attack("replacement-scan", "select * from request", "unknown-table"),
    attack("replacement-scan-place", "select * from place", "unknown-table"),
    attack("create-table", "create table t as select 1", "not-select"),
    attack("drop-table", "drop table lines", "not-select"),
    attack("drop-view", "drop view sales", "not-select"),
    attack("insert", "insert into lines select * from lines", "not-select"),
    attack("update", "update lines set quantity = 1", "not-select"),
    attack("delete", "delete from lines", "not-select"),
    attack("delete-inside", "with x as (delete from lines returning *) select * from x", "not-select"),
    attack("prepare", "prepare p as select 1", "not-select"),
    attack("execute", "execute p", "not-select"),
    attack("macro", "create macro f() as table select 1", "not-select"),
    attack("set-variable", "set variable x = 1", "not-select"),
    attack("checkpoint", "checkpoint", "not-select"),
    attack("force-checkpoint", "select * from force_checkpoint()", "forbidden"),
    attack("write-log", "select write_log('x')", "forbidden"),
    attack("settings", "select * from duckdb_settings()", "forbidden"),
    attack("setting", "select current_setting('home_directory')", "forbidden"),
    attack("version", "select version()", "forbidden"),
    attack("home-directory", "select * from read_csv('~/.ssh/id_rsa')", "forbidden"),
    attack("huge-repeat", "select repeat('a', 4000000000)", "memory"),
    attack("huge-series", "select count(*) from (select unnest(generate_series(1, 100000000)))", *STOPPED),
    attack("huge-range", "select length(range(50000000)::varchar)", *STOPPED),
    attack("cross-join", "select count(*) from sales a, sales b, sales c where a.quantity < b.quantity", "timeout"),
    attack(
        "endless-recursion",
        "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
        *STOPPED,
    ),
)

# Our own.
OURS: Final = (
    attack("getenv", "select getenv('QUALOOP_DATABASE_URL')", "forbidden"),
    attack("getenv-in-limit", "select 1 from sales limit getenv('X')", "forbidden"),
    attack("dotted-call", "select p.read_text() from (select '/etc/passwd' as p)", "forbidden"),
    attack("quoted-function", "select \"getenv\"('HOME')", "forbidden"),
    attack("qualified-function", "select main.getenv('HOME')", "forbidden"),
    attack("system-function", "select system.main.current_setting('threads')", "forbidden"),
    attack("two-statements", "select 1; select 2", "several-statements"),
    attack("second-behind-comment", "select 1 /* ; */ ; drop table lines --", "several-statements"),
    attack("second-after-line-comment", "select 1 -- done\n; attach '/tmp/x'", "several-statements"),
    attack("only-comment", "-- select 1", "empty"),
    attack("query-function", "select * from query('drop table lines')", "forbidden"),
    attack("query-table", "select * from query_table('lines')", "forbidden"),
    attack("serialized-sql", "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))", "forbidden"),
    attack("catalogue", "select * from duckdb_databases", "unknown-table"),
    attack("catalogue-behind-cte", "with duckdb_databases as (select 1) select * from duckdb_databases", "forbidden"),
    attack("information-schema", "select * from information_schema.tables", "unknown-table"),
    attack("sqlite-master", "select * from sqlite_master", "unknown-table"),
    attack("round-the-sample", "select * from lines", "unknown-table"),
    attack("round-the-sample-qualified", "select count(*) from main.lines", "unknown-table"),
    attack("pragma-function", "select * from pragma_database_list", "unknown-table"),
    attack("pragma-call", "select * from pragma_storage_info('lines')", "forbidden"),
    attack("call", "call duckdb_settings()", "not-select"),
    attack("explain-analyze", "explain analyze select 1", "not-select"),
    attack("show-all", "show all tables", "not-select"),
    attack("extension-function", "select * from st_read('/etc/passwd')", "forbidden", "unknown-name"),
    attack("postgres-scan", "select * from postgres_scan('host=127.0.0.1', 'public', 't')", "forbidden"),
    attack("http-get", "select http_get('http://169.254.169.254/latest/meta-data')", "unknown-name"),
    attack("user", "select current_user", "forbidden"),
    attack("database-name", "select current_database()", "forbidden"),
    attack("chance", "select random()", "unrepeatable"),
    attack("clock", "select now()", "unrepeatable"),
    attack("regex-catastrophe", f"select regexp_matches('{'a' * 5000}!', '^(a+)+$')", "none", *STOPPED),
    attack(
        "regex-bomb",
        "select regexp_replace('a', '((((a{1,100}){1,100}){1,100}){1,100})', '')",
        "conversion",
        "failed",
        *STOPPED,
    ),
    attack("deep-brackets", "select " + "(" * MANY + "1" + ")" * MANY, "too-long", "too-deep", "syntax"),
    attack("deep-brackets-short", "select " + "(" * 4_000 + "1" + ")" * 4_000, "too-deep", "syntax", *STOPPED),
    attack("deep-not", "select " + "not " * 4_000 + "true", "too-deep", "syntax", "none", *STOPPED),
    attack(
        "deep-subqueries",
        "select * from (" * 1_000 + "select 1" + ")" * 1_000,
        "too-deep",
        "syntax",
        *STOPPED,
        "binding",
    ),
    attack("deep-sum", "select " + "1+" * 9_000 + "1", "too-deep", "syntax", "none", *STOPPED),
    attack("megabyte", "select '" + "a" * 900_000 + "'", "too-long"),
    attack("nul-byte", "select 1\0; drop table lines", "syntax"),
    attack("lone-surrogate", "select '\ud800'", "failed", "conversion", "syntax"),
    attack("look-alike-keyword", "ｓｅｌｅｃｔ * from sales", "syntax", "not-select"),
    attack("look-alike-table", "select * from ѕales", "unknown-table"),
    attack("look-alike-function", "select gеtenv('HOME')", "unknown-name"),
    attack("no-break-space", "select\u00a0*\u00a0from\u00a0lines", "unknown-table", "syntax"),
    attack("right-to-left", "select 1 \u202e; select 2", "several-statements", "syntax"),
    attack("parameter", "select $1", "conversion", "failed", "binding"),
    attack("too-many-rows", "select * from range(5001)", "too-many-rows"),
    attack("wide-rows", "select repeat('a', 70000)", "too-large"),
    attack(
        "many-columns", "select " + ", ".join(f"{n} as c{n}" for n in range(1_000)) + " from range(100)", "too-large"
    ),
    attack("aggregate-flood", "select string_agg(repeat(description, 400), '') from sales", *STOPPED),
    attack("list-flood", "select list(s) from sales s, range(200)", *STOPPED),
    attack(
        "sort-flood",
        "select * from (select a.*, b.* from sales a, range(300) b order by random() limit 1)",
        "unrepeatable",
    ),
    attack("pad-flood", "select lpad('x', 2000000000, 'y')", *STOPPED, "failed"),
    attack(
        "number-flood", "select 10::hugeint ** 4000000, factorial(100000)", "conversion", "failed", "none", *STOPPED
    ),
    attack("bit-flood", "select bitstring('1', 2000000000)", *STOPPED, "conversion"),
    attack(
        "window-flood", "select sum(quantity) over (order by a.quantity * b.range) from sales a, range(500) b", *STOPPED
    ),
    attack("pivot", "pivot sales on stock_code using sum(quantity)", "not-select", "several-statements"),
    attack("lambda-flood", "select list_transform(range(100000), lambda x: list_sum(range(100000)))", *STOPPED),
    attack(
        "sleep-by-join",
        "select count(*) from range(100000) a, range(100000) b where a.range % 7 = b.range % 5",
        "timeout",
    ),
)

SQLITE: Final = (
    attack("attach", "attach '/tmp/x.db' as x", "not-select"),
    attack("pragma", "pragma query_only = off", "not-select"),
    attack("create", "create table t (x)", "not-select"),
    attack("drop", "drop view sales", "not-select"),
    attack("insert", "insert into lines values (1)", "not-select", "failed"),
    attack("master", "select * from sqlite_master", "unknown-table"),
    attack("schema", "select * from sqlite_schema", "unknown-table"),
    attack("pragma-function", "select * from pragma_database_list", "unknown-table", "unknown-name", "not-select"),
    attack("load-extension", "select load_extension('/tmp/evil.so')", "forbidden", "unknown-name"),
    attack("vacuum-into", "vacuum into '/tmp/all.db'", "not-select"),
    attack("printf-flood", "select printf('%.*c', 1000000000, 'a')", "forbidden"),
    attack("format-flood", "select format('%.*c', 1000000000, 'a')", "forbidden", "unknown-name"),
    attack("zeroblob", "select zeroblob(2000000000)", "forbidden"),
    attack("randomblob", "select hex(randomblob(2000000000))", "forbidden"),
    attack("replace-flood", "select replace(replace(replace(hex('aaaa'), '6', 'x'), 'x', 'y'), 'y', 'z')", "forbidden"),
    attack("concat-flood", "select group_concat(description || description || description) from sales", "too-large"),
    attack("readfile", "select readfile('/etc/passwd')", "forbidden", "unknown-name"),
    attack("writefile", "select writefile('/tmp/x', 'y')", "forbidden", "unknown-name"),
    attack("version", "select sqlite_version()", "forbidden"),
    attack("clock", "select current_timestamp", "forbidden"),
    attack("two", "select 1; select 2", "several-statements"),
    attack("hidden-second", "select 1 /* ; */; drop view sales", "several-statements"),
    attack("round-the-sample", "select count(*) from lines", "unknown-table"),
    attack("the-sample-itself", "select count(*) from kept", "unknown-table"),
    attack("cross-join", "select count(*) from sales a, sales b where a.quantity < b.unit_price", "timeout"),
    attack(
        "endless-recursion",
        "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
        "timeout",
    ),
    attack("like-catastrophe", "select 'a' like '" + "%a" * 500 + "'", "failed", "too-large", "syntax"),
    attack("deep", "select " + "(" * 4_000 + "1" + ")" * 4_000, "too-deep", "failed", "memory"),
    attack("nul", "select 1\0; drop view sales", "syntax"),
    attack("explain", "explain select 1", "none", "not-select", "too-large"),
)
