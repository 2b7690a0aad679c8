"""Evidence and readings as records take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp

from qualoop.ledger import Evidence, EvidenceForm
from qualoop.mastery.readings import Reading
from qualoop.records import EvidenceEntry
from qualoop.values import Score

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
    )


def reading(mean: float, deviation: float, n: int = 3) -> Reading:
    """Return what the engine shows of a normal belief on the scale of log-odds."""
    reach = 1.645 * deviation
    return Reading(
        _sigmoid(mean), _sigmoid(mean - reach), _sigmoid(mean + reach), n, mean=float(mean), sd=float(deviation)
    )


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))
