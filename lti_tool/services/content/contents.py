"""Installed content in memory: parsed once per content hash, because versions are immutable."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Prepared
from qualoop.errors import QualoopError
from qualoop.framework import Framework, from_document
from qualoop.player import ActivityKind, ActivityKinds, Description, installed_kinds
from qualoop.values import Text

KEPT_VERSIONS: Final = 256

_VERSION = Prepared(
    text(
        "SELECT a.key, a.kind, v.hash, v.document, v.activity_id FROM content_version v "
        "JOIN activity a ON a.id = v.activity_id WHERE v.id = :version_id AND v.organisation_id = :organisation_id"
    )
)
_FRAMEWORK = Prepared(
    text(
        "SELECT id, hash FROM framework_version WHERE organisation_id = :organisation_id "
        "ORDER BY adopted_at DESC, id DESC LIMIT 1"
    )
)
_DOCUMENT = Prepared(
    text("SELECT document FROM framework_version WHERE id = :id AND organisation_id = :organisation_id")
)

_ASSET = Prepared(
    text(
        "SELECT media_type, data, sha256 FROM content_asset WHERE version_id = :version_id AND path = :path "
        "AND organisation_id = :organisation_id"
    )
)


_VERSIONS = Prepared(
    text("SELECT key, version_id FROM activity WHERE organisation_id = :organisation_id AND version_id IS NOT NULL")
)


class ContentMissingError(QualoopError):
    """The content of this activity is not installed here."""

    code = "content-missing"


@dataclass(frozen=True, slots=True)
class OpenContent:
    """One content version, opened: its kind and the content that the kind works with."""

    activity_id: int
    version_id: int
    key: str
    hash: str
    kind: ActivityKind
    content: Any


@dataclass(frozen=True, slots=True)
class Offer:
    """How a content version is offered to who chooses activities: what its kind is called, and what it says of itself."""

    kind: Text
    description: Description


@dataclass(frozen=True, slots=True)
class FoundAsset:
    """A file of a content version."""

    media_type: str
    data: bytes
    sha256: str


def find_asset(connection: Connection, organisation_id: int, version_id: int, path: str) -> FoundAsset | None:
    """Return a file of an installed version of the organisation, or None."""
    keys = {"version_id": version_id, "path": path, "organisation_id": organisation_id}
    row = _ASSET.one(connection, keys)
    return None if row is None else FoundAsset(row[0], bytes(row[1]), row[2])


class Contents:
    """A cache of opened content versions and frameworks. Thread-safe; holds immutable things only."""

    def __init__(self, kinds: ActivityKinds | None = None) -> None:
        self._kinds = kinds or installed_kinds()
        self._lock = threading.Lock()
        self._versions: OrderedDict[tuple[int, int], OpenContent] = OrderedDict()
        self._frameworks: dict[str, Framework] = {}
        self._offers: dict[tuple[int, int], Offer] = {}

    def get(self, connection: Connection, organisation_id: int, version_id: int) -> OpenContent:
        """Return an installed version of the organisation; raise ContentMissingError."""
        key = (organisation_id, version_id)
        found = self._versions.get(key)
        if found is not None:
            return found
        row = _VERSION.one(connection, {"version_id": version_id, "organisation_id": organisation_id})
        if row is None:
            raise ContentMissingError
        activity_key, kind_name, content_hash, document, activity_id = row
        if not document:
            # A platform has registered its parts and carries the content itself (`sources.versions`).
            raise ContentMissingError
        kind = self._kinds.get_kind(kind_name)
        opened = OpenContent(activity_id, version_id, activity_key, content_hash, kind, kind.open(json.loads(document)))
        with self._lock:
            self._versions[key] = opened
            if len(self._versions) > KEPT_VERSIONS:
                self._versions.popitem(last=False)
        return opened

    def get_offer(self, connection: Connection, organisation_id: int, version_id: int) -> Offer:
        """Return how an installed version is offered; raise ContentMissingError, or UnknownKindError for its kind.

        Kept for every version that was ever listed: a few hundred bytes each, and a list of hundreds opens none twice.
        """
        key = (organisation_id, version_id)
        found = self._offers.get(key)
        if found is None:
            opened = self.get(connection, organisation_id, version_id)
            found = Offer(opened.kind.label, opened.kind.describe(opened.content))
            with self._lock:
                self._offers[key] = found
        return found

    def find_titles(self, connection: Connection, organisation_id: int, keys: Collection[str]) -> dict[str, Text]:
        """Return the titles of installed activities of the organisation, by key; what is not installed is left out."""
        if not keys:
            return {}
        rows = _VERSIONS.all(connection, {"organisation_id": organisation_id})
        return {
            key: self.get_offer(connection, organisation_id, version).description.title
            for key, version in rows
            if key in keys
        }

    def find_framework(self, connection: Connection, organisation_id: int) -> Framework | None:
        """Return the framework that the organisation adopted last, or None.

        Every page asks for it, and it is large: its text is read only where its hash is new to this process.
        """
        row = _FRAMEWORK.one(connection, {"organisation_id": organisation_id})
        if row is None:
            return None
        version_id, framework_hash = row
        found = self._frameworks.get(framework_hash)
        if found is None:
            stored = _DOCUMENT.one(connection, {"id": version_id, "organisation_id": organisation_id})
            if stored is None:
                return None
            found = from_document(json.loads(stored[0]))
            with self._lock:
                self._frameworks[framework_hash] = found
        return found
