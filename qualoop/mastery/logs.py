"""Reads logs of learners' responses: a folder of CSV files, every fault of every file at once (docs/mastery.md).

Each `*.csv` or `*.csv.gz` is one log, named by its stem: UTF-8, commas, quotes as in RFC 4180, a header line, columns
in any order. One row is one response, with all the knowledge points of its item: never a row for each.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.authored_files import AuthoredFilesError, Problems
from qualoop.errors import QualoopError
from qualoop.mastery.accuracy import auc
from qualoop.mastery.log_columns import Column, Columns, checked_columns

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MUST: Final = ("learner", "item", "order", "kps", "score", "split")
MAY: Final = ("time", "rater", "sheet", "omega", "options")
ALIASES: Final[Mapping[str, str]] = {"seq": "order", "t": "time", "correct": "score"}
SUSPICIOUS_AUC: Final = 0.65
SUSPICIOUS_SHARE: Final = 0.01

_STEM: Final = re.compile(r"(.+?)\.csv(\.gz)?")


class LogFaultsError(AuthoredFilesError):
    """Logs of responses hold faults; `problems` lists every one."""

    code = "log-faults"


class NoLogsError(QualoopError):
    """A folder holds no log of responses: no *.csv and no *.csv.gz."""

    code = "no-logs"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseLog:
    """One log as columns: n rows, in file order; whatever has a name is its index in a tuple of names.

    The knowledge points of item i are ``points[point_start[i]:point_start[i + 1]]`` (CSR), each of weight 1/K.
    """

    name: str
    learners: tuple[str, ...]
    items: tuple[str, ...]
    point_names: tuple[str, ...]
    raters: tuple[str, ...]
    sheets: tuple[str, ...]
    learner: Indices
    item: Indices
    order: Indices
    """Strictly rising within a learner, also in file order."""
    time: Floats
    """Seconds from any fixed moment; zeros where `timed` is false."""
    timed: bool
    score: Floats
    """In [0, 1]."""
    tests: NDArray[np.bool_]
    """For each learner: whether the log keeps it for testing."""
    point_start: Indices
    points: Indices
    rater: Indices
    """-1 where a machine scored."""
    sheet: Indices
    """The rated artefact; -1 where there is none."""
    omega: Floats
    """Weight of the evidence, above 0."""
    guess: Floats
    """1 over the number of options, 0 where unknown."""
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return the number of responses."""
        return len(self.score)


def read_logs(folder: Path) -> dict[str, ResponseLog]:
    """Return every log of a folder by its name, in order of names.

    Raises LogFaultsError with all faults of all files (codes `header`, `value`, `order`, `split`, `item-kps`,
    `rater-sheet`), NoLogsError where there is no log.
    """
    paths = sorted(path for path in folder.glob("*") if path.is_file() and _STEM.fullmatch(path.name))
    if not paths:
        raise NoLogsError(f"{folder} holds no *.csv and no *.csv.gz")
    problems = Problems()
    logs: dict[str, ResponseLog] = {}
    names: set[str] = set()
    for path in paths:
        found = _STEM.fullmatch(path.name)
        name = found[1] if found else path.name
        if name in names:
            problems.add(path.name, 1, "header", f"a second log of the name {name}", repair="rename one of them")
        elif log := read_log(path, name, problems):
            logs[name] = log
        names.add(name)
    if problems.found:
        raise LogFaultsError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return logs


def read_log(path: Path, name: str, problems: Problems) -> ResponseLog | None:
    """Return one log, or None with its faults added to ``problems``."""
    before = len(problems)
    text = _text(path, problems)
    table = None if text is None else _table(text, path.name, problems)
    if table is None:
        return None
    cells, lines = table
    columns = checked_columns(cells, lines, path.name, problems)
    return None if columns is None or len(problems) > before else _log(name, columns)


def run_order(log: ResponseLog) -> Indices:
    """Return the indices of all rows in the order of a run: training learners shuffled, then test learners.

    Learners run one after another, in order of first appearance; those for training are shuffled with NumPy's
    `default_rng(1)`. No run depends on what it is used for, so figures of different models can be paired.
    """
    training, testing = np.flatnonzero(~log.tests), np.flatnonzero(log.tests)
    np.random.default_rng(1).shuffle(training)
    place = np.empty(len(log.learners), np.int64)
    place[np.concatenate((training, testing))] = np.arange(len(log.learners))
    return np.argsort(place[log.learner], kind="stable")


def copy_previous_auc(log: ResponseLog) -> float:
    """Return the AUC of "the same as the learner's previous score": above .65 something leaks (NaN of no rows)."""
    rows = run_order(log)
    later = np.flatnonzero(log.learner[rows[1:]] == log.learner[rows[:-1]]) + 1
    return auc(log.score[rows[later]], log.score[rows[later - 1]])


def _text(path: Path, problems: Problems) -> str | None:
    """Return the text of a file, or None with the fault noted."""
    data = path.read_bytes()
    try:
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(path.name, line, "value", "not UTF-8 text", repair="save it as UTF-8")
    except (OSError, EOFError, zlib.error) as error:
        problems.add(path.name, 1, "header", f"not a whole gzip file: {error}")
    return None


def _table(text: str, file: str, problems: Problems) -> tuple[dict[str, Column], list[int]] | None:
    """Return the cells of each column and the line of each row, or None with the faults noted."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    flat: list[str] = []  # Row after row: a list of lists would be walked by every garbage collection.
    lines: list[int] = []
    start, header = 1, None
    try:
        header = _header(next(reader, []), file, problems)
        if header is None:
            return None
        start = reader.line_num + 1
        for row in reader:
            if len(row) == len(header):
                flat += row
                lines.append(start)
            elif row:
                problems.add(file, start, "value", f"{len(row)} fields, but the header has {len(header)}")
            start = reader.line_num + 1
    except csv.Error as error:
        problems.add(file, start, "value", str(error))
    return None if header is None else ({name: flat[i :: len(header)] for i, name in enumerate(header)}, lines)


def _header(names: Sequence[str], file: str, problems: Problems) -> list[str] | None:
    """Return the names of the columns without aliases, or None with the faults noted."""
    header = [ALIASES.get(name, name) for name in names]
    faults = [f"no column `{name}`" for name in MUST if name not in header]
    faults += [f"unknown column `{name}`" for name in header if name not in (*MUST, *MAY)]
    faults += [f"column `{name}` stands twice" for name in sorted(set(header)) if header.count(name) > 1]
    for fault in faults:
        problems.add(file, 1, "header", fault)
    return None if faults else header


def _log(name: str, columns: Columns) -> ResponseLog:
    """Return checked columns as a log, with what makes them suspicious."""
    names = tuple(dict.fromkeys(point for points in columns.item_points for point in points))
    index = {point: place for place, point in enumerate(names)}
    timed = bool(len(columns.time)) and bool((columns.time != columns.time[0]).any())
    log = ResponseLog(
        name=name,
        learners=columns.learner.names,
        items=columns.item.names,
        point_names=names,
        raters=columns.rater.names,
        sheets=columns.sheet.names,
        learner=columns.learner.index,
        item=columns.item.index,
        order=columns.order,
        time=columns.time if timed else np.zeros(len(columns.time)),
        timed=timed,
        score=columns.score,
        tests=columns.tests,
        point_start=np.cumsum([0, *(len(points) for points in columns.item_points)], dtype=np.int64),
        points=np.array([index[point] for points in columns.item_points for point in points], np.int64),
        rater=columns.rater.index,
        sheet=columns.sheet.index,
        omega=columns.omega,
        guess=columns.guess,
    )
    return replace(log, warnings=tuple(_suspicions(log)))


def _suspicions(log: ResponseLog) -> Iterator[str]:
    """Yield the signs that responses were split into a row for each knowledge point."""
    copied = copy_previous_auc(log)
    if copied > SUSPICIOUS_AUC:
        yield f"expanded? {log.name}: copying the learner's previous score has an AUC of {copied:.3f}"
    if log.timed:
        rows = run_order(log)
        before, after = rows[:-1], rows[1:]
        repeats = (log.learner[before] == log.learner[after]) & (log.time[before] == log.time[after])
        repeats &= (log.score[before] == log.score[after]) & (log.item[before] != log.item[after])
        share = float(repeats.sum()) / log.rows
        if share > SUSPICIOUS_SHARE:
            yield f"expanded? {log.name}: {share:.1%} of the rows repeat time and score of the row before"
