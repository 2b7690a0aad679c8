"""Tables that pages offer as files for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flask import Response

from qualoop.spreadsheet_cells import Value, as_csv


def csv_response(rows: Iterable[Sequence[Value]], name: str, day: date | None = None) -> Response:
    """Return rows as a CSV file to keep, `name-2026-03-02.csv` where they are of a day, else `name.csv`."""
    file = f"{name}-{day.isoformat()}.csv" if day else f"{name}.csv"
    return Response(
        as_csv(rows), mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{file}"'}
    )
