"""Texts as checks read them: one spelling for what looks alike, words and sentences, and where a phrase occurs.

English is read by words, Chinese by characters: no list of Chinese words is needed for what is asked here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

CHINESE: Final = "zh-Hans"

_ALIKE: Final = str.maketrans(dict.fromkeys("‘’ʼ´`", "'") | dict.fromkeys("-‐‑–—_", " "))
# What people put between the characters of a word so that no filter finds it.
_BETWEEN: Final = re.compile(r"[\s·•*~^|]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['.][^\W_]+)*")
_ENGLISH_ENDS: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_CHINESE_ENDS: Final = re.compile(r"[。！？；!?;\n]+")
_KEPT: Final = 4096


def tidy(text: str, language: str) -> str:
    """Return a text in one spelling: compatible forms, case, dashes and blanks made alike, invisible signs left out."""
    visible = "".join(each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")
    alike = visible.casefold().translate(_ALIKE)
    return _BETWEEN.sub("", alike) if language == CHINESE else " ".join(alike.split())


def occurrences(phrase: str, tidied: str, language: str) -> int:
    """Return how often a phrase stands in a text that `tidy` made; English ones as whole words, also in the plural."""
    return len(_pattern(phrase, language).findall(tidied))


def without(phrases: tuple[str, ...], tidied: str, language: str) -> str:
    """Return a tidied text with the places of some phrases left empty."""
    for phrase in phrases:
        tidied = _pattern(phrase, language).sub(" | ", tidied)
    return tidied


@lru_cache(maxsize=_KEPT)
def _pattern(phrase: str, language: str) -> re.Pattern[str]:
    wanted = re.escape(tidy(phrase, language))
    if language == CHINESE:
        # Latin letters in Chinese copy are words of their own: TOP1 is none in TOP10.
        before = r"(?<![a-z0-9])" if phrase[:1].isascii() else ""
        after = r"(?![a-z0-9])" if phrase[-1:].isascii() else ""
        return re.compile(f"{before}{wanted}{after}")
    return re.compile(rf"(?<!\w){wanted}(?:s|es)?(?!\w)")


def states(form: str, text: str, language: str) -> bool:
    """Say whether a text states a fact in this form, with or without blanks: `500 ml` or `500ml`, but not in `1500 ml`."""
    wanted, given = (tidy(each, language).replace(" ", "") for each in (form, text))
    number = r"(?<![\d.])" if wanted[:1].isdigit() else ""
    after = r"(?![\d])" if wanted[-1:].isdigit() else ""
    return re.search(f"{number}{re.escape(wanted)}{after}", given) is not None


def sentence_lengths(text: str, language: str) -> list[int]:
    """Return how long each sentence is: in words, Chinese in characters without punctuation."""
    ends = _CHINESE_ENDS if language == CHINESE else _ENGLISH_ENDS
    lengths = [_length(each, language) for each in ends.split(text.strip())]
    return [length for length in lengths if length]


def _length(sentence: str, language: str) -> int:
    if language == CHINESE:
        return sum(each.isalnum() for each in sentence)
    return len(_WORD.findall(sentence))


def likeness(one: str, other: str, language: str) -> float:
    """Return how alike two texts are, 0 to 1: Jaccard's index of their words, of Chinese their pairs of characters."""
    first, second = (_pieces(tidy(each, language), language) for each in (one, other))
    either = first | second
    return len(first & second) / len(either) if either else 0.0


def _pieces(tidied: str, language: str) -> frozenset[str]:
    if language != CHINESE:
        return frozenset(_WORD.findall(tidied))
    signs = [each for each in tidied if each.isalnum()]
    return frozenset(one + other for one, other in pairwise(signs))
