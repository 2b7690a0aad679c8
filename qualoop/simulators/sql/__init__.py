"""Questions answered in SQL: the isolation ladder for untrusted queries, marking by rows, and the engine `sql-ladder`.

DuckDB, sqlglot and the sandbox are loaded when the first query is run.
"""
