"""Evidence and readings as records take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt

from qualoop.ledger import Evidence, EvidenceForm
from qualoop.mastery import kernel
from qualoop.mastery.constants import DEFAULT_CONSTANTS, KAPPA
from qualoop.mastery.moves import Move
from qualoop.mastery.readings import Reading
from qualoop.records import EvidenceEntry
from qualoop.values import Score

VARIANCE = 0.02
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a piece of evidence came about."""

    part: str = "item"
    activity: str = "lesson"
    form: EvidenceForm = EvidenceForm.QUIZ
    score: str = "1"
    omega: str = "0.5"
    rater: str = "auto"
    after: str = "61.6"
    before: str = "50.0"


def entry(seq: int, *codes: str, part: str = "item", activity: str = "lesson") -> EvidenceEntry:
    """Return the ``seq``-th piece of evidence, an hour after the one before, on some knowledge points."""
    return made_entry(seq, codes, Made(part=part, activity=activity))


def made_entry(seq: int, codes: Sequence[str], made: Made) -> EvidenceEntry:
    """Return the ``seq``-th piece of evidence, an hour after the one before, as it was made."""
    return EvidenceEntry(
        seq=seq,
        at=START + timedelta(hours=seq),
        evidence=Evidence(
            activity=made.activity,
            content="0" * 64,
            part=made.part,
            score=Score(made.score),
            form=made.form,
            rater=made.rater,
            attempt="a",
            tries=1,
            hints=0,
        ),
        explanation={
            "kps": [{"kp": code, "after": made.after} for code in codes],
            "weight": {"table": "w1", "omega": made.omega, "why": {"en": "Quiz item", "zh-Hans": "测验题"}},
        },
        moves={code: move(float(made.before) / 100, float(made.after) / 100) for code in codes},
    )


def move(before: float, after: float) -> Move:
    """Return what an answer did that moved a level, in (0, 1), by moving general ability and no doubt."""
    sd = sqrt(1 + KAPPA * (VARIANCE + VARIANCE + VARIANCE))
    early, late = (log(level / (1 - level)) * sd - DEFAULT_CONSTANTS.base for level in (before, after))
    still = (0.0, VARIANCE, 0.0, VARIANCE)
    return Move(early, VARIANCE, late, VARIANCE, *still, *still, kept=1.0)


def moved(*levels: float) -> list[Move]:
    """Return what answers did that brought a level from 50 % to the first of some, and from each to the next."""
    return [move(before, after) for before, after in zip((0.5, *levels), levels, strict=False)]


def answered(scores: Iterable[bool], *, days: float, ability: float) -> list[Move]:
    """Return what full answers did, so many days apart, on a knowledge point that is well known.

    The learner is of known ability: a hundred answers elsewhere have told of it.
    """
    constants = DEFAULT_CONSTANTS
    learner, own, known = kernel.new_learner(constants), kernel.new_memory(constants), [0.0, 0.05]
    chance = 1 / (1 + exp(-constants.base - ability))
    for _ in range(100):
        memory = kernel.new_memory(constants)
        _answer((learner, memory, [0.0, 0.05]), at=0.0, score=chance, practice=0.0)
    learner[0] = ability
    return [
        _answer((learner, own, known), at=number * days * 86_400, score=float(score), practice=1.0)
        for number, score in enumerate(scores)
    ]


def _answer(rows: tuple[list[float], list[float], list[float]], *, at: float, score: float, practice: float) -> Move:
    """Let a learner answer an item of average difficulty, in place; return what it did."""
    learner, memory, point = rows
    constants, stored = DEFAULT_CONSTANTS, memory[0]
    faded = list(memory)
    kernel.fade(faded, at, learner[4], constants.fading())
    before = (learner[:2], faded[:2], point[:2])
    kernel.step(
        (learner, [0.0, 0.1], kernel.new_rater(constants)),
        ([memory], [point], [0], [0], [1.0]),
        (at, score, 1.0, practice, 0.0, 0.0),
        constants.row(),
    )
    means = [value for early, late in zip(before, rows, strict=True) for value in (*early, *late[:2])]
    return Move._make([*means, faded[0] / stored if stored else 1.0, True])


def reading(mean: float, deviation: float, n: int = 3) -> Reading:
    """Return what the engine shows of a normal belief on the scale of log-odds."""
    reach = 1.645 * deviation
    return Reading(
        _sigmoid(mean), _sigmoid(mean - reach), _sigmoid(mean + reach), n, mean=float(mean), sd=float(deviation)
    )


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))
