"""Rows of large tables as HTML. A page may have two thousand cells, and a template would take most of its time for them.

Every text is escaped here; ids begin with the slot that the host fills (`rendering`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from qualoop.player.project_numbers import breadth, cell_text, is_number, number_text
from qualoop.player.rendering import SLOT_MARK
from qualoop.simulators import ChoiceField, Column, DecisionTable, FlagField, NumberField
from qualoop.simulators.decisions import Cell, Field
from qualoop.simulators.entering import cell_name, decimals
from qualoop.values import Text

_ID: Final = f"{SLOT_MARK}id{SLOT_MARK}"
_WORDS: Final = 20
_LOOKED_AT: Final = 40
"""How many rows are looked at to tell how broad a column is."""

_COLON: Final = {"en": ": ", "zh-Hans": "："}

_Control = Callable[[str, str], str]
"""What makes the HTML of a cell: of its attributes and of what stands in it."""

_Writer = Callable[[Cell], str]
"""What makes the HTML of a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRows:
    """A table that is filled in: its place on the page, ``texts`` and ``errors`` by field and row, the `heads` of its facts."""

    table: DecisionTable
    place: int
    texts: Mapping[str, Sequence[str]]
    errors: Mapping[tuple[str | None, int | None], str]
    heads: Sequence[Mapping[str, Any]]
    language: str


def heads(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], language: str) -> list[dict[str, Any]]:
    """Return the heads of a table's columns: numbers stand to the right, columns of longer texts get room."""
    return [
        {
            "label": column.label[language],
            "number": any(is_number(row[place]) for row in rows),
            "words": any(is_long(row[place], language) for row in rows[:_LOOKED_AT]),
        }
        for place, column in enumerate(columns)
    ]


def is_long(cell: Cell, language: str) -> bool:
    """Return whether a cell holds more than a few words."""
    text = cell[language] if isinstance(cell, Text) else cell
    return isinstance(text, str) and breadth(text) > _WORDS


def data_rows(
    columns: Sequence[Column], rows: Iterable[Sequence[Cell]], heads: Sequence[Mapping[str, Any]], language: str
) -> str:
    """Return the rows of a table to read; the first cell of each names it."""
    opened = ["<th scope=row", *['<td class="q-number"' if each["number"] else "<td" for each in heads[1:]]]
    closed = ["</th>", *["</td>"] * (len(columns) - 1)]
    writers = [_fact(*each, language) for each in zip(columns, opened, closed, strict=True)]
    return "".join(f"<tr>{_facts(row, writers)}</tr>\n" for row in rows)


def sheet_rows(sheet: SheetRows) -> str:
    """Return the rows of a table to fill in: name, facts, and a control for each field."""
    table, language = sheet.table, sheet.language
    writers = [
        _fact(column, '<td class="q-number"' if each["number"] else "<td", "</td>", language)
        for column, each in zip(table.columns, sheet.heads, strict=True)
    ]
    controls = [
        (field, escape(field.label[language]) + _COLON[language], _control(field, language)) for field in table.fields
    ]
    rows = []
    for number, row in enumerate(table.rows):
        name = escape(row.label[language])
        cells = (
            _entry(sheet, field, number, named=_named(field, row.key, label + name), control=control)
            for field, label, control in controls
        )
        rows.append(
            f'<tr id="{_ID}-r{sheet.place}-{number}"><th scope=row>{name}</th>{_facts(row.cells, writers)}{"".join(cells)}</tr>\n'
        )
    return "".join(rows)


def _named(field: Field, row: str, label: str) -> str:
    return f'name="{escape(cell_name(field, row))}" aria-label="{label}"'


def cell_id(place: int, row: int, field: str) -> str:
    """Return the id of a cell, without its host's start."""
    return f"c{place}-{row}-{field}"


def _facts(cells: Sequence[Cell], writers: Sequence[_Writer]) -> str:
    return "".join([write(cell) for cell, write in zip(cells, writers, strict=False)])


def _fact(column: Column, opened: str, closed: str, language: str) -> _Writer:
    """Return what writes the cells of a column."""
    places, unit = column.places, escape(column.unit)

    def write(cell: Cell) -> str:
        if not isinstance(cell, int | float):
            return f"{opened}>{escape(cell_text(cell, column, language))}{closed}"
        # Numbers are sorted by what they are, not by how they are written.
        text, sort = number_text(cell, places, unit), f"{cell:.9g}"
        return f"{opened}>{text}{closed}" if sort == text else f'{opened} data-sort="{sort}">{text}{closed}'

    return write


def _entry(sheet: SheetRows, field: Field, row: int, *, named: str, control: _Control) -> str:
    text = sheet.texts[field.key][row]
    error = sheet.errors.get((field.key, row))
    if error is None:
        return f'<td class="q-entry">{control(named, text)}</td>'
    uid = f"{_ID}-{cell_id(sheet.place, row, field.key)}"
    marked = f'{named} id="{uid}" aria-invalid="true" aria-describedby="{uid}-e"'
    return f'<td class="q-entry">{control(marked, text)}<p class="q-cell-error" id="{uid}-e">{escape(error)}</p></td>'


def _control(field: Field, language: str) -> _Control:
    if isinstance(field, ChoiceField):
        return _choice({option.key: option.label[language] for option in field.options})
    if isinstance(field, FlagField):
        return _flag
    return _number(field) if isinstance(field, NumberField) else _text


def _number(field: NumberField) -> _Control:
    keys = "text" if field.low < 0 else "decimal" if decimals(field) else "numeric"

    def control(named: str, text: str) -> str:
        return f'<input class="q-input q-cell" {named} value="{escape(text)}" inputmode="{keys}" data-q-cell>'

    return control


def _choice(labels: Mapping[str, str]) -> _Control:
    drawn = {key: f'<option value="{escape(key)}">{escape(label)}</option>' for key, label in labels.items()}

    def control(named: str, text: str) -> str:
        # What was sent and is none of the options stays, so that nothing else seems chosen.
        options = drawn if text in drawn else {text: f'<option value="{escape(text)}">{escape(text)}</option>', **drawn}
        picked = "".join(
            option.replace("<option", "<option selected", 1) if key == text else option
            for key, option in options.items()
        )
        return f'<select class="q-select q-cell" {named} data-q-cell>{picked}</select>'

    return control


def _flag(named: str, text: str) -> str:
    checked = " checked" if text else ""
    return f'<label class="q-check"><input type="checkbox" {named} value="1"{checked} data-q-cell></label>'


def _text(named: str, text: str) -> str:
    return f'<textarea class="q-input q-text" {named} rows="3" data-q-cell>\n{escape(text)}</textarea>'
