"""What human ratings say of rubrics, and how well the engine foretells the second sheet of a text.

Reads the files of the rubric ratings as they are, under their own names; which columns are what stands in `RUBRICS`.
Texts run in an order shuffled once: the engine is tuned on the first half and judged on the second.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qualoop.errors import QualoopError
from qualoop.mastery.compiling import as_lists, compiled, is_worth_compiling
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.kernel import new_item, new_learner, new_rater, predict, step
from qualoop.mastery.raters import RaterStatistics, Sheet, rater_statistics

Floats = NDArray[np.float64]
Figures = dict[str, float | None]
Notes = dict[str, str]

OMEGA: Final = 2.5
"""The shipped weight of a criterion, before the limit on a sheet."""
SHEET_TOTAL: Final = 10.0
"""The shipped limit on the weight of a whole sheet."""
GRID: Final[Mapping[str, tuple[float, ...]]] = {
    "omega": (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 16.0),
    "v_g0": (0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5),
    "v_s0": (0.02, 0.03, 0.05, 0.07, 0.1, 0.2),
    "v_h0": (0.0, 0.04, 0.08, 0.16, 0.3, 0.6),
}
"""What is tuned: the weight of a criterion and three constants."""
ROUNDS: Final = 3
"""How often each of them is gone through."""
RUNS: Final = ROUNDS * sum(len(values) for values in GRID.values())


class RatingsFileError(QualoopError):
    """A file of ratings does not hold what its rubric says."""

    code = "ratings-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """How a file of ratings is read: the columns whose values together name a text, its task, criteria and scale.

    ``tasks`` are the columns that name the kind of text; each has criteria of its own difficulty.
    """

    text: tuple[str, ...]
    criteria: tuple[str, ...]
    high: float
    low: float = 0.0
    tasks: tuple[str, ...] = ()
    student: str = "idstud"
    rater: str = "rater"


_K: Final = ("k1", "k2", "k3", "k4", "k5")
_CRIT: Final = ("crit2", "crit3", "crit4")

#: By file. Criteria on another scale than the rest of their sheet are left out (crit6 of sirt-ratings3).
RUBRICS: Final[Mapping[str, Rubric]] = {
    "immer01a": Rubric(text=("idstud", "type"), tasks=("type",), criteria=_K, high=3),
    "immer02": Rubric(text=("idstud",), criteria=("a1", "a2", "a3", "a4"), high=3),
    "immer03": Rubric(text=("idstud",), criteria=("b1", "b2", "b3", "b4"), high=3),
    "immer04a": Rubric(text=("idstud", "task"), tasks=("task",), criteria=("TA", "CC", "GR", "VOC"), high=7),
    "immer05": Rubric(text=("idstud_task",), tasks=("task",), criteria=("TA", "CC", "GR", "VO"), high=7),
    "immer09": Rubric(text=("idpaper",), criteria=("score",), low=1, high=7, student="idpaper", rater="idreviewer"),
    "ptam4": Rubric(text=("idstud",), criteria=_CRIT, high=3),
    "sirt-ratings1": Rubric(text=("idstud",), criteria=_K, high=3),
    "sirt-ratings2": Rubric(text=("idstud",), criteria=_K, high=3),
    "sirt-ratings3": Rubric(text=("idstud",), criteria=_CRIT, high=3),
}
#: Files in which the student as the unit is measured too: what mixing texts costs.
AS_STUDENTS: Final = ("immer01a",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The sheets of a file in its order, without gaps and repeats, and the student behind each."""

    rubric: Rubric
    sheets: Sequence[Sheet]
    students: Sequence[str]
    left_out: int


def rater_figures(folder: Path) -> tuple[Figures, Notes]:
    """Return the figures of every known file of ``folder``, as ``raters.SET.NAME``, and why one is missing.

    RMSE are in points of the scale: ``rmse_second`` of the tuned engine, ``rmse_copy`` of copying the first sheet,
    ``rmse_second_default`` and ``rmse_second_capped`` of the shipped constants without and with the limit on a sheet.
    Raises RatingsFileError, also where there is no known file.
    """
    figures: Figures = {}
    notes: Notes = {}
    paths = sorted(folder.glob("*.csv"))
    if not any(path.stem in RUBRICS for path in paths):
        raise RatingsFileError(f"{folder} holds none of the known files: {', '.join(sorted(RUBRICS))}")
    for path in paths:
        if path.stem not in RUBRICS:
            notes[f"raters.{path.stem}"] = "not read: not known, or no ratings of texts on one scale"
            continue
        rated = read_ratings(path, RUBRICS[path.stem])
        found = _agreement(rater_statistics(rated.sheets)) | second_sheet(rated)
        figures |= {f"raters.{path.stem}.{key}": value for key, value in found.items()}
        if rated.left_out:
            notes[f"raters.{path.stem}"] = f"left out, with a gap or the rater's second of a text: {rated.left_out}"
        if path.stem in AS_STUDENTS:
            whole = second_sheet(rated, as_students=True)
            figures |= {f"raters.{path.stem}_students.{key}": value for key, value in whole.items()}
    return figures, notes


def read_ratings(path: Path, rubric: Rubric) -> Rated:
    """Return the sheets of a file; a sheet with a gap, or of a rater who has rated the text before, is left out."""
    sheets: list[Sheet] = []
    students: list[str] = []
    seen: set[tuple[str, str]] = set()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        wanted = {*rubric.text, *rubric.tasks, *rubric.criteria, rubric.student, rubric.rater}
        if missing := sorted(wanted - set(reader.fieldnames or ())):
            raise RatingsFileError(f"{path.name} has no column {', '.join(missing)}")
        rows = list(reader)
    for line, row in enumerate(rows, start=2):
        text = "/".join(row[column] for column in rubric.text)
        scores = tuple(_score(row[column], rubric, f"{path.name}, line {line}, {column}") for column in rubric.criteria)
        if None in scores or (text, row[rubric.rater]) in seen:
            continue
        seen.add((text, row[rubric.rater]))
        task = "/".join(row[column] for column in rubric.tasks)
        sheets.append(Sheet(text=text, rater=row[rubric.rater], scores=scores, task=task))
        students.append(row[rubric.student])
    return Rated(rubric=rubric, sheets=sheets, students=students, left_out=len(rows) - len(sheets))


def second_sheet(rated: Rated, *, as_students: bool = False) -> Figures:
    """Return how far the second sheet of a text lies from what was foretold, in points, on the second half of texts.

    ``as_students`` takes the student for the text, whose second sheet may be about another text. None where the
    second half has no text with two sheets.
    """
    online = _Online.of(rated, as_students=as_students)
    tuned = _tuned(online)
    shipped = {"omega": OMEGA}
    capped = {"omega": min(OMEGA, SHEET_TOTAL / len(rated.rubric.criteria))}
    return {
        "rmse_second": online.rmse(tuned, first_half=False),
        "rmse_second_default": online.rmse(shipped, first_half=False),
        "rmse_second_capped": online.rmse(capped, first_half=False),
        "rmse_copy": online.rmse_copy(),
        **{f"tuned_{name}": value for name, value in tuned.items()},
    }


def _agreement(statistics: RaterStatistics) -> Figures:
    """Return what is told of agreement and reliability."""
    parts = statistics.components
    return {
        "exact": statistics.exact,
        "adjacent": statistics.adjacent,
        "qwk": statistics.kappa,
        "alpha": statistics.alpha,
        "icc": parts.icc if parts else None,
        "icc_2": parts.icc_of(2) if parts else None,
        "raters_needed": parts.raters_needed() if parts else None,
    }


def _score(cell: str, rubric: Rubric, place: str) -> float | None:
    """Return the points in a cell, None for a gap; raise RatingsFileError for anything off the scale."""
    if not cell:
        return None
    try:
        score = float(cell)
    except ValueError:
        score = float("nan")
    if not rubric.low <= score <= rubric.high:
        raise RatingsFileError(f"{place}: {cell!r} is not on the scale {rubric.low:g} to {rubric.high:g}")
    return score


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Online:
    """Sheets in the order of a run: n sheets with k criteria each, as indices and shares of the scale."""

    text: NDArray[np.int64]
    rater: NDArray[np.int64]
    items: NDArray[np.int64]
    """Of each sheet the first of its k criteria."""
    scores: Floats
    place: NDArray[np.int64]
    """Of each sheet among those of its text, from 0."""
    points: float
    """The length of the scale."""

    @classmethod
    def of(cls, rated: Rated, *, as_students: bool) -> _Online:
        """Shuffle the texts; the sheets of a text keep their order."""
        names = rated.students if as_students else [sheet.text for sheet in rated.sheets]
        by_text: dict[str, list[int]] = {}
        for number, name in enumerate(names):
            by_text.setdefault(name, []).append(number)
        groups = list(by_text.values())
        order = np.arange(len(groups))
        np.random.default_rng(0).shuffle(order)
        rows = [(text, number, place) for text, group in enumerate(order) for place, number in enumerate(groups[group])]
        sheets = [rated.sheets[number] for _, number, _ in rows]
        rubric = rated.rubric
        scale = rubric.high - rubric.low
        scores = np.array([sheet.scores for sheet in sheets], dtype=float).reshape(len(rows), len(rubric.criteria))
        return cls(
            text=np.array([text for text, _, _ in rows], dtype=np.int64),
            rater=_numbered([sheet.rater for sheet in sheets]),
            items=_numbered([sheet.task for sheet in sheets]) * len(rubric.criteria),
            scores=(scores - rubric.low) / scale,
            place=np.array([place for _, _, place in rows], dtype=np.int64),
            points=scale,
        )

    def rmse(self, settings: Mapping[str, float], *, first_half: bool) -> float | None:
        """Return the RMSE of the engine under ``settings`` (names of `GRID`) on the second sheets of one half."""
        changes: dict[str, Any] = {name: value for name, value in settings.items() if name != "omega"}
        constants = replace(DEFAULT_CONSTANTS, **changes)
        half = (int(self.text[-1]) + 1) // 2 if len(self.text) else 0
        inside = self.text < half
        used = int(inside.sum()) if first_half else len(self.text)
        foretold = self._foretold(constants, settings["omega"], used)
        chosen = (self.place[:used] == 1) & (inside[:used] == first_half)
        return _rmse(foretold[chosen], self.scores[:used].mean(axis=1)[chosen], self.points)

    def rmse_copy(self) -> float | None:
        """Return the RMSE of the first sheet as a forecast of the second, on the second half."""
        means = self.scores.mean(axis=1)
        half = (int(self.text[-1]) + 1) // 2 if len(self.text) else 0
        second = np.flatnonzero((self.place == 1) & (self.text >= half))
        return _rmse(means[second - 1], means[second], self.points)

    def _foretold(self, constants: Constants, omega: float, used: int) -> Floats:
        """Return for each of the first ``used`` sheets the mean score that the engine expects before seeing it."""
        tables = (
            _table(new_learner(constants), int(self.text.max(initial=0)) + 1),
            _table(new_item(constants), int(self.items.max(initial=0)) + self.scores.shape[1]),
            _table(new_rater(constants), int(self.rater.max(initial=0)) + 1),
        )
        untouched = np.zeros((0, 7)), np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        foretold = np.zeros(used)
        sheets = (self.text, self.items, self.rater, self.scores)
        given = (sheets, tables, (omega, constants.row(), untouched), foretold)
        if is_worth_compiling(RUNS * self.scores.size):
            compiled(_run)(*given)
            return foretold
        lists: Any = as_lists(given)
        _run(*lists)
        return np.array(lists[-1])


def _tuned(online: _Online) -> dict[str, float]:
    """Return the settings with the least RMSE on the first half, one after another; the start where it has none."""
    best: dict[str, float] = {"omega": OMEGA}
    best |= {name: getattr(DEFAULT_CONSTANTS, name) for name in GRID if name != "omega"}
    least = online.rmse(best, first_half=True)
    for name, values in [*GRID.items()] * ROUNDS if least is not None else ():
        for value in values:
            found = online.rmse(best | {name: value}, first_half=True)
            if found is not None and least is not None and found < least:
                least, best = found, best | {name: value}
    return best


def _run(sheets: Any, tables: Any, settings: Any, foretold: Any) -> None:
    """Foretell each sheet, then show it to the engine, criterion by criterion: z = ability - criterion - severity."""
    text_of, first_item, rater_of, scores = sheets
    texts, items, raters = tables
    omega, constants, touched = settings
    for number in range(len(foretold)):
        text, rater, first = texts[text_of[number]], raters[rater_of[number]], first_item[number]
        sheet = scores[number]
        total = 0.0
        for k in range(len(sheet)):
            asked = (0.0, 0.0, omega, 0.0, 0.0, 1.0)
            total += predict((text, items[first + k], rater), touched, asked, constants)[0]
        foretold[number] = total / len(sheet)
        for k in range(len(sheet)):
            step((text, items[first + k], rater), touched, (0.0, sheet[k], omega, 0.0, 0.0, 1.0), constants)


def _table(row: Sequence[float], count: int) -> Floats:
    """Return ``count`` rows of a table."""
    return np.tile(np.array(row), (count, 1))


def _rmse(foretold: Floats, scores: Floats, points: float) -> float | None:
    """Return the root of the mean squared error in points; None of nothing."""
    return points * float(np.sqrt(np.mean((foretold - scores) ** 2))) if len(scores) else None


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Return the number of each name in order of first appearance."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)
