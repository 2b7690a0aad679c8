"""Scratch cards for teams without screens: a frame for each option, a star in that of the right one, to be covered.

The frames are smaller than a scratch-off label of 25 x 13 mm (1 x 1/2 inch), so that one label, or a piece of folded
opaque tape, covers each. Where the star stands is the order of options that everybody is shown: the printed questions
use the same order, so nothing is aligned by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qualoop.classroom.sheets.layout import Measure
from qualoop.classroom.sheets.shapes import Line, Page, Paper
from qualoop.classroom.team_check import possible_points

FRAME: Final = (22.0, 10.0)
"""Width and height of what is covered, in millimetres."""
PITCH: Final = (26.5, 16.5)
"""From frame to frame, across and down."""
LEFT: Final = 32.0
SIDE: Final = 22.0
TOP: Final = 66.0
FOOT: Final = 20.0
STAR: Final = "★"
_LETTERS: Final = "ABCDEFGH"
_BOX: Final = 14.0
"""Width of the frame for the points of an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One question on a card: its number, how many options it has, and the place of the right one, from 0."""

    number: int
    options: int
    right: int


def card_pages(rows: Sequence[CardRow], paper: Paper, words: Mapping[str, str], measure: Measure) -> list[Page]:
    """Return the pages of one card; ``words`` are `rule`, `points` and `total`, each short enough for one line.

    Below the number of a question stands what its tries give, which depends on how many options it has.
    """
    right = paper.size[0] - SIDE
    across = int((right - _BOX - 4.0 - LEFT - FRAME[0]) // PITCH[0]) + 1
    end = paper.size[1] - FOOT
    pages: list[Page] = []
    at, lines, frames = TOP, _head(right, words, measure), list[tuple[float, float, float, float]]()
    for row in rows:
        height = -(-row.options // across) * PITCH[1]
        if at + height > end and frames:
            pages.append(Page(rows=(), lines=tuple(lines), fields=tuple(frames)))
            at, lines, frames = TOP, _head(right, words, measure), []
        _put(row, at, across, lines=lines, frames=frames)
        frames.append((right - _BOX, at, right, at + FRAME[1]))
        at += height
    if at + FRAME[1] <= end:
        frames.append((right - _BOX, at, right, at + FRAME[1]))
        lines.append(Line(text=words["total"], x=LEFT, y=at + 6.5, size=10, bold=True))
    pages.append(Page(rows=(), lines=tuple(lines), fields=tuple(frames)))
    return pages


def key_page(rows: Sequence[CardRow], words: Mapping[str, str]) -> Page:
    """Return the teacher's key: the letter of the star of each question."""
    lines = [Line(text=words["key"], x=SIDE, y=57.0, size=11, bold=True)]
    for place, row in enumerate(rows):
        y = 67.0 + 8.0 * place
        lines.append(Line(text=f"{row.number}.", x=SIDE, y=y, size=12, bold=True))
        lines.append(Line(text=_LETTERS[row.right], x=SIDE + 14.0, y=y, size=12))
    return Page(rows=(), lines=tuple(lines))


def _head(right: float, words: Mapping[str, str], measure: Measure) -> list[Line]:
    points = words["points"]
    return [
        Line(text=words["rule"], x=SIDE, y=54.5, size=9.5),
        # It is wider than the frames that it stands above.
        Line(text=points, x=right - measure(points, 8), y=61.0, size=8),
    ]


def _put(
    row: CardRow,
    at: float,
    across: int,
    *,
    lines: list[Line],
    frames: list[tuple[float, float, float, float]],
) -> None:
    lines.append(Line(text=f"{row.number}.", x=SIDE, y=at + 5.0, size=12, bold=True))
    lines.append(Line(text="-".join(map(str, possible_points(row.options))), x=SIDE, y=at + 9.5, size=7))
    for place in range(row.options):
        left = LEFT + (place % across) * PITCH[0]
        top = at + (place // across) * PITCH[1]
        frames.append((left, top, left + FRAME[0], top + FRAME[1]))
        # Above the frame, where no label covers it.
        lines.append(Line(text=_LETTERS[place], x=left + 0.5, y=top - 1.2, size=9, bold=True))
        if place == row.right:
            lines.append(Line(text=STAR, x=left + FRAME[0] / 2 - 2.6, y=top + FRAME[1] / 2 + 2.2, size=15))
