"""The roll-up of knowledge points to a unit or a post: one level, with its band, coverage and weakest point.

General ability is shared by all knowledge points of a learner, so their errors are not independent: its variance is
counted once and whole, and the weights are added up before they are squared (docs/mastery.md, "Roll-up").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qualoop.framework import Framework
from qualoop.mastery.readings import Belief, Reading, combine
from qualoop.records.facts import PointFacts, StatusRules, status_rules
from qualoop.records.levels import Grounds, LevelProposal, propose_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What the roll-up needs of a learner besides the knowledge points.

    ``variance`` is that of general ability, logit²; ``unmet`` is the reading of a knowledge point without any evidence.
    """

    variance: float
    unmet: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """A level over several knowledge points: level and 90 % band in [0, 1], mean and standard deviation in log-odds.

    ``coverage`` is the share of weight with enough answers; ``weakest`` the code of the lowest knowledge point that has
    evidence. ``proposal`` is the highest level whose cut the lower bound clears, ``following`` the one above it.
    """

    level: float
    low: float
    high: float
    mean: float
    sd: float
    coverage: float
    weakest: str | None
    proposal: LevelProposal | None
    following: LevelProposal | None


def scope_weights(framework: Framework, units: Iterable[str]) -> Mapping[str, float]:
    """Return what each knowledge point of some units weighs; the sum is 1.

    Units weigh by credit, which is hours, and knowledge points equally within a unit; one in several units adds up.
    """
    found = [framework.get_unit(code) for code in units]
    credit = sum(unit.credit for unit in found)
    weights: dict[str, float] = defaultdict(float)
    for unit in found:
        for code in unit.knowledge_points:
            weights[code] += unit.credit / credit / len(unit.knowledge_points)
    return weights


def roll_up(
    weights: Mapping[str, float],
    points: Mapping[str, PointFacts],
    *,
    ability: Ability,
    now: float,
    agreement: float | None = None,
    rules: StatusRules | None = None,
) -> RollUp:
    """Return the roll-up of the knowledge points in ``weights`` (sum 1, never empty), at ``now`` in seconds since 1970.

    ``points`` may lack those without evidence. A reading there with n = 0 knows the difficulty of a knowledge point that
    this learner has not met; without one ``ability.unmet`` stands in. ``agreement`` is the measured agreement of raters.
    """
    rules = rules or status_rules()
    facts = {code: points.get(code) or PointFacts(reading=None) for code in weights}
    readings = {code: each.reading or ability.unmet for code, each in facts.items()}
    mean, sd = combine(((weight, readings[code]) for code, weight in weights.items()), ability.variance)
    shown = Belief(mean, sd**2).reading(0)
    grounds = Grounds(mean=mean, sd=sd, points=facts, now=now, agreement=agreement)
    proposal, following = propose_level(grounds, rules)
    known = {code: each.known for code, each in facts.items() if each.known}
    return RollUp(
        level=shown.level,
        low=shown.low,
        high=shown.high,
        mean=mean,
        sd=sd,
        coverage=sum(weights[code] for code, reading in known.items() if reading.n >= rules.covered_from),
        weakest=min(known, key=lambda code: known[code].mean, default=None),
        proposal=proposal,
        following=following,
    )
