"""A course with a class that is on: a teacher, learners by launch, phones without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import ClassPoll, ClassSession
from lti_tool.services.classes.live import stamp
from qualoop.classroom.roll_call import ROTATION, short_code, token
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool

CHOICE = {"kind": "single-choice", "prompt": "Which one?", "lines": "* right\nwrong\nother", "point": "SEM-1.1"}


@dataclass
class Classroom:
    """A course of its own, its teacher, and the session that was planned last."""

    tool: Tool
    name: str
    teacher: Seat

    def learner(self, number: int, name: str | None = None) -> Seat:
        return _enter(self.tool, self.name, f"s-{number}", name=name or f"Learner {number}")

    def assistant(self) -> Seat:
        role = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"
        changes = {"https://purl.imsglobal.org/spec/lti/claim/roles": [role]}
        return _enter(self.tool, self.name, "ta-1", name="Ta", role="teacher", changes=changes)

    def plan(self, **form: str) -> str:
        """Plan a session; return its uuid."""
        sent = {"title": "Hour one", "late": "10", "low": "30", "high": "70", "plan": "5 Roll call\n10 Vote", **form}
        answer = self.teacher.post("class/sessions/plan", **sent)
        found = re.search(r"sessions/([0-9a-f-]{36})/", answer.headers["Location"])
        assert found, answer.headers
        return found[1]

    def row(self) -> ClassSession:
        with self.tool.runtime.database.reading() as session:
            query = select(ClassSession).where(ClassSession.organisation_id == self.tool.organisation_id)
            return session.scalars(query.order_by(ClassSession.id.desc()).limit(1)).one()

    def polls(self) -> list[ClassPoll]:
        with self.tool.runtime.database.reading() as session:
            query = select(ClassPoll).where(ClassPoll.class_session_id == self.row().id)
            return list(session.scalars(query.order_by(ClassPoll.number)))

    def do(self, what: str, **form: str) -> TestResponse:
        return self.teacher.post(f"class/sessions/{self.row().uuid}/change", do=what, **form)

    def ask(self, **question: str) -> str:
        """Add a question made on the spot; return the poll's uuid."""
        answer = self.teacher.post(f"class/sessions/{self.row().uuid}/make", **{**CHOICE, **question})
        assert "done=added" in answer.headers["Location"], answer.headers["Location"]
        return self.polls()[-1].uuid

    def move(self, poll: str, wanted: str) -> TestResponse:
        return self.teacher.post(f"class/sessions/{self.row().uuid}/move", do=wanted, poll=poll)

    def vote(self, seat: Seat, poll: str, number: int, **fields: str) -> TestResponse:
        path = f"in-class/{self.row().uuid}/"
        return seat.post(path + "vote", poll=poll, round=str(number), **fields)

    def console(self) -> str:
        return self.teacher.get(f"class/sessions/{self.row().uuid}/").text

    def roll(self) -> str:
        return self.teacher.get(f"class/sessions/{self.row().uuid}/roll").text

    def stamp(self) -> str:
        """Return what console and projector compare to know whether anything has changed."""
        return stamp(self.tool.runtime.database, self.tool.organisation_id, self.row().uuid, self.tool.clock.now)

    def token(self) -> str:
        return token(self.row().roll_key.encode(), ROTATION.window(self.tool.clock.now))

    def number(self) -> str:
        return short_code(self.row().roll_key.encode(), ROTATION.window(self.tool.clock.now))

    def phone(self) -> Phone:
        return Phone(self, Client(self.tool.app))


@dataclass
class Phone:
    """A browser without a launch."""

    room: Classroom
    client: Client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=TOOL_ORIGIN, follow_redirects=True, **options)

    def enter(self, code: str) -> TestResponse:
        return self.client.post("/class", base_url=TOOL_ORIGIN, data={"code": code}, follow_redirects=True)

    def scan(self, token: str) -> TestResponse:
        return self.get(f"/class/here/{self.room.row().uuid}/{token}")

    def page(self) -> TestResponse:
        return self.get(f"/class/s/{self.room.row().uuid}/")

    def post(self, what: str, **form: str) -> TestResponse:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page().text)
        data = {"csrf": found[1] if found else "", **form}
        return self.client.post(
            f"/class/s/{self.room.row().uuid}/{what}", base_url=TOOL_ORIGIN, data=data, follow_redirects=True
        )

    def vote(self, poll: str, number: int, **fields: str) -> TestResponse:
        return self.post("vote", poll=poll, round=str(number), **fields)


def open_classroom(tool: Tool, name: str) -> Classroom:
    """Return a course of its own, without a session."""
    return Classroom(tool, name, _enter(tool, name, "t-1", name="Tina Teacher", role="teacher"))


def starts(room: Classroom, moment: datetime) -> None:
    """Let the session begin at a moment, as one that was planned from a flipped unit does."""
    with room.tool.runtime.database.transaction() as session:
        session.get_one(ClassSession, room.row().id).starts_at = moment


def cookies_of(seat: Seat) -> str:
    """Return what somebody's browser sends as cookies."""
    return "; ".join(f"{each.key}={each.value}" for each in (seat.browser.client._cookies or {}).values())


def _enter(tool: Tool, course: str, subject: str, **more: Any) -> Seat:
    context = {"id": course, "title": "Search marketing", "type": ["CourseSection"]}
    return enter(tool, f"{course}-{subject}", lesson=LESSON, context=context, **more)
