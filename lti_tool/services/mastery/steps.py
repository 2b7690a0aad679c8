"""Advances mastery by evidence: loads the rows that it touches, lets the kernel change them, writes them back.

One or five hundred pieces of evidence are the same three steps, in the caller's transaction. A replay that goes on event
by event gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from math import sqrt
from typing import Any, Final

from lti_tool.db import Driver, micros
from lti_tool.services.mastery import rows as mastery_rows
from lti_tool.services.mastery import tables
from lti_tool.services.mastery.cache import Place
from lti_tool.services.mastery.explanations import DAY_S, pack
from lti_tool.services.mastery.tables import Key, Kind
from qualoop.ledger import SCORED_BY_MACHINE, EvidenceForm
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.kernel import Row, belief, new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.policies import (
    CompetenceNumbers,
    competence_numbers,
    is_competent,
    read_occasion,
    status_policy,
    vote_number,
    weigh,
)
from qualoop.values import Score

FORM_BITS: Final = {form.value: 1 << place for place, form in enumerate(EvidenceForm)}

_CONSTANTS: Final = DEFAULT_CONSTANTS
_CONSTANTS_ROW: Final = _CONSTANTS.row()
_UNRATED: Final = new_rater(_CONSTANTS)
_SLOTS: Final = tuple(tuple(range(count)) for count in range(65))
_KERNEL: Final = 7
"""How many numbers of a memory's row are the kernel's; items, forms and competent_at stand behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One piece of evidence as mastery takes it: event number ``seq``, joined with the tags of its part.

    ``item`` is 'activity/part'; ``weights`` are the part's knowledge points with their shares (sum 1), in the order of
    the tag set; ``tries`` is the evidence's own count, which matters of a poll (`policies.vote_number`); ``options`` is
    among how many a blind guess picks one, where that is known.
    """

    seq: int
    learner: str
    item: str
    form: str
    occasion: str
    score: Score
    tries: int
    hints: int
    options: int | None
    rater: str
    at: datetime
    weights: tuple[tuple[str, float], ...]


def advance(driver: Driver, place: Place, pieces: Sequence[Scored]) -> None:
    """Apply pieces of evidence, which are in ledger order, to the states at ``place``, and keep why each moved them."""
    states = _States(driver, place, pieces)
    for piece in pieces:
        states.apply(piece)
    states.save(driver)


class _States:
    """The rows that some pieces of evidence touch."""

    def __init__(self, driver: Driver, place: Place, pieces: Sequence[Scored]) -> None:
        self._place = (place.organisation_id, place.generation_id)
        shares = [(piece, code) for piece in pieces for code, _ in piece.weights]
        wanted: dict[Kind, list[Key]] = {
            tables.LEARNER: [*{(piece.learner,): None for piece in pieces}],
            tables.MEETING: [*{(piece.learner, piece.item): None for piece in pieces}],
            tables.ITEM: [*{(piece.item,): None for piece in pieces}],
            tables.MEMORY: [*{(piece.learner, code): None for piece, code in shares}],
            tables.POINT: [*{(code,): None for _, code in shares}],
            tables.RATER: [*{(piece.rater,): None for piece in pieces if piece.rater != SCORED_BY_MACHINE}],
        }
        self._rows = mastery_rows.load(driver, place.generation_id, wanted)
        self._learners, self._meetings, self._items, self._memories, self._points, self._raters = self._rows.values()
        self._updates: list[tuple[Any, ...]] = []

    def apply(self, piece: Scored) -> None:
        """Advance all rows by one piece of evidence; one that weighs nothing is only counted as met."""
        met = self._meetings.setdefault((piece.learner, piece.item), [0])
        is_new, meeting = met[0] <= 0, abs(met[0]) + 1
        number = max(meeting, vote_number(piece.form, piece.tries))
        omega, score, practice, guess = weighed(
            piece.form, piece.score, number, hints=piece.hints, options=piece.options, occasion=piece.occasion
        )
        # Below zero while nothing has weighed: the item counts among the different ones from the first that does.
        met[0] = -meeting if is_new and omega == 0.0 else meeting
        if omega == 0.0:
            return
        learner = _row(self._learners, (piece.learner,), new_learner)
        item = _row(self._items, (piece.item,), new_item)
        rated = piece.rater != SCORED_BY_MACHINE
        rater = _row(self._raters, (piece.rater,), new_rater) if rated else _UNRATED
        memories = [_row(self._memories, (piece.learner, code), _new_memory) for code, _ in piece.weights]
        points = [_row(self._points, (code,), new_point) for code, _ in piece.weights]
        kernel_rows = [memory[:_KERNEL] for memory in memories]
        at = piece.at.timestamp()
        b, g, v_g, v_h, severity = item[0], learner[0], learner[1], learner[3], rater[0]
        before = [
            (share, row[0], row[1], row[4], (at - row[5]) / DAY_S if row[4] else 0.0, point[0], point[1])
            for (_, share), row, point in zip(piece.weights, kernel_rows, points, strict=True)
        ]
        slots = _SLOTS[len(points)]
        numbers = step(
            (learner, item, rater),
            (kernel_rows, points, slots, slots, [share for _, share in piece.weights]),
            (at, score, omega, practice, guess, 1.0 if rated else 0.0),
            _CONSTANTS_ROW,
        )
        counted = (score, omega, practice, float(piece.options or 0), float(meeting))
        moved = (b, g, v_g, learner[0], learner[1], v_h * numbers[5] / numbers[6], severity, rater[0])
        head = (*numbers, *counted, *moved)
        self._keep(piece, (learner, memories, kernel_rows, points), (head, before), is_new=is_new)

    def _keep(
        self,
        piece: Scored,
        rows: tuple[Row, list[list[Any]], list[Row], list[Row]],
        told: tuple[Sequence[float], Sequence[Sequence[float]]],
        *,
        is_new: bool,
    ) -> None:
        """Put the kernel's numbers back into the memories, judge them, and note why they moved."""
        learner, memories, kernel_rows, points = rows
        values = [*told[0]]
        for memory, row, point, before in zip(memories, kernel_rows, points, told[1], strict=True):
            memory[:_KERNEL] = row
            memory[7] += is_new
            memory[8] |= FORM_BITS[piece.form]
            if memory[9] is None and _is_competent(learner, memory, point):
                memory[9] = micros(piece.at)
            values += before
            values += (row[0], row[1], point[0], point[1])
        codes = "".join(f";{code}" for code, _ in piece.weights)
        self._updates.append((piece.learner, piece.seq, f"{codes};" if codes else "", pack(values)))

    def save(self, driver: Driver) -> None:
        """Write everything back."""
        mastery_rows.save(driver, self._place, self._rows, self._updates)


@lru_cache(maxsize=4096)
def weighed(
    form: str, score: Score, meeting: int, *, hints: int, options: int | None, occasion: str = ""
) -> tuple[float, float, float, float]:
    """Return omega, the score that counts, the practice factor and the guess floor, as the kernel takes them."""
    weight = weigh(form, score, try_number=meeting, hints=hints, options=options, occasion=read_occasion(occasion))
    return float(weight.omega), float(weight.y), float(weight.u), float(weight.gamma)


def _row(table: dict[Key, list[Any]], key: Key, new: Callable[[Constants], list[Any]]) -> list[Any]:
    """Return the row of ``key``, a new one where there is none yet."""
    row = table.get(key)
    if row is None:
        row = table[key] = new(_CONSTANTS)
    return row


def _new_memory(constants: Constants) -> list[Any]:
    return [*new_memory(constants), 0, 0, None]


def _is_competent(learner: Row, memory: Sequence[Any], point: Row) -> bool:
    """Say whether a knowledge point is competent right after an update (docs/mastery.md, read-outs)."""
    rule = _competence()
    if memory[7] < rule.items:
        return False
    mean, variance = belief(learner, (memory[0], min(_CONSTANTS.v_m0, memory[1])), point, _CONSTANTS.base)
    return is_competent(mean, sqrt(variance), (memory[7], memory[8]), rule)


@cache
def _competence() -> CompetenceNumbers:
    return competence_numbers(status_policy())
