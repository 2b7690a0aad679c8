"""What staff see of the class: a table with a column for each point of which anything is known, and a row for each learner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from qualoop.framework import Framework, Unit
from qualoop.records import level_step
from xblocks.common.cache import MasteryMap, PointState

MOST_ROWS: Final = 500
SHORT: Final = 4
"""Characters of what stands for a learner without a name: the digest of an id says nothing of the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A knowledge point: of how many learners there is evidence, and their mean level in per cent."""

    code: str
    title: str
    learners: int
    mean: int | None
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One learner at one point; ``step`` is the colour of the level, None without one."""

    state: PointState
    step: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One learner: a name or none, what stands for it, a cell for each column, what to do next."""

    label: str
    short: str
    cells: tuple[Cell | None, ...]
    following: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """The class: of ``learners`` the tool has told, ``known`` of them have evidence of a point that is shown."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    learners: int
    known: int
    left_out: int


def heat_map(framework: Framework, units: Sequence[Unit], maps: Sequence[MasteryMap], language: str) -> Heat:
    """Return the class as a table."""
    seen = {code for one in maps for code in one.points}
    codes = list(dict.fromkeys(code for unit in units for code in unit.knowledge_points if code in seen))
    return Heat(
        columns=tuple(_column(framework, code, maps, language) for code in codes),
        rows=tuple(_row(one, codes, language) for one in maps[:MOST_ROWS]),
        learners=len(maps),
        known=sum(any(code in one.points for code in codes) for one in maps),
        left_out=max(len(maps) - MOST_ROWS, 0),
    )


def _column(framework: Framework, code: str, maps: Iterable[MasteryMap], language: str) -> Column:
    found = [one.points[code] for one in maps if code in one.points]
    levels = [state.known.level for state in found if state.known is not None]
    mean = round(sum(levels) / len(levels)) if levels else None
    return Column(
        code=code,
        title=framework.get_knowledge_point(code).title[language],
        learners=len(levels),
        mean=mean,
        step=level_step(mean or 0),
    )


def _row(one: MasteryMap, codes: Sequence[str], language: str) -> Row:
    return Row(
        label=one.label,
        short=hashlib.sha256(one.learner.encode()).hexdigest()[:SHORT],
        cells=tuple(_cell(one.points.get(code)) for code in codes),
        following=one.following.title.get(language, "") if one.following is not None else "",
    )


def _cell(state: PointState | None) -> Cell | None:
    if state is None:
        return None
    return Cell(state=state, step=level_step(state.known.level) if state.known is not None else None)
