"""How well the engine predicts while it knows few learners: AUC on the test rows by number of training learners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from benchmarks.mastery_models import MODELS, Model, Setting
from qualoop.mastery import calibration
from qualoop.mastery.accuracy import auc
from qualoop.mastery.calibration import Say
from qualoop.mastery.constants import Constants
from qualoop.mastery.log_runs import Responses

SIZES: Final = (0, 30, 100, 300, 1000)


def cold_auc(responses: Responses, learners: int, model: Model, setting: Setting) -> float:
    """Return the AUC after the first so many training learners in run order; NaN where there is nothing to rank."""
    fewer = responses.only(responses.test | np.isin(responses.learner, _first(responses, learners)))
    return auc(fewer.score[fewer.test], model(fewer, setting)[fewer.test])


def cold_figures(responses: Responses, constants: Constants) -> dict[str, float | None]:
    """Return `auc_cold_N` of the engine for every N that the log has training learners for, and for all of them."""
    engine, setting = MODELS["engine"], Setting(constants=constants)
    training = len(np.unique(responses.learner[~responses.test]))
    figures = {
        f"auc_cold_{size}": cold_auc(responses, size, engine, setting) if size <= training else np.nan for size in SIZES
    }
    figures["auc_cold_all"] = cold_auc(responses, training, engine, setting)
    return {key: None if np.isnan(figure) else float(figure) for key, figure in figures.items()}


def foreign_constants(sets: Mapping[str, Responses], say: Say) -> dict[str, Constants]:
    """Return for each set the medians of the constants tuned to the other sets: nothing of the set itself is in them.

    Raises TooFewLearnersError where a set cannot be tuned to. Needs two sets at least.
    """
    tuned = {name: calibration.fit(responses, say=say).constants for name, responses in sets.items()}
    return {name: calibration.median(constants for other, constants in tuned.items() if other != name) for name in sets}


def _first(responses: Responses, count: int) -> list[int]:
    """Return the first so many training learners in run order."""
    return list(dict.fromkeys(responses.learner[~responses.test].tolist()))[:count]
