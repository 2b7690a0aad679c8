"""Forms lie in the project's band, no attempt is left without one, and an author reads how alike they are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from qualoop.commands.sim_check import NO_FORM, Report
from qualoop.simulators import FormOutsideBandError, WorldKey
from qualoop.simulators.form_survey import least_share, survey
from qualoop.simulators.forms import band_faults, choose_form, make_form, panel_mean
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task

KEYS = [WorldKey.of_seed(seed, "forms") for seed in range(60)]


def oracles(task: Task) -> list[float]:
    return [make_form(task.engine, task.spec, key, 0).standard.oracle for key in KEYS]


def with_band(task: Task, **bounds: Any) -> Task:
    return replace(task, band=FormBand(least_share=Decimal(0), **bounds))


def around(values: list[float], *, low: float, high: float) -> tuple[Decimal, Decimal]:
    least, most = np.percentile(values, [low, high])
    return Decimal(f"{least:.6f}"), Decimal(f"{most:.6f}")


def test_an_attempt_finds_a_form_where_one_world_in_ten_will_do(task: Task) -> None:
    rare = with_band(task, oracle=around(oracles(task), low=45, high=55))
    numbers = [choose_form(rare.engine, rare.spec, key, rare.band).number for key in KEYS]
    assert max(numbers) >= 20, "fewer tries would have left somebody without a form"
    found = survey(rare, worlds=400)
    assert 20 <= found.fit <= 70
    assert found.none_chance < 1e-5


def test_whoever_finds_none_is_told_why(task: Task) -> None:
    narrow = with_band(task, oracle=(Decimal(-2), Decimal(-1)))
    with pytest.raises(FormOutsideBandError, match=r"none of 3 forms.*the oracle's value is"):
        choose_form(narrow.engine, narrow.spec, KEYS[0], narrow.band, tried=3)


def test_a_band_that_may_leave_somebody_without_a_form_is_no_good(task: Task) -> None:
    few = replace(with_band(task, oracle=around(oracles(task), low=25, high=75)), tried=20)
    for made, good in ((few, False), (replace(few, tried=200), True)):
        found = survey(made, worlds=60)
        report = Report(key="stall", computed=True, findings=(), psychometrics=None, exploits=(), forms=found)
        assert (found.none_chance < NO_FORM) is good
        assert report.ok is good
        assert good or "find no form" in report.faults[0]


@pytest.mark.parametrize(("fit", "worlds"), [(0, 10), (3, 40), (20, 40), (40, 40)])
def test_the_share_of_fit_worlds_is_taken_low(fit: int, worlds: int) -> None:
    assert 0 <= least_share(fit, worlds) <= fit / worlds
    assert least_share(fit, worlds) <= least_share(fit * 10, worlds * 10)


def test_a_panel_says_how_hard_a_form_is(task: Task) -> None:
    forms = [make_form(task.engine, task.spec, key, 0) for key in KEYS[:20]]
    means = [panel_mean(task.engine, form) for form in forms]
    assert means == [panel_mean(task.engine, form) for form in forms], "the same form, the same panel"
    equal = with_band(task, synthetic_mean=around(means, low=25, high=75))
    fit = [not list(band_faults(equal.engine, form, equal.band)) for form in forms]
    assert 8 <= sum(fit) <= 12
    assert np.std([mean for mean, fits in zip(means, fit, strict=True) if fits]) < 0.6 * np.std(means)


def test_an_author_reads_how_the_forms_differ(task: Task) -> None:
    bounds = around(oracles(task), low=20, high=80)
    found = survey(with_band(task, oracle=bounds, synthetic_mean=(Decimal(0), Decimal(1))), worlds=40)
    assert set(found.figures) == {"oracle", "reference over oracle", "naive to reference", "synthetic mean"}
    oracle = found.figures["oracle"]
    assert float(bounds[0]) <= oracle.low <= oracle.median <= oracle.high <= float(bounds[1])
    assert found.faults == {"the oracle's value": 40 - found.fit}
