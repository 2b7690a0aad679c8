"""What is known of the parts of installed content: among how many options one guesses, which knowledge points they serve.

Versions never change, and neither does which tag set of a version a generation of mastery counts by (`tags_of`): both
are read once per process.
"""

from __future__ import annotations

import json
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
_ADOPTIONS = Direct(
    "SELECT body FROM ledger_event WHERE organisation_id = ? AND id <= ? AND type <> 'evidence.recorded' "
    "AND type = 'tags.adopted' ORDER BY id"
)
_TAGS = Direct("SELECT tags FROM tag_set WHERE id = ? AND organisation_id = ?")
_TAG_SET = Direct("SELECT tags FROM tag_set WHERE version_id = ? AND organisation_id = ? AND hash = ?")
# By number: when a tag set was adopted moves on where one that held before is adopted again.
_FIRST = Direct("SELECT tags FROM tag_set WHERE version_id = ? AND organisation_id = ? ORDER BY id LIMIT 1")
_NEWEST = Direct(
    "SELECT id, (SELECT tags FROM mastery_generation WHERE organisation_id = ? AND state = 'adopted') "
    "FROM tag_set WHERE version_id = ? AND organisation_id = ? ORDER BY adopted_at DESC, id DESC LIMIT 1"
)

StoredTags = Mapping[str, Mapping[str, str]]
"""A tag set as it is stored, shares in decimals."""

Adopted = Mapping[tuple[str, str], str]
"""(activity, content hash) -> hash of the tag set that was adopted last."""

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
    activity: str
    content: str
    options: Mapping[str, int | None]


_versions: Remembered[Version] = Remembered()
_adopted: Remembered[Adopted] = Remembered()
_tag_sets: Remembered[Tags] = Remembered()
_tags: Remembered[Tags] = Remembered()


def find_version(connection: Connection, organisation_id: int, activity: str, content: str) -> Version | None:
    """Return the version of an activity with this content hash, or None where it is not installed."""

    def find() -> Version | None:
        row = Driver(connection).one(_VERSION, (organisation_id, activity, content))
        if row is None:
            return None
        manifest: Mapping[str, Any] = stored_json(row[1])
        options = {part["key"]: part.get("options") for part in manifest["parts"]}
        return Version(row[0], activity, content, options)

    return _versions.get(connection, (organisation_id, activity, content), find)


def tags_of(connection: Connection, organisation_id: int, version: Version, basis: int) -> Tags:
    """Return the tag set by which evidence of a version counts in a generation; empty where the version has none yet.

    ``basis`` is the generation's ``tags``: the newest adoption of tags that it knows, by its sequence number.
    """

    def find() -> Tags | None:
        adopted = _adopted.get(
            connection, (organisation_id, basis), lambda: read_adopted(connection, organisation_id, basis)
        )
        found = stored_tags(connection, organisation_id, version, adopted or {})
        return None if found is None else shares(found)

    return _tags.get(connection, (organisation_id, version.id, basis), find) or {}


def read_adopted(connection: Connection, organisation_id: int, through: int) -> Adopted:
    """Return which tag set of each version held after the event with the number ``through``."""
    bodies = [json.loads(text) for (text,) in Driver(connection).all(_ADOPTIONS, (organisation_id, through))]
    return {(body["activity"], body["content"]): body["tags_hash"] for body in bodies}


def stored_tags(
    connection: Connection, organisation_id: int, version: Version, adopted: Adopted, *, or_first: bool = True
) -> StoredTags | None:
    """Return the tag set of a version that was adopted; None where there is none.

    A version that was tagged only later counts by its first tag set, unless ``or_first`` is False: nothing earlier is
    there that it could be mixed with. Answers and replays choose by this one rule.
    """
    driver, place = Driver(connection), (version.id, organisation_id)
    tags_hash = adopted.get((version.activity, version.content))
    # The stored set, not the event's body: the order of its knowledge points decides the last bit of a sum.
    if tags_hash is not None:
        row = driver.one(_TAG_SET, (*place, tags_hash))
    else:
        row = driver.one(_FIRST, place) if or_first else None
    found: StoredTags | None = None if row is None else stored_json(row[0])
    return found


def tags_around(connection: Connection, organisation_id: int, version: Version) -> tuple[Tags, ...]:
    """Return by which tag sets an answer counts that comes now: the newest, which a replay that is about to be adopted
    counts by, and that of the adopted generation. Nothing where the version has no tags.
    """
    driver = Driver(connection)
    row = driver.one(_NEWEST, (organisation_id, version.id, organisation_id))
    if row is None:
        return ()
    newest, basis = row

    def find() -> Tags | None:
        found = driver.one(_TAGS, (newest, organisation_id))
        return None if found is None else shares(stored_json(found[0]))

    tags = _tag_sets.get(connection, (organisation_id, newest), find) or {}
    return (tags,) if basis is None else (tags, tags_of(connection, organisation_id, version, int(basis)))


def shares(tags: StoredTags) -> Tags:
    """Return a tag set as mastery takes it."""
    return {part: tuple((code, float(share)) for code, share in points.items()) for part, points in tags.items()}
