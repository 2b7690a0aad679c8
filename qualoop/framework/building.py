"""Makes the framework out of a draft in which the validator found nothing wrong."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Protocol, TypeVar

import rfc8785

from qualoop.framework.model import Framework, plain
from qualoop.framework.reading import Draft
from qualoop.framework.schema import SECTIONS


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


CodedRecord = TypeVar("CodedRecord", bound=_Coded)


def build_framework(draft: Draft) -> Framework:
    """Return the framework of a draft without problems; it does not check anything again."""
    merged = {section: tuple(entry.record for entry in getattr(draft, section)) for section in SECTIONS}
    document = draft.head.record.model_copy(update={**merged, "parts": ()})
    return Framework(
        document=document,
        content_hash=hashlib.sha256(rfc8785.dumps(plain(document))).hexdigest(),
        domains=_by_code(sorted(document.domains, key=lambda domain: domain.order)),
        levels=_by_code(sorted(document.levels, key=lambda level: level.rank)),
        job_groups=_by_code(document.job_groups),
        posts=_by_code(document.posts),
        units=_by_code(document.units),
        knowledge_points=_by_code(document.knowledge_points),
        certificate_directions=_by_code(document.certificate_directions),
        posts_by_unit=_inverse((post.code, post.units) for post in document.posts),
        units_by_knowledge_point=_inverse((unit.code, unit.knowledge_points) for unit in document.units),
        learning_order=_learning_order(draft),
    )


def _by_code(records: Iterable[CodedRecord]) -> Mapping[str, CodedRecord]:
    return MappingProxyType({record.code: record for record in records})


def _inverse(links: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, tuple[str, ...]]:
    """Turn (holder, held) links round: who holds each."""
    holders = defaultdict(list)
    for holder, held in links:
        for code in held:
            holders[code].append(holder)
    return MappingProxyType({code: tuple(codes) for code, codes in holders.items()})


def _learning_order(draft: Draft) -> Mapping[str, int]:
    """Number the knowledge points so that each comes after all that it builds on."""
    graph = {entry.record.code: entry.record.prerequisites for entry in draft.knowledge_points}
    return MappingProxyType({code: place for place, code in enumerate(TopologicalSorter(graph).static_order())})
