"""The engine `search-terms`: a search-term report, of which each line becomes a keyword, an exclusion, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from qualoop.simulators.decided_rounds import DecidedRounds, finished
from qualoop.simulators.decisions import Decision, DecisionForm, Plan, Value
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Standard, State
from qualoop.simulators.scoring import as_score, gap_scores
from qualoop.simulators.sem.auction import Choice, campaign, campaign_value
from qualoop.simulators.sem.laws import broken_laws, hidden_numbers, unused_changed
from qualoop.simulators.sem.market import BROAD, EXACT, OFF, PHRASE
from qualoop.simulators.sem.play import bound, played
from qualoop.simulators.sem.policy import tuned
from qualoop.simulators.sem.reports import term_reports
from qualoop.simulators.sem.sayings import why_flags, why_lost
from qualoop.simulators.sem.spec import SearchTermsSpec
from qualoop.simulators.sem.triage_form import (
    BAND,
    BANDS,
    bands_of,
    flags_of,
    nearest_band,
    read_triage,
    report_form,
    write_triage,
)
from qualoop.simulators.sem.worlds import SearchWorld, report_world
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import View

NEGATIVES: Final = "negatives"

_POOR_BAND: Final = 3
_TRICK_TERMS: Final = 2

Written = dict[str, list[Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How well exclusions hit what never pays: ``precision`` of those made, ``recall`` of those due; 1 where none is."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return their harmonic mean."""
        both = self.precision + self.recall
        return 2.0 * self.precision * self.recall / both if both > 0.0 else 0.0


class SearchTermsEngine(DecidedRounds):
    """Match type, bid band and exclusion for each line of a search-term report."""

    name = "search-terms"
    spec_model: type[BaseModel] = SearchTermsSpec
    # The price of a click is the lesser of two means: off by less than the price step, a cent.
    value_tolerance = 0.005

    def world(self, spec: SearchTermsSpec, key: WorldKey, /) -> SearchWorld:
        """Return the market and its report."""
        return report_world(spec, key)

    def form(self, world: SearchWorld, /) -> DecisionForm:
        """Return the report as one table."""
        return _form(world)

    def rounds(self, world: SearchWorld, /) -> int:
        """Return that it is decided once."""
        return world.spec.rounds

    def step(self, world: SearchWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after the decision, and its reports."""
        after = self.after(world, state, decision)
        choices = [read_triage(world, each) for each in self.plan(world, after)]
        results, runs = played(world, choices, run)
        return after, Happened(panels=term_reports(world, choices, results, runs), realised=runs[-1].profit)

    def view(self, world: SearchWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return the table, or what came of it."""
        choices = [read_triage(world, each) for each in self.plan(world, state)]
        results, runs = played(world, choices, run)
        number = finished(state)
        open_form = _form(world) if number < world.spec.rounds else None
        return View(
            round=number,
            rounds=world.spec.rounds,
            panels=term_reports(world, choices, results, runs),
            form=open_form,
            standing=open_form.defaults() if open_form else {},
        )

    def value(self, world: SearchWorld, plan: Plan, /) -> float:
        """Return the expected profit, in closed form."""
        return _worth(world, [read_triage(world, each) for each in plan])

    def oracle(self, world: SearchWorld, /) -> Bound:
        """Return the dual bound, with the plan of the rules of thumb on the true worths."""
        value, duals = bound(world)
        price = duals[0].shadow_price
        scene = world.scene(world.best_quality, clairvoyantly=True)
        choice = tuned(scene, lambda each: _worth(world, [_banded(world, each)]), shares_only=True)
        return Bound(
            value=value,
            plan=[write_triage(world, choice)],
            notes={"shadow_price": price, "bound_a_day": duals[0].bound},
        )

    def reference(self, world: SearchWorld, /) -> Plan:
        """Return what the rules of thumb make of the report."""
        return [_reference(world)]

    def baseline(self, world: SearchWorld, kind: BaselineKind, /) -> Plan | None:
        """Return the plan of a policy."""
        return [write_triage(world, _baseline(world, kind))]

    def scores(self, world: SearchWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return the scores of match types and bands by their Shapley shares, of exclusions by precision and recall."""
        parts = gap_scores(self, world, plan, why=why_lost, standard=standard)
        return [_flags_scored(world, plan, part) if part.part == NEGATIVES else part for part in parts]

    def hidden(self, world: SearchWorld, /) -> Mapping[str, Sequence[float]]:
        """Return what nobody is told of the market."""
        return hidden_numbers(world)

    def laws(self, world: SearchWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by how much counts and money do not add up."""
        return broken_laws(world, [read_triage(world, each) for each in plan], run)

    def unused(self, world: SearchWorld, plan: Plan, /) -> Plan:
        """Return the plan with other bands on terms that become no keyword."""
        return unused_changed(plan, BAND, lambda band: BANDS[BANDS.index(str(band)) - 1])


@lru_cache(maxsize=16)
def _form(world: SearchWorld) -> DecisionForm:
    return report_form(world)


def _worth(world: SearchWorld, choices: Sequence[Choice]) -> float:
    return campaign_value(world.spec, world.market, campaign(world.spec, world.market, choices))


@lru_cache(maxsize=16)
def _reference(world: SearchWorld) -> Written:
    """Return what is decided by the rule that earns most, in bands."""
    best = tuned(world.scene(world.best_quality), lambda choice: _worth(world, [_banded(world, choice)]))
    return write_triage(world, best)


def _banded(world: SearchWorld, choice: Choice) -> Choice:
    bands = bands_of(world)
    return replace(choice, bid=bands[nearest_band(choice.bid, bands)])


def _baseline(world: SearchWorld, kind: BaselineKind) -> Choice:
    bands = bands_of(world)
    match kind:
        case BaselineKind.NAIVE:
            tried = [_everywhere(world, level, float(bands[0])) for level in (PHRASE, OFF)]
            return max(tried, key=lambda choice: _worth(world, [choice]))
        case BaselineKind.POOR:
            return _everywhere(world, BROAD, float(bands[_POOR_BAND]))
        case BaselineKind.NOTHING:
            return _everywhere(world, OFF, float(bands[0]))
        case BaselineKind.SPEND_ALL:
            return _everywhere(world, BROAD, float(bands[len(BANDS) - 1]))
        case BaselineKind.RATIO_TRICK:
            return _ratio_trick(world)


def _everywhere(world: SearchWorld, level: int, bid: float) -> Choice:
    return Choice(
        level=np.full(world.spec.keywords, level),
        bid=np.full(world.spec.keywords, bid),
        excluded=np.zeros(world.spec.queries, dtype=np.bool_),
        quality=world.best_quality,
    )


def _ratio_trick(world: SearchWorld) -> Choice:
    """Return two exact keywords of the best return in the report, on the lowest band: a fine ratio, and no profit."""
    history, listed = world.history, world.listed
    best = np.argsort(-history.margin[listed] / (history.cost[listed] + 1.0), kind="stable")[:_TRICK_TERMS]
    level = np.full(world.spec.keywords, OFF)
    level[best] = EXACT
    return replace(_everywhere(world, OFF, float(bands_of(world)[0])), level=level)


def wasteful(world: SearchWorld) -> NDArray[np.bool_]:
    """Return which rows of the report should be excluded: a click is worth less than the lowest band pays for it."""
    due: NDArray[np.bool_] = world.market.worth[world.listed] < bands_of(world)[0]
    return due


def detected(excluded: NDArray[np.bool_], due: NDArray[np.bool_]) -> Detection:
    """Return precision and recall of exclusions."""
    hits = float((excluded & due).sum())
    return Detection(
        precision=hits / float(excluded.sum()) if excluded.any() else float(not due.any()),
        recall=hits / float(due.sum()) if due.any() else 1.0,
    )


def _flags_scored(world: SearchWorld, plan: Plan, part: PartScore) -> PartScore:
    """Return a part scored by F1: 0 for excluding everything, 1 for the reference's."""
    due = wasteful(world)
    found = detected(flags_of(plan[0]), due)
    blind = detected(np.ones_like(due), due).f1
    best = detected(flags_of(_reference(world)), due).f1
    score = (found.f1 - blind) / (best - blind) if best > blind else float(found.f1 >= best)
    return replace(part, score=float(as_score(score)), why=why_flags(found.precision, found.recall, part.lost))
