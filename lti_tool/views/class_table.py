"""The table of levels as its template takes it: a cell is worded once, here, because a page has 12,000 of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import numpy as np
from markupsafe import escape

from lti_tool.services.classes.level_map import ClassMap, Filters
from lti_tool.services.classes.status import STATUSES
from lti_tool.services.courses.members import Member
from qualoop.framework import KnowledgePoint
from qualoop.records import COVERED_FROM, LEVEL_STEPS

UNCERTAIN_FROM: Final = 0.4
"""How wide a band is from which a level is shown as uncertain."""

NOTHING: Final = "<td>\N{EN DASH}"
"""A cell without evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One learner: ``href`` leads to the learner from the page of levels, ``cells`` is HTML."""

    member: Member
    href: str
    cells: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One knowledge point; ``query`` is where the link of its head leads."""

    point: KnowledgePoint
    query: str


def table_columns(found: ClassMap, filters: Filters) -> Sequence[Column]:
    """Return the wanted columns; the head of a column leads to that one alone, weakest first, and back."""
    chosen = {"unit": filters.unit, "status": filters.status, "name": filters.name, "group": filters.group or ""}
    return [
        Column(
            point=found.points[number],
            query="?" + urlencode({**chosen, "point": "" if filters.point else found.points[number].code}),
        )
        for number in found.columns
    ]


def table_rows(found: ClassMap, words: Mapping[str, str]) -> Sequence[Row]:
    """Return the wanted rows. ``words`` names statuses, and has `cell`: how a cell is told (status, band, answers)."""
    if not found.rows or not found.columns:
        return []
    cells, spot = found.cells, np.ix_(np.asarray(found.rows), np.asarray(found.columns))
    addresses = [quote(found.points[number].code, safe="") + '/"' for number in found.columns]
    told = [str(escape(words["cell"])).replace("%s", str(escape(words[each])), 1) for each in STATUSES]
    shown = (cells.n[spot] > 0) & found.wanted[spot]
    columns = (
        _looks(found, spot),
        *(_percent(each[spot]) for each in (cells.level, cells.low, cells.high)),
        cells.n[spot].tolist(),
        found.status[spot].tolist(),
        shown.tolist(),
    )
    rows = []
    for number, *line in zip(found.rows, *columns, strict=True):
        href = f"../{found.members[number].subject.uuid}/"
        drawn = [
            # Written here and not in the template: there each of its values would be escaped again, at ten times the cost.
            f'<td class="{look}"><a href="{href}{address} title="{told[state] % (low, high, n)}">{level}<i>{low}–{high}</i></a>'
            if there
            else NOTHING
            for address, look, level, low, high, n, state, there in zip(addresses, *line, strict=True)
        ]
        rows.append(Row(member=found.members[number], href=href, cells="".join(drawn)))
    return rows


def _percent(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[list[int]]:
    """Return shares as whole per cent; where there is none, 0, which is not shown."""
    whole: list[list[int]] = np.rint(np.nan_to_num(shares) * 100).astype(np.int64).tolist()
    return whole


def _looks(found: ClassMap, spot: tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], ...]) -> list[list[str]]:
    """Return the class names of each cell: step of the scale, u for uncertain, t for few answers, the status."""
    cells = found.cells
    step = np.digitize(np.rint(np.nan_to_num(cells.level[spot]) * 100), LEVEL_STEPS)
    uncertain = np.nan_to_num(cells.high[spot] - cells.low[spot]) > UNCERTAIN_FROM
    thin = cells.n[spot] < COVERED_FROM
    marks = {"provisional": " p", "competent": " c", "review-due": " r", "under-appeal": " a", "withdrawn": " w"}
    names = np.asarray(
        [
            f"h{h}{u}{t}{marks.get(status, '')}"
            for h in range(len(LEVEL_STEPS) + 1)
            for u in ("", " u")
            for t in ("", " t")
            for status in STATUSES
        ],
        dtype=object,
    )
    number = ((step * 2 + uncertain) * 2 + thin) * len(STATUSES) + found.status[spot]
    looks: list[list[str]] = names[number].tolist()
    return looks
