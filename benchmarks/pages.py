"""The cost of the pages that show levels: a class of 300 by 40 knowledge points, and one learner's record.

Through the application in process: routes, sessions, database, templates, everything but the socket. The database is
SQLite in a new folder, with a million rows of evidence behind the levels unless `--rows` says otherwise.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select

from benchmarks.pages_school import School, fill
from lti_tool.models import Context, MasteryUpdate
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import make_tool

LEARNERS: Final = 300
POINTS: Final = 40
ROWS: Final = 1_000_000
ROUNDS: Final = 60
WARM_UP: Final = 5
MUST: Final[Mapping[str, float]] = {"heatmap_ms": 150.0, "record_ms": 100.0}

#: What every browser sends with a request.
BROWSER: Final = {"Accept-Encoding": "gzip, deflate, br"}

Say = Callable[[str], None]
Figures = dict[str, float | None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of evidence (default: %(default)s)")


def run(say: Say, arguments: argparse.Namespace) -> tuple[Figures, dict[str, str]]:
    """Return the figures of the bench `pages`: milliseconds at the 95th percentile, and what is sent.

    The processor time beside them is what the machine's other work cannot lengthen.
    """
    with tempfile.TemporaryDirectory() as folder:
        school, teacher = furnished(Path(folder), rows=arguments.rows, say=say)
        figures: Figures = {"evidence_rows": arguments.rows}
        for key, seat, path in _pages(school, teacher):
            found = _timed(seat, path)
            figures |= {
                f"{key}_ms": _at_95(found.wall),
                f"{key}_median_ms": statistics.median(found.wall),
                f"{key}_cpu_ms": statistics.median(found.cpu),
                f"{key}_kb": found.size / 1000,
            }
            say(f"{key}: {_at_95(found.wall):.1f} ms at p95, {statistics.median(found.cpu):.1f} ms CPU in the median")
        school.tool.runtime.database.close()
        school.tool.runtime.http.close()
    return figures, {}


def missed(figures: Mapping[str, float | None]) -> Sequence[str]:
    """Return a line for each figure that is worse than it must be."""
    return [
        f"{key} is {found:.1f}, and must be {limit:.0f} at most"
        for key, limit in MUST.items()
        if (found := figures[key]) is not None and found > limit
    ]


def furnished(
    folder: Path, *, rows: int, say: Say, learners: int = LEARNERS, points: int = POINTS
) -> tuple[School, Seat]:
    """Return a school with a class at work, and its teacher at a link of the course."""
    tool = make_tool(f"sqlite:///{folder / 'qualoop.db'}")
    teacher = enter(tool, "teacher", name="Tina Teacher", role="teacher")
    enter(tool, "pioneer", name="Pia Pioneer").answer(right=[True, False] * 5)
    with tool.runtime.database.connection() as connection:
        context = connection.scalar(select(Context.id).where(Context.organisation_id == tool.organisation_id))
        framework = tool.runtime.contents.find_framework(connection, tool.organisation_id)
        updates = connection.scalars(select(MasteryUpdate.numbers)).all()
    if context is None or framework is None:
        raise RuntimeError("a launch makes a course, and a framework is installed")
    school = School(tool=tool, context_id=context, codes=tuple(framework.knowledge_points)[:points], updates=updates)
    fill(school, learners=learners - 1, rows=rows, say=say)
    return school, teacher


def _pages(school: School, teacher: Seat) -> Sequence[tuple[str, Seat, str]]:
    """Return what is measured: key, whose browser, address below the launch."""
    learner = enter(school.tool, "bench-7", name="Learner Seven")
    code = school.codes[3]
    return [
        ("heatmap", teacher, "class/levels/"),
        ("record", learner, "record/"),
        ("timeline", learner, "record/timeline/"),
        ("point", learner, f"record/{code}/"),
    ]


class _Timed(NamedTuple):
    """What requests for a page took, milliseconds each, and the bytes of the page as it was sent."""

    wall: list[float]
    cpu: list[float]
    size: int


def _timed(seat: Seat, path: str) -> _Timed:
    """Ask for a page again and again, warm."""
    found = _Timed([], [], 0)
    for number in range(WARM_UP + ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        response = seat.browser.client.get(seat.page + path, base_url=TOOL_ORIGIN, headers=BROWSER)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if response.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path} answered {response.status_code}")
        if number >= WARM_UP:
            found.wall.append(wall * 1000)
            found.cpu.append(cpu * 1000)
            found = found._replace(size=len(response.data))
    return found


def _at_95(times: Sequence[float]) -> float:
    """Return the 95th percentile: as many requests as that are no slower."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]
