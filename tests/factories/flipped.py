"""A flipped unit that a teacher built in the platform's dialog, and learners who work through it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import FlippedStep, FlippedUnit, ResourceLink
from lti_tool.services.flipped.units import FlippedMissingError
from tests.factories.choosing import Chooser, open_chooser, request_of, sent_by
from tests.factories.classrooms import COURSE, Seat, enter
from tests.factories.launches import LTI, TOOL_ORIGIN
from tests.factories.tool import Tool

LESSONS = (
    "sem-1-1-keywords-and-intent",
    "sem-1-2-organic-search",
    "sem-1-3-paid-search",
    "sem-1-4-measuring-results",
)


@dataclass(frozen=True)
class BuiltUnit:
    """A unit of SEM-1, placed in the course; ``key`` is its activity's."""

    tool: Tool
    chooser: Chooser
    base: str
    key: str

    @property
    def row(self) -> FlippedUnit:
        with self.tool.runtime.database.reading() as session:
            row = session.scalar(select(FlippedUnit).where(FlippedUnit.uuid == self.base.rstrip("/").split("/")[-1]))
            if row is None:
                raise FlippedMissingError
            session.expunge(row)
            return row

    def edit(self, do: str, **fields: str) -> TestResponse:
        """Press a button of the builder, on the page as it stands now."""
        return edit(self.chooser, self.base, do, **fields)

    def enter(self, subject: str, **named: Any) -> Seat:
        """Let somebody launch the unit."""
        return enter(self.tool, subject, lesson=self.key, title="Unit", **named)

    def at_step(self, seat: Seat, key: str) -> Seat:
        """Return the seat of a launch at a step of the unit, its page opened."""
        with self.tool.runtime.database.reading() as session:
            link = session.scalar(
                select(FlippedStep.resource_link_id).where(
                    FlippedStep.flipped_unit_id == self.row.id, FlippedStep.key == key
                )
            )
        if link is None:
            raise FlippedMissingError
        there = Seat(self.tool, seat.browser, f"{seat.page[:-1]}~{key}/", replace(seat.who, resource_link_id=link))
        opened = there.get()
        assert opened.status_code == 200, opened.text
        with self.tool.runtime.database.reading() as session:
            there.who = replace(there.who, activity_id=session.get_one(ResourceLink, link).activity_id)
        return there

    def work(self, seat: Seat, key: str, *, right: bool) -> Seat:
        """Answer everything at a step, all right or all wrong, and hand it in."""
        there = self.at_step(seat, key)
        there.answer(right=[right] * 30)
        sent = there.browser.act(there.page, "finish", unanswered="0")
        assert sent.status_code == 200, sent.text
        return there


def propose(chooser: Chooser, **form: Any) -> str:
    """Propose a unit and return the address of its builder."""
    made = chooser.post("flipped/propose", **(form or {"unit": "SEM-1"}))
    assert made.status_code == 303, made.text
    return made.headers["Location"]


def edit(chooser: Chooser | Seat, base: str, do: str, **fields: str) -> TestResponse:
    html = chooser.browser.get(base).text
    hidden = dict(re.findall(r'name="(csrf|revision)" value="([0-9a-f]+)"', html))
    form = {**hidden, "do": do, **fields}
    return chooser.browser.client.post(f"{base}edit", data=form, base_url=TOOL_ORIGIN)


def open_builder(tool: Tool, subject: str = "t-1", context: Mapping[str, Any] = COURSE) -> Chooser:
    """Let the platform ask a teacher of a course for content."""
    return open_chooser(tool, request_of(tool, claims={LTI + "context": context, "sub": subject}))


def build_unit(tool: Tool) -> BuiltUnit:
    """Build a unit of SEM-1 and place it."""
    chooser = open_builder(tool)
    base = propose(chooser)
    [item] = sent_by(chooser.post(base.removeprefix(chooser.base) + "place")).items
    return BuiltUnit(tool, chooser, base, item["custom"]["qualoop_activity"])
