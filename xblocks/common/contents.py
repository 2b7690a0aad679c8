"""The activities that come with Qualoop, as a block finds them: built once in a process, then kept.

A site gets new activities with a new release of Qualoop, so files do not change under a running process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from qualoop.assessment.rubric import RUBRIC_FILE
from qualoop.authored_files import AuthoredFilesError, Problems, read_yaml
from qualoop.content_packages import LESSON_FILE, Asset, Package, load_package
from qualoop.errors import MissingExtraError, QualoopError
from qualoop.framework import Framework, load_framework, shipped_content
from qualoop.player import ActivityKind, installed_kinds
from qualoop.simulators import PROJECT_FILE
from qualoop.values import Text

_log = logging.getLogger(__name__)

HEADS: Final = (LESSON_FILE, PROJECT_FILE)

LIVE: Final = "live"
"""The mode of a project in an enterprise: its plan, its tasks and its mentors are the tool's."""
TOOL_ENGINES: Final = frozenset({"sql-ladder"})
"""Engines that run what learners write: that is done in the tool, walled off, and never in the platform's process."""


class ContentMissingError(QualoopError):
    """The activity, or a file of it, is not installed here."""

    code = "content-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContent:
    """One version of an activity, opened: the package, its kind, and the content that the kind works with."""

    package: Package
    kind: ActivityKind
    content: Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What authors choose by, read from the head of an activity only, so that long lists are quick.

    ``needs_tool`` is `engine` or `live` where the activity is no block's: a link to the tool shows it; else empty. What
    ``is_judged`` is marked by people.
    """

    key: str
    kind: str
    version: str
    title: Text
    summary: Text
    minutes: int
    knowledge_points: tuple[str, ...]
    needs_tool: str = ""
    is_judged: bool = False

    def units(self, framework: Framework) -> tuple[str, ...]:
        """Return the units of competency that its knowledge points belong to."""
        known = framework.units_by_knowledge_point
        return tuple(dict.fromkeys(unit for code in self.knowledge_points for unit in known.get(code, ())))

    def posts(self, framework: Framework) -> tuple[str, ...]:
        """Return the posts that these units are of."""
        found = (post for unit in self.units(framework) for post in framework.posts_by_unit.get(unit, ()))
        return tuple(dict.fromkeys(found))


class Contents:
    """The packages in a folder, one a folder of it, and their ``framework``. Safe to share by threads."""

    def __init__(self, *, folder: Path, framework: Path) -> None:
        self._folder = folder
        self._framework = framework
        self._lock = threading.Lock()
        self._opened: dict[str, OpenContent | None] = {}
        self._offers: dict[str, Offer] = {}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys of the activities, sorted."""
        return iter(sorted(path.parent.name for head in HEADS for path in self._folder.glob(f"*/{head}")))

    @cached_property
    def framework(self) -> Framework:
        """Return the framework whose knowledge points the activities name."""
        return load_framework(self._framework)

    def offer(self, key: str) -> Offer:
        """Return how an activity of this folder is offered; raise ContentMissingError."""
        if key not in self._offers:
            if key not in set(self):
                raise ContentMissingError
            self._offers[key] = self._read_offer(key)
        return self._offers[key]

    def offers(self) -> tuple[Offer, ...]:
        """Return what authors may choose, in the order of their keys."""
        return tuple(self.offer(key) for key in self)

    def folder_of(self, key: str) -> Path:
        """Return where the files of an activity lie; raise ContentMissingError."""
        if key not in set(self):
            raise ContentMissingError
        return self._folder / key

    def find_rubric(self, key: str) -> str | None:
        """Return the text of the rubric of this key that comes with one of the activities; None where none has one."""
        for path in self._folder.glob(f"*/{RUBRIC_FILE}"):
            file = read_yaml(path.parent, RUBRIC_FILE, Problems())
            if file is not None and isinstance(file.data, Mapping) and file.data.get("key") == key:
                return path.read_text(encoding="utf-8")
        return None

    def find(self, key: str) -> OpenContent | None:
        """Return an activity; None where none has this key, where it is the tool's, or broken (its problems are logged)."""
        with self._lock:
            if key not in self._opened and key in set(self):
                self._opened[key] = None if self.offer(key).needs_tool else self._open(key)
            return self._opened.get(key)

    def get(self, key: str) -> OpenContent:
        """Return an activity; raise ContentMissingError where `find` finds none."""
        found = self.find(key)
        if found is None:
            raise ContentMissingError
        return found

    def _read_offer(self, key: str) -> Offer:
        folder = self._folder / key
        name = next(head for head in HEADS if (folder / head).exists())
        head = read_yaml(folder, name, Problems())
        found = head.data if head and isinstance(head.data, Mapping) else {}
        return offer_of(key, found, has_rubric=(folder / RUBRIC_FILE).exists())

    def _open(self, key: str) -> OpenContent | None:
        try:
            return opened(self._folder / key, self.framework)
        except (AuthoredFilesError, MissingExtraError) as error:
            _log.warning("the activity %s is broken and not shown:\n%s", key, error)
            return None


def opened(folder: Path, framework: Framework) -> OpenContent:
    """Return the package in a folder, opened; raise AuthoredFilesError with all its problems."""
    package = load_package(folder, framework)
    kind = installed_kinds().get_kind(package.kind)
    return OpenContent(package=package, kind=kind, content=kind.open(package.document))


def offer_of(key: str, head: Mapping[str, Any], *, has_rubric: bool) -> Offer:
    """Return how an activity with this head is offered; what is missing or odd in it is left out."""
    points = head.get("knowledge_points") or [
        code for part in _rows(head.get("parts")) for code in part.get("knowledge_points") or ()
    ]
    minutes = head.get("minutes")
    return Offer(
        key=key,
        kind=str(head.get("kind", "")),
        version=str(head.get("version", "")),
        title=_text(head.get("title")) or Text({"en": key}),
        summary=_text(head.get("summary")) or Text({}),
        minutes=minutes if isinstance(minutes, int) else 0,
        knowledge_points=tuple(dict.fromkeys(str(code) for code in points)),
        needs_tool="engine" if head.get("engine") in TOOL_ENGINES else "live" if head.get("mode") == LIVE else "",
        is_judged=has_rubric,
    )


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> Text | None:
    if not isinstance(value, Mapping) or not value:
        return None
    return Text({str(language): str(text) for language, text in value.items()})


_ECOMMERCE: Final = shipped_content() / "ecommerce"

SHIPPED: Final = Contents(folder=_ECOMMERCE / "lessons", framework=_ECOMMERCE)
SHIPPED_PROJECTS: Final = Contents(folder=_ECOMMERCE / "projects", framework=_ECOMMERCE)
