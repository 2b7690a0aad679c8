"""Claims that copy may not make: absolute ones, promises nobody can keep, and health claims without proof.

A list finds words, not meanings: what it leaves out is for who marks the text. Each word is known with the phrases in
which it is harmless (`best before`), so that honest copy is not stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from qualoop.simulators.words.writing import occurrences, tidy, without
from qualoop.values import Text

_LIST: Final = Path(__file__).parent / "claims.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimKind:
    """One sort of claim: its words by language, and the phrases by language in which they say something else."""

    key: str
    title: Text
    words: Mapping[str, tuple[str, ...]]
    harmless: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim that was found: its kind, and the words of the list that it is known by."""

    kind: str
    title: Text
    words: str


@lru_cache(maxsize=1)
def all_claims() -> tuple[ClaimKind, ...]:
    """Return every kind of claim on the list."""
    kinds = yaml.safe_load(_LIST.read_text(encoding="utf-8"))
    return tuple(
        ClaimKind(
            key=kind["key"],
            title=Text(kind["title"]),
            words={language: tuple(words) for language, words in kind["words"].items()},
            harmless={language: tuple(phrases) for language, phrases in kind["harmless"].items()},
        )
        for kind in kinds
    )


def find_claims(text: str, language: str, forbidden: Iterable[str] = ()) -> list[Claim]:
    """Return the claims in a text that the list, or a product's own list ``forbidden``, knows; each word once."""
    tidied = tidy(text, language)
    found = []
    for kind in all_claims():
        rest = without(kind.harmless[language], tidied, language)
        found += [
            Claim(kind=kind.key, title=kind.title, words=words)
            for words in kind.words[language]
            if occurrences(words, rest, language)
        ]
    found += [
        Claim(kind="product", title=_UNPROVED, words=words)
        for words in forbidden
        if occurrences(words, tidied, language)
    ]
    return found


_UNPROVED: Final = Text({"en": "A claim that the brief rules out", "zh-Hans": "任务书不允许的宣称"})
