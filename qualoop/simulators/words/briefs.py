"""Briefs: the products that learners write about, with what is known of each and an author's model answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from qualoop.values import LANGUAGES, Text

_PRODUCTS: Final = Path(__file__).parent / "products.yaml"

BULLETS: Final = 5

Phrases = Mapping[str, tuple[str, ...]]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(StrEnum):
    """Where a search term belongs."""

    HEAD = "head"
    TEXT = "text"
    UNFIT = "unfit"


class _Said(_Authored):
    """Something that is told in both languages."""

    en: str
    zh: str = Field(alias="zh-Hans")

    @property
    def text(self) -> Text:
        """Return it as a text."""
        return Text(dict(zip(LANGUAGES, (self.en, self.zh), strict=True)))


class Fact(_Said):
    """A fact that the copy must state; ``forms`` are the ways in which it counts as stated."""

    forms: Phrases


class Term(_Said):
    """A search term with its searches a month, by language. Where it belongs is the learner's to find out."""

    searches: Mapping[str, int]
    place: Place


class Allowed(_Said):
    """A claim that can be proved."""


class RuledOut(_Said):
    """A claim that cannot be proved, with the words that it is known by."""

    words: Phrases


class Copy(_Authored):
    """What is written: a title, five bullets, questions with their answers."""

    title: str
    bullets: tuple[str, ...] = Field(min_length=BULLETS, max_length=BULLETS)
    faq: str

    @property
    def body(self) -> str:
        """Return everything but the title, a line for each bullet."""
        return "\n".join([*self.bullets, self.faq])

    @property
    def whole(self) -> str:
        """Return everything."""
        return f"{self.title}\n{self.body}"


class Brief(_Authored):
    """A product to write about. ``model`` is an author's answer by language."""

    key: str
    name: Text
    customer: Text
    facts: tuple[Fact, ...]
    terms: tuple[Term, ...]
    allowed: tuple[Allowed, ...]
    ruled_out: tuple[RuledOut, ...]
    model: Mapping[str, Copy]

    def terms_at(self, place: Place, language: str) -> dict[str, int]:
        """Return the terms of a place in a language, with their searches a month."""
        return {term.text[language]: term.searches[language] for term in self.terms if term.place is place}


@lru_cache(maxsize=1)
def all_briefs() -> tuple[Brief, ...]:
    """Return every brief."""
    return tuple(Brief.model_validate(each) for each in yaml.safe_load(_PRODUCTS.read_text(encoding="utf-8")))
