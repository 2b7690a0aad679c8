"""LTI Advantage conformance, tool side, 6.4: Assignment and Grade Services, from a learner's launch to the result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import update

from benchmarks.ags_stub import LINE_ITEMS_PATH, Stub, running
from lti_tool.lti import ags
from lti_tool.models import Registration
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.platforms.platform_services import services_of
from lti_tool.worker import Worker, make_dispatch
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import AGS
from tests.factories.tool import Tool, make_tool

SCOPES = [ags.SCOPE_LINE_ITEM, ags.SCOPE_LINE_ITEM_READ, ags.SCOPE_SCORE, ags.SCOPE_RESULT_READ]


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub()) as started:
        yield started


@pytest.fixture
def graded(tmp_path: Path, stub: Stub) -> Iterator[Tool]:
    """A tool whose platform keeps grades."""
    made = make_tool(f"sqlite:///{tmp_path / 'tool.db'}")
    with made.runtime.database.transaction() as session:
        session.execute(update(Registration).values(issuer=stub.base_url, token_url=f"{stub.base_url}/token"))
    made.runtime.registrations.forget()
    platform = replace(made.platform, issuer=stub.base_url)
    yield replace(made, platform=platform)
    made.runtime.database.close()
    made.runtime.http.close()


def learner(tool: Tool, stub: Stub) -> Seat:
    """Launch as a learner; the platform names its list of columns, and none in it."""
    claim = {"scope": SCOPES, "lineitems": f"{stub.base_url}{LINE_ITEMS_PATH}", "lineitem": None}
    return enter(tool, "s-1", name="Sam Student", changes={AGS: claim})


def test_6_4_the_tool_makes_a_line_item_and_posts_a_score_that_results_show(graded: Tool, stub: Stub) -> None:
    seat = learner(graded, stub)
    seat.answer(right=[True] * 10)
    seat.finish()
    for _ in range(3):
        Worker(graded.runtime, make_dispatch(graded.runtime, random=Random(1), threads=2)).run_once()
        graded.clock.advance(seconds=11)
    [(_, user)] = stub.scores
    assert user == "s-1"
    [column] = stub.line_items
    registration = graded.runtime.registrations.all()[0].registration
    seen = GradeResults(graded.runtime.database, services_of(graded.runtime)).find(registration, column["id"], "s-1")
    assert seen is not None
    assert seen.share == 1
