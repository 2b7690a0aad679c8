"""Forms: which worlds are fit for a graded attempt, and which of them an attempt gets.

Worlds of one project differ in difficulty. An attempt is given the first that lies in the project's band, so that scores
of different learners, and of one learner's attempts, can be compared. How hard a form is, a panel of synthetic learners
tells: the same skills in every form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

import numpy as np

from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.engine import Engine, Standard
from qualoop.simulators.errors import FormOutsideBandError
from qualoop.simulators.learners import synthetic_plans
from qualoop.simulators.project import FORMS_TRIED, FormBand
from qualoop.simulators.scoring import gap_score, standard_of, thin_components
from qualoop.simulators.streams import WorldKey

PANEL: Final = 16
"""Synthetic learners of a panel: their mean is off by .03 at most, as often as not, and they take well under .1 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A world for a graded attempt: its ``number`` among those of the attempt's key, and what it is measured against."""

    number: int
    key: WorldKey
    world: Any
    standard: Standard


def make_form(engine: Engine, spec: Any, key: WorldKey, number: int) -> Form:
    """Return the form of this number, whether it lies in the band or not."""
    own = key.derive("form", number)
    world = engine.world(spec, own)
    return Form(number=number, key=own, world=world, standard=standard_of(engine, world))


def choose_form(engine: Engine, spec: Any, key: WorldKey, band: FormBand, *, tried: int = FORMS_TRIED) -> Form:
    """Return the first of ``tried`` forms that lies in the band; raise FormOutsideBandError where none does."""
    fault = ""
    for number in range(tried):
        form = make_form(engine, spec, key, number)
        found = next(band_faults(engine, form, band), None)
        if found is None:
            return form
        fault = found
    raise FormOutsideBandError(f"none of {tried} forms lies in the band; the last one: {fault}")


def band_faults(engine: Engine, form: Form, band: FormBand) -> Iterator[str]:
    """Iterate over the ways in which a form lies outside the band, in words for authors; what is costly comes last."""
    standard = form.standard
    if standard.reference <= standard.naive:
        yield f"the reference is no better than the naive policy ({standard.reference:.4g}, {standard.naive:.4g})"
    thin = thin_components(standard, float(band.least_share))
    if thin:
        yield f"too small a share of the gap: {', '.join(thin)}"
    if band.oracle:
        yield from _outside("the oracle's value", standard.oracle, band.oracle)
    if band.reference_over_oracle:
        yield from _outside("reference over oracle", reference_over_oracle(standard), band.reference_over_oracle)
    if band.notes:
        notes = engine.oracle(form.world).notes
        for name, bounds in band.notes.items():
            yield from _outside(name, notes.get(name, float("nan")), bounds)
    if band.synthetic_mean:
        yield from _outside("the panel's mean", panel_mean(engine, form), band.synthetic_mean)


def reference_over_oracle(standard: Standard) -> float:
    """Return how much of what is attainable the reference earns; 0 where nothing can be earned, as with costs."""
    return standard.reference / standard.oracle if standard.oracle > 0 else 0.0


def panel_mean(engine: Engine, form: Form) -> float:
    """Return the mean score of a panel of synthetic learners: how hard a form is, from 0 (nobody can do it) to 1."""
    skills = normal_quantile((np.arange(PANEL) + 0.5) / PANEL)
    learners = ((float(skill), form.key.derive("panel", number)) for number, skill in enumerate(skills))
    plans = synthetic_plans(engine, form.world, learners)
    return fmean(float(gap_score(engine.value(form.world, plan), form.standard)) for plan in plans)


def _outside(name: str, value: float, bounds: tuple[Any, Any]) -> Iterator[str]:
    if not float(bounds[0]) <= value <= float(bounds[1]):
        yield f"{name} is {value:.3g}, not in [{bounds[0]}, {bounds[1]}]"
