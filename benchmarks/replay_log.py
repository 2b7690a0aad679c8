"""A synthetic log of any length as columnar segments: 50,000 learners, 500 knowledge points, 20,000 items.

Learners work in sessions of a dozen answers, of which several hundred run at a time; over ten million answers a learner
meets some fifty knowledge points.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lti_tool.services.mastery.replay_log import SEGMENT_ROWS
from qualoop.mastery import segments
from qualoop.mastery.joining import Part
from qualoop.mastery.segments import Coded, Facts

LEARNERS: Final = 50_000
POINTS: Final = 500
ITEMS: Final = 20_000
MET: Final = 60
SESSION: Final = 12
#: Answers before a learner goes on to another knowledge point.
RUN: Final = 3
START_US: Final = 1_770_000_000_000_000
HINTED: Final = 0.1
#: Between the beginnings of two sessions, on average: several hundred sessions of ten minutes overlap.
GAP_US: Final = 1_000_000
SESSION_US: Final = 600_000_000

_PARTS: Final = tuple(segments.part_name(f"activity-{n // 5}", f"item-{n % 5}", f"{n // 5:064x}") for n in range(ITEMS))
_LEARNERS: Final = tuple(str(uuid.UUID(int=(1 << 120) + number)) for number in range(LEARNERS))
_SCORES: Final = ("0", "0.5", "1")


def write_log(folder: Path, events: int, *, seed: int = 1) -> None:
    """Write a log of so many events; the same seed gives the same."""
    random = np.random.default_rng(seed)
    written, begins = 0, START_US
    while written < events:
        rows = min(SEGMENT_ROWS, events - written)
        facts, begins = _facts(random, written, rows, begins=begins)
        segments.write(folder, facts, after=written, through=written + rows)
        written += rows


def tagged_parts() -> dict[str, Part]:
    """Return the tags of every part: one knowledge point, for each fifth item two; each fourth is a choice of four."""
    return {
        name: Part(tags=dict(_tags(number)), options=4 if number % 4 == 0 else None)
        for number, name in enumerate(_PARTS)
    }


def _tags(item: int) -> Iterator[tuple[str, str]]:
    point = item % POINTS
    if item % 5:
        yield f"KP-{point}", "1"
    else:
        yield f"KP-{point}", "0.5"
        yield f"KP-{(point + 1) % POINTS}", "0.5"


def _facts(random: np.random.Generator, first: int, rows: int, *, begins: int) -> tuple[Facts, int]:
    """Return the next stretch of the log, and when the one after it begins."""
    sessions = -(-rows // SESSION)
    starts = begins + np.cumsum(random.integers(0, 2 * GAP_US, sessions))
    at = np.repeat(starts, SESSION) + random.integers(0, SESSION_US, sessions * SESSION)
    learner = np.repeat(random.integers(0, LEARNERS, sessions), SESSION)
    point = (learner * 7919 + np.repeat(random.integers(0, MET, len(at) // RUN), RUN) * 97) % POINTS
    item = point + POINTS * random.integers(0, ITEMS // POINTS, len(point))
    order = np.argsort(at, kind="stable")[:rows]
    facts = Facts(
        seq=np.arange(first + 1, first + rows + 1, dtype=np.int64),
        occurred_at=at[order],
        hints=(random.random(rows) < HINTED).astype(np.int32),
        learner=_coded(learner[order], _LEARNERS),
        part=_coded(item[order], _PARTS),
        form=_coded(np.zeros(rows, np.int64), ("quiz",)),
        score=_coded(np.searchsorted([0.3, 0.35], random.random(rows)), _SCORES),
        rater=_coded(np.zeros(rows, np.int64), ("auto",)),
    )
    return facts, int(starts[-1])


def _coded(numbers: NDArray[np.int64], names: tuple[str, ...]) -> Coded:
    """Return a column with every name once, in the order of first appearance, as segments of a ledger have it."""
    used, first, codes = np.unique(numbers, return_index=True, return_inverse=True)
    by_appearance = np.argsort(first)
    place = np.empty(len(used), np.int32)
    place[by_appearance] = np.arange(len(used), dtype=np.int32)
    return Coded(place[codes], tuple(names[number] for number in used[by_appearance].tolist()))
