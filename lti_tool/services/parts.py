"""What is known of the parts of installed content: among how many options one guesses, which knowledge points they serve.

Versions never change, and neither does a tag set once it is adopted: both are read once per process. Which tag set holds
is asked of the database every time, so that an adoption in another process counts from its commit on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from lti_tool.db import Direct, Driver, stored_json

KEPT: Final = 1024

Tags = Mapping[str, tuple[tuple[str, float], ...]]
"""Part -> its knowledge points with their shares, in the order of the tag set."""

_VERSION = Direct(
    "SELECT v.id, v.manifest FROM content_version v JOIN activity a ON a.id = v.activity_id "
    "WHERE a.organisation_id = ? AND a.key = ? AND v.hash = ?"
)
_TAGS = Direct("SELECT tags FROM tag_set WHERE id = ? AND organisation_id = ?")
_NEWEST = Direct(
    "SELECT id FROM tag_set WHERE version_id = ? AND organisation_id = ? ORDER BY adopted_at DESC, id DESC LIMIT 1"
)

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Things that never change once they are in a database, by database and key. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: WeakKeyDictionary[Engine, OrderedDict[Hashable, Value]] = WeakKeyDictionary()

    def get(self, connection: Connection, key: Hashable, find: Callable[[], Value | None]) -> Value | None:
        """Return what is remembered under ``key``, else what ``find`` finds, which is remembered unless it is None."""
        known = self._values.get(connection.engine)
        value = known.get(key) if known is not None else None
        if value is None:
            value = find()
            if value is not None:
                with self._lock:
                    values = self._values.setdefault(connection.engine, OrderedDict())
                    values[key] = value
                    if len(values) > KEPT:
                        values.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """An installed content version: for each of its parts among how many options a blind guess picks one, or None."""

    id: int
    options: Mapping[str, int | None]


_versions: Remembered[Version] = Remembered()
_tag_sets: Remembered[Tags] = Remembered()


def find_version(connection: Connection, organisation_id: int, activity: str, content: str) -> Version | None:
    """Return the version of an activity with this content hash, or None where it is not installed."""

    def find() -> Version | None:
        row = Driver(connection).one(_VERSION, (organisation_id, activity, content))
        if row is None:
            return None
        manifest: Mapping[str, Any] = stored_json(row[1])
        return Version(row[0], {part["key"]: part.get("options") for part in manifest["parts"]})

    return _versions.get(connection, (organisation_id, activity, content), find)


def newest_tags(connection: Connection, driver: Driver, organisation_id: int, version_id: int) -> Tags:
    """Return the adopted tag set of a version; empty where it has none."""
    newest = driver.one(_NEWEST, (version_id, organisation_id))
    if newest is None:
        return {}
    tag_set = newest[0]

    def find() -> Tags | None:
        row = driver.one(_TAGS, (tag_set, organisation_id))
        return None if row is None else shares(stored_json(row[0]))

    return _tag_sets.get(connection, (organisation_id, tag_set), find) or {}


def shares(tags: Mapping[str, Mapping[str, str]]) -> Tags:
    """Return a tag set as mastery takes it."""
    return {part: tuple((code, float(share)) for code, share in points.items()) for part, points in tags.items()}
