"""How well and how fast mastery is estimated: on logs of responses, on rated texts, on learners of known truth.

`--data` and `--raters` name local folders: learners' data is not part of the project, and none of it is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from math import inf, isnan
from pathlib import Path
from typing import Final

from benchmarks.mastery_cold import cold_auc, cold_figures, foreign_constants
from benchmarks.mastery_metrics import Figures, difference, figures_of_tests, measures
from benchmarks.mastery_models import MODELS, ONLINE, SECOND_STAGE, Setting, timed
from benchmarks.mastery_raters import rater_figures
from benchmarks.mastery_rules import rule_figures
from benchmarks.mastery_speed import speed_figures
from benchmarks.mastery_truth import truth_figures
from qualoop.mastery.calibration import Say, read_constants
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.kernel import new_memory
from qualoop.mastery.log_runs import Floats, Responses, run_engine
from qualoop.mastery.logs import copy_previous_auc, read_logs

Notes = dict[str, str]

NO_ROWS: Final = "nothing to measure it on: the test part has no such rows, or not both right and wrong ones"
FLOAT_BYTES: Final = 8
LEAST_TO_TRAIN: Final = 500

#: Between which values a figure must lie, by its key in lower case (docs/mastery.md, targets).
MUST: Final[Mapping[str, tuple[float, float]]] = {
    "update_us_python": (0, 3),
    "update_us_numba": (0, 0.2),
    "coverage_90": (0.85, 0.95),
    "r_b": (0.9, 1),
    "r_s": (0.9, 1),
    "a09.engine.auc": (0.7662, 1),
    "a09.engine.log_loss": (0, 0.535),
    "stat.engine.auc": (0.8264, 1),
    "alg05.engine.auc": (0.8223, 1),
    "a15.engine.auc": (0.7, 1),
    "a17f.engine.auc": (0.7248, 1),
    "a09.engine.auc_cold_0": (0.7, 1),
    "a09.engine.auc_cold_100": (0.7, 1),
    "a09.engine.auc_cold_1000": (0.752, 1),
    "a09.rule.engine_70_80_3_items.false": (0, 0.329),
    "alg05.rule.engine_70_80_3_items.false": (0, 0.195),
    "raters.immer01a.rmse_second": (0, 0.492),
    "raters.immer01a_students.rmse_second": (0, 0.636),
    "raters.sirt-ratings2.rmse_second": (0, 0.577),
}
MUST_OF_EVERY_SET: Final[Mapping[str, tuple[float, float]]] = {".engine.ece": (0, 0.02)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the bench can be told."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="logs of responses, *.csv or *.csv.gz")
    parser.add_argument("--raters", type=Path, metavar="DIR", help="the rubric ratings, as they are")
    parser.add_argument(
        "--constants", metavar="FILE", default="default", help="`default`, or a file of `qualoop mastery fit`"
    )
    parser.add_argument("--cold", action="store_true", help="AUC by number of training learners; tunes on each set")
    parser.add_argument(
        "--mastery", action="store_true", help="when rules of mastery fire, and whether they were right"
    )
    parser.add_argument(
        "--freeze",
        type=_regime,
        default={},
        metavar="test|epoch:N",
        help="test learners leave difficulties as they are; or difficulties are published N times",
    )
    parser.add_argument("--by-time", action="store_true", help="learners merged by time, not one after another")


def _regime(text: str) -> dict[str, int]:
    """Return the part of a Setting that `--freeze` names, for argparse."""
    if text == "test":
        return {"freeze_tests": True}
    name, _, count = text.partition(":")
    if name != "epoch" or not count.isdecimal() or int(count) < 1:
        raise argparse.ArgumentTypeError("test, or epoch:N with N from 1")
    return {"epochs": int(count)}


def run(say: Say, arguments: argparse.Namespace) -> tuple[Figures, Notes]:
    """Return the figures of the bench `mastery`, and why one is missing."""
    constants = DEFAULT_CONSTANTS if arguments.constants == "default" else read_constants(Path(arguments.constants))
    logs = read_logs(arguments.data) if arguments.data else {}
    say("the cost of an update")
    figures: Figures = dict(speed_figures())
    say("learners of known truth")
    found, notes = truth_figures()
    figures |= found
    if arguments.raters:
        say(f"ratings in {arguments.raters}")
        rated, more = rater_figures(arguments.raters)
        figures |= rated
        notes |= more
    else:
        notes["raters"] = "no figures of rated texts: --raters names no folder"
    if not logs:
        notes["data"] = "no figures of logs: --data names no folder"
    sets = {name: Responses.of(log, by_time=arguments.by_time) for name, log in logs.items()}
    found, more = _sets_figures(sets, constants, arguments, say)
    figures |= found
    notes |= more
    notes |= {key: NO_ROWS for key, figure in figures.items() if figure is None and key not in notes}
    return figures, notes


def _sets_figures(
    sets: Mapping[str, Responses], constants: Constants, arguments: argparse.Namespace, say: Say
) -> tuple[Figures, Notes]:
    """Return the figures of all sets, with keys `SET.figure`."""
    figures: Figures = {}
    notes: Notes = {}
    cold: Mapping[str, Constants] = dict.fromkeys(sets, constants)
    if arguments.cold and len(sets) > 1:
        cold = foreign_constants(sets, say)
    elif arguments.cold:
        notes["cold"] = "measured with the constants given: there is no other set to tune to"
    for name, responses in sets.items():
        for warning in responses.log.warnings:
            say(f"warning: {warning}")
        found, reasons = set_figures(responses, Setting(constants=constants, **arguments.freeze), say)
        if arguments.cold:
            found |= {f"engine.{key}": figure for key, figure in cold_figures(responses, cold[name]).items()}
        if arguments.mastery:
            found |= rule_figures(responses, run_engine(responses, constants, readings=True))
        figures |= {f"{name}.{key}": figure for key, figure in found.items()}
        notes |= {f"{name}.{key}": reason for key, reason in reasons.items()}
    return figures, notes


def set_figures(responses: Responses, setting: Setting, say: Say) -> tuple[Figures, Notes]:
    """Return the figures of all models on one set, with keys `MODEL.figure`, and why a model is missing."""
    log = responses.log
    figures: Figures = {
        "rows": len(responses.rows),
        "learners": len(log.learners),
        "items": len(log.items),
        "points": len(log.point_names),
        "test_rows": int(responses.test.sum()),
        "copy_previous_auc": _number(copy_previous_auc(log)),
        "engine.bytes_per_memory": len(new_memory(setting.constants)) * FLOAT_BYTES,
    }
    predictions: dict[str, Floats] = {}
    left_out = _left_out(responses, setting)
    for name in MODELS:
        if name in left_out:
            figures[f"{name}.auc"] = None
            continue
        say(f"{log.name}: {name}")
        predictions[name], cost = timed(name, responses, setting)
        figures[f"{name}.us_per_event"] = cost
        figures |= {f"{name}.{key}": value for key, value in figures_of_tests(responses, predictions[name]).items()}
    for name in ONLINE:
        everything = measures(responses.score, predictions[name])
        figures |= {f"{name}.{key}_all_rows": _number(value) for key, value in everything.items()}
        figures[f"{name}.auc_cold_0"] = _number(cold_auc(responses, 0, MODELS[name], setting))
    for name, other in predictions.items():
        if name != "engine":
            gap, error = difference(responses, predictions["engine"], other)
            figures |= {f"engine_minus_{name}.auc": _number(gap), f"engine_minus_{name}.auc_se": _number(error)}
    return figures, {f"{name}.auc": reason for name, reason in left_out.items()}


def _left_out(responses: Responses, setting: Setting) -> Mapping[str, str]:
    """Return the models that cannot be measured here, and why."""
    if not setting.live:
        return dict.fromkeys(SECOND_STAGE, "the second stage is measured with difficulties that go on learning")
    if int((~responses.test).sum()) < LEAST_TO_TRAIN:
        return dict.fromkeys(SECOND_STAGE, f"fewer than {LEAST_TO_TRAIN} training rows for a second stage")
    return {}


def missed(figures: Mapping[str, float | None]) -> Sequence[str]:
    """Return a line for each figure that is not what it must be; what was not measured is passed over."""
    lines = []
    for key, figure in figures.items():
        every = (limits for end, limits in MUST_OF_EVERY_SET.items() if key.endswith(end))
        low, high = MUST.get(key.lower(), next(every, (-inf, inf)))
        if figure is not None and not low <= figure <= high:
            lines.append(f"{key} is {figure:.4g}, not within {low:g} to {high:g}")
    return lines


def _number(value: float) -> float | None:
    """Return a figure, or None where there is none."""
    return None if isnan(value) else value
