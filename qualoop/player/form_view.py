"""The fields of an item's form, as a page may show them: see `view`, whose part this is.

Things are named by their position in the shuffled order, as `qualoop.assessment.responses` reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from qualoop.assessment import (
    Entry,
    Form,
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    NumberItem,
    Option,
    Ordering,
    Region,
    Response,
    Shape,
    SingleChoice,
    presented,
)
from qualoop.content_packages import inline_html

View: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What stands in the fields, in the form's own words, and by author's key what is marked right or wrong."""

    form: Form
    marks: Mapping[str, bool]

    def values(self, field: str) -> Sequence[str]:
        """Return what stands in a field; a form comes from a browser, so anything may."""
        values = self.form.get(field, ())
        return [values] if isinstance(values, str) else [value for value in values if isinstance(value, str)]

    def value(self, field: str) -> str:
        """Return the first thing that stands in a field, or nothing; without NUL, which marks what a host fills in."""
        return next(iter(self.values(field)), "").replace("\0", "")

    def mark(self, key: str) -> str | None:
        """Return how the thing with this author's key is marked: right, wrong or not at all."""
        marked = self.marks.get(key)
        return None if marked is None else "right" if marked else "wrong"


def form_of(item: Item, response: Response, seed: int) -> Form:
    """Return the form that gives ``response``: the inverse of `qualoop.assessment.read_response`."""
    if isinstance(item, NumberItem):
        return {"value": response}
    positions = {thing.key: str(position) for position, thing in enumerate(presented(item, seed))}
    if isinstance(item, Ordering):
        return {f"rank_{positions[key]}": [str(rank)] for rank, key in enumerate(response, start=1)}
    if isinstance(item, Matching):
        return {f"match_{index}": [positions[key]] for index, key in enumerate(response)}
    return {"choice": [positions[key] for key in response]} if positions else {"text": response}


def form_view(item: Item, given: Given, seed: int, language: str) -> View:
    """Return the fields of ``item`` with what stands in them."""
    if isinstance(item, SingleChoice | MultipleChoice):
        return {"options": _options(item, given, seed, language)}
    if isinstance(item, Hotspot):
        return {
            "width": item.width,
            "height": item.height,
            "number_radius": _number_radius(item),
            "regions": _regions(item, given, seed, language),
        }
    if isinstance(item, Ordering):
        return {"entries": _entries(item, given, seed, language)}
    if isinstance(item, Matching):
        return {"rows": _rows(item, given, language), "choices": _right_sides(item, seed, language)}
    if isinstance(item, NumberItem):
        return {"name": "value", "typed": given.value("value"), "unit": item.unit[language] if item.unit else None}
    return {"name": "text", "typed": given.value("text"), "unit": None}


def _options(item: SingleChoice | MultipleChoice, given: Given, seed: int, language: str) -> list[View]:
    picked = given.values("choice")
    return [
        {
            "value": str(position),
            "html": inline_html(option.text[language]),
            "picked": str(position) in picked,
            "mark": given.mark(option.key),
        }
        for position, option in enumerate(presented(item, seed))
        if isinstance(option, Option)
    ]


def _regions(item: Hotspot, given: Given, seed: int, language: str) -> list[View]:
    picked = given.values("choice")
    return [
        {
            "value": str(position),
            "label": region.label[language],
            "shape": _shape(region.shape),
            "number_at": _number_at(region.shape, item),
            "picked": str(position) in picked,
            "mark": given.mark(region.key),
        }
        for position, region in enumerate(presented(item, seed))
        if isinstance(region, Region)
    ]


def _shape(shape: Shape) -> View:
    """Return a region's outline as SVG wants it."""
    if shape.polygon:
        return {"polygon": " ".join(f"{x},{y}" for x, y in shape.polygon)}
    return {"rect": list(shape.rect)} if shape.rect else {"circle": list(shape.circle or ())}


def _number_at(shape: Shape, item: Hotspot) -> list[int]:
    """Return where a region's number stands: at its upper right, where pictures seldom have words, inside the picture."""
    radius = _number_radius(item)
    if shape.rect:
        left, top, width, height = shape.rect
        # A small region would vanish behind its number: there the number sits on the corner.
        inset = radius + 4 if width > 5 * radius and height > 2 * radius + 8 else 0
        x, y = left + width - inset, top + inset
    elif shape.circle:
        x, y = shape.circle[0] + shape.circle[2] * 7 // 10, shape.circle[1] - shape.circle[2] * 7 // 10
    else:
        x, y = max(shape.polygon or (), key=lambda corner: corner[0] - corner[1])
    return [min(max(x, radius), item.width - radius), min(max(y, radius), item.height - radius)]


def _number_radius(item: Hotspot) -> int:
    """Return the radius of the disc that a region's number stands in, in the picture's coordinates."""
    return max(max(item.width, item.height) // 44, 1)


def _entries(item: Ordering, given: Given, seed: int, language: str) -> list[View]:
    """Return the entries as they are offered, each with the place that the learner gave it, if any."""
    return [
        {
            "name": f"rank_{position}",
            "text": entry.text[language],
            "place": given.value(f"rank_{position}"),
            "mark": given.mark(entry.key),
        }
        for position, entry in enumerate(presented(item, seed))
        if isinstance(entry, Entry)
    ]


def _rows(item: Matching, given: Given, language: str) -> list[View]:
    return [
        {
            "name": f"match_{index}",
            "html": inline_html(pair.left[language]),
            "picked": given.value(f"match_{index}"),
            "mark": given.mark(pair.key),
        }
        for index, pair in enumerate(item.pairs)
    ]


def _right_sides(item: Matching, seed: int, language: str) -> list[View]:
    return [
        {"value": str(position), "text": entry.text[language]}
        for position, entry in enumerate(presented(item, seed))
        if isinstance(entry, Entry)
    ]
