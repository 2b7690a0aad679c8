"""A class with teams: drawn, checked, at group work; whatever their members then do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import ClassGroupTask, ClassScratch, ClassTeam, ClassTeamCheck, ClassTeamMember, LedgerEvent
from lti_tool.services.sheets import class_team_cards
from tests.factories.class_sessions import Classroom
from tests.factories.classrooms import LESSON, Seat

ITEMS = ("same-meaning", "weak-row", "ready-intent", "ready-volume")


@dataclass
class TeamClass:
    """A session that is on, with learners in teams of two."""

    room: Classroom
    learners: Sequence[Seat]

    def post(self, what: str, **form: object) -> str:
        """Send a form of the teacher's; return where it led."""
        answer = self.room.teacher.post(f"class/sessions/{self.room.row().uuid}/{what}", **form)
        return answer.headers.get("Location", str(answer.status_code))

    def page(self, what: str) -> str:
        return self.room.teacher.get(f"class/sessions/{self.room.row().uuid}/{what}").text

    def team_of(self, seat: Seat) -> ClassTeam:
        with self.room.tool.runtime.database.reading() as session:
            return session.scalars(
                select(ClassTeam)
                .join(ClassTeamMember, ClassTeamMember.team_id == ClassTeam.id)
                .where(
                    ClassTeam.class_session_id == self.room.row().id, ClassTeamMember.person_id == seat.who.person_id
                )
            ).one()

    def mates(self, seat: Seat) -> list[Seat]:
        mine = self.team_of(seat).id
        return [each for each in self.learners if each is not seat and self.team_of(each).id == mine]

    def pair(self, *seats: Seat) -> None:
        """Let these be one team."""
        self.post("teams/make", do="add", name="")
        with self.room.tool.runtime.database.reading() as session:
            query = select(ClassTeam).where(ClassTeam.class_session_id == self.room.row().id)
            team = session.scalars(query.order_by(ClassTeam.number.desc()).limit(1)).one()
        for seat in seats:
            self.post("teams/place", person=seat.who.person_uuid, team=team.uuid)

    def plan_check(self, items: Sequence[str] = ITEMS) -> ClassTeamCheck:
        led = self.post("team-check/plan", item=[f"{LESSON}/{item}" for item in items])
        assert "done=check-planned" in led, led
        return self.check()

    def check(self) -> ClassTeamCheck:
        with self.room.tool.runtime.database.reading() as session:
            query = select(ClassTeamCheck).where(ClassTeamCheck.class_session_id == self.room.row().id)
            return session.scalars(query.order_by(ClassTeamCheck.number.desc()).limit(1)).one()

    def move(self, wanted: str, **form: str) -> str:
        return self.post("team-check/move", do=wanted, check=self.check().uuid, **form)

    def until(self, wanted: str) -> None:
        """Lead the check to a state, step by step."""
        for state in ("individual", "individual-closed", "team", "done"):
            led = self.move(state)
            assert "refused" not in led, led
            if state == wanted:
                return

    def right(self, number: int) -> int:
        """Return where the right option of a question stands."""
        return class_team_cards.card_rows(self.check())[number - 1].right

    def wrong(self, number: int, place: int = 0) -> int:
        row = class_team_cards.card_rows(self.check())[number - 1]
        return [each for each in range(row.options) if each != row.right][place]

    def act(self, seat: Seat, do: str, **form: object) -> TestResponse:
        return seat.post(f"in-class/{self.room.row().uuid}/team", do=do, poll=self.check().uuid, **form)

    def answer(self, seat: Seat, **picked: int) -> TestResponse:
        return self.act(seat, "answer", **{name.replace("_", "-"): str(place) for name, place in picked.items()})

    def scratch(self, seat: Seat, number: int, place: int) -> str:
        answer = self.act(seat, "scratch", number=str(number), choice=str(place))
        return answer.headers.get("Location", "")

    def scratches(self) -> list[tuple[int, int, int]]:
        """Return what was scratched: team, number, place in order."""
        with self.room.tool.runtime.database.reading() as session:
            query = select(ClassScratch).where(ClassScratch.check_id == self.check().id).order_by(ClassScratch.id)
            return [(each.team_id, each.number, each.place) for each in session.scalars(query)]

    def kept(self) -> list[tuple[int, int, str]]:
        """Return what was scratched: number, place in order, option."""
        with self.room.tool.runtime.database.reading() as session:
            query = select(ClassScratch).where(ClassScratch.check_id == self.check().id)
            return [
                (each.number, each.place, each.option)
                for each in session.scalars(query.order_by(ClassScratch.number, ClassScratch.place))
            ]

    def task(self) -> ClassGroupTask:
        with self.room.tool.runtime.database.reading() as session:
            query = select(ClassGroupTask).where(ClassGroupTask.class_session_id == self.room.row().id)
            return session.scalars(query.order_by(ClassGroupTask.number.desc()).limit(1)).one()

    def see(self, seat: Seat) -> str:
        return seat.get(f"in-class/{self.room.row().uuid}/").text

    def events(self, seat: Seat, kind: str = "evidence.recorded") -> list[dict[str, object]]:
        with self.room.tool.runtime.database.reading() as session:
            rows = session.scalars(
                select(LedgerEvent)
                .where(LedgerEvent.learner == seat.who.person_uuid, LedgerEvent.type == kind)
                .order_by(LedgerEvent.id)
            )
            return [body if isinstance(body := row.body, dict) else json.loads(body) for row in rows]


def team_class(room: Classroom, people: int = 4, *, pairs: bool = True) -> TeamClass:
    """Open a session to which ``people`` learners come; two and two are a team."""
    learners = [room.learner(number) for number in range(1, people + 1)]
    room.plan()
    room.do("open")
    made = TeamClass(room, learners)
    for seat in learners:
        made.see(seat)
    if pairs:
        for first in range(0, people, 2):
            made.pair(*learners[first : first + 2])
    return made
