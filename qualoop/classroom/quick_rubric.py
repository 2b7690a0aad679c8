"""A rubric as somebody writes it down before class, one criterion a line, or as a file of the format qualoop-rubric.

Greets the customer: not yet / with help / by habit [SEM-1.1]
Finds out what is needed: asks nothing / asks / listens and sums up
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from pydantic import ValidationError

from qualoop.assessment.rubric import FORMAT, MOST_LEVELS, MOST_ROWS, Rubric, read_rubric
from qualoop.authored_files import AuthoredFilesError
from qualoop.classroom.class_marks import RESERVED_PARTS
from qualoop.errors import QualoopError
from qualoop.framework import Framework

MAX_TEXT: Final = 60_000
_FILE: Final = re.compile(rf"^\s*format\s*:\s*{FORMAT}\b", re.MULTILINE)
_LINE: Final = re.compile(r"(?P<title>[^:：]{1,200})[:：](?P<levels>[^\[\]]+)(?:\[(?P<codes>[^\[\]]*)\])?\s*")
_LEVEL: Final = re.compile(r"\s*[/／|]\s*")
_CODES: Final = re.compile(r"[\s,，、;]+")
_SHARE: Final = Decimal("0.0001")
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")


class RubricTextError(QualoopError):
    """A text is no rubric: ``reason`` is `line`, `levels`, `rows`, `point`, `reserved`, `large` or `file`; ``text`` is where."""

    code = "rubric-text"

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text


def read_quick_rubric(text: str, framework: Framework, key: str = "class-rubric") -> Rubric:
    """Return the rubric in a text; raise RubricTextError.

    A line's levels are worth 0, 1, 2 … points; the codes behind it are shared alike. Rows are known by their place, so
    that a word can be mended without another part coming of it.
    """
    if len(text) > MAX_TEXT:
        raise RubricTextError("large")
    if _FILE.search(text):
        return _file(text, framework)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or len(lines) > MOST_ROWS:
        raise RubricTextError("rows", str(len(lines)))
    language = "zh-Hans" if _CHINESE.search(text) else "en"
    document = {
        "format": FORMAT,
        "format_version": 1,
        "key": key,
        "version": "1.0.0",
        "title": {"en": "Observed in class", "zh-Hans": "课堂观察"},
        "languages": [language],
        "rows": [_row(number, line, language, framework) for number, line in enumerate(lines, 1)],
    }
    try:
        return Rubric.model_validate(document)
    except ValidationError as error:
        raise RubricTextError("file", str(error.errors()[0]["msg"])) from error


def _file(text: str, framework: Framework) -> Rubric:
    try:
        rubric = read_rubric(text, framework)
    except AuthoredFilesError as error:
        raise RubricTextError("file", str(error.problems[0])) from error
    taken = [row.key for row in rubric.rows if row.key in RESERVED_PARTS]
    if taken:
        raise RubricTextError("reserved", taken[0])
    return rubric


def _row(number: int, line: str, language: str, framework: Framework) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise RubricTextError("line", line[:80])
    levels = [level for level in _LEVEL.split(found["levels"].strip()) if level]
    if not 1 < len(levels) <= MOST_LEVELS:
        raise RubricTextError("levels", line[:80])
    codes = list(dict.fromkeys(code for code in _CODES.split(found["codes"] or "") if code))
    unknown = next((code for code in codes if framework.find_knowledge_point(code) is None), None)
    if unknown is not None:
        raise RubricTextError("point", unknown[:40])
    return {
        "key": f"row-{number}",
        "title": {language: found["title"].strip()},
        "knowledge_points": dict(_shares(codes)),
        "levels": [
            {"title": {language: level}, "descriptor": {language: level}, "points": Decimal(place)}
            for place, level in enumerate(levels)
        ],
    }


def _shares(codes: list[str]) -> Iterator[tuple[str, Decimal]]:
    """Give each code its share of 1; the last takes what rounding leaves."""
    left = Decimal(1)
    for number, code in enumerate(codes, 1):
        share = left if number == len(codes) else (Decimal(1) / len(codes)).quantize(_SHARE, rounding=ROUND_DOWN)
        left -= share
        yield code, share
