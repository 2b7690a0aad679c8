"""A preview shows every step, and nothing that an answer would reveal: no marker of the canary package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lti_tool.commands.install import read
from lti_tool.models import Attempt, LedgerEvent
from qualoop.framework import shipped_content
from tests.factories.canary import CANARY, MARKER, canary_markers
from tests.factories.choosing import Chooser, open_chooser
from tests.factories.tool import Tool, make_tool

STEP = re.compile(r'name="step" value="([^"]+)"')
FIGURE = re.compile(r'(?:src|href)="(/choose/[^"]+/asset/[^"]+)"')


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Tool]:
    """A tool with the canary package among its activities."""
    content = read([shipped_content() / "ecommerce", CANARY])
    made = make_tool(f"sqlite:///{tmp_path / 'tool.db'}", content=content)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


def key_of(chooser: Chooser) -> str:
    keys = re.findall(r'name="pick" value="([^"]+)"', chooser.get().text)
    return next(key for key in keys if not key.startswith("sem-"))


def test_no_marker_is_in_any_step_whatever_is_sent(canary: Tool) -> None:
    assert len(canary_markers()) > 10
    chooser = open_chooser(canary)
    page = f"preview/{key_of(chooser)}/"
    seen = [chooser.get(page).text]
    steps = set(STEP.findall(seen[0]))
    assert len(steps) > 5
    for step in sorted(steps):
        seen.append(chooser.post(page + "do/go", step=step).text)
        assert seen[-1] != seen[0] or step in seen[0]
        items = re.findall(r'name="item" value="([^"]+)"', seen[-1])
        for item in items:
            form = {"attempt": step, "item": item, "try": "1", "hint": "1", "unanswered": "0"}
            seen += [chooser.post(f"{page}do/{name}", **form).text for name in ("answer", "hint", "reveal", "finish")]
    assert [found for text in seen for found in MARKER.findall(text)] == []
    assert any("<form" in text and 'name="item"' in text for text in seen)


def test_a_preview_stores_nothing(canary: Tool) -> None:
    chooser = open_chooser(canary)
    with canary.runtime.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(LedgerEvent))
    page = f"preview/{key_of(chooser)}/"
    chooser.post(page + "do/answer", item="x", **{"try": "1"})
    chooser.post(page + "do/finish", unanswered="0")
    with canary.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0
        assert session.scalar(select(func.count()).select_from(LedgerEvent)) == before


def test_a_figure_of_a_preview_is_sent_in_a_sandbox(canary: Tool) -> None:
    chooser = open_chooser(canary)
    page = f"preview/{key_of(chooser)}/"
    texts = [chooser.post(page + "do/go", step=step).text for step in set(STEP.findall(chooser.get(page).text))]
    figures = {address for text in texts for address in FIGURE.findall(text)}
    assert figures
    figure = chooser.browser.get(figures.pop())
    assert figure.status_code == 200
    assert "sandbox" in figure.headers["Content-Security-Policy"]
    assert chooser.get(page + "asset/no/such.svg").status_code == 404
