"""Words of a search market: product lines, and how people ask, by what they want. Data in lexicon.yaml."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

from qualoop.values import Text

_FILE: Final = Path(__file__).with_name("lexicon.yaml")


class Line(BaseModel):
    """A product line: its products, and what they may be like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Text
    products: tuple[Text, ...] = Field(min_length=5)
    attributes: tuple[Text, ...] = Field(min_length=5)


class Lexicon(BaseModel):
    """All words: ``patterns`` by intent hold `{a}` (attribute) and `{p}` (product), ``junk`` those that buy nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brand: Text
    lines: tuple[Line, ...] = Field(min_length=8)
    patterns: tuple[tuple[Text, ...], tuple[Text, ...], tuple[Text, ...], tuple[Text, ...]]
    junk: tuple[Text, ...]


@lru_cache(maxsize=1)
def get_lexicon() -> Lexicon:
    """Return the words that come with the engine."""
    return Lexicon.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def phrased(pattern: Text, line: Line, product: int, attribute: int) -> Text:
    """Return a pattern filled in, in both languages."""
    return Text(
        {
            language: form.format(
                a=line.attributes[attribute][language],
                p=line.products[product][language],
                b=get_lexicon().brand[language],
            )
            for language, form in pattern.by_language.items()
        }
    )
