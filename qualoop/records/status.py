"""The status of a knowledge point: a word for what its reading and its evidence support, and never more than that.

Pure functions of facts, a moment and a policy (docs/mastery.md, "Status"). A status is a summary; a person awards.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.mastery.readings import Reading, normal
from qualoop.policies import is_competent
from qualoop.records.facts import SECONDS_PER_MONTH, Flag, PointFacts, StatusRules, status_rules

LEVEL_STEPS: Final = (40, 55, 70, 85)
"""Where the next step of the colour scale begins, in whole per cent: 70 is what a status is held against."""


class Status(StrEnum):
    """What can be said of a knowledge point. An award is none of these: a person makes it."""

    NO_EVIDENCE = "no-evidence"
    DEVELOPING = "developing"
    PROVISIONAL = "provisional"
    COMPETENT = "competent"
    REVIEW_DUE = "review-due"
    UNDER_APPEAL = "under-appeal"
    WITHDRAWN = "withdrawn"


class Lack(StrEnum):
    """What can be missing for a status."""

    ITEMS = "items"
    FORMS = "forms"
    CHANCE = "chance"
    CRITICAL_ERROR = "critical-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing that is missing for a status: what there is, and what it takes (counts, or chances in [0, 1])."""

    lack: Lack
    have: float
    need: float


FLAGGED: Final = {Flag.APPEAL: Status.UNDER_APPEAL, Flag.WITHDRAWN: Status.WITHDRAWN}
"""The status that each flag of the ledger puts over all numbers."""


def status_of(facts: PointFacts, *, now: float, rules: StatusRules | None = None) -> Status:
    """Return the status of a knowledge point at ``now`` (seconds since 1970), by the shipped rules if none are given.

    ``facts.reading`` is the one at ``now``. Time without evidence never improves a status.
    """
    rules = rules or status_rules()
    if facts.flag:
        return FLAGGED[facts.flag]
    reading = facts.known
    if reading is None:
        return Status.NO_EVIDENCE
    chance = chance_above(reading, rules)
    if not facts.critical_error and (facts.was_competent or _is_competent(reading, facts, rules)):
        return Status.REVIEW_DUE if chance < rules.review or is_too_old(facts, now, rules) else Status.COMPETENT
    if facts.items >= rules.stop_items and chance >= rules.stop:
        return Status.PROVISIONAL
    return Status.DEVELOPING


def chance_above(reading: Reading, rules: StatusRules | None = None) -> float:
    """Return the probability that the true level lies above the policy's, by the widened belief."""
    rules = rules or status_rules()
    return normal((reading.mean - rules.cut) / (reading.sd * rules.widening))


def is_too_old(facts: PointFacts, now: float, rules: StatusRules | None = None) -> bool:
    """Say whether the newest evidence is older than the review time."""
    months = (rules or status_rules()).months(facts)
    return facts.last is not None and months is not None and now - facts.last > months * SECONDS_PER_MONTH


def may_stop(facts: PointFacts, rules: StatusRules | None = None) -> bool:
    """Say whether practice of a knowledge point may stop."""
    rules = rules or status_rules()
    reading = facts.known
    return reading is not None and facts.items >= rules.stop_items and chance_above(reading, rules) >= rules.stop


def is_remedial(reading: Reading, items: int, rules: StatusRules | None = None) -> bool:
    """Say whether the evidence, from so many different ``items``, is enough to tell that help is due."""
    rules = rules or status_rules()
    return items >= rules.remedy_items and chance_above(reading, rules) <= rules.remedy


def missing_for(target: Status, facts: PointFacts, rules: StatusRules | None = None) -> tuple[Missing, ...]:
    """Return what is missing for ``target``, which is *provisional* or *competent*; nothing where it holds."""
    rules = rules or status_rules()
    asked = {
        Status.PROVISIONAL: (rules.stop_items, 0, rules.stop),
        Status.COMPETENT: (rules.competence.items, rules.competence.forms, float(rules.policy.competent.chance)),
    }
    items, forms, chance = asked[target]
    reading = facts.known
    rows = (
        Missing(lack=Lack.ITEMS, have=facts.items, need=items),
        Missing(lack=Lack.FORMS, have=len(rules.counted_forms(facts)), need=forms),
        Missing(lack=Lack.CHANCE, have=chance_above(reading, rules) if reading else 0.0, need=chance),
        Missing(lack=Lack.CRITICAL_ERROR, have=0 if facts.critical_error else 1, need=1 if forms else 0),
    )
    return tuple(row for row in rows if row.have < row.need)


def whole_percent(share: float) -> int:
    """Return a share as it is shown: whole per cent, 0 to 100."""
    return round(100 * share)


def level_step(percent: int) -> int:
    """Return which of the five steps of the colour scale a level in whole per cent falls on, from 0."""
    return bisect_right(LEVEL_STEPS, percent)


def _is_competent(reading: Reading, facts: PointFacts, rules: StatusRules) -> bool:
    return is_competent(reading.mean, reading.sd, (facts.items, facts.forms), rules.competence)
