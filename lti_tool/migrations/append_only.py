"""Triggers that make a table append-only, in each database we run on.

SQLite's INSERT OR REPLACE deletes the old row without firing DELETE triggers, so a third trigger refuses an insert
whose keys are taken before the conflict is resolved.
"""

from __future__ import annotations

from collections.abc import Sequence

REFUSAL = "the ledger is append-only"


def statements(dialect: str, table: str, keys: Sequence[Sequence[str]]) -> list[str]:
    """Return the statements that protect ``table``, whose unique keys are ``keys``."""
    return _sqlite(table, keys) if dialect == "sqlite" else _postgresql(table)


def undoing(dialect: str, table: str) -> list[str]:
    """Return the statements that remove what is left of the protection when ``table`` is dropped; triggers go with it."""
    return [] if dialect == "sqlite" else [f"DROP FUNCTION {table}_refuse()"]


def _sqlite(table: str, keys: Sequence[Sequence[str]]) -> list[str]:
    """Return the three triggers of SQLite."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{column} = NEW.{column}' for column in key)})"  # noqa: S608 - names of our own tables, no input
        for key in keys
    )
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {refuse}",
    ]


def _postgresql(table: str) -> list[str]:
    """Return the function and the trigger of PostgreSQL (TRUNCATE included)."""
    return [
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
    ]
