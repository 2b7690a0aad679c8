"""The lessons that come with Qualoop, as a block finds them: built once in a process, then kept.

A site gets new lessons with a new release of Qualoop, so files do not change under a running process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from qualoop.authored_files import AuthoredFilesError, Problems, read_yaml
from qualoop.content_packages import LESSON_FILE, Asset, Lesson, Package, load_package
from qualoop.errors import QualoopError
from qualoop.framework import Framework, load_framework, shipped_content
from qualoop.player import ActivityKind, installed_kinds
from qualoop.values import Text

_log = logging.getLogger(__name__)


class ContentMissingError(QualoopError):
    """The lesson, or a file of it, is not installed here."""

    code = "content-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContent:
    """One version of a lesson, opened: the package, its kind, and the content that the kind works with."""

    package: Package
    kind: ActivityKind
    content: Lesson

    @property
    def hash(self) -> str:
        """Return what identifies the version."""
        return self.package.content_hash

    def get_asset(self, path: str) -> Asset:
        """Return a file of the package; raise ContentMissingError."""
        found = self.package.assets.get(path)
        if found is None:
            raise ContentMissingError
        return found


class Contents:
    """The lessons in the folder ``lessons``, one package a folder, and their ``framework``. Safe to share by threads."""

    def __init__(self, *, lessons: Path, framework: Path) -> None:
        self._lessons = lessons
        self._framework = framework
        self._lock = threading.Lock()
        self._opened: dict[str, OpenContent | None] = {}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys of the lessons, sorted."""
        return iter(sorted(path.parent.name for path in self._lessons.glob(f"*/{LESSON_FILE}")))

    @cached_property
    def framework(self) -> Framework:
        """Return the framework whose knowledge points the lessons name."""
        return load_framework(self._framework)

    def title(self, key: str) -> Text:
        """Return what a lesson is called; reads the head of the lesson only, so that long lists are quick."""
        head = read_yaml(self._lessons / key, LESSON_FILE, Problems())
        return Text(head.data["title"] if head else {})

    def find(self, key: str) -> OpenContent | None:
        """Return a lesson; None where there is none of this key, or a broken one, whose problems are logged."""
        with self._lock:
            if key not in self._opened and key in set(self):
                self._opened[key] = self._open(key)
            return self._opened.get(key)

    def get(self, key: str) -> OpenContent:
        """Return a lesson; raise ContentMissingError where `find` finds none."""
        found = self.find(key)
        if found is None:
            raise ContentMissingError
        return found

    def _open(self, key: str) -> OpenContent | None:
        try:
            package = load_package(self._lessons / key, self.framework)
        except AuthoredFilesError as error:
            _log.warning("the lesson %s is broken and not shown:\n%s", key, error)
            return None
        kind = installed_kinds().get_kind(package.kind)
        return OpenContent(package=package, kind=kind, content=kind.open(package.document))


_ECOMMERCE: Final = shipped_content() / "ecommerce"

SHIPPED: Final = Contents(lessons=_ECOMMERCE / "lessons", framework=_ECOMMERCE)
