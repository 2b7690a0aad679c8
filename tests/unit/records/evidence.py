"""Evidence and readings as records take them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp

from qualoop.ledger import Evidence, EvidenceForm
from qualoop.mastery.engine import Reading
from qualoop.records import EvidenceEntry
from qualoop.values import Score

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def entry(seq: int, *codes: str, part: str = "item", activity: str = "lesson") -> EvidenceEntry:
    """Return the ``seq``-th piece of evidence, an hour after the one before, on some knowledge points."""
    return EvidenceEntry(
        seq=seq,
        at=START + timedelta(hours=seq),
        evidence=Evidence(
            activity=activity,
            content="0" * 64,
            part=part,
            score=Score(1),
            form=EvidenceForm.QUIZ,
            rater="auto",
            attempt="a",
            tries=1,
            hints=0,
        ),
        explanation={
            "kps": [{"kp": code, "after": "61.6"} for code in codes],
            "weight": {"table": "w1", "omega": "0.5", "why": {"en": "Quiz item", "zh-Hans": "测验题"}},
        },
    )


def reading(mean: float, deviation: float, n: int = 3) -> Reading:
    """Return what the engine shows of a normal belief on the scale of log-odds."""
    reach = 1.645 * deviation
    return Reading(_sigmoid(mean), _sigmoid(mean - reach), _sigmoid(mean + reach), n)


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))
