"""Loads the rows that evidence touches and writes them back: many tables, and one question to the server for all.

SQLite is in the process, and one look-up after another is the cheapest way. PostgreSQL is asked once for everything and
told once, in JSON for each table: every further question would cost more than the answer. JSON holds a double exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery.tables import EXPLAIN, KINDS, MEETING, MEMORY, Key, Kind

Table: TypeAlias = dict[Key, list[Any]]
"""The rows of one kind by key."""

_WHOLE: Final = {MEETING: (0,), MEMORY: (7, 8, 9)}
"""Which columns are whole numbers (or None); all others are doubles."""
_MOST_KEYS: Final = max(len(kind.keys) for kind in KINDS)
_MOST_COLUMNS: Final = max(len(kind.columns) for kind in KINDS)
# OFFSET 0 keeps each look-up a look-up: of tables that it knows too little of PostgreSQL would read a whole generation.
_LOAD: Final = (
    "SELECT {number}, {shown} FROM json_array_elements(?::json) AS wanted (given) CROSS JOIN LATERAL "
    "(SELECT * FROM {table} WHERE generation_id = ? AND {matches} OFFSET 0) AS found"
)
_SAVE: Final = (
    "saved_{number} AS (INSERT INTO {table} (organisation_id, generation_id, {keys}, {columns}) "
    "SELECT ?::bigint, ?::bigint, {values} FROM json_array_elements(?::json) AS rows (given) "
    "ON CONFLICT (generation_id, {keys}) DO UPDATE SET {changes})"
)
_EXPLAIN: Final = (
    "INSERT INTO mastery_update (organisation_id, generation_id, learner, event_seq, codes, numbers) "
    "SELECT ?::bigint, ?::bigint, given->>0, (given->>1)::bigint, given->>2, decode(given->>3, 'hex') "
    "FROM json_array_elements(?::json) AS rows (given)"
)


def load(driver: Driver, generation_id: int, wanted: Mapping[Kind, Sequence[Key]]) -> dict[Kind, Table]:
    """Return the rows of all wanted keys that have one, as lists; every kind is in ``wanted``."""
    if driver.is_sqlite:
        return {kind: kind.load(driver, generation_id, keys) for kind, keys in wanted.items()}
    parameters: list[Any] = []
    for kind in KINDS:
        parameters += (json.dumps(wanted[kind]), generation_id)
    found: dict[Kind, Table] = {kind: {} for kind in wanted}
    for number, *row in driver.all(LOAD_ALL, parameters):
        kind = KINDS[number]
        values = row[_MOST_KEYS : _MOST_KEYS + len(kind.columns)]
        for place in _WHOLE.get(kind, ()):
            values[place] = None if values[place] is None else int(values[place])
        found[kind][tuple(row[: len(kind.keys)])] = values
    return found


def save(
    driver: Driver, place: tuple[int, int], rows: Mapping[Kind, Table], updates: Sequence[tuple[Any, ...]]
) -> None:
    """Write rows over what stands there, and why each update moved them (learner, seq, codes, numbers).

    ``place`` is organisation and generation; every kind is in ``rows``.
    """
    if driver.is_sqlite:
        for kind, table in rows.items():
            kind.save(driver, place, table)
        driver.run_many(EXPLAIN, [(*place, *update) for update in updates])
        return
    parameters: list[Any] = []
    for kind in KINDS:
        parameters += (*place, json.dumps([(*key, *row) for key, row in rows[kind].items()]))
    told = json.dumps([(*update, numbers.hex()) for *update, numbers in updates])
    driver.run(_SAVE_ALL, (*parameters, *place, told))


def _load_sql(number: int, kind: Kind) -> str:
    """Return what finds the rows of one kind, in columns that all kinds share."""
    keys = chain((f"found.{key}" for key in kind.keys), ["NULL::text"] * (_MOST_KEYS - len(kind.keys)))
    columns = chain(
        (f"found.{column}::float8" for column in kind.columns),
        ["NULL::float8"] * (_MOST_COLUMNS - len(kind.columns)),
    )
    return _LOAD.format(
        number=number,
        shown=", ".join(chain(keys, columns)),
        matches=" AND ".join(f"{key} = given->>{place}" for place, key in enumerate(kind.keys)),
        table=kind.table,
    )


def _save_sql(number: int, kind: Kind) -> str:
    """Return what writes the rows of one kind."""
    whole = _WHOLE.get(kind, ())
    types = ["bigint" if place in whole else "float8" for place in range(len(kind.columns))]
    values = chain(
        (f"given->>{place}" for place in range(len(kind.keys))),
        (f"(given->>{place})::{each}" for place, each in enumerate(types, len(kind.keys))),
    )
    return _SAVE.format(
        number=number,
        table=kind.table,
        keys=", ".join(kind.keys),
        columns=", ".join(kind.columns),
        values=", ".join(values),
        changes=", ".join(f"{column} = excluded.{column}" for column in kind.columns),
    )


LOAD_ALL: Final = Direct(" UNION ALL ".join(_load_sql(number, kind) for number, kind in enumerate(KINDS)))
_SAVE_ALL: Final = Direct(
    "WITH " + ", ".join(_save_sql(number, kind) for number, kind in enumerate(KINDS)) + " " + _EXPLAIN
)
