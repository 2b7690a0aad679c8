"""Lays a whole log through the model: columns in ledger order in, tables of states out.

The same `kernel.step` as online, compiled by numba where it is installed and worth it, else as plain Python: both give
the same bits. What needs no model is done before, in one pass learner by learner (`plan`): the how-manieth meeting of
learner and item each event is, and which row of the table of memories each of its knowledge points has. A replay can
stop after any event and go on from its tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qualoop.ledger import EvidenceForm
from qualoop.mastery.compiling import as_lists, compiled, is_worth_compiling
from qualoop.policies import Weight

Floats = NDArray[np.float64]
Places = NDArray[np.int32]


class Kind(NamedTuple):
    """A kind of answer: its form, K of a choice of K, and what it weighs at the first and each further meeting."""

    form: str
    options: int | None
    weights: Sequence[Weight]


FORM_BIT: Final = {form.value: 1 << place for place, form in enumerate(EvidenceForm)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """What each of k kinds of answer weighs, by the how-manieth meeting up to the m-th, which repeats.

    ``omega`` has shape (k, m); ``score``, ``practice``, ``guess``, ``options`` (0 for none) and ``form`` (a bit of
    `FORM_BIT`) have shape (k,).
    """

    omega: Floats
    score: Floats
    practice: Floats
    guess: Floats
    options: Floats
    form: NDArray[np.int64]

    @classmethod
    def of(cls, kinds: Sequence[Kind]) -> Self:
        """Return the weights of each kind of answer, all with the same number of meetings."""
        return cls(
            omega=np.array([[float(each.omega) for each in kind.weights] for kind in kinds] or [[]], np.float64),
            score=np.array([float(kind.weights[0].y) for kind in kinds], np.float64),
            practice=np.array([float(kind.weights[0].u) for kind in kinds], np.float64),
            guess=np.array([float(kind.weights[0].gamma) for kind in kinds], np.float64),
            options=np.array([float(kind.options or 0) for kind in kinds], np.float64),
            form=np.array([FORM_BIT[kind.form] for kind in kinds], np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Log:
    """The columns of n events in ledger order, with p parts joined to their knowledge points.

    ``learner``, ``part``, ``rater`` (-1 for none), ``kind`` (a row of ``weights``) and ``occurred_at`` (microseconds
    since 1970) have shape (n,). The knowledge points of part i are ``point[first[i]:first[i + 1]]``, their shares in it
    ``share`` alike; its item is ``item_of_part[i]``. ``learners``, ``items``, ``raters``, ``points`` count what the indices run over.
    """

    learner: Places
    part: Places
    rater: Places
    kind: Places
    occurred_at: NDArray[np.int64]
    item_of_part: Places
    first: NDArray[np.int64]
    point: Places
    share: Floats
    weights: Weights
    learners: int
    items: int
    raters: int
    points: int

    def __len__(self) -> int:
        return len(self.learner)

    def moving(self, meeting: Places) -> NDArray[np.bool_]:
        """Return for each event whether it weighs anything; ``meeting`` as in `Plan`."""
        omega = self.weights.omega
        weighs: NDArray[np.bool_] = omega[self.kind, np.minimum(meeting, omega.shape[1]) - 1] > 0.0
        return weighs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What a replay of n events needs beside the model.

    ``meeting`` (n,) is the how-manieth meeting of learner and item, and ``is_new`` (n,) whether it is the first that weighs
    anything: with it the item counts among the different ones. ``start`` (n + 1,) and ``row`` give for each event the rows
    of its memories. Memory i is of ``memory_learner[i]`` and ``memory_point[i]``. A row of ``pairs`` (p, 3) says: this
    learner has met this item so many times in all, below zero where none of them weighed anything.
    """

    meeting: Places
    is_new: NDArray[np.bool_]
    start: Places
    row: Places
    memory_learner: Places
    memory_point: Places
    pairs: Places


def plan(log: Log, *, compile_it: bool | None = None) -> Plan:
    """Return the plan of a log; ``compile_it`` as for `replaying.Replaying`."""
    start = np.zeros(len(log) + 1, np.int32)
    np.cumsum(np.diff(log.first).astype(np.int32)[log.part], out=start[1:])
    ends = np.cumsum(np.bincount(log.learner, minlength=log.learners))
    meeting, pairs, counts = np.zeros(len(log), np.int32), np.zeros((len(log), 3), np.int32), np.zeros(2, np.int64)
    is_new = np.zeros(len(log), np.bool_)
    memories = tuple(np.zeros(int(start[-1]), np.int32) for _ in range(3))
    inputs = (log.learner, log.part, log.item_of_part, log.first, log.point, start, log.kind, log.weights.omega)
    scratch = (
        np.concatenate([[0], ends]).astype(np.int64),
        np.full((log.items, 2), -1, np.int32),
        np.full((log.points, 2), -1, np.int32),
    )
    arguments = (inputs, scratch, (meeting, is_new, pairs, counts), memories)
    if is_worth_compiling(len(log)) if compile_it is None else compile_it:
        compiled(_number_meetings)(*arguments)
    else:
        listed = as_lists(arguments)
        _number_meetings(*listed)
        filled: Any = (meeting, is_new, pairs, counts, *memories)
        for into, values in zip(filled, (*listed[2], *listed[3]), strict=True):
            into[:] = np.reshape(values, into.shape)
    used_memories, used_pairs = counts.tolist()
    return Plan(
        meeting=meeting,
        is_new=is_new,
        start=start,
        row=memories[0],
        memory_learner=memories[1][:used_memories],
        memory_point=memories[2][:used_memories],
        pairs=pairs[:used_pairs],
    )


def _number_meetings(inputs: Any, scratch: Any, numbers: Any, memories: Any) -> None:
    """Go through the log learner by learner: tables that hold one learner's rows at a time stay small and near.

    The events in this order lie where the pairs come: there are never more pairs than events that are done with.
    """
    learner, part, item_of_part, first, point, start, kind, omega = inputs
    place, last_item, last_point = scratch
    meeting, is_new, pairs, counts = numbers
    row, memory_learner, memory_point = memories
    for event in range(len(learner)):
        entry = pairs[place[learner[event]]]
        entry[0], entry[1], entry[2] = event, part[event], start[event]
        place[learner[event]] += 1
    made_memories, made_pairs, who = 0, 0, 0
    for turn in range(len(learner)):
        while turn >= place[who]:
            who += 1
        event, what, slot = pairs[turn]
        item = last_item[item_of_part[what]]
        if item[0] != who:
            item[0], item[1], entry = who, made_pairs, pairs[made_pairs]
            entry[0], entry[1], entry[2] = who, item_of_part[what], 0
            made_pairs += 1
        entry, weights = pairs[item[1]], omega[kind[event]]
        number = abs(entry[2]) + 1
        is_nothing = weights[min(number, len(weights)) - 1] == 0.0
        meeting[event], is_new[event] = number, entry[2] <= 0 and not is_nothing
        entry[2] = -number if entry[2] <= 0 and is_nothing else number
        for place_of_code in range(first[what], first[what + 1]):
            code = last_point[point[place_of_code]]
            if code[0] != who:
                code[0], code[1] = who, made_memories
                memory_learner[made_memories], memory_point[made_memories] = who, point[place_of_code]
                made_memories += 1
            row[slot] = code[1]
            slot += 1
    counts[0], counts[1] = made_memories, made_pairs
