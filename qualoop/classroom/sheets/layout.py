"""Sets questions onto pages: each block stays whole, in its version's order, with a bubble before every option."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from qualoop.classroom.sheets.codes import MAX_PAGES
from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, Bubble, Line, Page, Paper, Row, RowKind
from qualoop.errors import QualoopError

Measure = Callable[[str, float], float]
"""Width of a text in millimetres at a size in points."""

SIZE: Final = 10.5
TOP: Final = 52.0
"""Where the questions begin, below the head with its QR code."""
SIDE: Final = 22.0
FOOT: Final = 22.0
LINE: Final = 5.2
GAP: Final = 5.0
OPTION_GAP: Final = 1.8
WRITING: Final = 14.0
COMPACT: Final = 9.0
"""Height of a row that has bubbles alone."""
STEP: Final = 10.0
"""From bubble to bubble in a row."""
SCORES: Final = ("0", "0.25", "0.5", "0.75", "1")
"""What a teacher can give for what was written by hand."""
_SCORE_LABELS: Final = ("0", "¼", "½", "¾", "1")
_NEVER_FIRST: Final = "，。、；：？！）》」』”’,.;:?!)%"
_WORDS: Final = re.compile(r"[　-鿿＀-￯]|[^\s　-鿿＀-￯]+|\s+")


class SheetTooLongError(QualoopError):
    """A question does not fit on one page, or all of them not on nine."""

    code = "sheet-too-long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, in one language: ``options`` are (key, text) in the order of this version; none where it is written.

    ``part`` names the part that it is evidence of.
    """

    part: str
    kind: RowKind
    prompt: str
    options: tuple[tuple[str, str], ...] = ()


def version_seed(seed: int, version: str) -> int:
    """Return the seed by which the options of a version are shuffled."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{version}".encode()).digest()[:6])


def version_order(parts: Sequence[str], seed: int, version: str) -> list[str]:
    """Return the parts in the order of a version: the same in every process, another for another version."""
    return sorted(parts, key=lambda part: hashlib.sha256(f"{seed}/{version}/{part}".encode()).digest())


def set_pages(questions: Sequence[Question], paper: Paper, measure: Measure, *, boxes_only: bool = False) -> list[Page]:
    """Return the pages of one version; raise SheetTooLongError.

    With ``boxes_only`` a sheet has numbers and bubbles alone, for questions that are shown elsewhere.
    """
    pages = _Pages(paper)
    for number, question in enumerate(questions, 1):
        if boxes_only and question.kind is not RowKind.MARKED:
            pages.add(_compact(question, number))
        else:
            shown = replace(question, prompt="") if boxes_only else question
            pages.add(_block(shown, number, paper, measure))
    return pages.done()


@dataclass(slots=True)
class _Block:
    """A question at the height 0, to be moved down to where it comes to stand."""

    row: Row
    lines: list[Line]
    height: float
    fields: list[tuple[float, float, float, float]] = field(default_factory=list)
    gap: float = GAP


class _Pages:
    """Pages that are being filled."""

    def __init__(self, paper: Paper) -> None:
        self._width, height = paper.size
        self._end = height - FOOT
        self._at = TOP
        self._blocks: list[list[_Block]] = [[]]

    def add(self, block: _Block) -> None:
        """Put a block on this page, or the next."""
        if self._at + block.height > self._end and self._blocks[-1]:
            self._blocks.append([])
            self._at = TOP
        if self._at + block.height > self._end or len(self._blocks) > MAX_PAGES:
            raise SheetTooLongError
        self._blocks[-1].append(_moved(block, self._at))
        self._at += block.height + block.gap

    def done(self) -> list[Page]:
        """Return the pages."""
        return [
            Page(
                rows=tuple(block.row for block in blocks),
                lines=tuple(line for block in blocks for line in block.lines),
                fields=tuple(each for block in blocks for each in block.fields),
            )
            for blocks in self._blocks
        ]


def _moved(block: _Block, down: float) -> _Block:
    row, (left, top, right, bottom) = block.row, block.row.box
    bubbles = tuple(replace(bubble, y=round(bubble.y + down, 3)) for bubble in row.bubbles)
    return _Block(
        row=replace(row, bubbles=bubbles, box=(left, round(top + down, 3), right, round(bottom + down, 3))),
        lines=[replace(line, y=round(line.y + down, 3)) for line in block.lines],
        height=block.height,
        fields=[(x0, y0 + down, x1, y1 + down) for x0, y0, x1, y1 in block.fields],
    )


def _block(question: Question, number: int, paper: Paper, measure: Measure) -> _Block:
    """Return a question with its text: prompt, then options one below another, or room to write."""
    right = paper.size[0] - SIDE
    lines = [Line(text=f"{number}.", x=SIDE, y=4.0, size=SIZE, bold=True)]
    at = 4.0
    for text in wrapped(question.prompt, right - SIDE - 8.0, SIZE, measure):
        lines.append(Line(text=text, x=SIDE + 8.0, y=at, size=SIZE))
        at += LINE
    if question.kind is RowKind.MARKED:
        return _writing(question, number, lines, (at, right))
    bubbles = []
    at += 1.5
    for letter, (key, option) in zip("ABCDEFGH", question.options, strict=False):
        bubbles.append(Bubble(option=key, letter=letter, x=SIDE + 10.5, y=at - 1.3))
        lines.append(Line(text=letter, x=SIDE + 14.5, y=at, size=SIZE, bold=True))
        for text in wrapped(option, right - SIDE - 20.0, SIZE, measure):
            lines.append(Line(text=text, x=SIDE + 20.0, y=at, size=SIZE))
            at += LINE
        at += OPTION_GAP
    height = at - LINE + 2.0
    return _Block(row=_row(question, number, bubbles, (SIDE, 0.0, right, height)), lines=lines, height=height)


def _writing(question: Question, number: int, lines: list[Line], room: tuple[float, float]) -> _Block:
    """Return a question that is answered in writing: a frame, and beside it the bubbles that the teacher fills."""
    at, right = room
    first = right - STEP * len(SCORES) + STEP / 2
    top, middle = at - 2.0, at + WRITING / 2 - 1.0
    bubbles = [
        Bubble(option=score, letter=label, x=first + STEP * place, y=middle)
        for place, (score, label) in enumerate(zip(SCORES, _SCORE_LABELS, strict=True))
    ]
    lines += [Line(text=bubble.letter, x=bubble.x - 0.9, y=middle - 3.4, size=8.0) for bubble in bubbles]
    height = top + WRITING
    box = (SIDE, 0.0, right, height)
    frame = (SIDE + 8.0, top, first - 8.0, height)
    return _Block(row=_row(question, number, bubbles, box), lines=lines, height=height, fields=[frame])


def _compact(question: Question, number: int) -> _Block:
    """Return a question as a row of bubbles with their letters."""
    lines = [Line(text=f"{number}.", x=SIDE, y=6.5, size=SIZE, bold=True)]
    bubbles = []
    for place, (key, _) in enumerate(question.options):
        x = SIDE + 16.0 + STEP * 1.3 * place
        bubbles.append(Bubble(option=key, letter="ABCDEFGH"[place], x=x, y=5.2))
        lines.append(Line(text="ABCDEFGH"[place], x=x - BUBBLE_RADIUS - 3.2, y=6.5, size=SIZE))
    box = (SIDE, 0.0, SIDE + 16.0 + STEP * 1.3 * len(bubbles), COMPACT)
    return _Block(row=_row(question, number, bubbles, box), lines=lines, height=COMPACT, gap=1.0)


def _row(question: Question, number: int, bubbles: Sequence[Bubble], box: tuple[float, float, float, float]) -> Row:
    return Row(part=question.part, kind=question.kind, number=number, bubbles=tuple(bubbles), box=box)


def wrapped(text: str, width: float, size: float, measure: Measure) -> Iterator[str]:
    """Give a text in lines of at most ``width`` millimetres; a line is broken between words, and between Chinese letters."""
    for paragraph in text.splitlines() or [""]:
        line, used = "", 0.0
        for word in _pieces(paragraph, width, size, measure):
            wide = measure(word, size)
            if line and used + wide > width and word not in _NEVER_FIRST:
                yield line.rstrip()
                line, used = "", 0.0
            if line or not word.isspace():
                line, used = line + word, used + wide
        yield line.rstrip()


def _pieces(text: str, width: float, size: float, measure: Measure) -> Iterator[str]:
    """Give what a line can be broken between; a word that is wider than a line is broken into letters."""
    for word in _WORDS.findall(text):
        if measure(word, size) > width:
            yield from word
        else:
            yield word
