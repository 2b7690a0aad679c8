"""A decision as a CSV file: out to a spreadsheet, and back from one.

Each table is a block: a header line that begins with the table's key, then a line for each row, which begins with the row's
key. Blocks are parted by an empty line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from qualoop.assessment.wording import clean
from qualoop.simulators.decisions import (
    Cell,
    Decision,
    DecisionForm,
    DecisionTable,
    Field,
    FlagField,
    Row,
)
from qualoop.simulators.engine import Refusal
from qualoop.simulators.entering import (
    MAX_CELL,
    Entered,
    entered,
    find_flag,
    refusal,
    row_places,
    shown,
    typed_value,
    typed_values,
)
from qualoop.spreadsheet_cells import guarded, without_guard
from qualoop.values import Text

MAX_CSV: Final = 400_000
"""The longest table that is read, in characters."""

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 1024
_HEADER_WITHIN: Final = 5
_NAMED: Final = 8
_SLACK: Final = 3
"""How many times as many lines as rows are still read, to name what is wrong with them."""
_NUMBER: Final = re.compile(r"[+-]?[0-9.,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A table's lines: its fields by column of the line, and each line with its number from 1."""

    table: DecisionTable
    columns: dict[int, Field]
    problems: tuple[Refusal, ...]
    lines: list[tuple[int, list[str]]]


def write_csv(form: DecisionForm, decision: Decision, language: str) -> str:
    """Return a decision as CSV, with what is known of each row; cells that a spreadsheet would compute are quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    for number, table in enumerate(form.tables):
        if number:
            writer.writerow([])
        heads = [table.row_label[language], *(column.label[language] for column in table.columns)]
        writer.writerow([table.key, *map(_safe, heads), *(field.key for field in table.fields)])
        for place, row in enumerate(table.rows):
            values = [_written(field, decision, place) for field in table.fields]
            writer.writerow([_safe(cell) for cell in (row.key, *_facts(row, language), *values)])
    return out.getvalue()


def read_csv(
    form: DecisionForm, text: str, standing: Decision, typed: Mapping[str, Sequence[str]] | None = None
) -> Entered:
    """Return the decision in a table that came from a spreadsheet; cells that it does not hold show what stood there.

    Parted by commas, semicolons, tabs or bars. Columns are found by the key or the label of their field; those of facts are
    passed over. ``typed`` is what stands in the cells now, where that is not the standing decision.
    """
    return _read(form, text, {field.key: _stood(field, standing, typed or {}) for _, field in form})


def _stood(field: Field, standing: Decision, typed: Mapping[str, Sequence[str]]) -> list[str]:
    return list(typed[field.key]) if field.key in typed else typed_values(field, standing[field.key])


def _read(form: DecisionForm, text: str, typed: dict[str, list[str]]) -> Entered:
    rows = sum(len(table.rows) for table in form.tables)
    if not text.strip():
        return Entered(decision=None, problems=(refusal("nothing"),), typed=typed)
    too_much = _too_much(text, rows, _SLACK * (rows + len(form.tables)) + 100)
    if too_much is not None:
        return Entered(decision=None, problems=(too_much,), typed=typed)
    blocks, problems = _blocks(form, text)
    if not blocks:
        header = ",".join([form.tables[0].key, *(field.key for field in form.tables[0].fields)])
        problems = [*problems, refusal("no-header", header=header)]
    for block in blocks:
        problems += [*block.problems, *_filled(block, typed)]
    return entered(form, typed, problems)


def _too_much(text: str, rows: int, most: int) -> Refusal | None:
    """Return why a text is not read: it has far more lines than a table has rows, or is far too long."""
    lines = len(text.rstrip().splitlines())
    if lines > most:
        return refusal("too-large", lines=f"{lines:,}", count=str(rows))
    if len(text) > MAX_CSV:
        return refusal("too-long-table", length=f"{len(text):,}", longest=f"{MAX_CSV:,}")
    return None


def _blocks(form: DecisionForm, text: str) -> tuple[list[_Block], list[Refusal]]:
    """Return the blocks of a text."""
    tidy = text.removeprefix("\ufeff").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    blocks: list[_Block] = []
    for number, cells in _lines(form, tidy):
        block = _headed(form, cells)
        if block is not None:
            blocks.append(block)
        elif blocks:
            blocks[-1].lines.append((number, cells))
    missing = [table for table in form.tables if table.key not in {block.table.key for block in blocks}]
    return blocks, [_missing(table.rows) for table in missing if blocks and table.fields]


def _lines(form: DecisionForm, text: str) -> Iterator[tuple[int, list[str]]]:
    """Iterate over the lines that hold anything, with their numbers."""
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(form, text))
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            # A quoted cell longer than the module takes: that line holds nothing of ours.
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _delimiter(form: DecisionForm, text: str) -> str:
    """Return what parts the cells: what the sniffer says where it gives a header that is ours, else what gives one."""
    sample = text[:_SAMPLE]
    candidates = list(_DELIMITERS)
    with suppress(csv.Error):
        candidates.insert(0, str(csv.Sniffer().sniff(sample, _DELIMITERS).delimiter))
    lines = sample.splitlines()
    for delimiter in candidates:
        if any(_headed(form, cells) for cells in islice(csv.reader(lines, delimiter=delimiter), _HEADER_WITHIN)):
            return delimiter
    return candidates[0]


def _headed(form: DecisionForm, cells: Sequence[str]) -> _Block | None:
    """Return the beginning of a block where a line is a header: a table's key, and at least one field of it."""
    names = [clean(cell[:MAX_CELL]).casefold() for cell in cells]
    table = next((one for one in form.tables if names and clean(one.key).casefold() == names[0]), None)
    if table is None:
        return None
    fields = {name: field for field in table.fields for name in _names(field.key, field.label)}
    facts = {"", *_names("row", table.row_label)}.union(*(_names("", column.label) for column in table.columns))
    columns: dict[int, Field] = {}
    problems = []
    for place, name in list(enumerate(names))[1:]:
        field = fields.get(name)
        if field is not None and field in columns.values():
            problems.append(refusal("repeated-column", column=cells[place][:MAX_CELL]))
        elif field is not None:
            columns[place] = field
        elif name not in facts:
            problems.append(refusal("unknown-column", column=cells[place][:MAX_CELL]))
    if not columns:
        return None
    return _Block(table=table, columns=columns, problems=tuple(problems), lines=[])


def _names(key: str, label: Text) -> set[str]:
    """Return how a column may be called."""
    return {clean(name).casefold() for name in (key, *label.by_language.values()) if name}


def _filled(block: _Block, typed: dict[str, list[str]]) -> list[Refusal]:
    """Put a block's cells into what is typed; return what is wrong with its lines."""
    problems: list[Refusal] = []
    places = row_places(block.table)
    seen: set[int] = set()
    for line, cells in block.lines:
        name = clean(without_guard(cells[0])[:MAX_CELL])
        place = places.get(name)
        if place is None or place in seen:
            code = "unknown-row" if place is None else "repeated-row"
            problems.append(refusal(code, line=str(line), name=name))
            continue
        seen.add(place)
        for column, field in block.columns.items():
            cell = without_guard(cells[column]) if column < len(cells) else ""
            typed[field.key][place] = shown(field, _flag_text(cell) if isinstance(field, FlagField) else cell)
    missing = [place for place in range(len(block.table.rows)) if place not in seen]
    first = next(iter(block.columns.values())).key
    absent = [_missing([block.table.rows[place] for place in missing])] if missing else []
    return [*_few(problems), *absent, *(refusal("missing-row", first, place) for place in missing)]


def _flag_text(cell: str) -> str:
    """Return a yes or no as a check box holds it; anything else as it stands, so that it is refused."""
    answer = find_flag(cell)
    return cell if answer is None else "1" if answer else ""


def _missing(rows: Sequence[Row]) -> Refusal:
    return refusal("missing-rows", count=str(len(rows)), name=rows[0].key)


def _few(problems: list[Refusal]) -> list[Refusal]:
    """Return the first of many problems of a kind, and how many more there are."""
    left = len(problems) - _NAMED
    return problems if left <= 0 else [*problems[:_NAMED], refusal("more", count=str(left))]


def _facts(row: Row, language: str) -> Iterator[str]:
    yield row.label[language]
    for cell in row.cells:
        yield _fact(cell, language)


def _fact(cell: Cell, language: str) -> str:
    if cell is None:
        return ""
    return cell[language] if isinstance(cell, Text) else str(cell)


def _written(field: Field, decision: Decision, place: int) -> str:
    value = decision[field.key][place]
    if isinstance(field, FlagField):
        return "yes" if value else "no"
    return typed_value(field, value)


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers, whatever their sign."""
    return cell if _NUMBER.fullmatch(cell) else guarded(cell)
