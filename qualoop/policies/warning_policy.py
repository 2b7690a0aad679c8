"""Early-warning policies: which facts about a learner are put before a person. Data, one file an id, such as e2.

Every threshold is a whole number with bounds, so that a course can set its own; what reads them is
`qualoop.records.early_warning`. A policy never says what follows: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from qualoop.errors import QualoopError
from qualoop.policies.versioned import Authored, Versioned, load_versioned
from qualoop.values import Text

WARNING_POLICIES: Final = Path(__file__).parent / "warning_policies"
DEFAULT_WARNING_POLICY: Final = "e2"
IS_ON: Final = "is_on"

Days = Annotated[int, Field(ge=1, le=90)]
Count = Annotated[int, Field(ge=1, le=50)]
Percent = Annotated[int, Field(ge=1, le=100)]


class WarningPolicyNotFoundError(QualoopError):
    """There is no early-warning policy with this id."""

    code = "warning-policy-not-found"


class ThresholdsRefusedError(QualoopError):
    """Thresholds lie outside their bounds. ``names`` are those, such as `idle.days`; empty where they do not fit together."""

    code = "warning-thresholds"

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names


class Switchable(Authored):
    """A rule that can be switched off."""

    is_on: bool


class NotStartedRule(Switchable):
    """Nothing of a unit is begun shortly before its class."""

    days: Days


class AbsentRule(Switchable):
    """Absent from ``missed`` of the last ``of`` class sessions."""

    missed: Count
    of: Count

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.missed > self.of:
            raise ValueError("nobody can miss more sessions than are looked at")
        return self


class NotReadyRule(Switchable):
    """A readiness check below ``below`` per cent on ``points`` knowledge points."""

    below: Percent
    points: Count


class FallingRule(Switchable):
    """A level fell by ``drop`` points over the last ``answers`` answers."""

    drop: Percent
    answers: Count


class IdleRule(Switchable):
    """Nothing done for ``days`` days."""

    days: Days


class UnitDueRule(Switchable):
    """A unit is due within ``days`` days, and ``points`` of its knowledge points have no evidence."""

    days: Days
    points: Count


class NoGainRule(Switchable):
    """After ``answers`` answers a level rose by less than ``gain`` points, and lies below ``below`` per cent."""

    answers: Annotated[int, Field(ge=2, le=50)]
    gain: Percent
    below: Percent


class WarningPolicy(Versioned):
    """A versioned policy; days are whole days, shares and levels whole per cent."""

    format: Literal["qualoop-warning-policy"]
    format_version: Literal[1]
    title: Text
    due_days: Days
    quiet_days: Days
    not_started: NotStartedRule
    absent: AbsentRule
    not_ready: NotReadyRule
    falling: FallingRule
    idle: IdleRule
    unit_due: UnitDueRule
    no_gain: NoGainRule

    def thresholds(self) -> dict[str, int]:
        """Return everything that a course can set, by name: `due_days`, `absent.missed`; switches (`absent.is_on`) as 0 or 1."""
        return {name: int(value) for name, value in _flat(self.model_dump()) if isinstance(value, bool | int)}

    def adjusted(self, changes: Mapping[str, int]) -> WarningPolicy:
        """Return the policy with other thresholds; raise ThresholdsRefusedError.

        Names that it does not have are left out: they may be of another policy that the course had before.
        """
        document = self.model_dump()
        for name, value in changes.items():
            if name in self.thresholds():
                rule, _, field = name.rpartition(".")
                (document[rule] if rule else document)[field] = bool(value) if field == IS_ON else value
        try:
            return WarningPolicy.model_validate(document)
        except ValidationError as error:
            places = {".".join(str(each) for each in problem["loc"]) for problem in error.errors()}
            raise ThresholdsRefusedError(frozenset(places & set(self.thresholds()))) from error


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Give the leaves of a document by their dotted name."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif name != "format_version":
            yield above + name, value


def load_warning_policy(policy_id: str, root: Path = WARNING_POLICIES) -> WarningPolicy:
    """Read the policy with this id. Raises WarningPolicyNotFoundError, or AuthoredFilesError with all its problems."""
    missing = WarningPolicyNotFoundError(f"no early-warning policy has the id {policy_id!r}")
    return load_versioned(WarningPolicy, root, policy_id, missing=missing, code="policy-id")


@lru_cache(maxsize=8)
def warning_policy(policy_id: str = DEFAULT_WARNING_POLICY) -> WarningPolicy:
    """Return the shipped policy with this id, read once. Raises as `load_warning_policy`."""
    return load_warning_policy(policy_id)
