"""A course with a live project: learner, mentor and teacher, who do what they do over HTTP, without script."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from lti_tool.models import LiveProjectRow, SubmissionRow
from lti_tool.services.mastery.content_install import ContentImport
from qualoop.content_packages import LiveProject, load_package, open_live_project
from qualoop.framework import load_framework, shipped_content
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import LTI, TOOL_ORIGIN
from tests.factories.marking import MENTOR
from tests.factories.tool import Tool

PROJECT: Final = "sem-partner-shop"
ACME: Final = "Acme Trading"
PDF: Final = b"%PDF-1.7\n%an artefact"


@cache
def live_content() -> ContentImport:
    """Return the framework with the live project, and one lesson that it needs."""
    root = shipped_content() / "ecommerce"
    framework = load_framework(root)
    packages = [load_package(root / folder, framework) for folder in (f"projects/{PROJECT}", f"lessons/{LESSON}")]
    return ContentImport(source=PROJECT, framework=framework, packages=packages)


@cache
def the_project() -> LiveProject:
    return open_live_project(live_content().packages[0].document)


@dataclass
class LiveCourse:
    """A course in which the project is done."""

    tool: Tool
    course: str

    def enter(self, subject: str, name: str, **more: Any) -> Seat:
        context = {"id": self.course, "title": "Search marketing", "type": ["CourseSection"]}
        return enter(
            self.tool,
            f"{self.course}-{subject}",
            name=name,
            lesson=PROJECT,
            **{"title": "Partner shop", "context": context, **more},
        )

    def learner(self, number: int = 1, **more: Any) -> Seat:
        return self.enter(f"s-{number}", f"Learner {number}", **more)

    def teacher(self, **more: Any) -> Seat:
        return self.enter("t-1", "Tina Teacher", role="teacher", **more)

    def mentor(self, number: int = 1, **more: Any) -> Seat:
        return self.enter(f"m-{number}", f"Mia Mentor {number}", changes={LTI + "roles": [*MENTOR]}, **more)

    def work(self, seat: Seat) -> str:
        """Return the uuid of a learner's project."""
        with self.tool.runtime.database.reading() as session:
            query = (
                select(SubmissionRow.uuid)
                .join(LiveProjectRow, LiveProjectRow.submission_id == SubmissionRow.id)
                .where(LiveProjectRow.person_id == seat.who.person_id)
            )
            return session.scalars(query).one()


def fields_of(seat: Seat, page: str) -> dict[str, str]:
    """Return the hidden fields of the forms on a page."""
    return dict(re.findall(r'name="(csrf|seen|step)" value="([^"]*)"', seat.get(page).text))


def hand_in(seat: Seat, *, do: str = "hand-in", files: Sequence[tuple[bytes, str]] = (), **form: Any) -> TestResponse:
    """Save or hand in what is open, as the learner's page does."""
    sent = [FileStorage(io.BytesIO(data), name) for data, name in files]
    given = {**fields_of(seat, "live/"), "do": do, **form, "files": sent}
    boundary, body = encode_multipart(given)
    return seat.browser.client.post(
        f"{seat.page}live/save",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        base_url=TOOL_ORIGIN,
    )


def plan(seat: Seat, **more: Any) -> TestResponse:
    """Hand in a plan that answers every question."""
    answers = {f"answer-{question.key}": f"About {question.key}" for question in the_project().plan.questions}
    return hand_in(seat, **{**answers, **more})


def decide(seat: Seat, work: str, do: str, **form: Any) -> TestResponse:
    """Decide about what waits; the enterprise is the one that the page offers, where none is given."""
    page = f"live/projects/{work}/"
    given = {**fields_of(seat, page), "do": do, "enterprise": ACME, **form}
    return seat.browser.client.post(f"{seat.page}{page}decide", data=given, base_url=TOOL_ORIGIN)


def all_accepted(course: LiveCourse, learner: Seat, mentor: Seat) -> str:
    """Go through plan and milestones; return the work, which now waits to be judged."""
    plan(learner)
    work = course.work(learner)
    decide(mentor, work, "accept")
    for milestone in the_project().milestones:
        hand_in(learner, text=f"What I did for {milestone.key}", files=[(PDF, f"{milestone.key}.pdf")])
        decide(mentor, work, "accept", comment="Good.")
    return work
