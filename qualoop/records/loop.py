"""The loop meter: for each knowledge point, how a class does before its hour, in it, in practice, and on the record.

A piece of evidence belongs to a stage by its form, by the kind of its activity and by where it lies to the class, never
by a name (`stage_of`). Of one learner and knowledge point a stage has the mean of its pieces, weighted by the share that
the part has in the knowledge point. Gains are paired: only learners who have both ends are in them. So whoever has no
piece of a stage moves no gain of it.

1. *Check* is what was answered before the learner's first piece in class; a check after it says nothing of before.
2. *Practice* begins with the learner's first piece in class, or with the check of who was not there: what was done
   earlier was no fruit of the class.
3. *Record* is the level now, of all evidence: a chance of success on an item of average difficulty, where the other
   stages are scores in what was asked. So the hop to it has a delay and no gain: whoever was right each time would have
   lost by it.
4. A stage that hardly anybody has is passed over: hops go from the stage before it to the one after it (`THIN`). Else one
   learner's stray piece would leave one learner in the gains of three hundred.
5. The delay between two stages goes from the last piece of the earlier one that was not later than the first piece of
   the later one. That of the record goes from the last piece before it to the moment at which that was recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.ledger import EvidenceForm
from qualoop.records.loop_figures import Delay, Floats, Paired, delay, divided, mean_of, paired, row_means

CHECK_KIND: Final = "readiness-check"
AFTER: Final = "after"
"""Where a step of a flipped unit lies to its class (`qualoop.classroom.flipped_unit.UnitPlan.phase`)."""

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Stage(StrEnum):
    """A stage of the loop, in its order."""

    CHECK = "check"
    FIRST_VOTE = "first-vote"
    SECOND_VOTE = "second-vote"
    TEAM = "team"
    PRACTICE = "practice"
    RECORD = "record"


STAGES: Final = tuple(Stage)
IN_CLASS: Final = (Stage.FIRST_VOTE, Stage.SECOND_VOTE, Stage.TEAM)
_NUMBER: Final = {stage: number for number, stage in enumerate(STAGES)}
_CLASS_NUMBERS: Final = tuple(_NUMBER[stage] for stage in IN_CLASS)

THIN: Final = 10
"""A stage is passed over where this many times its learners have another one."""
LEAST_FOR_THE_WHOLE: Final = 2
"""With more stages than these the way from end to end is no single hop."""

PRACTISED: Final = frozenset(
    {
        EvidenceForm.PROJECT,
        EvidenceForm.LIVE,
        EvidenceForm.OBSERVATION,
        EvidenceForm.PORTFOLIO,
        EvidenceForm.DEFENCE,
        EvidenceForm.PAPER,
        EvidenceForm.EXAM,
    }
)
"""Forms in which somebody shows what the class was for, wherever that is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the stage of a piece of evidence depends on.

    ``kind`` is that of its activity where the activity is placed in this course, else empty. ``in_class`` says whether
    its attempt is a session of the class, ``phase`` where its activity lies to the class of a flipped unit of the course,
    empty where in none. ``tries`` is the number of the try, of a vote that of its round.
    """

    form: EvidenceForm
    kind: str = ""
    in_class: bool = False
    phase: str = ""
    tries: int = 1


def stage_of(seen: Seen) -> Stage | None:
    """Return the stage that a piece of evidence belongs to; None for what is none's, such as answers in a lesson.

    Of what is answered item by item only the first try counts: it shows how somebody came, the later ones what the
    feedback told.
    """
    if seen.in_class and seen.form is EvidenceForm.POLL:
        return Stage.FIRST_VOTE if seen.tries == 1 else Stage.SECOND_VOTE
    if seen.form in PRACTISED:
        return Stage.PRACTICE
    if seen.tries != 1:
        return None
    if seen.form is EvidenceForm.PROCESS:
        return Stage.CHECK if seen.kind == CHECK_KIND else None
    if seen.form is EvidenceForm.QUIZ:
        return Stage.TEAM if seen.in_class else Stage.PRACTICE if seen.phase == AFTER else None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Evidence in columns, a row for each piece and knowledge point that its part serves, in any order.

    ``learner`` and ``point`` are indices, ``stage`` is one into STAGES, ``score`` lies in [0, 1], ``share`` in (0, 1];
    ``at`` and ``recorded`` are seconds since 1970. ``done`` numbers what was done in class (a poll, a team test), -1 for
    what was not; ``sitting`` numbers attempts.
    """

    learner: Indices
    point: Indices
    stage: Indices
    score: Floats
    share: Floats
    at: Floats
    recorded: Floats
    done: Indices
    sitting: Indices

    def __len__(self) -> int:
        return len(self.learner)

    def where(self, wanted: Flags | Indices) -> Pieces:
        """Return some of the rows."""
        return Pieces(**{name: getattr(self, name)[wanted] for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when on (with) and until when (without) pieces are looked at, in seconds since 1970."""

    since: float = -math.inf
    until: float = math.inf

    def of(self, pieces: Pieces) -> Pieces:
        """Return the pieces in it."""
        wanted = (pieces.at >= self.since) & (pieces.at < self.until)
        return pieces if bool(wanted.all()) else pieces.where(wanted)


ALWAYS: Final = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMean:
    """The mean score of the ``n`` learners who have anything of a stage, in [0, 1]; of the record, their level."""

    stage: Stage
    n: int
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """From a stage to the next one that is not passed over, and how many learners have both ends.

    Gain and delay are None where nobody has. To the record there is never a gain: its level is no score.
    """

    start: Stage
    end: Stage
    n: int
    gain: Paired | None
    delay: Delay | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The stages that there are, in order, and the hops between them.

    ``whole`` goes from the first to the last one that has scores and hops, None where that is a hop. The record's level is
    no score.
    """

    stages: Sequence[StageMean]
    hops: Sequence[Hop]
    whole: Hop | None

    def find(self, stage: Stage) -> StageMean | None:
        """Return a stage where there is anything of it."""
        return next((each for each in self.stages if each.stage is stage), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """The loop of a class: over all knowledge points together, and of each, by its index."""

    together: Run
    points: Sequence[Run]


def in_loop(pieces: Pieces, shape: tuple[int, int]) -> Pieces:
    """Return the pieces that belong where they stand: checks before the class, practice after it (rules 1 and 2)."""
    cell = _cells(pieces, shape)
    is_class = np.isin(pieces.stage, _CLASS_NUMBERS)
    class_from = _first(cell[is_class], pieces.at[is_class], shape)
    is_check = pieces.stage == _NUMBER[Stage.CHECK]
    too_late = is_check & (pieces.at > np.where(np.isnan(class_from), np.inf, class_from)[cell])
    counted = is_check & ~too_late
    check_from = _first(cell[counted], pieces.at[counted], shape)
    begins = np.where(np.isnan(class_from), check_from, class_from)
    is_practice = pieces.stage == _NUMBER[Stage.PRACTICE]
    too_early = is_practice & (pieces.at < np.where(np.isnan(begins), -np.inf, begins)[cell])
    return pieces.where(~(too_late | too_early))


def measure(pieces: Pieces, level: Floats, *, span: Span = ALWAYS) -> Loop:
    """Return the loop of a class; ``level``, of shape (learners, points), is the record, NaN where there is none.

    ``pieces`` are all of the class, and of these those of the ``span`` count: where a piece belongs depends on what came
    before and after it, whether that is looked at or not.
    """
    shape = (level.shape[0], level.shape[1])
    kept = span.of(in_loop(pieces, shape))
    tables = _Tables(kept, level)
    columns = range(shape[1])
    return Loop(together=_together(tables), points=[_run(tables, column) for column in columns])


class _Tables:
    """Means and delays by learner and knowledge point, each made once."""

    def __init__(self, pieces: Pieces, level: Floats) -> None:
        self.shape = (level.shape[0], level.shape[1])
        self._pieces, self._cell = pieces, _cells(pieces, self.shape)
        self._of = [np.flatnonzero(pieces.stage == number) for number in range(len(STAGES))]
        self._delays: dict[tuple[Stage, Stage], Floats] = {}
        self.means = {
            stage: level if stage is Stage.RECORD else self._mean(self._of[number])
            for number, stage in enumerate(STAGES)
        }

    def delay(self, start: Stage, end: Stage) -> Floats:
        """Return the seconds between two stages, NaN where a learner has not both in this order."""
        if (start, end) not in self._delays:
            self._delays[start, end] = self._recording(start) if end is Stage.RECORD else self._between(start, end)
        return self._delays[start, end]

    def _mean(self, rows: Indices) -> Floats:
        cell, size = self._cell[rows], self.shape[0] * self.shape[1]
        share = self._pieces.share[rows]
        weight = np.bincount(cell, weights=share, minlength=size)
        total = np.bincount(cell, weights=share * self._pieces.score[rows], minlength=size)
        return divided(total, weight).reshape(self.shape)

    def _between(self, start: Stage, end: Stage) -> Floats:
        early, late = self._of[_NUMBER[start]], self._of[_NUMBER[end]]
        at = self._pieces.at
        first = _first(self._cell[late], at[late], self.shape)
        early = early[at[early] <= np.nan_to_num(first, nan=-np.inf)[self._cell[early]]]
        last = -_first(self._cell[early], -at[early], self.shape)
        return (first - last).reshape(self.shape)

    def _recording(self, start: Stage) -> Floats:
        rows = self._of[_NUMBER[start]]
        at, cell = self._pieces.at[rows], self._cell[rows]
        last = -_first(cell, -at, self.shape)
        newest = at == last[cell]
        recorded = -_first(cell[newest], -self._pieces.recorded[rows][newest], self.shape)
        return (recorded - last).reshape(self.shape)


def _run(tables: _Tables, column: int) -> Run:
    """Return the stages and hops of one knowledge point."""
    means = {stage: table[:, column] for stage, table in tables.means.items()}

    def hop(start: Stage, end: Stage) -> Hop:
        return _hop(start, end, (means[start], means[end]), tables.delay(start, end)[:, column])

    return _made(means, hop)


def _together(tables: _Tables) -> Run:
    """Return the stages and hops over all knowledge points: a learner counts once, with the mean of the own ones."""
    means = {stage: row_means(table) for stage, table in tables.means.items()}

    def hop(start: Stage, end: Stage) -> Hop:
        early, late = tables.means[start], tables.means[end]
        # Of both ends the same knowledge points: else a hard one that is only at one end would be a loss.
        both = np.isnan(early) | np.isnan(late)
        before, after = (row_means(np.where(both, np.nan, each)) for each in (early, late))
        return _hop(start, end, (before, after), row_means(tables.delay(start, end)))

    return _made(means, hop)


def _hop(start: Stage, end: Stage, ends: tuple[Floats, Floats], seconds: Floats) -> Hop:
    found = paired(*ends)
    gain = None if end is Stage.RECORD else found
    return Hop(start=start, end=end, n=found.n if found else 0, gain=gain, delay=delay(seconds))


def _made(means: dict[Stage, Floats], hop: Callable[[Stage, Stage], Hop]) -> Run:
    found = [
        StageMean(stage=stage, n=int((~np.isnan(values)).sum()), mean=mean)
        for stage, values in means.items()
        if (mean := mean_of(values)) is not None
    ]
    fullest = max((each.n for each in found), default=0)
    passed = [each.stage for each in found if each.stage is Stage.RECORD or each.n * THIN >= fullest]
    hops = [hop(early, late) for early, late in pairwise(passed)]
    scored = [stage for stage in passed if stage is not Stage.RECORD]
    whole = hop(scored[0], scored[-1]) if len(scored) > LEAST_FOR_THE_WHOLE else None
    # What lies between the ends is no delay: days of practice are in it.
    return Run(stages=found, hops=hops, whole=replace(whole, delay=None) if whole else None)


def _cells(pieces: Pieces, shape: tuple[int, int]) -> Indices:
    return pieces.learner * shape[1] + pieces.point


def _first(cell: Indices, at: Floats, shape: tuple[int, int]) -> Floats:
    """Return the least moment of each cell, flat; NaN where it has none."""
    found = np.full(shape[0] * shape[1], np.inf)
    np.minimum.at(found, cell, at)
    found[np.isinf(found)] = np.nan
    return found
