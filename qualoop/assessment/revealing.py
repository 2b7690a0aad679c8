"""What may be shown of an item once it is done. The player alone decides whether, by the link's settings."""

from __future__ import annotations

from dataclasses import dataclass

from qualoop.assessment.items import (
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    NumberItem,
    Ordering,
    ShortText,
    SingleChoice,
)
from qualoop.assessment.responses import Response
from qualoop.values import LANGUAGES, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """The right answer of an item, as a response and in words, and its worked solution.

    ``answer`` holds the right options or the region's label; the number with its unit; the first accepted form; the
    entries in order; the right sides in the order of the left ones.
    """

    response: Response
    answer: tuple[Text, ...]
    solution: Text


def reveal(item: Item) -> Revealed:
    """Return the right answer of ``item``."""
    response, answer = _right(item)
    return Revealed(response=response, answer=answer, solution=item.solution)


def _right(item: Item) -> tuple[Response, tuple[Text, ...]]:
    if isinstance(item, SingleChoice | MultipleChoice):
        options = [option for option in item.options if option.correct]
        return [option.key for option in options], tuple(option.text for option in options)
    if isinstance(item, Hotspot):
        regions = [region for region in item.regions if region.correct]
        return [region.key for region in regions], tuple(region.label for region in regions)
    if isinstance(item, Ordering):
        return [entry.key for entry in item.entries], tuple(entry.text for entry in item.entries)
    if isinstance(item, Matching):
        return [pair.key for pair in item.pairs], tuple(pair.right for pair in item.pairs)
    return _right_number(item) if isinstance(item, NumberItem) else _right_form(item)


def _right_number(item: NumberItem) -> tuple[Response, tuple[Text, ...]]:
    number = format(item.answer, "f")
    unit = item.unit or Text({})
    return [number], (Text({language: f"{number} {unit[language]}".strip() for language in LANGUAGES}),)


def _right_form(item: ShortText) -> tuple[Response, tuple[Text, ...]]:
    first = Text({language: forms[0] for language, forms in item.accepted.items() if forms})
    return [next(iter(first.by_language.values()))], (first,)
