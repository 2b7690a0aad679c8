"""Prints sheets as a PDF in black and white. Chinese is set in the font that PDF viewers bring (Adobe-GB1), Latin in Helvetica."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import segno
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, CODE_SIDE, MARK_SIDE, Line, Page, Paper, RowKind

_LATIN: Final = "Helvetica"
_BOLD: Final = "Helvetica-Bold"
_CHINESE: Final = "STSong-Light"
# What Helvetica has no letter for, as WinAnsi has it.
_RUNS: Final = re.compile(r"[\x20-\x7e\xa0-\xff‘’“”–—•…€]+|[^\x20-\x7e\xa0-\xff‘’“”–—•…€]+")
_GREY: Final = 0.45
_SMALLEST: Final = 8.0
_BOLDER: Final = 1.1
_HEAD: Final = 22.0
_FIELD: Final = 8.0
"""Side of a box for one digit."""
DIGITS: Final = 12
"""Boxes for a number that is written by hand."""
_FIELD_TOP: Final = 37.0
NUMBER_BOX: Final = (_HEAD, 28.0, _HEAD + DIGITS * _FIELD, _FIELD_TOP + _FIELD)
"""Where name and number stand on a blank sheet: left, top, right, bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above the questions. ``name`` is None on a blank sheet, which has fields for name and number instead."""

    title: str
    course: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPage:
    """One page to be printed: its head, what its QR code holds, and its foot, such as `A · page 1 of 2`.

    A page without a code is not to be read: it has no bubbles and no corner marks.
    """

    head: Head
    code: str
    foot: str
    page: Page


Words = Mapping[str, str]
"""The few words on every page: `fill`, `name`, `number`, `teacher`."""


def measure(text: str, size: float) -> float:
    """Return how wide a text is in millimetres at a size in points."""
    _load()
    return float(sum(pdfmetrics.stringWidth(run, font, size) for run, font in _runs(text, bold=False)) / mm)


def fitted(text: str, room: float, size: float) -> tuple[str, float]:
    """Return a text and the size in points at which it fits a line of ``room`` millimetres.

    A long one is set smaller, down to 8 points; what does not fit then is cut, and an ellipsis says so.
    """
    # Bold letters are up to a tenth wider than those that are measured.
    room /= _BOLDER
    while size > _SMALLEST and measure(text, size) > room:
        size -= 0.5
    if measure(text, size) <= room:
        return text, size
    while text and measure(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…", size


def print_sheets(pages: Iterable[PrintedPage], paper: Paper, words: Words) -> bytes:
    """Return the pages as a PDF. The same pages give the same bytes."""
    _load()
    width, height = paper.size
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width * mm, height * mm), pageCompression=1, invariant=1)
    canvas.setTitle("Qualoop")
    for each in pages:
        _Printer(canvas, paper, words).draw(each)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _load() -> None:
    if _CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_CHINESE))


def _runs(text: str, *, bold: bool) -> Iterator[tuple[str, str]]:
    """Give a text in runs, each with the font that has its letters."""
    for found in _RUNS.finditer(text):
        is_latin = found[0].isascii() or bool(re.fullmatch(r"[\x20-\x7e\xa0-\xff‘’“”–—•…€]+", found[0]))
        yield found[0], (_BOLD if bold else _LATIN) if is_latin else _CHINESE


class _Printer:
    """Draws one page; millimetres from the upper left corner."""

    def __init__(self, canvas: Canvas, paper: Paper, words: Words) -> None:
        self._canvas, self._paper, self._words = canvas, paper, words
        self._width, self._height = paper.size

    def draw(self, each: PrintedPage) -> None:
        """Draw a page."""
        if each.code:
            for x, y in self._paper.marks:
                self._rect((x - MARK_SIDE / 2, y - MARK_SIDE / 2, x + MARK_SIDE / 2, y + MARK_SIDE / 2), fill=True)
            self._code(each.code)
        self._head(each.head, self._width - 2 * _HEAD - (CODE_SIDE + 6.0 if each.code else 0.0))
        for line in each.page.lines:
            self._line(line)
        for frame in each.page.fields:
            self._rect(frame)
        if each.code:
            self._bubbles(each.page)
        self._line(Line(text=each.foot, x=_HEAD, y=self._height - 11.0, size=9))
        fill = self._words["fill"]
        self._line(Line(text=fill, x=self._width - _HEAD - measure(fill, 8.5), y=self._height - 11.0, size=8.5))

    def _bubbles(self, page: Page) -> None:
        self._canvas.setLineWidth(0.7)
        for row in page.rows:
            for bubble in row.bubbles:
                self._canvas.circle(bubble.x * mm, (self._height - bubble.y) * mm, BUBBLE_RADIUS * mm)
            if row.kind is RowKind.MARKED:
                first = row.bubbles[0]
                self._line(Line(text=self._words["teacher"], x=first.x - BUBBLE_RADIUS, y=first.y + 5.6, size=7.0))

    def _head(self, head: Head, room: float) -> None:
        title, size = fitted(head.title, room, 13.5)
        self._line(Line(text=title, x=_HEAD, y=16.5, size=size, bold=True))
        course, size = fitted(head.course, room, 9.5)
        self._line(Line(text=course, x=_HEAD, y=22.5, size=size))
        if head.name is not None:
            self._line(Line(text=self._words["name"], x=_HEAD, y=32.0, size=8.5))
            name, size = fitted(head.name, room, 14.0)
            self._line(Line(text=name, x=_HEAD, y=39.0, size=size))
        else:
            self._written_fields(room)
        self._canvas.setLineWidth(0.4)
        y = (self._height - 48.0) * mm
        self._canvas.line(_HEAD * mm, y, (self._width - _HEAD) * mm, y)

    def _written_fields(self, room: float) -> None:
        """Draw what a blank sheet has in the place of a name."""
        self._line(Line(text=self._words["name"], x=_HEAD, y=31.5, size=8.5))
        self._canvas.setLineWidth(0.5)
        y = (self._height - 32.5) * mm
        self._canvas.line((_HEAD + 16.0) * mm, y, (_HEAD + room) * mm, y)
        self._line(Line(text=self._words["number"], x=_HEAD, y=_FIELD_TOP - 1.0, size=8.5))
        for place in range(DIGITS):
            left = _HEAD + place * _FIELD
            self._rect((left, _FIELD_TOP, left + _FIELD, _FIELD_TOP + _FIELD))

    def _line(self, line: Line) -> None:
        at = line.x * mm
        for run, font in _runs(line.text, bold=line.bold):
            self._canvas.setFont(font, line.size)
            self._canvas.drawString(at, (self._height - line.y) * mm, run)
            at += pdfmetrics.stringWidth(run, font, line.size)

    def _rect(self, box: tuple[float, float, float, float], *, fill: bool = False) -> None:
        left, top, right, bottom = box
        self._canvas.setLineWidth(0.5)
        self._canvas.setStrokeGray(0.0 if fill else _GREY)
        wide, high = (right - left) * mm, (bottom - top) * mm
        self._canvas.rect(left * mm, (self._height - bottom) * mm, wide, high, stroke=int(not fill), fill=int(fill))
        self._canvas.setStrokeGray(0.0)

    def _code(self, text: str) -> None:
        """Draw the QR code, its dark modules of a row joined, as tall as they come."""
        matrix = segno.make_qr(text, error="q", boost_error=False).matrix
        (left, top), side = self._paper.code[0], CODE_SIDE / len(matrix)
        path = self._canvas.beginPath()
        for row, modules in enumerate(matrix):
            for column, dark in enumerate(modules):
                if dark:
                    y = self._height - top - (row + 1) * side
                    path.rect((left + column * side) * mm, y * mm, side * mm * 1.01, side * mm * 1.01)
        self._canvas.drawPath(path, stroke=0, fill=1)
