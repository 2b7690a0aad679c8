"""What stands where on a page, in millimetres from its upper left corner. Printing and reading use the same numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

MARK_SIDE: Final = 7.0
"""Of a corner mark, a black square: larger than any bubble, so that none is taken for it."""
MARK_INSET: Final = 12.0
"""From the edges to the middle of a corner mark: printers leave up to 6 mm white."""
CODE_SIDE: Final = 25.0
"""Of the QR code: 1 mm a module, 6 pixels at 150 dpi."""
CODE_INSET: Final = (22.0, 18.0)
"""From the right and the upper edge to the QR code."""
BUBBLE_RADIUS: Final = 2.3


class Paper(StrEnum):
    """A size of paper."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height in millimetres."""
        return (210.0, 297.0) if self is Paper.A4 else (215.9, 279.4)

    @property
    def marks(self) -> tuple[tuple[float, float], ...]:
        """Return the middles of the corner marks, clockwise from the upper left."""
        width, height = self.size
        right, low = width - MARK_INSET, height - MARK_INSET
        return ((MARK_INSET, MARK_INSET), (right, MARK_INSET), (right, low), (MARK_INSET, low))

    @property
    def code(self) -> tuple[tuple[float, float], ...]:
        """Return the corners of the QR code, clockwise from the upper left."""
        right, top = self.size[0] - CODE_INSET[0], CODE_INSET[1]
        left, low = right - CODE_SIDE, top + CODE_SIDE
        return ((left, top), (right, top), (right, low), (left, low))


class RowKind(StrEnum):
    """How a row of bubbles is meant: one choice, several, or the teacher's mark for what was written by hand."""

    ONE = "one"
    MANY = "many"
    MARKED = "marked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A circle to be filled; ``option`` is the key of what it stands for, or the score it gives as a decimal."""

    option: str
    letter: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text: ``x``, ``y`` are where it begins on its base line, ``size`` is in points."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The bubbles of one part. ``box`` holds all of it, text and bubbles: left, top, right, bottom."""

    part: str
    kind: RowKind
    number: int
    bubbles: tuple[Bubble, ...]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a version. ``fields`` are empty frames to write into: left, top, right, bottom."""

    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    fields: tuple[tuple[float, float, float, float], ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return what `to_json` gave."""
        return cls(
            rows=tuple(
                Row(
                    part=row["part"],
                    kind=RowKind(row["kind"]),
                    number=row["number"],
                    bubbles=tuple(Bubble(**bubble) for bubble in row["bubbles"]),
                    box=_box(row["box"]),
                )
                for row in stored["rows"]
            ),
            lines=tuple(Line(**line) for line in stored["lines"]),
            fields=tuple(_box(each) for each in stored["fields"]),
        )


def _box(stored: list[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = stored
    return (left, top, right, bottom)
