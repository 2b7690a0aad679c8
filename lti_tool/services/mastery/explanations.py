"""What one update of mastery did, packed into a few bytes when it happens and turned into numbers for words when read.

An answer pays for 20 numbers and 11 for each knowledge point, in single precision: levels, bands and the reason for the
weight follow from them and from the evidence itself, and are computed when somebody asks why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct, unpack
from typing import Any, Final, NamedTuple

from qualoop.ledger import SCORED_BY_MACHINE, Evidence
from qualoop.mastery import kernel
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.engine import Step, Update, change
from qualoop.mastery.explanation import numbers
from qualoop.mastery.moves import Move
from qualoop.policies import WeightTable, read_occasion, vote_number, weigh

HEAD: Final = 20
POINT: Final = 11
DAY_S: Final = 86_400.0

_STRUCTS: Final = tuple(Struct(f"<{HEAD + POINT * points}f") for points in range(8))


class Head(NamedTuple):
    """The first numbers of an update.

    The seven of `kernel.step`; score, weight and practice factor that counted; among how many options a blind guess
    picked one (0: no guess floor known); the how-manieth meeting of learner and item it was; the item's difficulty
    before; ability and its variance before and after; how far form moved; the rater's severity before and after (both 0
    where nobody rated).
    """

    predicted: float
    z: float
    variance: float
    p: float
    information: float
    residual: float
    damping: float
    score: float
    omega: float
    practice: float
    options: float
    meeting: float
    b: float
    g: float
    v_g: float
    g_after: float
    v_g_after: float
    form: float
    severity: float
    severity_after: float


class Point(NamedTuple):
    """What happened to one knowledge point.

    Its share; slow memory and touches as they were stored, days since the last touch, difficulty; memory and difficulty
    after.
    """

    share: float
    m: float
    v_m: float
    n: float
    days: float
    c: float
    v_c: float
    m_after: float
    v_m_after: float
    c_after: float
    v_c_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpdate:
    """The update that the event number ``seq`` caused: its knowledge points and its packed numbers."""

    seq: int
    codes: tuple[str, ...]
    packed: bytes


def pack(values: Sequence[float]) -> bytes:
    """Return the values of one `Head` and of any number of `Point`s behind it as little-endian single floats."""
    points = (len(values) - HEAD) // POINT
    layout = _STRUCTS[points] if points < len(_STRUCTS) else Struct(f"<{len(values)}f")
    return layout.pack(*values)


def unpacked(packed: bytes) -> tuple[Head, list[Point]]:
    """Return what `pack` was given, in single precision."""
    values = unpack(f"<{len(packed) // 4}f", packed)
    points = range(HEAD, len(values), POINT)
    return Head(*values[:HEAD]), [Point(*values[start : start + POINT]) for start in points]


def explain(
    stored: StoredUpdate, evidence: Evidence, table: WeightTable, constants: Constants = DEFAULT_CONSTANTS
) -> Mapping[str, Any]:
    """Return what `explanation.numbers` gives for an update, with the weight of ``evidence`` and its reason.

    ``table`` weighed it.
    """
    head, points = unpacked(stored.packed)
    gain = head.practice * (constants.gain_success * head.score + constants.gain_failure * (1.0 - head.score))
    update = Update(
        predicted=head.predicted,
        score=head.score,
        z=head.z,
        variance=head.variance,
        p=head.p,
        weight=head.information,
        residual=head.residual,
        damping=head.damping,
        item_before=head.b,
        learner_before=head.g,
        learner_after=head.g_after,
        changes={
            code: change(_around(head, point, gain), constants)
            for code, point in zip(stored.codes, points, strict=True)
        },
        omega=head.omega,
        rater=None if evidence.rater == SCORED_BY_MACHINE else (head.severity, head.severity_after),
        form=head.form,
    )
    weight = weigh(
        evidence.form,
        evidence.score,
        try_number=max(int(head.meeting), vote_number(evidence.form, evidence.tries)),
        hints=evidence.hints,
        options=int(head.options) or None,
        occasion=read_occasion(evidence.occasion),
        table=table,
    )
    reason = {"table": weight.table, "omega": str(weight.omega), "why": dict(weight.why.by_language)}
    return {**numbers(update), "weight": reason}


def moves(stored: StoredUpdate, constants: Constants = DEFAULT_CONSTANTS) -> Mapping[str, Move]:
    """Return what an update did to what the level of each of its knowledge points rests on."""
    head, points = unpacked(stored.packed)
    return {code: _move(head, point, constants) for code, point in zip(stored.codes, points, strict=True)}


def _move(head: Head, point: Point, constants: Constants) -> Move:
    memory = [point.m, point.v_m, 0.0, 0.0, point.n, 0.0, 0.0]
    kernel.fade(memory, point.days * DAY_S, 0.0, constants.fading())
    return Move(
        *(head.g, head.v_g, head.g_after, head.v_g_after),
        *(memory[0], memory[1], point.m_after, point.v_m_after),
        *(point.c, point.v_c, point.c_after, point.v_c_after),
        kept=memory[0] / point.m if point.m else 1.0,
    )


def _around(head: Head, point: Point, gain: float) -> Step:
    """Return a knowledge point before and after, the last touch before being the beginning of time."""
    return Step(
        before=(
            [head.g, head.v_g, 0.0, 0.0, 0.0],
            [point.m, point.v_m, 0.0, 0.0, point.n, 0.0, 0.0],
            [point.c, point.v_c],
        ),
        after=(
            [head.g_after, head.v_g_after, 0.0, 0.0, 0.0],
            [point.m_after, point.v_m_after, 0.0, 0.0, point.n + 1.0, 0.0, 0.0],
            [point.c_after, point.v_c_after],
        ),
        gain=point.share * gain,
        at=point.days * DAY_S,
    )
