"""The SQL ladder: how long one answer takes from its text to its marks while four learners hand in at once.

Every task of the ladder that ships, on samples of their own, through the sandbox that production uses: a fork for each
answer, its limits, the query, and marking with structure evidence. Texts differ by a comment, so that nothing is kept.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from qualoop.content_packages import load_package, open_project
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators import WorldKey
from qualoop.simulators.sql.engine import SqlLadderEngine
from qualoop.simulators.sql.ladder import PosedTask, SqlWorld
from qualoop.simulators.sql.marking import mark
from qualoop.simulators.sql.running import Installation
from qualoop.simulators.sql.tasks import LadderSpec

LEARNERS: Final = 4


def figures(*, repeats: int = 3, cache: Path | None = None) -> dict[str, float | None]:
    """Return milliseconds at the 95th percentile and in the median, and the same where the solution must run as well.

    ``repeats`` sheets of 24 answers are handed in by each of four learners; ``cache`` keeps the prepared data.
    """
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(content=shipped_content(), cache=cache or Path(folder))
        try:
            installation.check()
            engine = SqlLadderEngine(installation)
            worlds = [engine.world(_spec(), WorldKey.of_seed(seed, "bench")) for seed in range(LEARNERS)]
            first = _at_once(worlds, lambda world: _sheet(world, installation, 0))
            later = _at_once(
                worlds, lambda world: [taken for n in range(repeats) for taken in _sheet(world, installation, n + 1)]
            )
        finally:
            installation.close()
    return {
        "sql_p95_ms": _at_95(later),
        "sql_median_ms": statistics.median(later),
        "sql_first_p95_ms": _at_95(first),
        "sql_first_median_ms": statistics.median(first),
    }


def _spec() -> LadderSpec:
    root = shipped_content() / "ecommerce"
    spec = open_project(load_package(root / "projects" / "da-sql-ladder", load_framework(root)).document).spec
    return LadderSpec.model_validate(spec)


def _at_once(worlds: Sequence[SqlWorld], work: Callable[[SqlWorld], Sequence[float]]) -> list[float]:
    with ThreadPoolExecutor(len(worlds)) as pool:
        return [taken for times in pool.map(work, worlds) for taken in times]


def _sheet(world: SqlWorld, installation: Installation, number: int) -> list[float]:
    return list(_answers(world, installation, number))


def _answers(world: SqlWorld, installation: Installation, number: int) -> Iterator[float]:
    """Hand in one task after another, each as an answer that was not met before; iterate over the milliseconds taken."""
    for task in world.tasks:
        sheet = {
            topic: [_text(each, number) if each is task else "" for each in world.of_topic(topic)]
            for topic in world.spec.packs
        }
        start = time.perf_counter()
        outcomes = mark(world, sheet, installation, show=True)
        yield (time.perf_counter() - start) * 1000
        if outcomes[world.tasks.index(task)].marks < 1:
            raise RuntimeError(f"the solution of {task.spec.key} is not right: the figure would be void")


def _text(task: PosedTask, number: int) -> str:
    return f"{task.solution}\n-- {number}"


def _at_95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]
