"""Builds a record from a framework, readings and evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from qualoop.framework import Framework, JobGroup, Post
from qualoop.ledger import SCORED_BY_MACHINE
from qualoop.mastery.readings import Reading
from qualoop.policies import forms_mask
from qualoop.records.critical_errors import has_open_error
from qualoop.records.evidence import EvidenceEntry
from qualoop.records.facts import PointFacts, StatusRules, status_rules
from qualoop.records.gain import gain
from qualoop.records.reasons import status_reason
from qualoop.records.record import KnowledgePointRecord, Prerequisite, Record, Section, UnitRecord
from qualoop.records.rollup import Ability, RollUp, roll_up, scope_weights
from qualoop.records.status import Status, status_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a record rests on besides readings and evidence.

    ``now`` is when it is read: before its first review nothing is due. ``facts`` are by knowledge point and replace what
    readings and evidence would say of it, so that evidence may be only what is to be listed. Without ``ability`` nothing
    is rolled up. ``agreement`` is the measured agreement of the raters, where there is one.
    """

    now: datetime | None = None
    facts: Mapping[str, PointFacts] | None = None
    ability: Ability | None = None
    agreement: float | None = None
    rules: StatusRules | None = None


def build_record(
    framework: Framework,
    readings: Mapping[str, Reading],
    evidence: Iterable[EvidenceEntry],
    *,
    taught: Collection[str] = (),
    background: Background | None = None,
) -> Record:
    """Return the record of one learner.

    ``readings`` are by knowledge point, ``evidence`` in ledger order, ``taught`` the codes of what this learner's
    courses teach now. Evidence for a knowledge point that the framework does not hold is left out.
    """
    known = _Known.of(framework, readings, evidence, background or Background())
    points = {code: _build_point(known, code) for code in framework.knowledge_points}
    started = {code for code, point in points.items() if point.reading} | set(taught)
    units = {
        unit.code: UnitRecord(
            unit=unit,
            level=framework.levels[unit.level],
            points=tuple(points[code] for code in unit.knowledge_points),
            is_open=not started.isdisjoint(unit.knowledge_points),
            roll_up=known.roll_up([unit.code]),
        )
        for unit in framework.units.values()
    }
    holders: list[Post | JobGroup] = [*framework.posts.values(), *framework.job_groups.values()]
    sections = (
        Section(
            code=holder.code,
            title=holder.title,
            units=tuple(units[code] for code in holder.units),
            roll_up=known.roll_up(holder.units),
        )
        for holder in holders
        if holder.units
    )
    return Record(sections=tuple(sections))


def build_points(
    framework: Framework,
    codes: Iterable[str],
    readings: Mapping[str, Reading],
    evidence: Iterable[EvidenceEntry],
    *,
    background: Background | None = None,
) -> Sequence[KnowledgePointRecord]:
    """Return what is known of some knowledge points of the framework, in the order of ``codes``.

    ``readings`` and ``evidence`` are as `build_record` takes them; prerequisites need theirs, too.
    """
    known = _Known.of(framework, readings, evidence, background or Background())
    return [_build_point(known, code) for code in codes]


def facts_from_evidence(reading: Reading | None, entries: Sequence[EvidenceEntry]) -> PointFacts:
    """Return the facts of a knowledge point from all its evidence, in ledger order.

    What weighs nothing is no measure of skill and counts neither as an item nor as a form.
    """
    counted = [entry for entry in entries if Decimal(entry.omega)]
    return PointFacts(
        reading=reading if entries else None,
        items=len({entry.item for entry in counted}),
        forms=forms_mask(entry.evidence.form for entry in counted),
        last=max((entry.at.timestamp() for entry in entries), default=None),
        raters=frozenset(entry.evidence.rater for entry in counted) - {SCORED_BY_MACHINE},
        critical_error=has_open_error(entries),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one learner under a framework, and the rules for a status."""

    framework: Framework
    evidence: Mapping[str, Sequence[EvidenceEntry]]
    facts: Mapping[str, PointFacts]
    background: Background
    rules: StatusRules

    @classmethod
    def of(
        cls,
        framework: Framework,
        readings: Mapping[str, Reading],
        evidence: Iterable[EvidenceEntry],
        background: Background,
    ) -> _Known:
        by_code = _by_code(evidence)
        given = background.facts or {}
        facts = {
            code: replace(
                given.get(code) or facts_from_evidence(readings.get(code), by_code.get(code, ())),
                review_months=point.review_after_months,
            )
            for code, point in framework.knowledge_points.items()
        }
        return cls(framework, by_code, facts, background, background.rules or status_rules())

    @property
    def now(self) -> float:
        """Return the moment of reading; without one it is that of the newest evidence, at which nothing is due."""
        if self.background.now:
            return self.background.now.timestamp()
        return max((facts.last for facts in self.facts.values() if facts.last is not None), default=0.0)

    def status(self, code: str) -> Status:
        return status_of(self.facts[code], now=self.now, rules=self.rules)

    def roll_up(self, units: Iterable[str]) -> RollUp | None:
        """Return the roll-up of some units; None without the learner's ability or without evidence in any of them."""
        weights = scope_weights(self.framework, units)
        ability = self.background.ability
        if ability is None or not any(self.facts[code].known for code in weights):
            return None
        return roll_up(
            weights,
            self.facts,
            ability=ability,
            now=self.now,
            agreement=self.background.agreement,
            rules=self.rules,
        )


def _build_point(known: _Known, code: str) -> KnowledgePointRecord:
    point = known.framework.get_knowledge_point(code)
    facts, own = known.facts[code], known.evidence.get(code, ())
    return KnowledgePointRecord(
        point=point,
        status=known.status(code),
        reason=status_reason(facts, now=known.now, rules=known.rules),
        reading=facts.known,
        items=facts.items,
        forms=known.rules.counted_forms(facts),
        last=None if facts.last is None else datetime.fromtimestamp(facts.last, UTC),
        evidence=tuple(reversed(own)),
        # Given facts stand for evidence that is not all here, so what came first is not known.
        gain=None if code in (known.background.facts or {}) else gain(own, code),
        prerequisites=tuple(
            Prerequisite(point=known.framework.get_knowledge_point(other), status=known.status(other))
            for other in point.prerequisites
        ),
    )


def _by_code(evidence: Iterable[EvidenceEntry]) -> Mapping[str, Sequence[EvidenceEntry]]:
    found: dict[str, list[EvidenceEntry]] = defaultdict(list)
    for entry in evidence:
        for code in entry.codes:
            found[code].append(entry)
    return found
