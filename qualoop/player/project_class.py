"""What a host that knows a class may add to a learner's page: which rounds are open, and where the own score lies.

A host without a class, such as a block, has no `class_around`, and the page is as if there were none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from qualoop.player.host import Host
from qualoop.player.project_state import GRADED
from qualoop.values import Score

View: TypeAlias = dict[str, Any]

LEAST_OTHERS: Final = 5
"""So many others must have finished before anything is shown of them: of fewer, one could be told by the score."""

TENTHS: Final = 10
_TALLEST: Final = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAround:
    """What is told of a class. ``others`` are scores in [0, 1] of who has finished, the learner not among them.

    ``closed_rounds`` counts the rounds that are over, from the first; the next to be played closes at ``closes``.
    ``open_rounds`` is how many rounds of a graded run may be played, None where nobody holds them back; the next one
    opens at ``at`` (ISO 8601, and ``at_words`` as people read it), both empty where a teacher opens it by hand.
    """

    others: Sequence[Score] = ()
    open_rounds: int | None = None
    at: str = ""
    at_words: str = ""
    closed_rounds: int = 0
    closes: str = ""
    closes_words: str = ""


@runtime_checkable
class KnowsClass(Protocol):
    """What a host may know besides: the class that the learner is in."""

    @property
    def class_around(self) -> ClassAround:
        """Return what is told of the class on this page."""


def with_class(run: Mapping[str, Any] | None, host: Host) -> View | None:
    """Return the view of a run with what the host knows of the class: nothing, for practice and for what is not shown."""
    if run is None:
        return None
    view: View = {**run, "held": None, "closing": None, "class_scores": None}
    if not isinstance(host, KnowsClass) or run["mode"] != GRADED:
        return view
    around = host.class_around
    if run["done"]:
        return view | {"class_scores": _distribution(around.others, run.get("tenth"))}
    if around.open_rounds is not None and around.open_rounds <= run["played"] < run["rounds"]:
        view["held"] = {"at": around.at, "at_words": around.at_words}
    if around.closes and run["played"] < run["rounds"]:
        view["closing"] = {"at": around.closes, "at_words": around.closes_words}
    return view


def closed_rounds(host: Host) -> int:
    """Return how many rounds of a graded run are over for the class, from the first."""
    return host.class_around.closed_rounds if isinstance(host, KnowsClass) else 0


def tenth_of(score: Score) -> int:
    """Return in which tenth a score lies, 0 to 9; 1 lies in the last."""
    return min(int(score * TENTHS), TENTHS - 1)


def _distribution(others: Sequence[Score], own: int | None) -> View | None:
    """Return how many of the others lie in each tenth; None where these are too few, or the own score is not told."""
    if own is None or len(others) < LEAST_OTHERS:
        return None
    counts = [0] * TENTHS
    for score in others:
        counts[tenth_of(score)] += 1
    most = max(counts)
    return {
        "count": len(others),
        "bars": [
            {
                "low": place * TENTHS,
                "high": (place + 1) * TENTHS,
                "count": count,
                "height": round(_TALLEST * count / most, 1),
                "own": place == own,
            }
            for place, count in enumerate(counts)
        ],
    }
