"""How alike a project's forms are: how many worlds lie in its band, and how far those differ in stakes and difficulty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from qualoop.simulators.forms import Form, band_faults, make_form, panel_mean, reference_over_oracle
from qualoop.simulators.psychometrics import SEED, Task
from qualoop.simulators.streams import WorldKey

WORLDS: Final = 100
_DEVIATIONS: Final = 3.0
_ENDS: Final = (5, 50, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The 5th, 50th and 95th percentile of a figure over forms, and its standard deviation."""

    low: float
    median: float
    high: float
    deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSurvey:
    """What ``worlds`` worlds showed: how many were ``fit``, why the others were not, and how the fit ones differ.

    ``none_chance`` bounds the chance that a learner finds no form among as many as the project tries.
    """

    worlds: int
    fit: int
    none_chance: float
    faults: Mapping[str, int]
    figures: Mapping[str, Spread]


def survey(task: Task, *, worlds: int = WORLDS, seed: int = SEED) -> FormSurvey:
    """Return what ``worlds`` worlds of a task show of its forms."""
    key = WorldKey.of_seed(seed, "survey")
    fit: list[dict[str, float]] = []
    faults: Counter[str] = Counter()
    for number in range(worlds):
        form = make_form(task.engine, task.spec, key, number)
        found = next(band_faults(task.engine, form, task.band), None)
        if found is None:
            fit.append(dict(_figures(task, form)))
        else:
            # Without the world's own figure, so that alike faults are counted together.
            faults[found.partition(" is ")[0]] += 1
    names = fit[0] if fit else {}
    return FormSurvey(
        worlds=worlds,
        fit=len(fit),
        none_chance=(1.0 - least_share(len(fit), worlds)) ** task.tried,
        faults=dict(faults.most_common()),
        figures={name: _spread([figures[name] for figures in fit]) for name in names},
    )


def least_share(fit: int, worlds: int) -> float:
    """Return the lower end of Wilson's interval, three standard deviations wide, of the share of fit worlds."""
    if not fit:
        return 0.0
    square = _DEVIATIONS**2
    share = fit / worlds
    middle = share + square / (2 * worlds)
    half = _DEVIATIONS * sqrt(share * (1 - share) / worlds + square / (4 * worlds**2))
    return (middle - half) / (1 + square / worlds)


def _figures(task: Task, form: Form) -> Iterator[tuple[str, float]]:
    standard = form.standard
    yield "oracle", standard.oracle
    if standard.oracle > 0:
        yield "reference over oracle", reference_over_oracle(standard)
    yield "naive to reference", standard.reference - standard.naive
    if task.band.synthetic_mean:
        yield "synthetic mean", panel_mean(task.engine, form)


def _spread(values: list[float]) -> Spread:
    low, median, high = (float(end) for end in np.percentile(values, _ENDS))
    return Spread(low=low, median=median, high=high, deviation=float(np.std(values)))
