"""What an engine shows, as a page may show it: plain JSON for templates, nothing added and nothing looked up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from qualoop.content_packages import block_html
from qualoop.player.project_charts import chart_view
from qualoop.player.project_markup import data_rows, heads
from qualoop.player.project_numbers import number_text
from qualoop.simulators import Chart, Column, Figures, Grid, Panel, Talk
from qualoop.simulators.decisions import Cell

View: TypeAlias = dict[str, Any]


def panel_views(panels: Iterable[Panel], language: str, start: str, most: int | None = None) -> list[View]:
    """Return panels to show; ``start`` begins their ids, so that the same panel may stand twice on a page.

    Tables are cut after ``most`` rows.
    """
    return [_panel_view(panel, language, f"{start}-{panel.key}", most) for panel in panels]


def _panel_view(panel: Panel, language: str, uid: str, most: int | None) -> View:
    """Return a panel to show: its `type` says which template draws it."""
    head = {"uid": uid, "key": panel.key, "title": panel.title[language]}
    if isinstance(panel, Figures):
        return head | {"type": "figures", "figures": _figures(panel, language)}
    if isinstance(panel, Grid):
        return head | {"type": "grid", "table": table_view(panel.columns, panel.rows, language, most)}
    if isinstance(panel, Chart):
        return head | {
            "type": "chart",
            "description": panel.description[language],
            "axis": panel.axis.label[language],
            "value": panel.value.label[language],
            "plot": chart_view(panel, language),
            "table": _data(panel, language),
        }
    if isinstance(panel, Talk):
        told = {"lines": _lines(panel, language), "state": _state(panel, language), "waited": panel.waited}
        return head | {"type": "talk"} | told
    return head | {"type": "prose", "html": block_html(panel.text[language])}


def table_view(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], language: str, most: int | None = None
) -> View:
    """Return a table to read, cut after ``most`` rows; numbers stand to the right."""
    named = heads(columns, rows[:most], language)
    return {
        "columns": named,
        "count": len(rows),
        "cut": 0 if most is None else max(0, len(rows) - most),
        "rows": data_rows(columns, rows[:most], named, language),
    }


def _figures(panel: Figures, language: str) -> list[View]:
    return [
        {
            "key": figure.key,
            "label": figure.label[language],
            "text": number_text(figure.value, figure.places, figure.unit),
            "note": figure.note[language] if figure.note else "",
        }
        for figure in panel.figures
    ]


def _lines(panel: Talk, language: str) -> list[View]:
    return [
        {"who": line.who[language], "text": line.text[language], "at": line.at, "own": line.is_own}
        for line in panel.lines
    ]


def _state(panel: Talk, language: str) -> str:
    return panel.state[language] if panel.state else ""


def _data(chart: Chart, language: str) -> View:
    """Return the table behind a chart."""
    columns = [
        chart.axis,
        *(Column(label=series.label, places=chart.value.places, unit=chart.value.unit) for series in chart.series),
    ]
    rows = [(label, *(series.values[place] for series in chart.series)) for place, label in enumerate(chart.labels)]
    return table_view(columns, rows, language)
