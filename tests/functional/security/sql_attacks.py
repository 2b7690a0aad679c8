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


def _doubling(joined: str) -> str:
    """Return a query whose every step is twice the one before: small to write, endless to plan or to run."""
    steps = [f"a{n} as (select x from a{n - 1} {joined} select x from a{n - 1})" for n in range(1, 40)]
    if joined == "cross join":
        steps = [f"a{n} as (select l.x from a{n - 1} l cross join a{n - 1} r)" for n in range(1, 40)]
    return "with a0 as (select 1 as x), " + ", ".join(steps) + " select count(*) from a39"


def _chain(length: int) -> str:
    steps = ", ".join(f"a{n} as (from a{n - 1})" for n in range(1, length))
    return f"with a0 as (select 1), {steps} from a{length - 1}"


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

# Round the learner's sample, by names, scopes and ways of writing.
ROUND: Final = (
    attack("cte-like-table", "with lines as (select * from lines) select count(*) from lines", "name-taken"),
    attack("cte-like-table-quoted", 'with "LINES" as (from lines) select count(*) from "Lines"', "name-taken"),
    attack("cte-like-table-inside", "select * from (with lines as (select 1) from lines)", "name-taken"),
    attack("cte-like-table-aside", "select (with lines as (select 1) select 1), count(*) from lines", "name-taken"),
    attack(
        "cte-like-table-recursive", "with recursive lines as (from lines union from lines) from lines", "name-taken"
    ),
    attack(
        "cte-chain", "with a as (with b as (from lines) from b), c as (from a) select count(*) from c", "unknown-table"
    ),
    attack("cte-shadows-sample", "with sales as (from sales limit 3) select count(*) from sales", "none"),
    attack("alias-like-table", "select count(*) from (select 1) as lines, lines as other", "unknown-table"),
    attack("from-first", "from lines", "unknown-table"),
    attack("table-word", "table lines", "unknown-table"),
    attack("upper-case", "SELECT COUNT(*) FROM LINES", "unknown-table"),
    attack("quoted", 'select count(*) from "lines"', "unknown-table"),
    attack("all-names", 'select count(*) from "online-retail".main.lines', "unknown-table"),
    attack("temp-schema", "select count(*) from temp.sales", "unknown-table"),
    attack(
        "correlated",
        "select (select count(*) from lines l where l.customer = s.customer) from sales s",
        "unknown-table",
    ),
    attack(
        "lateral",
        "select * from sales s, lateral (select * from lines l where l.customer = s.customer)",
        "unknown-table",
    ),
    attack("set-operation", "select 1 except select customer from lines", "unknown-table"),
    attack("in-order-by", "select 1 order by (select count(*) from lines)", "unknown-table"),
    attack("in-limit", "select 1 limit (select count(*) from lines)", "unknown-table"),
    attack("in-filter", "select count(*) filter (where (select true from lines)) from sales", "unknown-table"),
    attack("in-lambda", "select list_transform([1], lambda x: (select count(*) from lines))", "unknown-table"),
    attack("in-table-function", "select * from range((select count(*) from lines))", "unknown-table"),
    attack("pivot-in", "from lines pivot (sum(quantity) for country in ('Germany'))", "unknown-table"),
    attack("unpivot", "from lines unpivot (v for n in (quantity, unit))", "unknown-table"),
    attack("histogram", "from histogram(lines, unit)", "forbidden"),
    attack("query-string", "from query('from lines')", "forbidden"),
    attack("describe", "describe lines", "not-select"),
    attack("describe-inside", "select * from (describe lines)", "not-select"),
    attack("summarize", "summarize lines", "not-select"),
    attack("summarize-inside", "select * from (summarize lines)", "not-select"),
    attack("show", "show lines", "not-select"),
    attack("show-inside", "select * from (show all tables)", "not-select"),
    attack("explain", "explain select 1", "not-select"),
    attack("explain-json", "explain (format json) from lines", "not-select", "syntax"),
    attack("tables", "select * from information_schema.columns", "unknown-table"),
    attack("tables-function", "select sql from duckdb_tables()", "forbidden"),
    attack("views-function", "select sql from duckdb_views()", "forbidden"),
    attack("columns-function", "select * from pragma_table_info('lines')", "forbidden"),
    attack("sampling-unit", "select unit from sales", "binding"),
    attack("sampling-unit-whole", "select s.unit from sales s", "binding"),
    attack("row-numbers", "select rowid from sales", "binding"),
)

# By the clock, by chance, by waiting.
CLOCK: Final = (
    attack("sleep", "select sleep_ms(600000)", "unrepeatable"),
    attack("sleep-dotted", "select (600000).sleep_ms()", "unrepeatable"),
    attack("sleep-quoted", 'select "SLEEP_MS"(600000) from range(9)', "unrepeatable"),
    attack("sleep-postgres", "select pg_sleep(600)", "forbidden"),
    attack("sleep-postgres-qualified", "select pg_catalog.pg_sleep(600)", "forbidden"),
    attack("sleep-in-lambda", "select list_transform([1], lambda x: sleep_ms(600000))", "unrepeatable"),
    attack("age", "select age(invoice_date) from sales limit 1", "unrepeatable"),
    attack("age-dotted", "select invoice_date.age() from sales limit 1", "unrepeatable"),
    attack("ago", "select ago(interval 1 day)", "unrepeatable"),
    attack("today", "select today()", "unrepeatable"),
    attack("current-date", "select current_date", "unrepeatable"),
    attack("current-time", "select Current_Time", "unrepeatable"),
    attack("local-time", "select localtimestamp", "unrepeatable"),
    attack("now-as-text", "select 'now'::timestamp", "conversion"),
    attack("today-as-text", "select 'today'::date", "conversion"),
    attack("uuid", "select uuid()", "unrepeatable"),
    attack("seed", "select setseed(0.5)", "unrepeatable"),
    attack("drawn-quantile", "select reservoir_quantile(quantity, 0.5) from sales", "unrepeatable"),
    attack("error-at-will", "select error('x')", "forbidden"),
    attack("assertion", "select assert_true(false)", "forbidden", "unrepeatable"),
    attack("log", "select write_log('x')", "forbidden"),
    attack("sequence", "select nextval('s')", "forbidden"),
    attack("aggregate-state", "select finalize('\\x00'::blob)", "forbidden"),
    attack("innards", "select __internal_decompress_string(9999999999)", "forbidden"),
)

# By size, form and letters.
FORMS: Final = (
    attack("doubling", _doubling("union all"), "none", *STOPPED, "failed"),
    attack("doubling-joins", _doubling("cross join"), "none", *STOPPED, "failed", "syntax", "binding"),
    attack("wide-names", 'select 1 as "' + "a" * 19_000 + '"', "none"),
    attack("many-wide-names", "select " + ", ".join(f'1 as "{"b" * 60}{n}"' for n in range(250)), "none", *STOPPED),
    attack("thousand-columns", "select " + ",".join(f"{n}" for n in range(4_000)), "none", *STOPPED),
    attack("columns-by-star", "select " + ",".join(["*"] * 3_000) + " from sales", *STOPPED),
    attack(
        "lists-in-lists",
        "select list(l) from (select list(quantity) l from sales, range(9) group by unit_price)",
        *STOPPED,
    ),
    attack("struct-flood", "select {'a': repeat('x', 40000), 'b': repeat('y', 40000)}", *STOPPED),
    attack("largest-number", "select repeat('9', 400)::bignum", "conversion", "failed", "none"),
    attack(
        "not-a-number", "select 'nan'::double, 'infinity'::double, '-infinity'::date", "none", "conversion", "failed"
    ),
    attack("last-day", "select '5881580-07-10'::date, '290309-12-22 (BC)'::timestamp", "none", "conversion", "failed"),
    attack("map-flood", "select map(range(2000000), range(2000000))", *STOPPED),
    attack("json-depth", "select '" + "[" * 9_000 + "]" * 9_000 + "'::json", "none", "conversion", *STOPPED),
    attack("deep-list", "select " + "[" * 3_000 + "1" + "]" * 3_000, "syntax", "failed", "binding", *STOPPED),
    attack("deep-case", "select " + "case when true then " * 800 + "1" + " end" * 800, "none", "syntax", *STOPPED),
    attack("deep-minus", "select " + "- " * 9_000 + "1", "none", "syntax", *STOPPED),
    attack("deep-union", "select 1" + " union all select 1" * 900, "none", *STOPPED),
    attack("deep-cte", _chain(700), "none", "syntax", "failed", *STOPPED),
    attack(
        "hash-flood",
        "select count(distinct a.invoice || b.invoice || a.description) from sales a, range(50), sales b",
        *STOPPED,
    ),
    attack(
        "recursion-by-width", "with recursive t as (select 1 n union all select a.n + 1 from t a, t b) from t", *STOPPED
    ),
    attack("levenshtein", "select levenshtein(repeat('a', 40000), repeat('b', 40000))", "none", *STOPPED),
    attack("like-catastrophe", f"select '{'a' * 5_000}' like '{'%a' * 2_000}b'", "none", *STOPPED),
    attack("comment-unclosed", "select 1 /* ; drop table lines", "syntax", "none", "empty"),
    attack("comment-nested", "select 1 /* /* */ ; attach 'x' */", "none", "several-statements", "syntax"),
    attack("comment-carriage-return", "select 1 --\r; drop table lines", "none", "several-statements"),
    attack("zero-width", "select count(*) from li\u200bnes", "unknown-table", "syntax"),
    attack("full-width", "select count(*) from ｌｉｎｅｓ", "unknown-table"),
    attack("long-s", "select count(*) from line\u017f", "unknown-table"),
    attack("byte-order-mark", "\ufeffselect count(*) from lines", "unknown-table", "syntax"),
    attack("dollar-quotes", "select $$;$$ ; drop table lines", "several-statements"),
    attack("escape-string", "select e'\\'; drop table lines --'", "syntax", "none"),
    attack("semicolons", ";;;", "empty"),
)
