"""The statements that read and write the cached states of mastery, one set for each table.

They run on the driver's cursor: an answer reads and writes half a dozen rows, and there anything else would be the cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from lti_tool.db import Direct, Driver

Key: TypeAlias = tuple[str, ...]

_FIND: Final = "SELECT {columns} FROM {table} WHERE generation_id = ? AND {matches}"
_SAVE: Final = (
    "INSERT INTO {table} (organisation_id, generation_id, {keys}, {columns}) VALUES ({marks}) "
    "ON CONFLICT (generation_id, {keys}) DO UPDATE SET {changes}"
)
_LIST: Final = "SELECT {keys}, {columns} FROM {table} WHERE generation_id = ?"

POINTS: Final = Direct("SELECT code, c, v_c FROM mastery_point WHERE generation_id = ? AND code IN ?")
LEARNERS: Final = Direct(
    "SELECT learner, g, v_g, h, v_h, responses FROM mastery_learner WHERE generation_id = ? AND learner IN ?"
)
MEMORIES: Final = Direct(
    "SELECT learner, code, m, v_m, f, v_f, n, at, responses, items, forms, competent_at FROM mastery_memory "
    "WHERE generation_id = ? AND learner IN ? AND code IN ?"
)
UPDATES: Final = Direct(
    "SELECT event_seq, codes, numbers FROM mastery_update WHERE generation_id = ? AND learner = ? AND event_seq < ? "
    "AND codes LIKE ? ORDER BY event_seq DESC LIMIT ?"
)
CLEAR: Final = (
    Direct("DELETE FROM mastery_learner WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_memory WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_item WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_point WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_rater WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_meeting WHERE generation_id = ?"),
    Direct("DELETE FROM mastery_update WHERE generation_id = ?"),
)
EXPLAIN: Final = Direct(
    "INSERT INTO mastery_update (organisation_id, generation_id, learner, event_seq, codes, numbers) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


class Kind:
    """One table of states: its key below the generation, its numbers, and the statements on it."""

    __slots__ = ("_find", "_list", "_save", "columns", "keys", "table")

    def __init__(self, table: str, keys: tuple[str, ...], columns: tuple[str, ...]) -> None:
        self.table = table
        self.keys = keys
        self.columns = columns
        names = {
            "table": table,
            "keys": ", ".join(keys),
            "columns": ", ".join(columns),
            "matches": " AND ".join(f"{key} = ?" for key in keys),
            "marks": ", ".join("?" * (2 + len(keys) + len(columns))),
            "changes": ", ".join(f"{column} = excluded.{column}" for column in columns),
        }
        self._find = Direct(_FIND.format(**names))
        self._save = Direct(_SAVE.format(**names))
        self._list = Direct(_LIST.format(**names))

    def load(self, driver: Driver, generation_id: int, keys: Sequence[Key]) -> dict[Key, list[Any]]:
        """Return the rows of those keys that have one, as lists; a look-up in SQLite for each."""
        execute, sql = driver.cursor.execute, self._find.sqlite
        found = {}
        for key in keys:
            row = execute(sql, (generation_id, *key)).fetchone()
            if row is not None:
                found[key] = [*row]
        return found

    def save(self, driver: Driver, place: tuple[int, int], rows: Mapping[Key, Sequence[Any]]) -> None:
        """Write rows over what stands there; ``place`` is organisation and generation."""
        if rows:
            driver.run_many(self._save, [(*place, *key, *row) for key, row in rows.items()])

    def dump(self, driver: Driver, generation_id: int) -> list[tuple[Any, ...]]:
        """Return every row of a generation, key first, in the order of the keys, whatever the database's collation."""
        width = len(self.keys)
        return sorted(driver.all(self._list, (generation_id,)), key=lambda row: row[:width])


LEARNER: Final = Kind("mastery_learner", ("learner",), ("g", "v_g", "h", "v_h", "responses"))
MEMORY: Final = Kind(
    "mastery_memory",
    ("learner", "code"),
    ("m", "v_m", "f", "v_f", "n", "at", "responses", "items", "forms", "competent_at"),
)
ITEM: Final = Kind("mastery_item", ("item",), ("b", "v_b"))
POINT: Final = Kind("mastery_point", ("code",), ("c", "v_c"))
RATER: Final = Kind("mastery_rater", ("rater",), ("s", "v_s"))
MEETING: Final = Kind("mastery_meeting", ("learner", "item"), ("count",))
KINDS: Final = (LEARNER, MEMORY, ITEM, POINT, RATER, MEETING)
