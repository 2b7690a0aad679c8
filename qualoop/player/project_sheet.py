"""The fields of a decision, as a page may show them: tables of cells with what stands in each and what is wrong with it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from qualoop.player.project_markup import SheetRows, cell_id, heads, is_long, sheet_rows
from qualoop.player.project_numbers import cell_text, number_text
from qualoop.simulators import (
    ChoiceField,
    Decision,
    DecisionForm,
    DecisionTable,
    FlagField,
    NumberField,
    Refusal,
    TextField,
)
from qualoop.simulators.decisions import Field, Value
from qualoop.simulators.entering import cell_name, decimals, typed_values
from qualoop.simulators.spreadsheet import write_csv

View: TypeAlias = dict[str, Any]

NAMED_PROBLEMS: Final = 12
SHOWN_ROWS: Final = 40
_LONGEST_EXCERPT: Final = 160
_RADIOS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form with what stands in it: ``typed`` by field and row, where that is not ``standing``, and its problems."""

    form: DecisionForm
    standing: Decision
    typed: Mapping[str, Sequence[str]] | None = None
    problems: tuple[Refusal, ...] = ()

    def texts(self, field: Field) -> Sequence[str]:
        """Return what stands in a field's cells."""
        if self.typed is not None and field.key in self.typed:
            return self.typed[field.key]
        return typed_values(field, self.standing[field.key])


def sheet_view(sheet: Sheet, language: str) -> View:
    """Return the tables of a sheet, its problems in words, and itself as CSV."""
    errors = {(each.field, each.row): each.text[language] for each in reversed(sheet.problems)}
    tables = [
        _table(sheet, table, place, language=language, errors=errors) for place, table in enumerate(sheet.form.tables)
    ]
    # Rows that a spreadsheet lacks are counted in one sentence, and marked each at its place.
    named = [each for each in sheet.problems if each.code != "missing-row"]
    return {
        "tables": tables,
        "problems": _problems(sheet.form, named[:NAMED_PROBLEMS], language),
        "left": max(0, len(named) - NAMED_PROBLEMS),
        "csv": csv_address(sheet.form, sheet.standing, language),
        "seconds": sheet.form.seconds,
        "header": ",".join([sheet.form.tables[0].key, *(field.key for field in sheet.form.tables[0].fields)]),
    }


def csv_address(form: DecisionForm, decision: Decision, language: str) -> str:
    """Return a decision as an address that a browser saves as a CSV file, with the mark by which Excel knows UTF-8."""
    text = f"\ufeff{write_csv(form, decision, language)}"
    return f"data:text/csv;charset=utf-8;base64,{b64encode(text.encode()).decode()}"


def decided_view(form: DecisionForm, decision: Decision, before: Decision, language: str) -> list[View]:
    """Return the rows of a decision that differ from the one before, as tables to read."""
    tables = []
    for table in form.tables:
        changed = [
            place
            for place in range(len(table.rows))
            if any(decision[field.key][place] != before[field.key][place] for field in table.fields)
        ]
        rows = [
            {
                "label": table.rows[place].label[language],
                "values": [_value(field, decision[field.key][place], language) for field in table.fields],
            }
            for place in changed[:SHOWN_ROWS]
        ]
        tables.append(
            {
                "title": table.title[language],
                "row_label": table.row_label[language],
                "fields": [field.label[language] for field in table.fields],
                "rows": rows,
                "more": max(0, len(changed) - SHOWN_ROWS),
            }
        )
    return tables


def _table(
    sheet: Sheet,
    table: DecisionTable,
    place: int,
    *,
    language: str,
    errors: Mapping[tuple[str | None, int | None], str],
) -> View:
    texts = {field.key: sheet.texts(field) for field in table.fields}
    layout = _layout(table)
    view = {
        "place": place,
        "title": table.title[language],
        "help": table.help[language] if table.help else "",
        "layout": layout,
        "row_label": table.row_label[language],
        "fields": [_field(field, language) for field in table.fields],
    }
    if layout == "sheet":
        named = heads(table.columns, [row.cells for row in table.rows], language)
        rows = SheetRows(table=table, place=place, texts=texts, errors=errors, heads=named, language=language)
        return view | {
            "has_long_names": any(is_long(row.label, language) for row in table.rows),
            "columns": named,
            "rows": sheet_rows(rows),
        }
    return view | {
        "rows": [
            _form_row(table, place, number, texts=texts, errors=errors, language=language)
            for number in range(len(table.rows))
        ]
    }


def _form_row(
    table: DecisionTable,
    place: int,
    number: int,
    *,
    texts: Mapping[str, Sequence[str]],
    errors: Mapping[tuple[str | None, int | None], str],
    language: str,
) -> View:
    row = table.rows[number]
    facts = zip(row.cells, table.columns, strict=False)
    return {
        "label": row.label[language],
        "facts": [
            {"label": column.label[language], "text": cell_text(cell, column, language)}
            for cell, column in facts
            if cell is not None
        ],
        "cells": [
            {
                "id": cell_id(place, number, field.key),
                "name": cell_name(field, row.key),
                "text": texts[field.key][number],
                "error": errors.get((field.key, number), ""),
            }
            for field in table.fields
        ],
    }


def _layout(table: DecisionTable) -> str:
    """Return how a table is laid out: one row is a form, texts need room, everything else is a sheet of cells."""
    if len(table.rows) == 1:
        return "form"
    return "cards" if any(isinstance(field, TextField) for field in table.fields) else "sheet"


def _field(field: Field, language: str) -> View:
    view = {"key": field.key, "label": field.label[language], "help": field.help[language] if field.help else ""}
    match field:
        case NumberField():
            return view | {
                "kind": "number",
                "unit": field.unit[language] if field.unit else "",
                "low": _decimal(field.low),
                "high": _decimal(field.high),
                "whole": decimals(field) == 0,
                "signed": field.low < 0,
            }
        case ChoiceField():
            options = [
                {"key": option.key, "label": option.label[language], "seconds": option.seconds}
                for option in field.options
            ]
            return view | {"kind": "choice", "options": options, "radios": len(options) <= _RADIOS}
        case FlagField():
            return view | {"kind": "flag"}
        case TextField():
            return view | {"kind": "text", "language": field.language, "longest": field.max_length}


def _decimal(number: Decimal) -> str:
    places = max(0, -int(number.normalize().as_tuple().exponent))
    return number_text(float(number), places)


def _problems(form: DecisionForm, problems: Sequence[Refusal], language: str) -> list[View]:
    """Return problems in words, each with the cell that it is of."""
    cells = {field.key: (place, table, field) for place, table in enumerate(form.tables) for field in table.fields}
    rows = []
    for problem in problems:
        place, table, field = cells.get(problem.field or "", (0, None, None))
        row = problem.row if table is not None and problem.row is not None and problem.row < len(table.rows) else None
        named = [table.rows[row].label[language]] if table is not None and row is not None else []
        rows.append(
            {
                "cell": cell_id(place, row, field.key) if field is not None and row is not None else None,
                "where": " · ".join([*named, field.label[language]]) if field is not None else "",
                "text": problem.text[language],
            }
        )
    return rows


def _value(field: Field, value: Value, language: str) -> Any:
    """Return a value to read; of a flag itself, which the page words."""
    match field:
        case NumberField():
            unit = field.unit[language] if field.unit else ""
            return f"{number_text(float(value), decimals(field))}\N{NO-BREAK SPACE}{unit}".rstrip()
        case ChoiceField(options=options):
            return next((option.label[language] for option in options if option.key == value), str(value))
        case FlagField():
            return bool(value)
        case TextField():
            text = str(value)
            return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}…"
