"""How scored work came about where it was not answered item by item: a rubric sheet, or a run of a simulation.

In evidence an occasion is a short text, which `as_text` writes and `read_occasion` reads:

    sheet:6:assessor        a rubric sheet of 6 criteria; or peer, or self
    checkpoints:3           a simulation with 3 independent checkpoints
    graded-run:4:0.85       a graded run of 4 components, of a mode whose retest reliability is .85
    graded-run:4            a graded run of a mode of which none was published
    practice-run:4          a practice run of 4 components
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from qualoop.policies.tables import RubricWeights, SimulationWeights
from qualoop.values import Score, ValueRefusedError

_SIX_DIGITS: Final = Decimal("0.000001")


class Judge(StrEnum):
    """Who judges by a rubric."""

    ASSESSOR = "assessor"
    PEER = "peer"
    SELF = "self"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One criterion on a rubric sheet with ``criteria`` (1 or more) of them. Raises ValueRefusedError."""

    criteria: int = 1
    judge: Judge = Judge.ASSESSOR

    def __post_init__(self) -> None:
        _refuse_less_than_one(self.criteria, "a sheet has one criterion")

    def as_text(self) -> str:
        """Return what stands in evidence."""
        return f"sheet:{self.criteria}:{self.judge.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """A simulation that is scored by ``count`` (1 or more) independent checkpoints. Raises ValueRefusedError."""

    count: int

    def __post_init__(self) -> None:
        _refuse_less_than_one(self.count, "a simulation has one checkpoint")

    def as_text(self) -> str:
        """Return what stands in evidence."""
        return f"checkpoints:{self.count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRun:
    """One of the ``components`` of a graded run; ``reliability`` in [0, 1] is the mode's published retest one.

    Without one, None, it weighs as practice does. Raises ValueRefusedError.
    """

    reliability: Decimal | None
    components: int = 1

    def __post_init__(self) -> None:
        _refuse_less_than_one(self.components, "a run has one component")
        if self.reliability is not None and not 0 <= self.reliability <= 1:
            raise ValueRefusedError(f"a reliability lies in [0, 1], not {self.reliability}")

    def as_text(self) -> str:
        """Return what stands in evidence."""
        known = "" if self.reliability is None else f":{self.reliability.normalize():f}"
        return f"graded-run:{self.components}{known}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeRun:
    """One of the ``components`` (1 or more) of a run that was only practice. Raises ValueRefusedError."""

    components: int = 1

    def __post_init__(self) -> None:
        _refuse_less_than_one(self.components, "a run has one component")

    def as_text(self) -> str:
        """Return what stands in evidence."""
        return f"practice-run:{self.components}"


Run = Checkpoints | GradedRun | PracticeRun
Occasion = Sheet | Run


def read_occasion(text: str) -> Occasion | None:
    """Return the occasion that stands in evidence, None for an empty text; raise ValueRefusedError for any other."""
    try:
        match text.split(":"):
            case [""]:
                return None
            case ["sheet", criteria, judge]:
                return Sheet(criteria=int(criteria), judge=Judge(judge))
            case ["checkpoints", count]:
                return Checkpoints(count=int(count))
            case ["graded-run", components, reliability]:
                return GradedRun(reliability=Decimal(reliability), components=int(components))
            case ["graded-run", components]:
                return GradedRun(reliability=None, components=int(components))
            case ["practice-run", components]:
                return PracticeRun(components=int(components))
    except (ValueError, InvalidOperation) as error:
        raise ValueRefusedError(f"no occasion is written {text!r}") from error
    raise ValueRefusedError(f"there is no occasion {text!r}")


def sheet_omega(sheet: Sheet, weights: RubricWeights) -> Decimal:
    """Return what one criterion of a sheet weighs; rounded down, so that a sheet never exceeds its total."""
    factor = {Judge.ASSESSOR: Decimal(1), Judge.PEER: weights.peer, Judge.SELF: weights.self_report}[sheet.judge]
    return _rounded(min(weights.criterion, weights.sheet_total / sheet.criteria) * factor)


def is_shared_out(sheet: Sheet, weights: RubricWeights) -> bool:
    """Say whether the total of a sheet keeps its criteria from their full weight."""
    return weights.criterion * sheet.criteria > weights.sheet_total


def run_omega(run: Run, weights: SimulationWeights, try_number: int) -> Decimal:
    """Return what a run weighs, or one component of it; ``try_number`` counts the meetings with the scenario from 1."""
    if isinstance(run, Checkpoints):
        omega = min(weights.checkpoint * run.count, weights.most)
    elif isinstance(run, GradedRun) and run.reliability is not None:
        omega = _from_reliability(run.reliability, weights.most) / run.components
    else:
        omega = weights.practice_run / run.components
    return _rounded(omega * (again_factor(run, weights) if try_number > 1 else 1))


def again_factor(run: Run, weights: SimulationWeights) -> Decimal:
    """Return the factor where a run is not the first of its scenario, 1 where that makes no difference."""
    return weights.again if isinstance(run, Checkpoints) or weights.again_run is None else weights.again_run


def rubric_score(level: int, levels: int) -> Score:
    """Return the score of a rubric's ``level``, counted from 0, of ``levels``; raise ValueRefusedError."""
    if levels <= 1 or not 0 <= level < levels:
        raise ValueRefusedError(f"there is no level {level} of {levels}, counted from 0")
    return Score.of(level, levels - 1)


def _from_reliability(reliability: Decimal, most: Decimal) -> Decimal:
    """Return r / (1 - r): of how many items, each as informative as one whose reliability is a half."""
    return most if reliability == 1 else min(most, reliability / (1 - reliability))


def _rounded(omega: Decimal) -> Decimal:
    return omega.quantize(_SIX_DIGITS, rounding=ROUND_DOWN).normalize() + 0


def _refuse_less_than_one(count: int, what: str) -> None:
    if count < 1:
        raise ValueRefusedError(f"{what} at least")
