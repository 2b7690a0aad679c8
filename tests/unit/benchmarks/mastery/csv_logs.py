"""Logs of responses for tests: written as files, and made by learners of known ability."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from qualoop.mastery.log_runs import Responses
from qualoop.mastery.logs import read_logs

HEADER = "learner,order,time,item,kps,score,split"


def write(folder: Path, *rows: str, header: str = HEADER, name: str = "log.csv") -> Path:
    (folder / name).write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return folder


def responses_of(folder: Path, *rows: str, header: str = HEADER) -> Responses:
    return Responses.of(read_logs(write(folder, *rows, header=header))["log"])


def made_log(learners: int = 40, responses: int = 30, *, seed: int = 5) -> str:
    """Return the text of a log: learners differ in ability, items in difficulty; every fourth learner is for testing."""
    random = np.random.default_rng(seed)
    ability, difficulty = random.normal(0, 1, learners), random.normal(0, 1, 20)
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow(HEADER.split(","))
    for learner in range(learners):
        for place in range(responses):
            item = int(random.integers(20))
            right = random.random() < 1 / (1 + np.exp(difficulty[item] - ability[learner] - 0.5))
            points = f"k{item % 4};k{item % 3 + 4}" if item % 5 == 0 else f"k{item % 4}"
            split = "test" if learner % 4 == 0 else "train"
            out.writerow([f"u{learner}", place, 60 * place, f"i{item}", points, int(right), split])
    return file.getvalue()


def made_responses(folder: Path, learners: int = 40, responses: int = 30) -> Responses:
    (folder / "made.csv").write_text(made_log(learners, responses), encoding="utf-8")
    return Responses.of(read_logs(folder)["made"])
