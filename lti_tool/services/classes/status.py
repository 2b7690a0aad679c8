"""The statuses of a class in an array, by the same policy as `qualoop.records.status_of`; a test compares the two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lti_tool.services.mastery.class_cells import ClassCells
from qualoop.ledger import EvidenceForm
from qualoop.records import COVERED_FROM, FLAGGED, SECONDS_PER_MONTH, Flag, Status, StatusRules, status_rules
from qualoop.sequencing import RESTING

STATUSES: Final = tuple(Status)
"""What the numbers in an array of statuses stand for."""

_NUMBER: Final = {status: number for number, status in enumerate(STATUSES)}


def status_table(
    cells: ClassCells,
    review_months: Sequence[int | None],
    *,
    now: datetime,
    errors: NDArray[np.bool_] | None = None,
    rules: StatusRules | None = None,
) -> NDArray[np.int8]:
    """Return the status of each learner on each knowledge point as an index into STATUSES.

    ``review_months`` is the knowledge points' own review time, ``errors`` where a critical error is open (`error_table`),
    None for nowhere. Flags of the ledger (an appeal, a withdrawal) are not in
    the cells: see `flag_statuses`.
    """
    rules = rules or status_rules()
    reach = (cells.mean - rules.cut) / cells.sd
    known = cells.was_competent | _is_competent(cells, reach, rules)
    if errors is not None:
        known &= ~errors
    due = known & (_is_old(cells, review_months, now, rules) | (reach < _sds(rules.review, rules)))
    provisional = (cells.items >= rules.stop_items) & (reach >= _sds(rules.stop, rules))
    numbers = np.select(
        [cells.n == 0, due, known, provisional],
        [_NUMBER[each] for each in (Status.NO_EVIDENCE, Status.REVIEW_DUE, Status.COMPETENT, Status.PROVISIONAL)],
        _NUMBER[Status.DEVELOPING],
    )
    return numbers.astype(np.int8)


def error_table(
    errors: Mapping[str, Collection[str]], people: Sequence[str], *, codes: Sequence[str]
) -> NDArray[np.bool_]:
    """Say where a critical error is open, from the knowledge points of those who have any, by pseudonym."""
    found = np.zeros((len(people), len(codes)), np.bool_)
    for row, person in enumerate(people):
        if own := errors.get(person):
            found[row] = [code in own for code in codes]
    return found


def flag_statuses(
    status: NDArray[np.int8], flags: Mapping[str, Mapping[str, Flag]], people: Sequence[str], *, codes: Sequence[str]
) -> None:
    """Put the flags of the ledger over the statuses of a class, in place."""
    columns = {code: number for number, code in enumerate(codes)}
    for row, person in enumerate(people):
        for code, flag in flags.get(person, {}).items():
            if code in columns:
                status[row, columns[code]] = _NUMBER[FLAGGED[flag]]


def concerned(cells: ClassCells, status: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Say who has answered on what, and is not secure on it."""
    return (cells.n > 0) & ~np.isin(status, [_NUMBER[each] for each in RESTING])


def remedial_table(
    cells: ClassCells, items: NDArray[np.int64], *, rules: StatusRules | None = None
) -> NDArray[np.bool_]:
    """Say where help is due, from so many different ``items``: `qualoop.records.is_remedial`."""
    rules = rules or status_rules()
    remedial: NDArray[np.bool_] = (items >= rules.remedy_items) & (
        (cells.mean - rules.cut) / cells.sd <= _sds(rules.remedy, rules)
    )
    return remedial


def met_table(cells: ClassCells) -> NDArray[np.bool_]:
    """Say where a knowledge point is known well enough to build on: `qualoop.sequencing.is_met`."""
    return (cells.n >= COVERED_FROM) & ~remedial_table(cells, cells.n)


def _is_competent(cells: ClassCells, reach: NDArray[np.float64], rules: StatusRules) -> NDArray[np.bool_]:
    """Say where a knowledge point is competent by its numbers alone."""
    numbers = rules.competence
    counted = cells.forms & numbers.counted
    forms = sum((counted >> place) & 1 for place in range(len(EvidenceForm)))
    met: NDArray[np.bool_] = (reach >= numbers.reach) & (cells.items >= numbers.items) & (forms >= numbers.forms)
    return met


def _is_old(
    cells: ClassCells, review_months: Sequence[int | None], now: datetime, rules: StatusRules
) -> NDArray[np.bool_]:
    """Say where the newest evidence is older than the review time."""
    months = [rules.review_months or own or np.inf for own in review_months]
    old: NDArray[np.bool_] = now.timestamp() - cells.at > np.asarray(months, np.float64) * SECONDS_PER_MONTH
    return old


def _sds(chance: float, rules: StatusRules) -> float:
    """Return how many of the model's standard deviations above the cut have so great a chance."""
    return NormalDist().inv_cdf(chance) * rules.widening
