"""A course that plays one market: a search-market project with a small world, a teacher, learners in teams."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import select

from lti_tool.models import LtiSession
from lti_tool.services.courses.members import Link
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.rooms import rounds
from lti_tool.services.rooms import teams as rooms_teams
from lti_tool.services.rooms.game import RoundResult
from lti_tool.services.rooms.rooms import Room, find_room
from lti_tool.services.rooms.rounds import Page, RoomPlan
from lti_tool.services.rooms.teams import Draft, Learner
from qualoop.content_packages import Package, load_package
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators.decisions import Decision
from qualoop.simulators.streams import WorldKey
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import Tool

PROJECT: Final = "sem-campaign"
WORLD: Final = "world: {queries: 60, keywords: 12, lines: 1, terms: 10, rounds: 3, days_each: 3, budget: 120}\n"
KEY: Final = WorldKey.of_seed(7, "room")
CHAIN: Final = "scm-beer-game"
CHAIN_WORLD: Final = "world: {products: 2, rounds: 2, round_weeks: 8, futures: 8}\n"
PARTS: Final = ("match", "bids", "negatives", "quality")


@cache
def market_content() -> ContentImport:
    """Return the framework with the campaign and the beer game in small worlds."""
    root = shipped_content() / "ecommerce"
    framework = load_framework(root)
    packages = [_small(root, PROJECT, WORLD), _small(root, CHAIN, CHAIN_WORLD)]
    return ContentImport(source=PROJECT, framework=framework, packages=packages)


def _small(root: Path, project: str, world: str) -> Package:
    """Return a shipped project in another world."""
    shipped = root / "projects" / project
    with TemporaryDirectory() as folder:
        copy = Path(folder) / project
        copy.mkdir()
        for file in shipped.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        text = (shipped / "project.yaml").read_text(encoding="utf-8")
        text = re.sub(r"\nworld:\n(  .*\n)+", "\n", text).replace("\nparts:\n", f"\n{world}parts:\n", 1)
        # So small a world never lies in the band of the large one.
        text = re.sub(r"form_band:\n(  .*\n)+", "form_band: {least_share: 0}\n", text)
        (copy / "project.yaml").write_text(text, encoding="utf-8")
        return load_package(copy, load_framework(root))


@dataclass
class Course:
    """A link of a course that shows the project, and whoever is there."""

    tool: Tool
    name: str
    teacher: Seat
    link: Link
    lesson: str = PROJECT

    def learner(self, number: int) -> Seat:
        return _enter(self.tool, self.name, f"s-{number}", name=f"Learner {number}", lesson=self.lesson)

    def room(self) -> Room:
        with self.tool.runtime.database.reading() as session:
            room = find_room(session, self.tool.runtime.contents, self.link)
        assert room is not None
        return room

    def page(self) -> Page:
        room = self.room()
        return Page(room=room.uuid, played=room.played)

    def begin(self, *, teams: int = 3, size: int = 6, ghosts: str = "", key: WorldKey = KEY) -> str:
        plan = RoomPlan(teams=teams, size=size, ghosts=ghosts)
        runtime = self.tool.runtime
        with runtime.database.transaction() as session:
            return rounds.open_room(session, runtime.contents, self.link, plan, key=key, now=self.tool.clock.now)

    def open(self) -> None:
        with self.tool.runtime.database.transaction() as session:
            rounds.open_round(session, self.link, self.page())

    def close(self, **more: Any) -> RoundResult:
        runtime, page = self.tool.runtime, more.pop("page", None) or self.page()
        with runtime.database.transaction() as session:
            return rounds.close_round(session, runtime.contents, self.link, page, now=self.tool.clock.now, **more)

    def who(self, seat: Seat) -> Learner:
        return Learner(link=self.link, person_id=seat.who.person_id, room=self.room().uuid)

    def sit(self, seat: Seat, team: int, roles: Sequence[str] = ()) -> None:
        runtime, who = self.tool.runtime, self.who(seat)
        with runtime.database.transaction() as session:
            rooms_teams.join(session, who, team)
            for role in roles:
                rooms_teams.take_role(session, runtime.contents, who, role)

    def save(self, seat: Seat, decision: Decision, seen: Mapping[str, int], *, number: int | None = None) -> None:
        runtime, who, room = self.tool.runtime, self.who(seat), self.room()
        draft = Draft(round=room.played if number is None else number, seen=seen, decision=decision)
        with runtime.database.transaction() as session:
            rooms_teams.save(session, runtime.contents, who, draft, now=self.tool.clock.now)


def open_course(tool: Tool, name: str, lesson: str = PROJECT) -> Course:
    """Return a course of its own."""
    teacher = _enter(tool, name, "t-1", name="Tina Teacher", role="teacher", lesson=lesson)
    with tool.runtime.database.reading() as session:
        launch = session.scalars(select(LtiSession).where(LtiSession.person_id == teacher.who.person_id)).first()
    assert launch
    link = Link(
        organisation_id=tool.organisation_id,
        registration_id=launch.registration_id,
        context_id=launch.context_id,
        resource_link_id=launch.resource_link_id,
        activity_id=teacher.who.activity_id,
    )
    return Course(tool, name, teacher, link, lesson)


def reference(room: Room) -> Decision:
    """Return the decision of an expert in a room's world."""
    return room.project.engine.reference(room.market.world)[0]


def _enter(tool: Tool, course: str, subject: str, **more: Any) -> Seat:
    context = {"id": course, "title": "Search marketing", "type": ["CourseSection"]}
    return enter(tool, f"{course}-{subject}", **{"lesson": PROJECT, "title": "One market", **more}, context=context)
