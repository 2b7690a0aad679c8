"""The triage of search terms as an engine, and what its exclusions are scored by."""

from __future__ import annotations

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, WorldKey, gap_score, shares, standard_of
from qualoop.simulators.conformance import Effort, check_engine
from qualoop.simulators.learners import random_plan
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task
from qualoop.simulators.sem.spec import SearchTermsSpec
from qualoop.simulators.sem.triage import SearchTermsEngine, detected, wasteful
from qualoop.simulators.sem.triage_form import nearest_band, read_triage, write_triage
from qualoop.simulators.sem.worlds import SearchWorld

RUN = WorldKey.of_seed(9, "run")


def test_conformance(terms_engine: SearchTermsEngine, report: SearchWorld) -> None:
    task = Task(engine=terms_engine, spec=report.spec, band=FormBand(), attempts=1)
    findings = list(check_engine(task, Effort(plans=15, runs=25, forms=1, learners=5)))
    assert [finding for finding in findings if not finding.ok] == []


def test_the_report_has_sixty_lines_that_were_clicked_most(
    terms_engine: SearchTermsEngine, report: SearchWorld
) -> None:
    (table,) = terms_engine.form(report).tables
    assert len(table.rows) == 60
    assert [field.component for field in table.fields] == ["match", "bids", "negatives"]
    assert report.market.keyword_query.tolist() == report.listed.tolist()
    clicks = report.history.clicks
    assert clicks[report.listed].min() > 0
    unlisted = np.setdiff1d(np.arange(report.spec.queries), report.listed)
    assert clicks[unlisted].sum() == 0


@pytest.mark.parametrize(
    ("excluded", "due", "expected"),
    [
        ([True, True, False], [True, False, False], (0.5, 1.0, 2 / 3)),
        ([True, True], [True, True], (1.0, 1.0, 1.0)),
        ([False, False], [True, False], (0.0, 0.0, 0.0)),
        ([True, False], [False, True], (0.0, 0.0, 0.0)),
        ([False, False], [False, False], (1.0, 1.0, 1.0)),
        ([True, False], [False, False], (0.0, 1.0, 0.0)),
    ],
)
def test_precision_and_recall(excluded: list[bool], due: list[bool], expected: tuple[float, float, float]) -> None:
    found = detected(np.array(excluded), np.array(due))
    assert (found.precision, found.recall, found.f1) == pytest.approx(expected)


def test_exclusions_are_scored_between_all_and_the_reference(
    terms_engine: SearchTermsEngine, report: SearchWorld
) -> None:
    reference = dict(terms_engine.reference(report)[0])

    def score(flags: list[bool]) -> float:
        parts = terms_engine.scores(report, [{**reference, "excluded": flags}])
        return next(part.score for part in parts if part.part == "negatives")

    due = wasteful(report)
    assert score([True] * 60) == 0
    assert score([False] * 60) == 0
    assert score([bool(flag) for flag in reference["excluded"]]) == 1
    assert score(due.tolist()) == 1
    assert 0 < score([bool(flag) and place % 3 > 0 for place, flag in enumerate(due)]) < 1


def test_the_value_falls_when_good_terms_are_excluded(terms_engine: SearchTermsEngine, report: SearchWorld) -> None:
    reference = dict(terms_engine.reference(report)[0])
    worse = {**reference, "excluded": (~wasteful(report)).tolist()}
    assert terms_engine.value(report, [worse]) < 0.5 * terms_engine.value(report, [reference])


def test_bids_go_to_the_nearest_band() -> None:
    bands = np.array([0.3, 0.6, 1.2])
    assert nearest_band(np.array([0.0, 0.3, 0.42, 0.43, 5.0]), bands).tolist() == [0, 0, 0, 1, 2]


def test_decisions_survive_arrays(terms_engine: SearchTermsEngine, report: SearchWorld) -> None:
    (decision,) = random_plan(terms_engine, report, WorldKey.of_seed(1))
    assert write_triage(report, read_triage(report, decision)) == decision


def test_shares_add_up_and_bots_stay_poor(terms_engine: SearchTermsEngine, report: SearchWorld) -> None:
    scale = standard_of(terms_engine, report)
    poor, reference = terms_engine.baseline(report, BaselineKind.POOR) or [], terms_engine.reference(report)
    gap = terms_engine.value(report, reference) - terms_engine.value(report, poor)
    assert sum(shares(terms_engine, report, poor, reference).values()) == pytest.approx(gap, rel=1e-9)
    for kind in (BaselineKind.NOTHING, BaselineKind.SPEND_ALL, BaselineKind.RATIO_TRICK):
        plan = terms_engine.baseline(report, kind)
        assert plan is not None
        assert gap_score(terms_engine.value(report, plan), scale) <= 0.1


def test_it_is_decided_once(terms_engine: SearchTermsEngine, report: SearchWorld) -> None:
    state = terms_engine.initial(report)
    decision = terms_engine.reference(report)[0]
    assert terms_engine.check(report, state, decision) == []
    state, happened = terms_engine.step(report, state, decision, RUN)
    assert [refusal.code for refusal in terms_engine.check(report, state, decision)] == ["rounds-over"]
    view = terms_engine.view(report, state, RUN)
    assert view.form is None
    assert [panel.key for panel in view.panels] == ["account", "days", "keywords", "terms-1"]
    assert happened.panels == view.panels
    assert terms_engine.plan(report, state) == [dict(decision)]


def test_a_report_of_other_length_than_its_terms_is_refused() -> None:
    with pytest.raises(ValueError, match="as many as keywords"):
        SearchTermsSpec(keywords=60, terms=50)
