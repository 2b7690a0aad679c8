"""The framework as the rest of Qualoop reads it: everything by its code, and what hangs from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from qualoop.framework.errors import UnknownCodeError
from qualoop.framework.schema import (
    CertificateDirection,
    Domain,
    FrameworkDocument,
    JobGroup,
    KnowledgePoint,
    Level,
    Post,
    Source,
    Unit,
)
from qualoop.values import Text

Found = TypeVar("Found")


def plain(document: FrameworkDocument) -> dict[str, Any]:
    """Return a document as plain JSON, without what is absent and without how it was split into files."""
    return document.model_dump(mode="json", exclude_none=True, exclude={"parts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One immutable version of a qualification framework.

    The mappings are by code, domains and levels in their order, the rest as written. Two frameworks with the same
    ``content_hash`` (SHA-256, hex, of the RFC 8785 form of ``to_document()``) are the same version.
    """

    document: FrameworkDocument
    content_hash: str
    domains: Mapping[str, Domain]
    levels: Mapping[str, Level]
    job_groups: Mapping[str, JobGroup]
    posts: Mapping[str, Post]
    units: Mapping[str, Unit]
    knowledge_points: Mapping[str, KnowledgePoint]
    certificate_directions: Mapping[str, CertificateDirection]
    posts_by_unit: Mapping[str, tuple[str, ...]]
    units_by_knowledge_point: Mapping[str, tuple[str, ...]]
    learning_order: Mapping[str, int]

    @property
    def code(self) -> str:
        """The code of the framework, the same for all its versions."""
        return self.document.framework.code

    @property
    def version(self) -> str:
        """The label of this version."""
        return self.document.framework.version

    @property
    def status(self) -> str:
        """Return `draft`, `adopted` (frozen) or `deprecated`."""
        return self.document.framework.status

    @property
    def title(self) -> Text:
        """The name of the framework."""
        return self.document.framework.title

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where facts come from. Their notices must be shown wherever the framework is published."""
        return self.document.sources

    def find_knowledge_point(self, code: str) -> KnowledgePoint | None:
        """Return the knowledge point with exactly this code, or None."""
        return self.knowledge_points.get(code)

    def get_knowledge_point(self, code: str) -> KnowledgePoint:
        """Return the knowledge point with exactly this code, else raise UnknownCodeError."""
        return self._get(self.knowledge_points, code)

    def get_unit(self, code: str) -> Unit:
        """Return the unit with exactly this code, else raise UnknownCodeError."""
        return self._get(self.units, code)

    def get_post(self, code: str) -> Post:
        """Return the post with exactly this code, else raise UnknownCodeError."""
        return self._get(self.posts, code)

    def units_of_post(self, code: str) -> tuple[Unit, ...]:
        """Return the units that a post takes."""
        return tuple(self.units[unit] for unit in self.get_post(code).units)

    def posts_of_unit(self, code: str) -> tuple[Post, ...]:
        """Return the posts that take a unit; a unit that hangs from its group alone has none."""
        return tuple(self.posts[post] for post in self.posts_by_unit.get(self.get_unit(code).code, ()))

    def knowledge_points_of_unit(self, code: str) -> tuple[KnowledgePoint, ...]:
        """Return the knowledge points of a unit."""
        return tuple(self.knowledge_points[point] for point in self.get_unit(code).knowledge_points)

    def units_of_knowledge_point(self, code: str) -> tuple[Unit, ...]:
        """Return the units that hold a knowledge point: at least one."""
        return tuple(self.units[unit] for unit in self.units_by_knowledge_point[self.get_knowledge_point(code).code])

    def hours_of_unit(self, code: str) -> int:
        """Return the notional learning hours of a unit: its credit times the framework's factor."""
        return self.get_unit(code).credit * self.document.framework.hours_per_credit

    def prerequisites_of(self, code: str) -> tuple[KnowledgePoint, ...]:
        """Return all that a knowledge point builds on, directly or not, in an order in which it can be learnt."""
        waiting = list(self.get_knowledge_point(code).prerequisites)
        found: set[str] = set()
        while waiting:
            point = waiting.pop()
            if point not in found:
                found.add(point)
                waiting += self.knowledge_points[point].prerequisites
        return tuple(self.knowledge_points[point] for point in sorted(found, key=self.learning_order.__getitem__))

    def to_document(self) -> dict[str, Any]:
        """Return the whole version as plain JSON, from which `from_document` makes it again."""
        return plain(self.document)

    def _get(self, records: Mapping[str, Found], code: str) -> Found:
        record = records.get(code)
        if record is None:
            raise UnknownCodeError(code, f"{self.code} {self.version}")
        return record
