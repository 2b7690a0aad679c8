"""Every fault of one item that its shape alone does not show.

An author wants to see all of them at once, each at its line, so nothing here raises or stops at the first. Whether
both languages are complete and files are there is for the validator of content packages, which knows the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from qualoop.assessment.items import (
    ENTRIES,
    MAX_HINTS,
    OPTIONS,
    REGIONS,
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    NumberItem,
    Ordering,
    Shape,
    ShortText,
    SingleChoice,
)
from qualoop.assessment.presentation import right_sides
from qualoop.assessment.responses import MAX_TEXT
from qualoop.assessment.scoring import says, within
from qualoop.assessment.wording import comparable
from qualoop.authored_files import Place
from qualoop.values import Text

_POLYGON_CORNERS: Final = 3


class Fault(NamedTuple):
    """One fault: where in the item, a stable code, what is wrong, what would mend it."""

    place: Place
    code: str
    message: str
    repair: str


_Found: TypeAlias = Iterator[Fault]


def faults(item: Item) -> list[Fault]:
    """Return every fault of ``item`` with its place in it, such as ("options", 1, "correct")."""
    return [*_common(item), *_BY_TYPE[item.type](item)]


def _common(item: Item) -> _Found:
    for code, weight in item.knowledge_points.items():
        if weight <= 0:
            yield Fault(("knowledge_points", code), "item-weight", f"weight {weight} is not above 0", "take it out")
    total = sum(item.knowledge_points.values(), Decimal(0))
    if total != 1:
        message = f"the weights sum to {total}, not to 1"
        yield Fault(
            ("knowledge_points",), "item-weights-sum", message, "change the weights until they sum to exactly 1"
        )
    if len(item.hints) > MAX_HINTS:
        message = f"{len(item.hints)} hints"
        yield Fault(("hints",), "item-hints", message, f"keep the {MAX_HINTS} that help most")


def _choice(item: SingleChoice | MultipleChoice) -> _Found:
    yield from _count("options", item.options, OPTIONS)
    yield from _repeated([(("options", index, "key"), option.key) for index, option in enumerate(item.options)])
    yield from _same_texts([(("options", index, "text"), option.text) for index, option in enumerate(item.options)])
    right = [index for index, option in enumerate(item.options) if option.correct]
    if isinstance(item, SingleChoice):
        yield from _one_right("options", right)
    elif not right:
        message = "no option is correct"
        yield Fault(("options",), "item-correct", message, "mark every right option with `correct: true`")


def _number(item: NumberItem) -> _Found:
    yield from _tolerance(("tolerance",), item.tolerance)
    for index, miss in enumerate(item.near_misses):
        place = ("near_misses", index)
        yield from _tolerance((*place, "tolerance"), miss.tolerance)
        if within(miss.value, item.answer, item.tolerance):
            message = f"{miss.value} is within the tolerance of the answer, so it is right"
            yield Fault((*place, "value"), "item-near-miss", message, "take it out or lower the tolerance")


def _short_text(item: ShortText) -> _Found:
    accepted = [form for forms in item.accepted.values() for form in forms]
    if not accepted:
        message = "no form is accepted"
        yield Fault(("accepted",), "item-accepted", message, "list at least one right form in each language")
    for language, forms in item.accepted.items():
        yield from _forms(("accepted", language), forms)
    for index, miss in enumerate(item.near_misses):
        place = ("near_misses", index)
        yield from _forms((*place, "forms"), miss.forms)
        if not 0 <= miss.score < 1:
            message = f"a near miss is worth 0 or more and less than 1, not {miss.score}"
            yield Fault((*place, "score"), "item-near-miss-score", message, "write a decimal such as '0.5'")
        for number, form in enumerate(miss.forms):
            if says(item, form, accepted):
                message = f"`{form}` is accepted as right"
                yield Fault((*place, "forms", number), "item-near-miss", message, "take it out of one of the two lists")


def _ordering(item: Ordering) -> _Found:
    yield from _count("entries", item.entries, ENTRIES)
    yield from _repeated([(("entries", index, "key"), entry.key) for index, entry in enumerate(item.entries)])
    yield from _same_texts([(("entries", index, "text"), entry.text) for index, entry in enumerate(item.entries)])


def _matching(item: Matching) -> _Found:
    yield from _count("pairs", item.pairs, ENTRIES)
    if len(item.extra_right) >= ENTRIES.stop:
        message = f"{len(item.extra_right)} distractors"
        yield Fault(("extra_right",), "item-count", message, f"keep at most {ENTRIES.stop - 1}")
    yield from _same_texts([(("pairs", index, "left"), pair.left) for index, pair in enumerate(item.pairs)])
    places: list[tuple[str, int, str]] = [("pairs", index, "right") for index in range(len(item.pairs))]
    places += [("extra_right", index, "text") for index in range(len(item.extra_right))]
    sides = list(zip(places, right_sides(item), strict=True))
    yield from _repeated([((field, index, "key"), side.key) for (field, index, _), side in sides])
    yield from _same_texts([(place, side.text) for place, side in sides])


def _hotspot(item: Hotspot) -> _Found:
    yield from _count("regions", item.regions, REGIONS)
    yield from _repeated([(("regions", index, "key"), region.key) for index, region in enumerate(item.regions)])
    yield from _same_texts([(("regions", index, "label"), region.label) for index, region in enumerate(item.regions)])
    yield from _one_right("regions", [index for index, region in enumerate(item.regions) if region.correct])
    for index, region in enumerate(item.regions):
        yield from _shape(("regions", index, "shape"), region.shape, (item.width, item.height))


def _count(field: str, entries: Sequence[object], allowed: range) -> _Found:
    if len(entries) not in allowed:
        message = f"{len(entries)} {field}"
        yield Fault((field,), "item-count", message, f"write {allowed.start} to {allowed.stop - 1} of them")


def _one_right(field: str, right: Sequence[int]) -> _Found:
    if not right:
        yield Fault((field,), "item-correct", f"none of the {field} is correct", "mark one with `correct: true`")
    for index in right[1:]:
        message = f"more than one of the {field} is correct"
        yield Fault((field, index, "correct"), "item-correct", message, "keep `correct: true` on one of them")


def _repeated(keys: Iterable[tuple[Place, str]]) -> _Found:
    seen = set()
    for place, key in keys:
        if key in seen:
            yield Fault(place, "item-repeated-key", f"the key `{key}` stands twice in this item", "give it another key")
        seen.add(key)


def _same_texts(texts: Iterable[tuple[Place, Text]]) -> _Found:
    """Find texts that learners could not tell apart, in any one language."""
    seen = set()
    for place, text in texts:
        for language, words in text.by_language.items():
            shown = (language, comparable(words, case_sensitive=True))
            if shown in seen:
                message = f"`{words}` stands twice in this item"
                yield Fault((*place, language), "item-repeated-text", message, "make the texts differ")
            seen.add(shown)


def _tolerance(place: Place, tolerance: Decimal) -> _Found:
    if tolerance < 0:
        yield Fault(place, "item-tolerance", f"the tolerance {tolerance} is below 0", "write 0 or more")


def _forms(place: Place, forms: Sequence[str]) -> _Found:
    if not forms:
        yield Fault(place, "item-forms", "no form is listed", "list a form or take the list out")
    for index, form in enumerate(forms):
        words = comparable(form)
        if not words or len(words) > MAX_TEXT:
            message = f"nobody can type this form: it is empty or longer than {MAX_TEXT} characters"
            yield Fault((*place, index), "item-forms", message, "mend it or take it out")


def _shape(place: Place, shape: Shape, size: tuple[int, int]) -> _Found:
    outlines = [name for name in ("rect", "circle", "polygon") if getattr(shape, name) is not None]
    if len(outlines) != 1:
        message = f"a shape is exactly one of rect, circle and polygon, not {len(outlines)} of them"
        yield Fault(place, "item-shape", message, "keep one outline")
        return
    place = (*place, outlines[0])
    if _is_flat(shape):
        yield Fault(place, "item-shape", "the outline has no area", "write sizes above 0 and three corners or more")
    elif not all(0 <= value <= limit for corner in _corners(shape) for value, limit in zip(corner, size, strict=True)):
        message = f"the outline leaves the picture of {size[0]} x {size[1]}"
        yield Fault(place, "item-shape-outside", message, "move it inside or correct width and height")


def _is_flat(shape: Shape) -> bool:
    if shape.rect:
        return min(shape.rect[2:]) <= 0
    if shape.circle:
        return shape.circle[2] <= 0
    return len(set(shape.polygon or ())) < _POLYGON_CORNERS


def _corners(shape: Shape) -> Iterable[tuple[int, int]]:
    """Return the corners of the outline, for a circle those of the square around it."""
    if shape.rect:
        x, y, width, height = shape.rect
        return (x, y), (x + width, y + height)
    if shape.circle:
        x, y, radius = shape.circle
        return (x - radius, y - radius), (x + radius, y + radius)
    return shape.polygon or ()


_BY_TYPE: Final[Mapping[str, Callable[[Any], _Found]]] = {
    "single-choice": _choice,
    "multiple-choice": _choice,
    "number": _number,
    "short-text": _short_text,
    "ordering": _ordering,
    "matching": _matching,
    "hotspot": _hotspot,
}
