"""Multi-form evidence: in which forms and by whose judgement the required units were shown, and what is missing.

Pure functions of what the ledger holds and a rule. Nothing is awarded: somebody who graduates is decided about by people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qualoop.ledger import SCORED_BY_MACHINE, EvidenceForm
from qualoop.policies import Judge, Sheet, read_occasion
from qualoop.policies.multi_form import MultiFormRule
from qualoop.values import LANGUAGES, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFact:
    """One piece of evidence that counts: the knowledge points that it moved, its form, and who assessed it, or `auto`.

    Who assessed it is what `assessor_of` returns.
    """

    codes: Collection[str]
    form: EvidenceForm
    rater: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitForms:
    """What there is on one unit: how many pieces in each form, and which people judged, by pseudonym."""

    unit: str
    forms: Mapping[EvidenceForm, int]
    assessors: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiForm:
    """What there is over the required units together. ``units`` are in the order in which they were asked for."""

    rule: MultiFormRule
    units: Sequence[UnitForms]

    @property
    def forms(self) -> tuple[EvidenceForm, ...]:
        """The forms that count and of which there is something, in the rule's order."""
        return tuple(form for form in self.rule.forms if any(unit.forms.get(form) for unit in self.units))

    @property
    def assessors(self) -> frozenset[str]:
        """Everybody who judged something, by pseudonym."""
        return frozenset[str]().union(*(unit.assessors for unit in self.units))

    @property
    def lacking_forms(self) -> int:
        """How many further forms are asked for; 0 where there are enough."""
        return max(0, self.rule.least_forms - len(self.forms))

    @property
    def lacking_assessors(self) -> int:
        """How many further people are to judge; 0 where there are enough."""
        return max(0, self.rule.least_assessors - len(self.assessors))

    @property
    def is_met(self) -> bool:
        """Say whether nothing is missing. That is no award."""
        return not (self.lacking_forms or self.lacking_assessors)


def assessor_of(rater: str, occasion: str, learner: str) -> str:
    """Return who assessed a piece of evidence of ``learner``, by pseudonym; `auto` for nobody whose judgement counts here.

    Peers, and learners of themselves, say something of a work, and are no assessors of it.
    """
    sheet = read_occasion(occasion)
    is_of_equals = isinstance(sheet, Sheet) and sheet.judge is not Judge.ASSESSOR
    return SCORED_BY_MACHINE if is_of_equals or rater == learner else rater


def judges_of(facts: Iterable[FormFact], codes: Collection[str], rule: MultiFormRule) -> frozenset[str]:
    """Return who assessed a piece on some knowledge points in a form that the rule counts."""
    wanted = frozenset(codes)
    raters = {fact.rater for fact in facts if fact.form in rule.forms and not wanted.isdisjoint(fact.codes)}
    return frozenset(raters - {SCORED_BY_MACHINE})


def multi_form(facts: Iterable[FormFact], units: Mapping[str, Collection[str]], rule: MultiFormRule) -> MultiForm:
    """Return what there is on the required ``units`` (code -> its knowledge points). One piece may serve several units."""
    told = list(facts)
    forms: dict[str, dict[EvidenceForm, int]] = {unit: {} for unit in units}
    held = {unit: frozenset(codes) for unit, codes in units.items()}
    for fact in told:
        for unit, codes in held.items():
            if not codes.isdisjoint(fact.codes):
                forms[unit][fact.form] = forms[unit].get(fact.form, 0) + 1
    found = [
        UnitForms(unit=unit, forms=forms[unit], assessors=judges_of(told, codes, rule)) for unit, codes in held.items()
    ]
    return MultiForm(rule=rule, units=found)


def missing_sentence(found: MultiForm) -> Text:
    """Return what is missing, or that nothing is, in words; which forms would count is the page's to name."""
    return Text({language: _missing(found, language) for language in LANGUAGES})


def _missing(found: MultiForm, language: str) -> str:
    forms, people = found.lacking_forms, found.lacking_assessors
    if language == "zh-Hans":
        parts = [f"还需 {forms} 种形式"] * bool(forms) + [f"还需 {people} 位评定人"] * bool(people)
        return "，".join(parts) + "。" if parts else "规则所要求的形式和评定人已齐备；是否通过由人来决定。"
    parts = [f"{forms} more {'form' if forms == 1 else 'forms'}"] * bool(forms)
    parts += [f"{people} more {'assessor' if people == 1 else 'assessors'}"] * bool(people)
    return f"Missing: {' and '.join(parts)}." if parts else "All that the rule asks for is there; a person decides."
