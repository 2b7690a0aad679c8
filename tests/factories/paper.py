"""Sheets of paper in the hands of learners: the tool's own PDF, filled in with a pen, and scanned again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from benchmarks.classroom_sheets import scanned
from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, Bubble, Page

DPI = 150
SCALE = DPI / 25.4

Picture = NDArray[np.uint8]


@dataclass
class Pen:
    """What somebody fills in: for a row of a part the options; in ``grey`` how dark, 0 is black."""

    marks: Mapping[str, Sequence[str]]
    grey: Mapping[str, int] = field(default_factory=dict)


def pictures(pdf: bytes) -> list[Picture]:
    """Return the pages of a PDF as a printer gives them."""
    with pdfium.PdfDocument(pdf) as document:
        drawn = [page.render(scale=DPI / 72, grayscale=True).to_numpy() for page in document]
    return [np.array(each.reshape(*each.shape[:2], -1)[:, :, 0]) for each in drawn]


def fill(picture: Picture, page: Page, pen: Pen) -> Picture:
    """Fill in a printed page."""
    out = picture.copy()
    for row in page.rows:
        for bubble in row.bubbles:
            if bubble.option in pen.marks.get(row.part, ()):
                dot(out, bubble, pen.grey.get(row.part, 30))
    return out


def dot(picture: Picture, bubble: Bubble, grey: int) -> None:
    cv2.circle(picture, (round(bubble.x * SCALE), round(bubble.y * SCALE)), round(BUBBLE_RADIUS * SCALE), grey, -1)


def png(picture: Picture) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])


def scan(picture: Picture, seed: int = 1, *, upside_down: bool = False) -> bytes:
    """Return a page as a poor scanner gives it."""
    return scanned(picture, np.random.default_rng(seed), upside_down=upside_down)
