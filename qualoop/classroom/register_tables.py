"""The register as a table: written for a spreadsheet, and read back into changes; what is not certain is a problem.

Columns: who it is (as in `mark_tables`), attendance, points, comment, link, and one for each row of the rubric, whose cells
are levels by number from 1 or by title. An empty cell changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from qualoop.assessment.marking import RowMark, comments_body, judged_body
from qualoop.assessment.rubric import Rubric, RubricRow
from qualoop.classroom.class_marks import Scheme, points_in, score_cell, sheet_in
from qualoop.classroom.mark_heads import comparable, identity_of, is_presence_head, read_presence
from qualoop.classroom.mark_tables import Known, Problem, Trouble, find_learners, read_mark
from qualoop.classroom.register import LINK, PRESENCE, RUBRIC, SCORE, Change, Register
from qualoop.classroom.tables import MAX_CELL, Table
from qualoop.spreadsheet_cells import guarded, without_guard
from qualoop.values import Score

SHARES: Final = "shares"
NOT_A_LEVEL: Final = "not-a-level"
NOT_A_LINK: Final = "not-a-link"
TOO_LONG: Final = "too-long"
_ATTENDANCE: Final = "attendance"
_HEADS: Final[Mapping[str, frozenset[str]]] = {
    "points": frozenset({"points", "score", "mark", "分数", "得分", "成绩"}),
    "comment": frozenset({"comment", "feedback", "评语", "反馈"}),
    "link": frozenset({"link", "attachment", "链接", "附件"}),
}
_TOLD_ONLY: Final = frozenset({"checked in", "签到时间", "released", "已发布"})
"""Columns that the register writes for people to read, and takes nothing from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """Something in a table that only this reader knows: ``trouble`` is one of the words above."""

    trouble: str
    row: int
    column: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRegister:
    """What a table would change, whose rows it has, and what is wrong with it."""

    changes: tuple[Change, ...]
    problems: tuple[Problem | CellProblem, ...]
    learners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    number: int
    learner: str
    cells: Mapping[str, tuple[str, str]]
    """Head and text of what stands in the row, by the meaning of its column."""


def read_register(table: Table, register: Register, scheme: Scheme, people: Sequence[Known]) -> ReadRegister:
    """Read a table as changes of a register; cells that hold what stands there already are none."""
    columns, problems = _columns(table, scheme)
    learners, wrong = find_learners(table, people)
    problems += wrong
    changes: list[Change] = []
    for number, line in zip(table.numbers, table.rows, strict=True):
        if number in learners:
            cells = {meaning: (table.header[index], line[index]) for index, meaning in columns.items() if line[index]}
            row = _Row(number=number, learner=learners[number], cells=cells)
            changes += _changes(row, register, scheme, problems)
    problems += _shares(table, columns, scheme)
    if not columns:
        problems.append(Problem(trouble=Trouble.NO_COLUMN))
    real = [each for each in changes if register.value(each.learner, each.field) != each.value]
    ordered = tuple(sorted(problems, key=lambda each: each.row))
    return ReadRegister(changes=tuple(real), problems=ordered, learners=len(learners))


def _columns(table: Table, scheme: Scheme) -> tuple[dict[int, str], list[Problem | CellProblem]]:
    """Return what the columns mean; a foreign, empty or doubled one is told and left alone."""
    meanings = [_meaning(head, scheme) for head in table.header]
    counts = Counter(meanings)
    found: dict[int, str] = {}
    problems: list[Problem | CellProblem] = []
    for index, (head, meaning) in enumerate(zip(table.header, meanings, strict=True)):
        is_empty = not any(row[index] for row in table.rows)
        if identity_of(head) or comparable(head) in _TOLD_ONLY:
            continue
        if is_empty:
            problems += [Problem(trouble=Trouble.EMPTY, column=head)] if head else []
        elif not meaning:
            problems.append(Problem(trouble=Trouble.FOREIGN, column=head or f"#{index + 1}"))
        elif counts[meaning] > 1:
            problems.append(Problem(trouble=Trouble.COLUMN_TWICE, column=head))
        else:
            found[index] = meaning
    return found, problems


def _meaning(head: str, scheme: Scheme) -> str:
    """Return what a column is: `attendance`, `points`, `comment`, `link`, `row:KEY`; empty for a foreign one."""
    if is_presence_head(head):
        return _ATTENDANCE
    said = comparable(head)
    for row in scheme.rubric.rows if scheme.rubric is not None else ():
        if said in {comparable(row.key), *(comparable(text) for text in row.title.by_language.values())}:
            return f"row:{row.key}"
    meaning = next((kind for kind, titles in _HEADS.items() if said in titles), "")
    return "" if meaning in {"points", "comment"} and not scheme.full else meaning


def _changes(row: _Row, register: Register, scheme: Scheme, problems: list[Problem | CellProblem]) -> Iterator[Change]:
    if _ATTENDANCE in row.cells:
        mark = read_presence(row.cells[_ATTENDANCE][1])
        if mark is None:
            problems.append(_problem(Trouble.NOT_PRESENCE, row, _ATTENDANCE))
        else:
            yield Change(learner=row.learner, field=PRESENCE, value=mark.value)
    if "link" in row.cells:
        url = row.cells["link"][1]
        if is_link(url):
            yield Change(learner=row.learner, field=LINK, value=url)
        else:
            problems.append(CellProblem(trouble=NOT_A_LINK, row=row.number, column=row.cells["link"][0], text=url))
    if row.cells.keys() & {"points", "comment"}:
        yield Change(learner=row.learner, field=SCORE, value=_score(row, register, scheme, problems))
    if scheme.rubric is not None and any(meaning.startswith("row:") for meaning in row.cells):
        yield Change(learner=row.learner, field=RUBRIC, value=_rubric(row, register, scheme.rubric, problems))


def _score(row: _Row, register: Register, scheme: Scheme, problems: list[Problem | CellProblem]) -> Any:
    before = register.value(row.learner, SCORE)
    points, comment = points_in(before), (before or {}).get("comment", "")
    if "points" in row.cells:
        read = read_mark(row.cells["points"][1], scheme.full)
        if isinstance(read, Score):
            points = (read * scheme.full).quantize(Decimal("0.01")).normalize() + 0
        else:
            problems.append(_problem(read, row, "points"))
    if "comment" in row.cells:
        comment = _comment(row, comment, problems)
    return score_cell(points, comment)


def _comment(row: _Row, before: str, problems: list[Problem | CellProblem]) -> str:
    """Return the comment of a row. One that the table cannot hold whole is left as it is: its first words, unchanged, say so."""
    head, text = row.cells["comment"]
    told = without_guard(text)
    if told == in_a_cell(before):
        return before
    if len(text) >= MAX_CELL:
        problems.append(CellProblem(trouble=TOO_LONG, row=row.number, column=head, text=text[:40]))
        return before
    return told


def _rubric(row: _Row, register: Register, rubric: Rubric, problems: list[Problem | CellProblem]) -> Any:
    before = register.value(row.learner, RUBRIC)
    sheet = sheet_in(before)
    rows = dict(sheet.rows)
    for each in rubric.rows:
        head, text = row.cells.get(f"row:{each.key}", ("", ""))
        level = _level(each, text)
        if text and level is None:
            problems.append(CellProblem(trouble=NOT_A_LEVEL, row=row.number, column=head, text=text))
        elif level is not None and sheet.level_of(each.key) != level:
            comment = rows[each.key].comment if each.key in rows else ""
            rows[each.key] = RowMark(level=level, points=each.levels[level].points, comment=comment)
    made = type(sheet)(rows=rows, overall=sheet.overall)
    body = {"judged": judged_body(made), "comments": comments_body(made)}
    return body if body["judged"] or body["comments"] else before


def _level(row: RubricRow, text: str) -> int | None:
    """Return the level of a text, counted from 0: its number from 1, or its title in whatever language."""
    said = comparable(text)
    for place, level in enumerate(row.levels):
        if said in {str(place + 1), *(comparable(title) for title in level.title.by_language.values())}:
            return place
    return None


def is_link(text: str) -> bool:
    """Say whether a text is an address that a page may lead to: https, with a host, no name or password in it."""
    if len(text) > MAX_CELL or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc


def _shares(table: Table, columns: Mapping[int, str], scheme: Scheme) -> Iterator[CellProblem]:
    """Warn of a column of points whose every cell is below 1: 0.55 may mean 55 %, and then it is written so."""
    for index, meaning in columns.items():
        texts = [row[index].replace(",", ".") for row in table.rows if row[index]]
        if meaning == "points" and scheme.full > 1 and texts and all(_is_share(text) for text in texts):
            yield CellProblem(trouble=SHARES, row=0, column=table.header[index], text=texts[0])


def _is_share(text: str) -> bool:
    return text.startswith(("0.", ".")) and text.lstrip("0.").isdigit()


def _problem(trouble: Trouble, row: _Row, meaning: str) -> Problem:
    head, text = row.cells[meaning]
    return Problem(trouble=trouble, row=row.number, column=head, text=text)


def in_a_cell(text: str) -> str:
    """Return a text as a table gives it back: on one line, without what cannot be printed, as long as a cell may be."""
    shown = "".join(each for each in " ".join(text.split()) if each.isprintable())
    guard = len(guarded(shown)) - len(shown)
    return shown[: MAX_CELL - guard].strip()
