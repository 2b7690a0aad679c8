"""What a status is made from: the facts of one learner and one knowledge point, and a policy as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from qualoop.ledger import EvidenceForm
from qualoop.mastery.readings import Reading
from qualoop.policies import (
    DEFAULT_STATUS_POLICY,
    CompetenceNumbers,
    StatusPolicy,
    competence_numbers,
    forms_of,
    status_policy,
)

SECONDS_PER_MONTH: Final = 365.25 / 12 * 86400.0
"""A review time is in months, and no calendar decides on a status."""


class Flag(StrEnum):
    """What an event of the ledger puts over everything that numbers say."""

    APPEAL = "appeal"
    """A result on it is under appeal."""
    WITHDRAWN = "withdrawn"
    """It was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """What is known of one learner and one knowledge point.

    ``reading`` is None, or has n = 0, where there is no evidence; ``items`` counts different items; ``forms`` is the bit
    mask of the forms of evidence, in the order of `EvidenceForm`; ``last`` is when the newest evidence came about, in
    seconds since 1970; ``was_competent`` says whether it was competent before. ``review_months`` is the knowledge point's
    own review time; ``raters`` are the pseudonyms of the persons who judged, machines apart.
    """

    reading: Reading | None
    items: int = 0
    forms: int = 0
    last: float | None = None
    was_competent: bool = False
    flag: Flag | None = None
    critical_error: bool = False
    review_months: int | None = None
    raters: frozenset[str] = frozenset()

    @property
    def known(self) -> Reading | None:
        """The reading where there is evidence behind it."""
        return self.reading if self.reading is not None and self.reading.n else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """A status policy as numbers: chances in (0, 1), ``cut`` in log-odds, counts of different items and forms."""

    policy: StatusPolicy
    cut: float
    widening: float
    stop: float
    stop_items: int
    remedy: float
    remedy_items: int
    competence: CompetenceNumbers
    review: float
    review_months: int | None
    covered_from: int

    @classmethod
    def of(cls, policy: StatusPolicy) -> StatusRules:
        """Return the numbers of a policy."""
        numbers = competence_numbers(policy)
        return cls(
            policy=policy,
            cut=numbers.cut,
            widening=float(policy.widening),
            stop=float(policy.provisional.chance),
            stop_items=policy.provisional.items,
            remedy=float(policy.remedy.chance),
            remedy_items=policy.remedy.items,
            competence=numbers,
            review=float(policy.review.chance),
            review_months=policy.review.months,
            covered_from=policy.roll_up.covered_from,
        )

    def months(self, facts: PointFacts) -> int | None:
        """Return the review time that holds for a knowledge point; None for none."""
        return self.review_months or facts.review_months

    def counted_forms(self, facts: PointFacts) -> tuple[EvidenceForm, ...]:
        """Return the forms of evidence that count as different kinds."""
        return forms_of(facts.forms & self.competence.counted)


@lru_cache(maxsize=8)
def status_rules(policy_id: str = DEFAULT_STATUS_POLICY) -> StatusRules:
    """Return the numbers of a shipped policy. Raises as `qualoop.policies.status_policy`."""
    return StatusRules.of(status_policy(policy_id))
