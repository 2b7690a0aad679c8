"""Status policies: from which evidence a knowledge point has which status, and what a level asks for besides.

A policy is data: one file an id in `status_policies/`, such as s2. Once it was used its file stays as it is, and a
change is a new file with a new id. The rules that read it are in `qualoop.records` (docs/mastery.md, "Status").
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from qualoop.errors import QualoopError
from qualoop.ledger import EvidenceForm
from qualoop.policies.versioned import Authored, Versioned, load_versioned
from qualoop.values import Text

STATUS_POLICIES: Final = Path(__file__).parent / "status_policies"
DEFAULT_STATUS_POLICY: Final = "s2"

Share = Annotated[Decimal, Field(gt=0, lt=1, decimal_places=6)]
# More than a half: then doubt, which grows with time, can only take a status away.
Chance = Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1, decimal_places=6)]
Count = Annotated[int, Field(ge=0)]
Rank = Annotated[int, Field(ge=1)]


class StatusPolicyNotFoundError(QualoopError):
    """There is no status policy with this id."""

    code = "status-policy-not-found"


class ProvisionalRule(Authored):
    """Where practice may stop."""

    chance: Chance = Field(description="Least probability of lying above the policy's level.")
    items: Rank = Field(description="Least number of different items.")


class CompetentRule(ProvisionalRule):
    """What a competent knowledge point takes."""

    forms: Rank = Field(description="Least number of different forms of evidence.")


class RemedyRule(Authored):
    """Where help is due."""

    chance: Annotated[Decimal, Field(gt=0, lt=Decimal("0.5"), decimal_places=6)]
    items: Rank


class ReviewRule(Authored):
    """Where what was competent is to be seen again."""

    chance: Chance = Field(description="Below this probability review is due.")
    months: Rank | None = Field(default=None, description="Review time; the knowledge point's own where absent.")


class GateRule(Authored):
    """What a level takes besides its cut, from ``from_rank`` on up to the next such rule."""

    from_rank: Rank
    chance: Chance
    items: Rank
    forms: Rank
    observed: Count
    raters: Count
    agreement: Share | None = Field(default=None, description="Measured agreement that stands in for raters.")


class Cut(Authored):
    """Where a level begins."""

    rank: Rank
    share: Share = Field(description="Share of right answers on an item of average difficulty.")
    error: Annotated[Decimal, Field(ge=0, le=2, decimal_places=6)] = Field(description="Standard error, log-odds.")


class Cuts(Authored):
    """The cuts of all levels, lowest first, and where they come from."""

    origin: Literal["proposal", "panel"]
    levels: tuple[Cut, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if any(low.rank >= high.rank or low.share >= high.share for low, high in pairwise(self.levels)):
            raise ValueError("ranks and shares of the cuts rise from one to the next")
        return self


class RollUpPolicy(Authored):
    """How knowledge points become units, posts and levels."""

    covered_from: Rank
    confidence: Chance
    observed_forms: tuple[EvidenceForm, ...] = Field(min_length=1)
    gates: tuple[GateRule, ...] = Field(min_length=1)
    cuts: Cuts

    @model_validator(mode="after")
    def _has_gates_for_all(self) -> Self:
        ranks = [gate.from_rank for gate in self.gates]
        if ranks != sorted(set(ranks)) or ranks[0] > self.cuts.levels[0].rank:
            raise ValueError("the ranks of the gates rise, and the first one is that of the lowest cut or less")
        return self

    def gate(self, rank: int) -> GateRule:
        """Return what the level of this rank takes besides its cut."""
        return next(gate for gate in reversed(self.gates) if gate.from_rank <= rank)


class StatusPolicy(Versioned):
    """A versioned policy; probabilities and shares are exact decimals in (0, 1)."""

    format: Literal["qualoop-status-policy"]
    format_version: Literal[1]
    title: Text
    level: Share
    widening: Annotated[Decimal, Field(ge=1, le=3, decimal_places=6)]
    provisional: ProvisionalRule
    competent: CompetentRule
    remedy: RemedyRule
    review: ReviewRule
    counted_forms: tuple[EvidenceForm, ...] = Field(min_length=1)
    roll_up: RollUpPolicy

    @model_validator(mode="after")
    def _is_a_ladder(self) -> Self:
        if self.competent.chance < self.provisional.chance or self.competent.items < self.provisional.items:
            raise ValueError("competent asks for no less than provisional")
        if self.review.chance > self.competent.chance:
            raise ValueError("review is due at no higher chance than competent asks for")
        return self


def load_status_policy(policy_id: str, root: Path = STATUS_POLICIES) -> StatusPolicy:
    """Read the policy with this id. Raises StatusPolicyNotFoundError, or AuthoredFilesError with all its problems."""
    missing = StatusPolicyNotFoundError(f"no status policy has the id {policy_id!r}")
    return load_versioned(StatusPolicy, root, policy_id, missing=missing, code="policy-id")


@lru_cache(maxsize=8)
def status_policy(policy_id: str = DEFAULT_STATUS_POLICY) -> StatusPolicy:
    """Return the shipped policy with this id, read once. Raises as `load_status_policy`."""
    return load_status_policy(policy_id)
