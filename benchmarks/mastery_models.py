"""The models of the bench by their names: the engine, its second stages, and what others use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from benchmarks.mastery_bkt import bkt
from benchmarks.mastery_elo import elo
from benchmarks.mastery_logistic import irt, pfa
from qualoop.mastery import second_stage, stage_files
from qualoop.mastery.constants import Constants
from qualoop.mastery.epochs import run_epochs
from qualoop.mastery.log_runs import Floats, Responses, run_engine

BASE_LIMIT: Final = 0.01
MICROSECONDS: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """With what the models are run: the engine's constants, and how its difficulties learn."""

    constants: Constants
    freeze_tests: bool = False
    """Whether test learners leave difficulties as they are."""
    epochs: int = 0
    """In how many epochs difficulties are published; 0 is live."""

    @property
    def live(self) -> bool:
        """Return whether difficulties move with every response, as in the tool."""
        return not self.freeze_tests and not self.epochs


Model = Callable[[Responses, Setting], Floats]
"""Returns the prediction of each response before its score was seen; training rows may have been fitted on."""


def training_mean(responses: Responses) -> float:
    """Return the mean score of the training rows, a little away from 0 and 1; one half where there are none."""
    scores = responses.score[~responses.test]
    return float(np.clip(scores.mean(), BASE_LIMIT, 1 - BASE_LIMIT)) if len(scores) else 0.5


def _mean(responses: Responses, setting: Setting) -> Floats:
    return np.full(len(responses.rows), training_mean(responses))


def _fitted(model: Callable[[Responses], Floats]) -> Model:
    """Return a model that needs nothing but the responses."""

    def predictions(responses: Responses, setting: Setting) -> Floats:
        return model(responses)

    return predictions


def _elo(responses: Responses, setting: Setting) -> Floats:
    mean = training_mean(responses)
    return elo(responses, float(np.log(mean / (1 - mean))))


def _engine(responses: Responses, setting: Setting) -> Floats:
    if setting.epochs:
        return run_epochs(responses, setting.constants, setting.epochs)
    frozen = responses.test if setting.freeze_tests else None
    return run_engine(responses, setting.constants, frozen=frozen).predictions


@lru_cache(maxsize=1)
def _features(responses: Responses, constants: Constants) -> Floats:
    """Return the features of the second stage, kept for the next model of the same set."""
    return second_stage.features(responses, constants)


def _second_stage(kind: str) -> Model:
    """Return the model of a second stage, trained on the training rows as `qualoop mastery fit` trains it."""

    def predictions(responses: Responses, setting: Setting) -> Floats:
        told = _features(responses, setting.constants)
        return stage_files.train(responses, setting.constants, told, kind=kind).trained.predict(told)

    return predictions


MODELS: Final[Mapping[str, Model]] = {
    "mean": _mean,
    "irt": _fitted(irt),
    "pfa": _fitted(pfa),
    "bkt": _fitted(bkt),
    "elo": _elo,
    "engine": _engine,
    "engine_logit": _second_stage(stage_files.LOGIT),
    "engine_ga2m": _second_stage(stage_files.GA2M),
}
SECOND_STAGE: Final = ("engine_logit", "engine_ga2m")
ONLINE: Final = ("elo", "engine")
"""What learns as it goes, without a fit before: also measured over all rows, and with few training learners."""


def timed(name: str, responses: Responses, setting: Setting) -> tuple[Floats, float]:
    """Return a model's predictions, and µs of process CPU for each response, with any fit.

    What learns online is run once before, so that compiling is not counted; for what is fitted it is little.
    """
    if name in ONLINE:
        MODELS[name](responses, setting)
    begun = time.process_time()
    predictions = MODELS[name](responses, setting)
    return predictions, (time.process_time() - begun) / max(len(responses.rows), 1) * MICROSECONDS
