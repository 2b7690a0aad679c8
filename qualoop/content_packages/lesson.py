"""A built micro-lesson, as players hold it: frozen, cheap to open, safe to keep by content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from qualoop.assessment import Item
from qualoop.content_packages.languages import InLanguages
from qualoop.content_packages.schema import Source
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of text in one language: a plain title (shown as a level-2 heading) and safe HTML from h3 down."""

    title: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingStep:
    """A section to read."""

    key: str
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionStep:
    """An item to answer."""

    key: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStep:
    """A recording: ``type`` is audio or video, ``source`` is `asset:media/…` or an https address.

    ``captions`` (asset references) and ``transcript`` (safe HTML) are by language.
    """

    key: str
    type: str
    title: Text
    source: str
    media_type: str
    captions: Mapping[str, str]
    transcript: Mapping[str, str]


Step = ReadingStep | QuestionStep | MediaStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson(InLanguages):
    """A micro-lesson to show.

    Texts of items are Markdown (`block_html`, `inline_html` make them HTML) but for what their models call plain. ``readiness`` are
    items that no step asks, for the check before a class.
    """

    key: str
    version: str
    title: Text
    summary: Text
    minutes: int
    knowledge_points: tuple[str, ...]
    authors: tuple[str, ...]
    licence: str
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    items: Mapping[str, Item]
    sections: Mapping[str, Mapping[str, Section]]
    readiness: Mapping[str, Item] = field(default_factory=dict)

    def get_section(self, key: str, language: str) -> Section:
        """Return a section in ``language``, else in the lesson's first; raises KeyError for an unknown key."""
        return self.sections[self.shown_language(language)][key]


def open_lesson(document: Mapping[str, Any]) -> Lesson:
    """Return the lesson of a package's document. Trusts it: `load_package` made and checked it."""
    items: list[Item] = _items().validate_python(document["items"])
    return Lesson(
        key=document["key"],
        version=document["version"],
        title=Text(document["title"]),
        summary=Text(document["summary"]),
        minutes=document["minutes"],
        knowledge_points=tuple(document["knowledge_points"]),
        languages=tuple(document["languages"]),
        authors=tuple(document["authors"]),
        licence=document["licence"],
        sources=tuple(Source.model_validate(source) for source in document["sources"]),
        steps=tuple(_step(step) for step in document["steps"]),
        items=MappingProxyType({item.key: item for item in items}),
        sections=MappingProxyType({language: _sections(rows) for language, rows in document["sections"].items()}),
        readiness=MappingProxyType(
            {item.key: item for item in _items().validate_python(document.get("readiness", []))}
        ),
    )


@lru_cache(maxsize=1)
def _items() -> TypeAdapter[list[Item]]:
    return TypeAdapter(list[Item])


def _sections(rows: Mapping[str, Mapping[str, str]]) -> Mapping[str, Section]:
    return MappingProxyType({key: Section(**row) for key, row in rows.items()})


def _step(step: Mapping[str, Any]) -> Step:
    match step["type"]:
        case "reading":
            return ReadingStep(key=step["key"], section=step["section"])
        case "question":
            return QuestionStep(key=step["key"], item=step["item"])
        case _:
            return MediaStep(**{**step, "title": Text(step["title"])})
