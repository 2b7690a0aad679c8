"""`qualoop mastery`: tune the constants of the mastery engine to a folder of learners' responses."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path
from typing import Any

from qualoop.commands import MISUSED, Nouns
from qualoop.errors import MissingExtraError
from qualoop.mastery import calibration, logs, second_stage, stage_files
from qualoop.mastery.calibration import Comparison, Fit
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.log_runs import Responses, run_engine
from qualoop.mastery.stage_files import GA2M, LOGIT

KINDS = (LOGIT, GA2M)


def register(nouns: Nouns) -> None:
    """Add `mastery fit`."""
    noun = nouns.add_parser("mastery", help="tune the mastery engine to your own learners' responses")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB")

    fit = verbs.add_parser("fit", help="tune the constants, and say whether they beat the shipped ones")
    fit.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="a folder of *.csv or *.csv.gz (docs/mastery.md)"
    )
    fit.add_argument("--draws", type=_count, default=calibration.DRAWS, metavar="N", help="random draws (%(default)s)")
    fit.add_argument(
        "--refinements",
        type=_count,
        default=calibration.REFINEMENTS,
        metavar="N",
        help="then small moves (%(default)s)",
    )
    fit.add_argument("--seed", type=_count, default=0, metavar="N", help="the same seed finds the same constants")
    fit.add_argument("--out", type=Path, metavar="FILE", help="where to write the constants (JSON)")
    fit.add_argument("--second-stage", type=Path, metavar="FILE", help="also train a second stage and write it (JSON)")
    fit.add_argument(
        "--kind", choices=KINDS, default=LOGIT, help="of the second stage: weights, or look-up tables (%(default)s)"
    )
    fit.set_defaults(run=_fit)


def _count(text: str) -> int:
    """Return a whole number from 0, for argparse."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a whole number from 0")
    return value


def _fit(arguments: argparse.Namespace) -> int:
    if util.find_spec("numba") is None:
        raise MissingExtraError("`qualoop mastery fit`", "mastery")
    try:
        read = logs.read_logs(arguments.data)
    except logs.LogFaultsError as error:
        print(error, file=sys.stderr)
        print(f"qualoop: {error.code}: {len(error.problems)} to mend", file=sys.stderr)
        return MISUSED
    if arguments.second_stage and len(read) > 1:
        print("qualoop: a second stage is trained on one log: name a folder with one", file=sys.stderr)
        return MISUSED
    responses = {name: Responses.of(log) for name, log in read.items()}
    chosen, provenance = _tune(arguments, responses)
    if arguments.out:
        calibration.write_constants(arguments.out, chosen, provenance)
        print(f"written to {arguments.out}")
    if arguments.second_stage:
        _train(arguments, next(iter(responses.values())), chosen, provenance)
    return 0


def _tune(arguments: argparse.Namespace, sets: Mapping[str, Responses]) -> tuple[Constants, dict[str, Any]]:
    """Return the constants tuned to one log, or the medians over several, and where they come from; say how good."""
    fits = {}
    for name, responses in sets.items():
        for warning in responses.log.warnings:
            _say(f"warning: {warning}")
        fits[name] = calibration.fit(
            responses, draws=arguments.draws, refinements=arguments.refinements, seed=arguments.seed, say=_say
        )
    chosen = next(iter(fits.values())).constants
    if len(fits) > 1:
        chosen = calibration.median(fit.constants for fit in fits.values())
    compared = {name: calibration.compare(responses, chosen) for name, responses in sets.items()}
    for name, comparison in compared.items():
        print("\n".join(_lines(sets[name], fits[name], comparison)))
    print(f"constants {chosen.id}" + (f": medians over {len(fits)} logs" if len(fits) > 1 else ""))
    sources = [_source(responses, fits[name], compared[name]) for name, responses in sets.items()]
    return chosen, _provenance(arguments, sources)


def _train(
    arguments: argparse.Namespace, responses: Responses, constants: Constants, provenance: Mapping[str, Any]
) -> None:
    """Train a second stage on top of constants, write it, and say what it brings."""
    _say(f"{responses.log.name}: second stage, {arguments.kind}")
    told = second_stage.features(responses, constants)
    stage = stage_files.train(responses, constants, told, kind=arguments.kind)
    plain = run_engine(responses, constants).predictions
    comparison = calibration.compare_predictions(responses, stage.trained.predict(told), plain)
    stage_files.write_stage(arguments.second_stage, stage, provenance)
    print(f"second stage ({arguments.kind}) written to {arguments.second_stage}")
    if not math.isnan(comparison.log_loss):
        print(f"  second stage minus filter: {_difference(comparison)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _lines(responses: Responses, fit: Fit, comparison: Comparison) -> Iterator[str]:
    """Yield what a person wants to know about one log."""
    learners = int((~responses.log.tests).sum())
    yield f"{responses.log.name}: {responses.log.rows} responses, {learners} learners to train on"
    yield f"  objective: log-loss {fit.shipped_loss:.4f} as shipped, {fit.loss:.4f} fitted to this log ({fit.runs} runs)"
    if learners < calibration.FEW_LEARNERS:
        yield f"  fewer than {calibration.FEW_LEARNERS} learners: constants of their own seldom help"
    if math.isnan(comparison.log_loss):
        yield "  no test learners: nothing says whether the constants are better elsewhere"
        return
    yield f"  {comparison.rows} test responses, fitted minus shipped: {_difference(comparison)}"


def _difference(comparison: Comparison) -> str:
    """Return a comparison in words."""
    verdict = "better" if comparison.better else "worse" if comparison.worse else "no sure difference"
    return (
        f"log-loss {comparison.log_loss:+.4f} ± {comparison.log_loss_se:.4f},"
        f" AUC {comparison.auc:+.4f} ± {comparison.auc_se:.4f}: {verdict}"
    )


def _provenance(arguments: argparse.Namespace, sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where constants come from; it names logs and counts, never learners."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "qualoop": metadata.version("qualoop"),
        "compared_with": DEFAULT_CONSTANTS.id,
        "draws": arguments.draws,
        "refinements": arguments.refinements,
        "seed": arguments.seed,
        "logs": sources,
    }


def _source(responses: Responses, fit: Fit, comparison: Comparison) -> dict[str, Any]:
    """Return what is told of one log."""
    log = responses.log
    measured = {
        "log_loss": comparison.log_loss,
        "log_loss_se": comparison.log_loss_se,
        "auc": comparison.auc,
        "auc_se": comparison.auc_se,
    }
    return {
        "name": log.name,
        "rows": log.rows,
        "training_learners": int((~log.tests).sum()),
        "test_learners": int(log.tests.sum()),
        "timed": log.timed,
        "own_constants": fit.constants.id,
        "objective": {"shipped": fit.shipped_loss, "fitted": fit.loss},
        "fitted_minus_shipped": {key: None if math.isnan(value) else value for key, value in measured.items()},
        "better": comparison.better,
    }
