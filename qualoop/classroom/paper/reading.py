"""Reads one picture of a page: which page it is, and what was marked on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from qualoop.classroom.paper.finding import SCALE, crop, find_codes, lay_straight
from qualoop.classroom.paper.pictures import Grey
from qualoop.classroom.sheets.codes import PageCode
from qualoop.classroom.sheets.judging import RowReading, is_blank, judge_row
from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, MARK_SIDE, Bubble, Page, Paper, RowKind

_INNER: Final = 0.72
"""The share of a bubble's radius that is looked at: inside its printed outline."""
_AROUND: Final = 5.0
"""Millimetres around a bubble in which the white of the paper is taken."""
_WHITE: Final = 0.8
"""The share of what is around a bubble that is darker than the paper is taken to be."""
_NUDGE: Final = (-3, -2, -1, 0, 1, 2, 3)
"""Pixels by which a bubble is looked for around its place: paper is never quite flat."""


class PageProblem(StrEnum):
    """Why nothing of a picture counts before somebody has looked at it."""

    UNKNOWN = "unknown-sheet"
    NO_MARKS = "no-corner-marks"
    BLANK = "blank-sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How the page of a code was printed."""

    paper: Paper
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What was read: which page, its rows, what it looks like laid straight, and what is wrong with it as a whole."""

    code: PageCode | None
    rows: tuple[RowReading, ...] = ()
    straight: Grey | None = field(default=None, repr=False)
    problem: PageProblem | None = None


def read_page(
    picture: Grey, read_code: Callable[[str], PageCode | None], printed: Callable[[PageCode], Printed | None]
) -> PageReading:
    """Read a picture of one page.

    ``read_code`` checks what a QR code says; ``printed`` tells how that page was printed, None for one that nobody printed.
    """
    found = find_codes(picture, read_code)
    known = printed(found.code) if found else None
    if found is None or known is None:
        return PageReading(code=None, problem=PageProblem.UNKNOWN)
    straight = lay_straight(picture, found, known.paper)
    if straight is None:
        return PageReading(code=found.code, problem=PageProblem.NO_MARKS)
    rows = _rows(straight, known)
    choices = [each for each, row in zip(rows, known.page.rows, strict=True) if row.kind is not RowKind.MARKED]
    problem = PageProblem.BLANK if is_blank(choices or rows) else None
    return PageReading(code=found.code, rows=rows, straight=straight, problem=problem)


def _rows(straight: Grey, known: Printed) -> tuple[RowReading, ...]:
    black = _black(straight, known.paper)
    return tuple(judge_row(row, fills(straight, row.bubbles, black)) for row in known.page.rows)


def _black(straight: Grey, paper: Paper) -> float:
    """Return how dark ink is on this page: the corner marks are nothing else."""
    inner = MARK_SIDE / 2 * 0.6
    seen = [crop(straight, (x - inner, y - inner, x + inner, y + inner), 0.0) for x, y in paper.marks]
    return float(np.median([np.median(each) for each in seen]))


def fills(straight: Grey, bubbles: Sequence[Bubble], black: float) -> list[float]:
    """Return how dark the bubbles are inside, from 0 (as the paper around) to 1 (as the corner marks)."""
    return [_fill(straight, bubble, black) for bubble in bubbles]


def _fill(straight: Grey, bubble: Bubble, black: float) -> float:
    around = crop(straight, (bubble.x, bubble.y, bubble.x, bubble.y), _AROUND)
    # A ninth of the pixels tell as well what most of them are.
    sample = around[::3, ::3].ravel()
    place = int(_WHITE * (sample.size - 1))
    white = float(np.partition(sample, place)[place])
    if white - black < 1.0:
        return 0.5
    ring, disc = _kernels()
    reach = (ring.shape[0] // 2 + max(_NUDGE) + 1) / SCALE
    patch = crop(straight, (bubble.x, bubble.y, bubble.x, bubble.y), reach).astype(np.float32)
    dark = np.clip((white - patch) / (white - black), 0.0, 1.0).astype(np.float32)
    if min(dark.shape) < ring.shape[0]:
        return 0.5
    # Where the outline lies best is where the bubble is.
    outline = cv2.matchTemplate(dark, ring, cv2.TM_CCORR)
    inside = cv2.matchTemplate(dark, disc, cv2.TM_CCORR)
    row, column = np.unravel_index(int(outline.argmax()), outline.shape)
    return float(round(inside[row, column], 4))


_made: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []


def _kernels() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the outline and the inside of a bubble are weighed by; each sums to 1."""
    if not _made:
        radius = BUBBLE_RADIUS * SCALE
        reach = int(radius) + 2
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        distance = np.hypot(x, y)
        disc = (distance <= radius * _INNER).astype(np.float32)
        ring = (abs(distance - radius) <= 1.0).astype(np.float32)
        _made.append((ring / ring.sum(), disc / disc.sum()))
    return _made[0]
