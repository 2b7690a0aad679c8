"""Trained second stages as files (JSON): weights or tables, with the id of the constants that they stand on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from qualoop.errors import QualoopError
from qualoop.mastery import boosted_tables, second_stage
from qualoop.mastery.boosted_tables import Tables
from qualoop.mastery.constants import Constants
from qualoop.mastery.explanation import MODEL
from qualoop.mastery.log_runs import Floats, Responses
from qualoop.mastery.second_stage import FEATURES, Weights

LOGIT: Final = "logit"
GA2M: Final = "ga2m"


class StageFileError(QualoopError):
    """A file does not hold a second stage of this mastery engine."""

    code = "stage-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A trained second stage, and the id of the constants under which its features were computed."""

    constants: str
    trained: Weights | Tables

    @property
    def kind(self) -> str:
        """Return LOGIT or GA2M."""
        return LOGIT if isinstance(self.trained, Weights) else GA2M


def train(responses: Responses, constants: Constants, told: Floats, *, kind: str) -> Stage:
    """Return a second stage of a kind (LOGIT, GA2M), trained on the training learners' features ``told``, (n, 32)."""
    rows = second_stage.trained_on(responses)
    if kind == LOGIT:
        return Stage(constants=constants.id, trained=second_stage.fit_weights(told[rows], responses.score[rows]))
    check = second_stage.stopped_on(responses)[rows]
    return Stage(constants=constants.id, trained=boosted_tables.fit_tables(told[rows], responses.score[rows], check))


def write_stage(path: Path, stage: Stage, provenance: Mapping[str, Any]) -> None:
    """Write a second stage; what is not plain data becomes lists of numbers."""
    document = {
        "model": MODEL,
        "kind": stage.kind,
        "constants": stage.constants,
        "features": FEATURES,
        "trained": _as_data(stage.trained),
        "provenance": dict(provenance),
    }
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


def read_stage(path: Path) -> Stage:
    """Return the second stage of a file; raises StageFileError where it is not one, or of another model."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["model"] != MODEL or tuple(document["features"]) != FEATURES:
            raise StageFileError(f"{path} holds a second stage of another model than {MODEL}")
        trained = _weights(document["trained"]) if document["kind"] == LOGIT else _tables(document["trained"])
        return Stage(constants=str(document["constants"]), trained=trained)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StageFileError(f"{path} holds no second stage: {error}") from error


def _as_data(trained: Weights | Tables) -> dict[str, Any]:
    if isinstance(trained, Weights):
        return {
            "means": trained.means.tolist(),
            "spreads": trained.spreads.tolist(),
            "weights": trained.weights.tolist(),
            "intercept": trained.intercept,
        }
    return {
        "edges": [borders.tolist() for borders in trained.edges],
        "pairs": trained.pairs,
        "values": [table.tolist() for table in trained.values],
        "intercept": trained.intercept,
    }


def _weights(data: Mapping[str, Any]) -> Weights:
    columns = {name: np.array(data[name], np.float64) for name in ("means", "spreads", "weights")}
    if any(column.shape != (len(FEATURES),) for column in columns.values()):
        raise ValueError("not one number for each feature")
    return Weights(intercept=float(data["intercept"]), **columns)


def _tables(data: Mapping[str, Any]) -> Tables:
    edges = tuple(np.array(borders, np.float64) for borders in data["edges"])
    pairs = tuple((int(one), int(other)) for one, other in data["pairs"])
    values = tuple(np.array(table, np.float64) for table in data["values"])
    shapes = [(len(edges[a]) + 1, 1 if a == b else len(edges[b]) + 1) for a, b in pairs if max(a, b) < len(edges)]
    if len(edges) != len(FEATURES) or shapes != [table.shape for table in values]:
        raise ValueError("the tables do not fit the features")
    return Tables(edges=edges, pairs=pairs, values=values, intercept=float(data["intercept"]))
