"""What is still unclear to a class: short texts grouped by the word that most of them share, so that anybody can see why.

Nothing is said about fewer than five texts: whose they are could be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 5
MAX_GROUPS: Final = 8
PAIR: Final = 2
MAX_TEXT: Final = 1000

_WORD: Final = re.compile(r"[a-z][a-z'-]+|[\u4e00-\u9fff]+")
_SPACE: Final = re.compile(r"\s+")
_STOP_WORDS: Final = """
    a about above after again all also am an and any are as at be because been before being between both but by can
    could did do does doing don't down each few for from further get had has have having he her here how i i'm if in
    into is isn't it its it's just know like lot me more most much my no nor not of off on once only or other our out
    over own quite really same she should so some still such sure than that the their them then there these they thing
    things this those through to too under understand understood until unclear up use very was we were what when where
    which while who whole why will with work works would yet you your clear confused confusing difference exactly
    explain don mean means part point points question questions see lesson
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
_STOP_HAN: Final = frozenset("的了是我不在有和就也都很还没么什怎吗呢吧啊这那")
_STOP_PAIR_WORDS: Final = (
    "明白 清楚 理解 知道 区别 哪里 哪个 如何 可以 应该 问题 意思 时候 因为 所以 为何 一个 一下 之间 关系 老师 课程"
)
_STOP_PAIRS: Final = frozenset(_STOP_PAIR_WORDS.split())
_SHORTEST_STEM: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Texts that share a word; ``word`` is empty for those that share none with another."""

    word: str
    texts: tuple[str, ...]


def cleaned(text: str) -> str:
    """Return a text on one line, at most 1000 characters."""
    return _SPACE.sub(" ", text).strip()[:MAX_TEXT]


def group(texts: Iterable[str]) -> list[Group] | None:
    """Return the texts in groups, the largest first, those that share nothing last; None for fewer than five.

    Again and again the word that most of the remaining texts share makes a group. The texts come in the order of their
    letters, so that nothing says who wrote first.
    """
    kept = sorted(filter(None, map(cleaned, texts)), key=str.casefold)
    if len(kept) < FEWEST:
        return None
    left = [(text, _terms(text)) for text in kept]
    found: list[Group] = []
    while left and len(found) < MAX_GROUPS:
        word, count = _most_shared([terms for _, terms in left])
        if count < PAIR:
            break
        found.append(Group(word=_shown(word, left), texts=tuple(text for text, terms in left if word in terms)))
        left = [(text, terms) for text, terms in left if word not in terms]
    if left:
        found.append(Group(word="", texts=tuple(text for text, _ in left)))
    return found


def _most_shared(rows: Sequence[dict[str, str]]) -> tuple[str, int]:
    """Return the term that most texts have, and how many: of equals the longest, then the first by its letters."""
    counts: dict[str, int] = {}
    for terms in rows:
        for term in terms:
            counts[term] = counts.get(term, 0) + 1
    best = min(counts, key=lambda term: (-counts[term], -len(term), term), default="")
    return best, counts.get(best, 0)


def _shown(term: str, rows: Sequence[tuple[str, dict[str, str]]]) -> str:
    """Return a term as it is written in the texts: its shortest form."""
    return min((terms[term] for _, terms in rows if term in terms), key=lambda form: (len(form), form))


def _terms(text: str) -> dict[str, str]:
    """Return the terms of a text with the form in which each stands there: stems of words, pairs of Chinese characters."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text.casefold()):
        if word[0] >= "\u4e00":
            pairs = (word[at : at + 2] for at in range(len(word) - 1))
            found |= {pair: pair for pair in pairs if not _STOP_HAN.intersection(pair) and pair not in _STOP_PAIRS}
        elif word not in _STOP:
            found.setdefault(_stem(word), word)
    return found


def _stem(word: str) -> str:
    """Return an English word without the ending of its plural, its progressive and its past, where enough is left."""
    bare = word.removesuffix("'s")
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        stem = bare.removesuffix(ending)
        if stem != bare and len(stem) >= _SHORTEST_STEM and not bare.endswith("ss"):
            stem += instead
            return stem[:-1] if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] and ending != "s" else stem
    return bare[:-1] if bare.endswith("e") and len(bare) > _SHORTEST_STEM else bare
