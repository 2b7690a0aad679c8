"""Sheets of paper that went through a poor scanner: how long they take to read, and whether any answer went astray.

The noise is part of the contract: rotation up to 4 degrees either way, shear up to 1 degree, 150 dpi, blur of 1.2 pixels,
3 % salt and pepper, JPEG of quality 40, one in twenty upside down, two versions interleaved. Everything follows from a seed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import pypdfium2 as pdfium

from qualoop.classroom.paper.opening import READING, PageOpener
from qualoop.classroom.paper.pictures import Grey
from qualoop.classroom.paper.printing import Head, PrintedPage, measure, print_sheets
from qualoop.classroom.paper.reading import Printed, read_page
from qualoop.classroom.sheets.codes import PageCode, code_text, find_code, new_sheet
from qualoop.classroom.sheets.layout import Question, set_pages, version_order
from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, Bubble, Page, Paper, RowKind

SHEETS: Final = 200
DPI: Final = 150
QUALITY: Final = 40
BLUR: Final = 1.2
SALT: Final = 0.03
ROTATION: Final = 4.0
SHEAR: Final = 1.0
UPSIDE_DOWN: Final = 20
_MM: Final = 25.4
_SECRET: Final = "the secret of the bench"
_QUESTIONS: Final = 20
_OPTIONS: Final = 4
_LEFT_OUT: Final = 0.05
_WORDS: Final = {"fill": "Fill the circles.", "name": "Name", "number": "Number", "teacher": "Teacher"}

Answers = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scanned page, and what stands on it."""

    data: bytes
    code: PageCode
    answers: Answers


def layouts(seed: int = 1) -> dict[str, Page]:
    """Return the page of each version: items and options in another order."""
    parts = [f"bench/question-{number}" for number in range(_QUESTIONS)]
    made = {}
    for version in "AB":
        questions = [_question(part, seed, version) for part in version_order(parts, seed, version)]
        made[version] = set_pages(questions, Paper.A4, measure, boxes_only=True)[0]
    return made


def _question(part: str, seed: int, version: str) -> Question:
    options = version_order([f"option-{number}" for number in range(_OPTIONS)], seed, version + part)
    return Question(
        part=part,
        kind=RowKind.MANY if part.endswith(("3", "7")) else RowKind.ONE,
        prompt=f"What does {part} ask?",
        options=tuple((key, f"It may well be {key}.") for key in options),
    )


def scans(count: int, seed: int = 7) -> Iterator[Scan]:
    """Give scanned sheets, the versions in turn, each marked otherwise."""
    chance = np.random.default_rng(seed)
    pages = layouts()
    for number in range(count):
        version = "AB"[number % 2]
        code = PageCode(sheet=new_sheet(lambda below: int(chance.integers(below))), version=version, page=1)
        picture = _printed(code, pages[version], f"Learner {number}")
        answers = _fill_in(picture, pages[version], chance)
        upside_down = number % UPSIDE_DOWN == UPSIDE_DOWN // 4
        yield Scan(data=scanned(picture, chance, upside_down=upside_down), code=code, answers=answers)


def _printed(code: PageCode, page: Page, name: str) -> Grey:
    """Return a printed page as a picture of 150 dpi."""
    head = Head(title="Bench", course="Course", name=name)
    printed = PrintedPage(head=head, code=code_text(code, _SECRET), foot=code.version, page=page)
    with pdfium.PdfDocument(print_sheets([printed], Paper.A4, _WORDS)) as document:
        drawn = document[0].render(scale=DPI / 72, grayscale=True).to_numpy()
    picture: Grey = np.array(drawn.reshape(*drawn.shape[:2], -1)[:, :, 0])
    return picture


def _fill_in(picture: Grey, page: Page, chance: np.random.Generator) -> Answers:
    """Mark one bubble of each row, sometimes none, in rows that allow it sometimes two; return what was marked."""
    answers: Answers = {}
    for row in page.rows:
        wanted = 2 if row.kind is RowKind.MANY else int(chance.random() > _LEFT_OUT)
        chosen = chance.choice(len(row.bubbles), wanted, replace=False)
        for index in chosen:
            _mark(picture, row.bubbles[index], chance)
        answers[row.part] = tuple(bubble.option for index, bubble in enumerate(row.bubbles) if index in chosen)
    return answers


def _mark(picture: Grey, bubble: Bubble, chance: np.random.Generator) -> None:
    """Fill a bubble as somebody does: not quite in its middle, not quite round, in ink or soft pencil."""
    scale = DPI / _MM
    x, y = (value * scale + chance.uniform(-2.0, 2.0) for value in (bubble.x, bubble.y))
    axes = [max(1, round(BUBBLE_RADIUS * scale * chance.uniform(0.8, 1.1))) for _ in "xy"]
    cv2.ellipse(picture, (round(x), round(y)), axes, chance.uniform(0, 180), 0, 360, int(chance.integers(0, 81)), -1)


def scanned(picture: Grey, chance: np.random.Generator, *, upside_down: bool = False) -> bytes:
    """Return a page as a poor scanner gives it: turned, sheared, blurred, salted, as JPEG."""
    height, width = picture.shape
    angle, shear = np.deg2rad(chance.uniform(-ROTATION, ROTATION)), np.deg2rad(chance.uniform(-SHEAR, SHEAR))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[1.0, np.tan(shear)], [0.0, 1.0]])
    # The scanner's glass is larger than the sheet.
    room = (round(width * 1.12), round(height * 1.08))
    middle, target = np.array([width / 2, height / 2]), np.array(room) / 2
    matrix = np.hstack([linear, (target - linear @ middle)[:, None]])
    out = cv2.warpAffine(picture, matrix, room, flags=cv2.INTER_LINEAR, borderValue=245)
    out = cv2.GaussianBlur(out, (0, 0), BLUR)
    noise = chance.random(out.shape)
    out[noise < SALT / 2] = 0
    out[noise > 1 - SALT / 2] = 255
    if upside_down:
        out = cv2.rotate(out, cv2.ROTATE_180)
    return bytes(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])


def run_sheets(n: int = SHEETS) -> dict[str, Any]:
    """Return `sheets_s_200`, seconds to read ``n`` sheets, and what became of them.

    `sheets_misassigned` counts answers that were read as something else than was marked, and pages taken for another.
    Unclear ones are no error: they wait for a person (`sheets_waiting`, pages; `rows_waiting`, rows).
    """
    made, pages = list(scans(n)), layouts()
    started = time.perf_counter()
    # As the worker does it: in a process of its own, which is started here.
    with PageOpener(READING) as opener:
        results = [_read(opener.open_page(scan.data, 0), pages) for scan in made]
    seconds = time.perf_counter() - started
    return {
        "sheets": n,
        "sheets_s_200": round(seconds * SHEETS / n, 3),
        "sheets_misassigned": sum(_wrong(scan, result) for scan, result in zip(made, results, strict=True)),
        "sheets_waiting": sum(code is None or answers is None for code, answers, _ in results),
        "rows_waiting": sum(waiting for _, _, waiting in results),
    }


_Result = tuple[PageCode | None, Answers | None, int]


def _read(picture: Grey, pages: dict[str, Page]) -> _Result:
    found = read_page(
        picture,
        lambda text: find_code(text, _SECRET),
        lambda code: Printed(paper=Paper.A4, page=pages[code.version]),
    )
    if found.problem is not None:
        return found.code, None, 0
    clear = {row.part: row.picked for row in found.rows if row.finding.is_clear}
    return found.code, clear, len(found.rows) - len(clear)


def _wrong(scan: Scan, result: _Result) -> int:
    """Return how much of a page was read as something that it does not say."""
    code, answers, _ = result
    if code is None:
        return 0
    astray: Sequence[str] = [part for part, picked in (answers or {}).items() if scan.answers[part] != picked]
    return len(astray) + (code != scan.code)
