"""The hard checks: what can be said of a text without judging it, and the two parts that follow from that.

    compliance   0 where a claim breaks the law, else .7 · facts stated + .3 · fields of the right length
    search       (.45 · terms in the title + .25 · terms in the text + .15 · readable + .15 · bullets that differ
                  − .15 · unfit terms), a quarter of it where keywords are stuffed

Every share lies in [0, 1]; terms count by their searches. Prose is no equation: accuracy, benefit, structure and tone are
for people to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Final

from qualoop.simulators.words.briefs import BULLETS, Brief, Copy, Place
from qualoop.simulators.words.claims import Claim, find_claims
from qualoop.simulators.words.writing import CHINESE, likeness, occurrences, sentence_lengths, states, tidy

MOST_TITLE_KEYWORDS: Final = 7
MOST_REPEATS: Final = 3
ALIKE: Final = 0.6
"""Two bullets of this likeness say the same."""
QUESTIONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things are, in characters, blanks included; sentences in words, Chinese ones in characters."""

    title: tuple[int, int]
    bullet: tuple[int, int]
    faq: tuple[int, int]
    sentence: int


LIMITS: Final[Mapping[str, Limits]] = {
    "en": Limits(title=(30, 150), bullet=(40, 200), faq=(120, 1000), sentence=20),
    CHINESE: Limits(title=(10, 30), bullet=(12, 80), faq=(50, 500), sentence=36),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checks found in a text; names are as the brief has them, fields by their keys."""

    language: str
    claims: tuple[Claim, ...]
    missing_facts: tuple[str, ...]
    facts: float
    wrong_lengths: tuple[str, ...]
    lengths: float
    questions: int
    title_missing: tuple[str, ...]
    in_title: float
    text_missing: tuple[str, ...]
    in_text: float
    unfit: tuple[str, ...]
    title_keywords: int
    repeated: tuple[str, ...]
    longest_sentence: int
    readable: float
    alike: tuple[tuple[int, int], ...]
    distinct: float

    @property
    def is_stuffed(self) -> bool:
        """Say whether keywords are heaped up instead of used."""
        return bool(self.repeated) or self.title_keywords > MOST_TITLE_KEYWORDS

    @property
    def compliance(self) -> float:
        """Return the score of `compliance`, 0 to 1."""
        return 0.0 if self.claims else 0.7 * self.facts + 0.3 * self.lengths

    @property
    def search(self) -> float:
        """Return the score of `search`, 0 to 1."""
        share = 0.45 * self.in_title + 0.25 * self.in_text + 0.15 * self.readable + 0.15 * self.distinct
        share = min(max(share - 0.15 * len(self.unfit), 0.0), 1.0)
        return share / 4 if self.is_stuffed else share

    @property
    def value(self) -> float:
        """Return the mean of both parts."""
        return (self.compliance + self.search) / 2


def check(copy: Copy, brief: Brief, language: str) -> Checked:
    """Return what the hard checks find in a text about a product."""
    whole, title = tidy(copy.whole, language), tidy(copy.title, language)
    head, text, unfit = (brief.terms_at(place, language) for place in Place)
    missing_head = _absent(head, title, language)
    missing_text = _absent(text, whole, language)
    missing_facts = _unstated(brief, copy, language)
    wrong = tuple(_wrong_lengths(copy, language))
    lengths = sentence_lengths(copy.whole, language)
    alike = tuple(_alike(copy, language))
    known = [*head, *text, *unfit]
    return Checked(
        language=language,
        claims=tuple(find_claims(copy.whole, language, _ruled_out(brief, language))),
        missing_facts=missing_facts,
        facts=1 - len(missing_facts) / len(brief.facts),
        wrong_lengths=wrong,
        lengths=1 - len(wrong) / (BULLETS + 2),
        questions=_questions(copy),
        title_missing=missing_head,
        in_title=_reached(head, missing_head),
        text_missing=missing_text,
        in_text=_reached(text, missing_text),
        unfit=tuple(term for term in unfit if occurrences(term, whole, language)),
        title_keywords=max(sum(bool(occurrences(term, title, language)) for term in known), _pieces(copy.title)),
        repeated=tuple(_repeated(known, whole, title, language=language)),
        longest_sentence=max(lengths, default=0),
        readable=_readable(lengths, LIMITS[language].sentence),
        alike=alike,
        distinct=_distinct(copy, alike),
    )


def _absent(terms: Iterable[str], tidied: str, language: str) -> tuple[str, ...]:
    return tuple(term for term in terms if not occurrences(term, tidied, language))


def _reached(terms: Mapping[str, int], missing: Iterable[str]) -> float:
    """Return the share of the searches whose term is there."""
    return 1 - sum(terms[term] for term in missing) / sum(terms.values())


def _unstated(brief: Brief, copy: Copy, language: str) -> tuple[str, ...]:
    return tuple(
        fact.text[language]
        for fact in brief.facts
        if not any(states(form, copy.whole, language) for form in fact.forms[language])
    )


def _ruled_out(brief: Brief, language: str) -> list[str]:
    return [words for claim in brief.ruled_out for words in claim.words[language]]


def fields_of(copy: Copy) -> dict[str, str]:
    """Return the texts by the keys of their fields."""
    bullets = {f"bullet-{number}": text for number, text in enumerate(copy.bullets, start=1)}
    return {"title": copy.title, **bullets, "faq": copy.faq}


def range_of(field: str, language: str) -> tuple[int, int]:
    """Return the least and most characters of a field."""
    limits = LIMITS[language]
    return {"title": limits.title, "faq": limits.faq}.get(field, limits.bullet)


def _wrong_lengths(copy: Copy, language: str) -> Iterable[str]:
    for field, text in fields_of(copy).items():
        low, high = range_of(field, language)
        asks_too_little = field == "faq" and _questions(copy) < QUESTIONS
        if not low <= len(text.strip()) <= high or asks_too_little:
            yield field


def _questions(copy: Copy) -> int:
    return len(re.findall(r"[?？]", copy.faq))


def _pieces(title: str) -> int:
    """Return in how many pieces a title falls: a list of keywords is one, whatever the keywords are."""
    return sum(bool(piece.strip()) for piece in re.split(r"[,，、;；|/]+", title))


def _repeated(terms: Iterable[str], whole: str, title: str, *, language: str) -> Iterable[str]:
    """Give the terms that stand twice in the title, or more than three times in all."""
    for term in terms:
        if occurrences(term, title, language) > 1 or occurrences(term, whole, language) > MOST_REPEATS:
            yield term


def _readable(lengths: list[int], most: int) -> float:
    """Return the mean over sentences: 1 up to the limit, 0 from twice the limit on."""
    return fmean(min(max(2 - length / most, 0.0), 1.0) for length in lengths) if lengths else 0.0


def _alike(copy: Copy, language: str) -> Iterable[tuple[int, int]]:
    """Give the numbers, from 1, of bullets that say the same."""
    written = [(number, text) for number, text in enumerate(copy.bullets, start=1) if text.strip()]
    for (first, one), (second, other) in combinations(written, 2):
        if likeness(one, other, language) >= ALIKE:
            yield first, second


def _distinct(copy: Copy, alike: Iterable[tuple[int, int]]) -> float:
    """Return the share of the five bullets that are written and repeat none before them."""
    repeats = {second for _, second in alike}
    return sum(bool(text.strip()) and number not in repeats for number, text in enumerate(copy.bullets, 1)) / BULLETS
