"""Which level a roll-up supports, and what stands in the way of the next: a proposal, and never an award.

A level is proposed on the lower bound of the roll-up, with a widened standard deviation and the error of the cut
(docs/mastery.md, "Roll-up"). Its gates are conjunctive and shown one by one: a mean never makes up for a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from qualoop.mastery.readings import award_sd, false_pass_rate, logit, sigmoid
from qualoop.policies import Cut, GateRule, forms_mask
from qualoop.records.facts import PointFacts, StatusRules
from qualoop.records.gate_sentences import gate_sentence
from qualoop.records.status import chance_above, is_too_old
from qualoop.values import Text


class GateKind(StrEnum):
    """What a level takes."""

    BOUND = "bound"
    """The lower bound of the roll-up lies above the cut."""
    MASTERED = "mastered"
    """Every knowledge point is probably known; none is under appeal, withdrawn, or has a critical error open."""
    ITEMS = "items"
    """Every knowledge point was shown on enough different items."""
    FORMS = "forms"
    """Every knowledge point was shown in enough forms of evidence."""
    AGE = "age"
    """No knowledge point's newest evidence is older than its review time."""
    OBSERVED = "observed"
    """Somebody was seen at practice."""
    RATERS = "raters"
    """Enough persons judged, or their measured agreement is high enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition, whether it is met, and on which knowledge points it is not.

    ``have`` and ``need`` are shares in [0, 1] for *bound*, knowledge points for *mastered*, *items*, *forms* and *age*,
    and otherwise counts. ``asked`` is what is asked of each knowledge point.
    """

    kind: GateKind
    met: bool
    have: float
    need: float
    asked: float = 0.0
    level: float = 0.0
    codes: tuple[str, ...] = ()

    @property
    def why(self) -> Text:
        """What is there against what it takes, in words."""
        return gate_sentence(
            self.kind, met=self.met, have=self.have, need=self.need, asked=self.asked, level=self.level
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelProposal:
    """A level by its rank, with its cut, the expected false-pass rate and its gates.

    ``share`` in (0, 1) is the cut, ``error`` its standard error in log-odds. ``false_pass`` is the probability that the
    learner lies below the cut. ``origin`` says where the cuts come from, and is shown wherever the level is.
    """

    rank: int
    share: float
    error: float
    false_pass: float
    gates: tuple[Gate, ...]
    origin: str

    @property
    def is_supported(self) -> bool:
        """Say whether every gate is met. Even then a person decides."""
        return all(gate.met for gate in self.gates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a level is proposed from: the belief of a roll-up in log-odds, and the facts behind it."""

    mean: float
    sd: float
    points: Mapping[str, PointFacts]
    now: float
    agreement: float | None


def propose_level(grounds: Grounds, rules: StatusRules) -> tuple[LevelProposal | None, LevelProposal | None]:
    """Return the highest level whose cut the lower bound clears, and the one above it; None where there is none."""
    cuts = rules.policy.roll_up.cuts.levels
    cleared = [place for place, cut in enumerate(cuts, 1) if _bound(grounds, cut, rules) > logit(float(cut.share))]
    highest = max(cleared, default=0)
    proposed = _proposal(grounds, cuts[highest - 1], rules) if highest else None
    return proposed, _proposal(grounds, cuts[highest], rules) if highest < len(cuts) else None


def _proposal(grounds: Grounds, cut: Cut, rules: StatusRules) -> LevelProposal:
    return LevelProposal(
        rank=cut.rank,
        share=float(cut.share),
        error=float(cut.error),
        false_pass=false_pass_rate(
            grounds.mean,
            grounds.sd,
            cut=logit(float(cut.share)),
            cut_error=float(cut.error),
            widening=rules.widening,
        ),
        gates=_gates(grounds, cut, rules),
        origin=rules.policy.roll_up.cuts.origin,
    )


def _gates(grounds: Grounds, cut: Cut, rules: StatusRules) -> tuple[Gate, ...]:
    rule = rules.policy.roll_up.gate(cut.rank)
    low, share = sigmoid(_bound(grounds, cut, rules)), float(cut.share)
    gates = [
        Gate(kind=GateKind.BOUND, met=low > share, have=low, need=share),
        *_point_gates(grounds, rule, rules),
        _observed_gate(grounds, rule, rules),
        _raters_gate(grounds, rule),
    ]
    return tuple(gate for gate in gates if gate.need)


def _point_gates(grounds: Grounds, rule: GateRule, rules: StatusRules) -> list[Gate]:
    """Return the gates that every knowledge point must pass."""
    points, level = grounds.points, float(rules.policy.level)
    short = {
        (GateKind.MASTERED, float(rule.chance)): [
            code for code, facts in points.items() if not _is_mastered(facts, float(rule.chance), rules)
        ],
        (GateKind.ITEMS, rule.items): [code for code, facts in points.items() if facts.items < rule.items],
        (GateKind.FORMS, rule.forms): [
            code for code, facts in points.items() if len(rules.counted_forms(facts)) < rule.forms
        ],
        (GateKind.AGE, 0): [code for code, facts in points.items() if is_too_old(facts, grounds.now, rules)],
    }
    return [
        Gate(
            kind=kind,
            met=not codes,
            have=len(points) - len(codes),
            need=len(points),
            asked=asked,
            level=level,
            codes=tuple(codes),
        )
        for (kind, asked), codes in short.items()
    ]


def _is_mastered(facts: PointFacts, chance: float, rules: StatusRules) -> bool:
    if facts.known is None or facts.flag or facts.critical_error:
        return False
    return chance_above(facts.known, rules) >= chance


def _observed_gate(grounds: Grounds, rule: GateRule, rules: StatusRules) -> Gate:
    observed = forms_mask(rules.policy.roll_up.observed_forms)
    seen = sum(1 for facts in grounds.points.values() if facts.forms & observed)
    return Gate(kind=GateKind.OBSERVED, met=seen >= rule.observed, have=seen, need=rule.observed)


def _raters_gate(grounds: Grounds, rule: GateRule) -> Gate:
    raters: frozenset[str] = frozenset().union(*(facts.raters for facts in grounds.points.values()))
    agreed = rule.agreement is not None and grounds.agreement is not None and grounds.agreement >= float(rule.agreement)
    return Gate(
        kind=GateKind.RATERS,
        met=len(raters) >= rule.raters or agreed,
        have=len(raters),
        need=rule.raters,
        asked=float(rule.agreement or 0),
    )


def _bound(grounds: Grounds, cut: Cut, rules: StatusRules) -> float:
    """Return the lower bound of the roll-up against a cut, in log-odds."""
    reach = NormalDist().inv_cdf(float(rules.policy.roll_up.confidence))
    return grounds.mean - reach * award_sd(grounds.sd, float(cut.error), widening=rules.widening)
