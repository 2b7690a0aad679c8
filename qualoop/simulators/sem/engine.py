"""The engine `search-market`: a search advertising account, taken over for some weeks and decided on every week."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import fmean
from typing import Final

import numpy as np
from pydantic import BaseModel

from qualoop.simulators.decided_rounds import DecidedRounds, decided, finished
from qualoop.simulators.decisions import Decision, DecisionForm, Plan, Value
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Standard, State
from qualoop.simulators.scoring import gap_scores
from qualoop.simulators.sem.account import BID, account_form, everywhere, read_decision, write_decision
from qualoop.simulators.sem.auction import Choice, campaign, campaign_value
from qualoop.simulators.sem.laws import broken_laws, hidden_numbers, unused_changed
from qualoop.simulators.sem.market import BROAD, EXACT, OFF
from qualoop.simulators.sem.play import bound, played
from qualoop.simulators.sem.policy import MOST_BID, tuned
from qualoop.simulators.sem.reports import week_reports
from qualoop.simulators.sem.sayings import SHOCK_NAMES, announcements, why_lost
from qualoop.simulators.sem.spec import SearchMarketSpec, Shock
from qualoop.simulators.sem.tally import by_keyword
from qualoop.simulators.sem.worlds import SearchWorld, campaign_world
from qualoop.simulators.streams import Integers, WorldKey
from qualoop.simulators.views import Panel, View
from qualoop.values import Text

_NAIVE_BIDS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_POOR_BID: Final = 0.95
_TRICK_KEYWORDS: Final = 2
_TRICK_BID: Final = 0.5

Written = dict[str, list[Value]]


class SearchMarketEngine(DecidedRounds):
    """Keywords with match types and bids, negative keywords, and the quality of ads, under a daily budget."""

    name = "search-market"
    spec_model: type[BaseModel] = SearchMarketSpec
    # The price of a click is the lesser of two means: off by less than the price step, a cent.
    value_tolerance = 0.005

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what a teacher may let happen."""
        return SHOCK_NAMES

    def with_shock(self, spec: SearchMarketSpec, number: int, kind: str, /) -> SearchMarketSpec:
        """Return the market in which something happens from a round on; raise ValueError."""
        shock = Shock.model_validate({"round": number, "kind": kind})
        return spec.model_copy(update={"shocks": (*spec.shocks, shock)})

    def events(self, spec: SearchMarketSpec, /) -> list[tuple[int, Text]]:
        """Return what a project's market has in store, by round."""
        return [(shock.round, SHOCK_NAMES[shock.kind]) for shock in sorted(spec.shocks, key=lambda each: each.round)]

    def world(self, spec: SearchMarketSpec, key: WorldKey, /) -> SearchWorld:
        """Return the account and its market."""
        return campaign_world(spec, key)

    def form(self, world: SearchWorld, /) -> DecisionForm:
        """Return three tables: keywords, search terms, ad groups."""
        return _form(world)

    def rounds(self, world: SearchWorld, /) -> int:
        """Return how often is decided."""
        return world.spec.rounds

    def step(self, world: SearchWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after one more round, and its reports."""
        after = self.after(world, state, decision)
        panels, realised = _replayed(world, json.dumps(after), run)
        return after, Happened(panels=panels, realised=realised)

    def view(self, world: SearchWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return the reports of the finished rounds; every role sees the whole account."""
        plan = self.plan(world, state)
        panels, _ = _replayed(world, json.dumps(state), run)
        number = finished(state)
        open_form = _form(world) if number < world.spec.rounds else None
        return View(
            round=number,
            rounds=world.spec.rounds,
            panels=(*announcements(world.spec, number), *panels),
            form=open_form,
            standing=(plan[-1] if plan else open_form.defaults()) if open_form else {},
        )

    def value(self, world: SearchWorld, plan: Plan, /) -> float:
        """Return the expected profit of the campaign, in closed form."""
        return _worth(world, _choices(world, plan))

    def oracle(self, world: SearchWorld, /) -> Bound:
        """Return the dual bound, with the plan of the rules of thumb on the true worths."""
        value, duals = bound(world)
        price = fmean(dual.shadow_price for dual in duals)
        options = world.fitting_options()
        scene = world.scene(world.quality_of(options), clairvoyantly=True)
        choice = tuned(scene, lambda each: _first_round(world, each), shares_only=True)
        return Bound(
            value=value,
            plan=[_written(world, choice, options)] * world.spec.rounds,
            notes={"shadow_price": price, "bound_a_day": fmean(dual.bound for dual in duals)},
        )

    def reference(self, world: SearchWorld, /) -> Plan:
        """Return what the rules of thumb make of the report at the start, the same in every round."""
        return [_reference(world)] * world.spec.rounds

    def baseline(self, world: SearchWorld, kind: BaselineKind, /) -> Plan | None:
        """Return the plan of a policy."""
        return [_baseline(world, kind)] * world.spec.rounds

    def scores(self, world: SearchWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return the scores of match types, bids, negatives and quality, by their Shapley shares."""
        return gap_scores(self, world, plan, why=why_lost, standard=standard)

    def hidden(self, world: SearchWorld, /) -> Mapping[str, Sequence[float]]:
        """Return what nobody is told of the market."""
        return hidden_numbers(world)

    def laws(self, world: SearchWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by how much counts and money do not add up."""
        return broken_laws(world, _choices(world, plan), run)

    def unused(self, world: SearchWorld, plan: Plan, /) -> Plan:
        """Return the plan with other bids on keywords that are off."""
        return unused_changed(plan, BID.key, lambda bid: MOST_BID - float(bid))


@lru_cache(maxsize=16)
def _form(world: SearchWorld) -> DecisionForm:
    return account_form(world)


@lru_cache(maxsize=8)
def _replayed(world: SearchWorld, stored: str, run: WorldKey) -> tuple[tuple[Panel, ...], float]:
    """Return the reports of the rounds that a state, as JSON, holds, and the last one's profit: a page asks twice."""
    choices = _choices(world, decided(json.loads(stored), _form(world)))
    results, runs = played(world, choices, run)
    return week_reports(world, choices, results, runs), runs[-1].profit if runs else 0.0


def _choices(world: SearchWorld, plan: Plan) -> list[Choice]:
    """Return a plan as arrays; what stands for several rounds, the same lists, is read once."""
    read: dict[tuple[int, ...], Choice] = {}
    choices = []
    for each in plan:
        lists = tuple(map(id, each.values()))
        if lists not in read:
            read[lists] = read_decision(world, each)
        choices.append(read[lists])
    return choices


def _worth(world: SearchWorld, choices: Sequence[Choice]) -> float:
    return campaign_value(world.spec, world.market, campaign(world.spec, world.market, choices))


@lru_cache(maxsize=16)
def _reference(world: SearchWorld) -> Written:
    """Return what is decided by the rule that earns most in the first round."""
    options = world.fitting_options()
    scene = world.scene(world.quality_of(options))
    return _written(world, tuned(scene, lambda each: _first_round(world, each)), options)


def _first_round(world: SearchWorld, choice: Choice) -> float:
    return campaign(world.spec, world.market, [choice])[0].profit


def _written(world: SearchWorld, choice: Choice, options: Integers) -> Written:
    return write_decision(world, choice, options)


def _unchosen(world: SearchWorld) -> Integers:
    return np.zeros_like(world.fitting_options())


def _baseline(world: SearchWorld, kind: BaselineKind) -> Written:
    match kind:
        case BaselineKind.NAIVE:
            tried = [everywhere(world, BROAD, bid) for bid in _NAIVE_BIDS]
            choice = max(tried, key=lambda each: _worth(world, [each] * world.spec.rounds))
        case BaselineKind.POOR:
            choice = everywhere(world, BROAD, _POOR_BID)
        case BaselineKind.NOTHING:
            choice = everywhere(world, OFF, 0.0)
        case BaselineKind.SPEND_ALL:
            choice = everywhere(world, BROAD, MOST_BID)
        case BaselineKind.RATIO_TRICK:
            return _ratio_trick(world)
    return _written(world, choice, _unchosen(world))


def _ratio_trick(world: SearchWorld) -> Written:
    """Return two exact keywords of the best return in the report, on a low bid: a fine ratio, and no profit."""
    sums = by_keyword(world.history, world.spec.keywords)
    best = np.argsort(-sums.margin / (sums.cost + 1.0), kind="stable")[:_TRICK_KEYWORDS]
    level = np.full(world.spec.keywords, OFF)
    level[best] = EXACT
    options = world.fitting_options()
    choice = Choice(
        level=level,
        bid=np.full(world.spec.keywords, _TRICK_BID),
        excluded=np.zeros(world.spec.queries, dtype=np.bool_),
        quality=world.quality_of(options),
    )
    return _written(world, choice, options)
