"""Joins the raw facts of evidence with what has versions of its own: tags, weights, corrections.

Facts say who answered which part how well. Which knowledge points a part serves, what such an answer weighs, and
whether it still stands is looked up here, once for each different answer instead of once for each event.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qualoop.ledger import SCORED_BY_MACHINE
from qualoop.mastery.replay_plan import Kind, Log, Weights
from qualoop.mastery.segments import Coded, Facts, item_of, split_form
from qualoop.policies import Occasion, Weight, WeightTable, read_occasion, weigh
from qualoop.values import Score

#: Up to this many possible kinds of answer a table is cheaper than sorting.
TABLE_AT_MOST: Final = 1 << 24
#: A second run of a scenario weighs less than the first.
LEAST_MEETINGS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is known of a part: its knowledge points with their weights as decimal texts, and K of a choice of K."""

    tags: Mapping[str, str]
    options: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """A log for `replaying`, and the names behind its indices; ``seq`` is that of each event, shape (n,)."""

    log: Log
    seq: NDArray[np.int64]
    learners: tuple[str, ...]
    items: tuple[str, ...]
    raters: tuple[str, ...]
    codes: tuple[str, ...]
    untagged: int
    """How many pieces of evidence wait for tags."""


def correct(facts: Facts, *, voided: Collection[int], revised: Mapping[int, str]) -> Facts:
    """Leave out the evidence of the sequence numbers ``voided``, and give that of ``revised`` its newest score.

    The order stays that of the original evidence. A sequence number that is not among the facts is passed over.
    """
    if revised:
        facts = replace(facts, score=_rescored(facts, revised))
    if not voided:
        return facts
    return _kept(facts, ~np.isin(facts.seq, np.fromiter(voided, np.int64, len(voided))))


def join(facts: Facts, parts: Mapping[str, Part], table: WeightTable) -> Joined:
    """Return the facts as a log with knowledge points and weights; evidence of parts without tags is left out.

    ``parts`` is by `segments.part_name`. Raises FormNotWeighedError where ``table`` does not know a form.
    """
    known = np.array([name in parts for name in facts.part.values], np.bool_)
    total = len(facts)
    if not known.all():
        facts = _kept(facts, known[facts.part.codes])
    names = facts.part.values
    tagged = [parts.get(name) or Part(tags={}) for name in names]
    items, item_of_part = _indexed([item_of(name) for name in names])
    codes, points = _indexed([code for part in tagged for code in part.tags])
    raters, rater_of = _raters(facts.rater)
    kind, weights = _weigh(facts, [part.options for part in tagged], table)
    log = Log(
        learner=facts.learner.codes,
        part=facts.part.codes,
        rater=rater_of[facts.rater.codes] if len(facts) else np.empty(0, np.int32),
        kind=kind,
        occurred_at=facts.occurred_at,
        item_of_part=item_of_part,
        first=np.cumsum([0, *(len(part.tags) for part in tagged)]).astype(np.int64),
        point=points,
        share=np.array([float(share) for part in tagged for share in part.tags.values()], np.float64),
        weights=weights,
        learners=len(facts.learner.values),
        items=len(items),
        raters=len(raters),
        points=len(codes),
    )
    return Joined(
        log=log,
        seq=facts.seq,
        learners=facts.learner.values,
        items=items,
        raters=raters,
        codes=codes,
        untagged=total - len(facts),
    )


def _kept(facts: Facts, rows: NDArray[np.bool_]) -> Facts:
    """Return some rows of the facts; the values of coded columns stay as they are."""
    kept: dict[str, Any] = {}
    for name in Facts.__slots__:
        column = getattr(facts, name)
        kept[name] = Coded(column.codes[rows], column.values) if isinstance(column, Coded) else column[rows]
    return Facts(**kept)


def _rescored(facts: Facts, revised: Mapping[int, str]) -> Coded:
    """Return the column of scores with the revised ones."""
    index = {text: code for code, text in enumerate(facts.score.values)}
    codes = facts.score.codes.copy()
    for seq, text in revised.items():
        row = int(np.searchsorted(facts.seq, seq))
        if row < len(facts) and facts.seq[row] == seq:
            codes[row] = index.setdefault(text, len(index))
    return Coded(codes, tuple(index))


def _indexed(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return each name once, in the order of first appearance, and for each entry the index of its name."""
    index: dict[str, int] = {}
    places = [index.setdefault(name, len(index)) for name in names]
    return tuple(index), np.array(places, np.int32)


def _raters(column: Coded) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the people who rated, and for each value of the column the rater's index, -1 for the machine."""
    names = tuple(name for name in column.values if name != SCORED_BY_MACHINE)
    index = {name: place for place, name in enumerate(names)}
    return names, np.array([index.get(name, -1) for name in column.values], np.int32)


def _weigh(facts: Facts, options: list[int | None], table: WeightTable) -> tuple[NDArray[np.int32], Weights]:
    """Return for each event the kind of answer that it is, and what each kind weighs."""
    choices, choice_of_part = _choices(options)
    most_hints = int(facts.hints.max()) + 1 if len(facts) else 1
    shape = (len(facts.form.values), len(facts.score.values), most_hints, len(choices))
    if not len(facts):
        return np.empty(0, np.int32), Weights.of([])
    columns: tuple[NDArray[np.int32], ...] = (facts.form.codes, facts.score.codes, facts.hints)
    if len(choices) > 1:
        columns = (*columns, np.take(choice_of_part, facts.part.codes, mode="clip"))
    key: Any = np.zeros(len(facts), np.int32 if prod(shape) <= TABLE_AT_MOST else np.int64)
    for column, size in zip(columns, shape, strict=False):
        if size > 1:
            key *= size
            key += column
    used, kind = _distinct(key, prod(shape))
    found = list(zip(*(each.tolist() for each in np.unravel_index(used, shape)), strict=True))
    kinds = []
    for form, score, hints, choice in found:
        (name, occasion, vote), options_here = split_form(facts.form.values[form]), choices[choice]
        answer = _Answer(name, Score(facts.score.values[score]), hints, options_here, read_occasion(occasion), vote)
        kinds.append(Kind(name, options_here, _by_meeting(answer, table)))
    return kind, Weights.of(kinds)


class _Answer(NamedTuple):
    """What of an answer decides what it weighs."""

    form: str
    score: Score
    hints: int
    options: int | None
    occasion: Occasion | None
    vote: int


def _by_meeting(answer: _Answer, table: WeightTable) -> list[Weight]:
    """Return what an answer weighs at each meeting until the last that differs."""
    most = max(len(each.omega or ()) for each in table.forms.values())
    return [
        weigh(
            answer.form,
            answer.score,
            try_number=max(meeting, answer.vote),
            hints=answer.hints,
            options=answer.options,
            occasion=answer.occasion,
            table=table,
        )
        for meeting in range(1, max(most, LEAST_MEETINGS) + 1)
    ]


def _choices(options: list[int | None]) -> tuple[list[int | None], NDArray[np.int32]]:
    """Return the different numbers of options, and for each part the index of its own."""
    choices = list(dict.fromkeys(options))
    index = {choice: place for place, choice in enumerate(choices)}
    return choices, np.array([index[choice] for choice in options], np.int32)


def _distinct(key: NDArray[Any], possible: int) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the different keys, sorted, and for each row the index of its own."""
    if possible > TABLE_AT_MOST:
        used, kind = np.unique(key, return_inverse=True)
        return used, kind.astype(np.int32)
    seen = np.zeros(possible, np.bool_)
    seen[key] = True
    used = np.flatnonzero(seen)
    place = np.empty(possible, np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used, place[key]
