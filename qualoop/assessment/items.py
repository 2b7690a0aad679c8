"""The seven types of item, as authors write them in `items.yaml`.

The models hold the shape of an item and are the source of the JSON Schema that editors use; what one item must mean
beyond its shape (exactly one right option, weights that sum to 1, …) is in `faults`, which finds every fault at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from qualoop.authored_files import Place
from qualoop.values import KEY_PATTERN, Text

OPTIONS: Final = range(2, 9)
ENTRIES: Final = range(3, 9)
REGIONS: Final = range(3, 11)
MAX_HINTS: Final = 3
MAX_NUMBER_DIGITS: Final = 30


def _exact(value: Any) -> Any:
    if isinstance(value, float | bool):
        raise PydanticCustomError("exact_number", "write an exact number: an integer or a decimal string like '2.5'")
    return value


def _length(allowed: range) -> dict[str, Any]:
    """Describe to editors how many entries a list takes; `faults` is what checks it."""
    return {"minItems": allowed.start, "maxItems": allowed.stop - 1}


Key = Annotated[
    str,
    Field(
        pattern=f"^(?:{KEY_PATTERN.pattern})$",
        description="Names the thing within the lesson: 1 to 64 of a-z, 0-9 and inner hyphens. Never changes.",
    ),
]
Number = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(max_digits=MAX_NUMBER_DIGITS, decimal_places=10, allow_inf_nan=False),
]
Language = Literal["en", "zh-Hans"]


class _Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ItemFigure(_Authored):
    """A picture that belongs to an item."""

    file: Text | str = Field(
        description="Path of the picture in the package, such as figures/funnel.svg; "
        "by language where the picture holds words."
    )
    alt: Text = Field(description="What the picture shows, for those who do not see it.")


class Feedback(_Authored):
    """What the learner reads after an answer for which nothing more particular is written."""

    correct: Text = Field(description="Shown when the answer is all right: say why it is (Markdown).")
    incorrect: Text = Field(description="Shown otherwise: say what to look at again; never the answer (Markdown).")


class Option(_Authored):
    """One option of a choice."""

    key: Key
    text: Text = Field(description="What the learner picks (inline Markdown).")
    correct: StrictBool = Field(default=False, description="Whether it is right to pick it.")
    feedback: Text = Field(
        description="Shown to those who picked it: why it is right, or which thought led astray; "
        "a wrong option's feedback never gives the answer away (Markdown)."
    )


class Entry(_Authored):
    """One entry of an ordering, or a distractor on the right side of a matching."""

    key: Key
    text: Text = Field(description="What the learner reads (plain text: it stands in a select).")


class Pair(_Authored):
    """One pair of a matching."""

    key: Key
    left: Text = Field(description="The left side, shown in the order of the file (inline Markdown).")
    right: Text = Field(description="What belongs to it (plain text: it stands in a select).")
    feedback: Text = Field(description="Shown to those who got this pair wrong; never names the right side (Markdown).")


class NumberNearMiss(_Authored):
    """A wrong number that many will reach, and what to tell them."""

    value: Number = Field(description="The wrong number.")
    tolerance: Number = Field(default=Decimal(0), description="Absolute; 0 or more.")
    feedback: Text = Field(description="Which slip leads to this number (Markdown).")


class TextNearMiss(_Authored):
    """Answers that are not right but near it, what they are worth, and what to tell."""

    forms: tuple[str, ...] = Field(description="Forms, in any language.", json_schema_extra={"minItems": 1})
    score: Number = Field(default=Decimal(0), description="What the answer is worth: 0 or more, below 1.")
    feedback: Text = Field(description="What is missing (Markdown).")


class Shape(_Authored):
    """The outline of a region, in the figure's coordinates: exactly one of the three kinds."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    rect: tuple[StrictInt, StrictInt, StrictInt, StrictInt] | None = Field(
        default=None, description="[x, y, width, height]; x and y are of the upper left corner."
    )
    circle: tuple[StrictInt, StrictInt, StrictInt] | None = Field(
        default=None, description="[x, y, radius] with the centre at x, y."
    )
    polygon: tuple[tuple[StrictInt, StrictInt], ...] | None = Field(
        default=None, description="[[x, y], …], three corners or more.", json_schema_extra={"minItems": 3}
    )


class Region(_Authored):
    """One region of a hotspot. All are drawn and labelled alike."""

    key: Key
    label: Text = Field(description="Names what is seen there without giving the answer away (plain text).")
    shape: Shape = Field(description="The region's outline in the figure's coordinates.")
    correct: StrictBool = Field(default=False, description="True for exactly one region.")
    feedback: Text = Field(description="Shown to those who picked it (Markdown).")


class BaseItem(_Authored):
    """What items of every type have."""

    key: Key
    knowledge_points: Mapping[str, Number] = Field(
        description="Weight of each knowledge point that the item serves, by code, such as {SEM-1.1: 1}. "
        "Weights are above 0 and sum to exactly 1; only knowledge points of the lesson.",
        json_schema_extra={"minProperties": 1},
    )
    prompt: Text = Field(description="The question (Markdown).")
    figure: ItemFigure | None = Field(default=None, description="A picture shown under the prompt.")
    hints: tuple[Text, ...] = Field(
        default=(),
        description="Up to three hints, from a nudge to nearly the way; each that is shown costs credit (Markdown).",
        json_schema_extra={"maxItems": MAX_HINTS},
    )
    solution: Text = Field(
        description="The worked solution, shown when the item is done and the link's settings allow it (Markdown)."
    )


class SingleChoice(BaseItem):
    """Pick the one right option."""

    type: Literal["single-choice"]
    options: tuple[Option, ...] = Field(
        description="2 to 8 options, exactly one of them correct.", json_schema_extra=_length(OPTIONS)
    )
    shuffle: StrictBool = Field(default=True, description="False shows the options in the order of the file.")


class MultipleChoice(BaseItem):
    """Pick every right option. Score: (right picked - wrong picked) / number right, not below 0."""

    type: Literal["multiple-choice"]
    options: tuple[Option, ...] = Field(
        description="2 to 8 options, at least one of them correct.", json_schema_extra=_length(OPTIONS)
    )
    shuffle: StrictBool = Field(default=True, description="False shows the options in the order of the file.")


class NumberItem(BaseItem):
    """Work out a number. Score: 1 within the tolerance, else 0."""

    type: Literal["number"]
    answer: Number = Field(description="The right number: an integer or a decimal string, such as '2.5'.")
    tolerance: Number = Field(
        default=Decimal(0), description="Largest absolute difference that still counts as right; 0 or more."
    )
    unit: Text | None = Field(default=None, description="Shown beside the field, such as {en: CNY, zh-Hans: 元}.")
    near_misses: tuple[NumberNearMiss, ...] = Field(
        default=(), description="Wrong numbers with feedback of their own; the first that fits is shown."
    )
    feedback: Feedback = Field(description="Shown where no near miss fits.")


class ShortText(BaseItem):
    """Name a thing. Forms are compared after NFKC, folding of spaces and (unless case_sensitive) of case."""

    type: Literal["short-text"]
    accepted: Mapping[Language, tuple[str, ...]] = Field(
        description="Right forms by language; every form is accepted whatever language the learner reads.",
        json_schema_extra={"minProperties": 1},
    )
    near_misses: tuple[TextNearMiss, ...] = Field(
        default=(), description="Nearly right forms with feedback and credit of their own; the first that fits counts."
    )
    case_sensitive: StrictBool = Field(default=False, description="Whether upper and lower case differ.")
    feedback: Feedback = Field(description="Shown where no near miss fits.")


class Ordering(BaseItem):
    """Put entries in order. Score: share of neighbours of the right order that are neighbours in the answer."""

    type: Literal["ordering"]
    entries: tuple[Entry, ...] = Field(
        description="3 to 8 entries in the correct order; shown shuffled.", json_schema_extra=_length(ENTRIES)
    )
    feedback: Feedback = Field(description="Shown after the answer.")


class Matching(BaseItem):
    """Find what belongs to each left side. Score: share of right pairs."""

    type: Literal["matching"]
    pairs: tuple[Pair, ...] = Field(
        description="3 to 8 pairs; the right sides are shown shuffled.", json_schema_extra=_length(ENTRIES)
    )
    extra_right: tuple[Entry, ...] = Field(
        default=(), description="Right sides that belong to no left side.", json_schema_extra={"maxItems": 8}
    )
    feedback: Feedback = Field(description="Shown after the answer, before that of the wrong pairs.")


class Hotspot(BaseItem):
    """Pick the right region of a figure; the same regions are offered as a list of labels."""

    type: Literal["hotspot"]
    figure: ItemFigure = Field(description="The picture in which the regions lie.")
    width: StrictInt = Field(description="Width of the picture's coordinate system, such as that of its viewBox.", gt=0)
    height: StrictInt = Field(description="Height of the picture's coordinate system.", gt=0)
    regions: tuple[Region, ...] = Field(
        description="3 to 10 regions, exactly one of them correct.", json_schema_extra=_length(REGIONS)
    )


Item = Annotated[
    SingleChoice | MultipleChoice | NumberItem | ShortText | Ordering | Matching | Hotspot,
    Field(discriminator="type"),
]


def texts(item: Item) -> Iterator[tuple[Place, Text]]:
    """Iterate over every two-language text of ``item`` with its place in it, such as ("options", 0, "feedback")."""
    return _texts((), item)


def _texts(place: Place, value: object) -> Iterator[tuple[Place, Text]]:
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts((*place, name), getattr(value, name))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _texts((*place, index), entry)


def guess_floor(item: Item) -> int | None:
    """Return among how many options a blind guess picks one (K: it is right once in K), or None where none fits."""
    if isinstance(item, SingleChoice):
        return len(item.options)
    return len(item.regions) if isinstance(item, Hotspot) else None
