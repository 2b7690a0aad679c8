"""The campaign as an engine: form, rounds, views, scores, baselines."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, WorldKey, gap_score, shares, standard_of
from qualoop.simulators.conformance import Effort, check_engine
from qualoop.simulators.learners import copied_plan, random_plan
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task
from qualoop.simulators.sem.account import read_decision, write_decision
from qualoop.simulators.sem.engine import SearchMarketEngine
from qualoop.simulators.sem.quality import PARTS
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.views import Chart, Figures, Grid, Prose
from tests.unit.simulators.sem.conftest import SMALL

RUN = WorldKey.of_seed(9, "run")
PANELS = {"account", "rounds", "days", "keywords", "terms-1", "terms-2", "terms-3"}


def played(engine: SearchMarketEngine, world: SearchWorld, kind: BaselineKind, rounds: int) -> Any:
    state = engine.initial(world)
    plan = engine.baseline(world, kind) or []
    for decision in plan[:rounds]:
        state, happened = engine.step(world, state, decision, RUN)
    return state, happened


def test_conformance(market_engine: SearchMarketEngine) -> None:
    task = Task(
        engine=market_engine, spec=SearchMarketSpec.model_validate(SMALL), band=FormBand(least_share="0"), attempts=1
    )
    findings = list(check_engine(task, Effort(plans=15, runs=25, forms=1, learners=5)))
    assert [finding for finding in findings if not finding.ok] == []


def test_the_form_is_the_same_in_every_round_and_says_what_is_decided(
    market_engine: SearchMarketEngine, small: SearchWorld
) -> None:
    form = market_engine.form(small)
    assert form.components == ("match", "bids", "negatives", "quality")
    assert [len(table.rows) for table in form.tables] == [40, 20, 8]
    assert all(len(row.cells) == len(table.columns) for table in form.tables for row in table.rows)
    state, _ = played(market_engine, small, BaselineKind.POOR, 2)
    assert market_engine.view(small, state, RUN).form == form


def test_the_listed_terms_are_those_with_most_clicks(small: SearchWorld) -> None:
    clicks = small.history.clicks
    unlisted = np.setdiff1d(np.arange(small.spec.queries), small.listed)
    assert clicks[small.listed].min() >= clicks[unlisted].max()


def test_no_two_queries_read_the_same_in_either_language(standard: SearchWorld) -> None:
    for language in ("en", "zh-Hans"):
        texts = [text[language] for text in standard.names.queries]
        assert len(set(texts)) == len(texts)


def test_decisions_survive_arrays(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    for decision in random_plan(market_engine, small, WorldKey.of_seed(3)):
        options = [
            [[key for key, _ in part.options].index(str(value)) for value in decision[part.key]] for part in PARTS
        ]
        assert write_decision(small, read_decision(small, decision), np.array(options).T) == decision


def test_a_view_holds_what_was_seen_and_nothing_else(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    before = market_engine.view(small, market_engine.initial(small), RUN)
    assert before.panels == ()
    state, happened = played(market_engine, small, BaselineKind.POOR, 3)
    view = market_engine.view(small, state, RUN)
    assert {panel.key for panel in view.panels} == PANELS
    assert view.form is None
    assert view.standing == {}
    assert happened.panels == view.panels
    figures = next(panel for panel in view.panels if isinstance(panel, Figures))
    assert [figure.key for figure in figures.figures] == ["ctr", "cpc", "cvr", "cpa", "roas", "profit", "marginal"]
    grids = {panel.key: len(panel.columns) for panel in view.panels if isinstance(panel, Grid)}
    assert grids == {"rounds": 8, "keywords": 11, "terms-1": 7, "terms-2": 7, "terms-3": 7}
    chart = next(panel for panel in view.panels if isinstance(panel, Chart))
    assert len(chart.labels) == 9
    assert [len(series.values) for series in chart.series] == [9, 9]


def test_no_hidden_number_is_shown(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    state, _ = played(market_engine, small, BaselineKind.POOR, 3)
    shown = repr(market_engine.view(small, state, RUN)) + repr(market_engine.form(small))
    market = small.market
    hidden = np.concatenate((market.searches, market.click_rate, market.mu, market.worth[market.worth > 0]))
    assert not [number for number in hidden if f"{number:.5f}"[:7] in shown and abs(number) > 1e-3 and number % 1]


def test_a_report_names_only_terms_that_were_clicked(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    state, _ = played(market_engine, small, BaselineKind.POOR, 1)
    view = market_engine.view(small, state, RUN)
    terms = next(panel for panel in view.panels if isinstance(panel, Grid) and panel.key == "terms-1")
    assert terms.rows
    assert all(row[3] > 0 and row[3] <= row[2] for row in terms.rows)


def test_a_rival_who_enters_is_announced_once(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    news = []
    for rounds in (1, 2, 3):
        state, _ = played(market_engine, small, BaselineKind.POOR, rounds)
        news.append(sum(isinstance(panel, Prose) for panel in market_engine.view(small, state, RUN).panels))
    assert news == [1, 0, 0]


def test_after_the_last_round_nothing_can_be_decided(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    state, _ = played(market_engine, small, BaselineKind.POOR, 3)
    decision = market_engine.form(small).defaults()
    assert [refusal.code for refusal in market_engine.check(small, state, decision)] == ["rounds-over"]
    assert market_engine.check(small, market_engine.initial(small), decision) == []


def test_the_state_of_the_standard_form_is_small(market_engine: SearchMarketEngine, standard: SearchWorld) -> None:
    state = market_engine.initial(standard)
    for decision in random_plan(market_engine, standard, WorldKey.of_seed(1)):
        state, _ = market_engine.step(standard, state, decision, RUN)
    text = json.dumps(state, separators=(",", ":"))
    assert len(text) < 16 * 1024
    assert json.loads(text) == state


def test_shares_add_up_to_the_gap(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    poor, reference = market_engine.baseline(small, BaselineKind.POOR) or [], market_engine.reference(small)
    lost = shares(market_engine, small, poor, reference)
    gap = market_engine.value(small, reference) - market_engine.value(small, poor)
    assert set(lost) == {"match", "bids", "negatives", "quality"}
    assert sum(lost.values()) == pytest.approx(gap, rel=1e-9)


def test_bots_stay_poor_and_a_fine_ratio_earns_nothing(
    market_engine: SearchMarketEngine, standard: SearchWorld
) -> None:
    scale = standard_of(market_engine, standard)
    assert 0 <= scale.naive < 0.25 * scale.reference < scale.oracle
    for kind in (BaselineKind.NOTHING, BaselineKind.SPEND_ALL, BaselineKind.RATIO_TRICK):
        plan = market_engine.baseline(standard, kind)
        assert plan is not None
        assert gap_score(market_engine.value(standard, plan), scale) <= 0.1
    state = market_engine.initial(standard)
    trick = market_engine.baseline(standard, BaselineKind.RATIO_TRICK) or []
    reference = market_engine.reference(standard)
    ratios = []
    for plan in (trick, reference):
        _, happened = market_engine.step(standard, state, plan[0], RUN)
        figures = next(panel for panel in happened.panels if isinstance(panel, Figures))
        ratios.append(next(figure.value for figure in figures.figures if figure.key == "roas") or 0.0)
    assert ratios[0] > ratios[1]
    assert gap_score(market_engine.value(standard, random_plan(market_engine, standard, RUN)), scale) <= 0.1


def test_the_reference_of_another_world_helps_little(market_engine: SearchMarketEngine, standard: SearchWorld) -> None:
    other = market_engine.world(SearchMarketSpec(), WorldKey.of_seed(2))
    copied = copied_plan(market_engine, standard, other)
    assert copied is not None
    assert gap_score(market_engine.value(standard, copied), standard_of(market_engine, standard)) <= 0.2


def test_the_reference_knows_no_more_than_the_report(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    # A market that would have reported the same is decided on in the same way, but for the numbers of the rule.
    plan = market_engine.reference(small)
    assert all(decision == plan[0] for decision in plan)
    from_report = small.scene(small.quality_of(small.fitting_options()))
    assert from_report.seen.clicks.sum() == small.history.clicks.sum()


def test_a_poor_decision_is_explained_in_both_languages(
    market_engine: SearchMarketEngine, standard: SearchWorld
) -> None:
    for part in market_engine.scores(standard, market_engine.baseline(standard, BaselineKind.POOR) or []):
        assert part.score == pytest.approx(0, abs=1e-6)
        assert set(part.why.by_language) == {"en", "zh-Hans"}
        assert "{" not in part.why["en"] + part.why["zh-Hans"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"keywords": 700},
        {"quality_weights": [0.5, 0.5, 0.5]},
        {"phrase": 0.7},
        {"rivals": 3},
        {"budget": 0},
        {"budget": float("nan")},
        {"surprise": 1},
    ],
)
def test_a_market_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SearchMarketSpec.model_validate(wrong)


def test_an_unspent_week_has_no_ratios(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    state, _ = played(market_engine, small, BaselineKind.NOTHING, 2)
    figures = next(panel for panel in market_engine.view(small, state, RUN).panels if isinstance(panel, Figures))
    assert {figure.key: figure.value for figure in figures.figures} == {
        "ctr": None,
        "cpc": None,
        "cvr": None,
        "cpa": None,
        "roas": None,
        "profit": 0.0,
        "marginal": None,
    }


def test_roles_see_the_whole_account(market_engine: SearchMarketEngine, small: SearchWorld) -> None:
    state, _ = played(market_engine, small, BaselineKind.POOR, 1)
    assert market_engine.view(small, state, RUN, role="buyer") == market_engine.view(small, state, RUN)
