"""A school on a Moodle with competencies, and learners whose mastery moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random

import pytest
from sqlalchemy import select, update

from lti_tool.lti.registration import Registration as RegistrationValue
from lti_tool.models import MasteryLearner, MasteryMemory, OutboxRow, Registration
from lti_tool.services.moodle import sites
from lti_tool.services.moodle.matching import Matching, MoodleMatcher
from lti_tool.services.moodle.ratings import CHANNEL
from lti_tool.worker import Worker, make_dispatch
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import SECRET, Tool, make_tool
from tests.fakes.moodle_site import TOKEN, MoodleSite, moodle_site

CODE = "SEM-1.1"
SURE = 3.0
"""A memory far above what competence asks for, in logits."""


@dataclass
class Connected:
    """A tool whose platform is the Moodle."""

    tool: Tool
    site: MoodleSite

    @property
    def registration(self) -> RegistrationValue:
        with self.tool.runtime.database.reading() as session:
            found = session.scalars(select(Registration.id)).first()
        assert found is not None
        return self.tool.runtime.registrations.get(found).registration

    @property
    def now(self) -> datetime:
        return self.tool.clock.now

    def store_token(self, token: str = TOKEN) -> None:
        with self.tool.runtime.database.transaction() as session:
            sites.store_token(session, self.registration, token, secret=SECRET, now=self.now)

    def match(self) -> Matching:
        return MoodleMatcher(self.tool.runtime).match(self.registration)

    def switch(self, *, falls: bool) -> None:
        with self.tool.runtime.database.transaction() as session:
            sites.set_switch(session, self.registration, falls=falls, language=None, now=self.now)

    def work(self, times: int = 2) -> None:
        """Let a worker notice what moved, and deliver it; each time a second later."""
        for _ in range(times):
            runtime = self.tool.runtime
            Worker(runtime, make_dispatch(runtime, random=Random(1), threads=2)).run_once()
            self.tool.clock.advance(seconds=11)

    def learner(self, user: str = "4") -> Seat:
        return enter(self.tool, user, name="Sam Student")

    def become_competent(self, seat: Seat, code: str = CODE) -> None:
        """Let somebody answer, and have the memory of who has shown it in two forms."""
        seat.answer(right=[True] * 4)
        with self.tool.runtime.database.transaction() as session:
            of = (MasteryMemory.learner == seat.who.person_uuid, MasteryMemory.code == code)
            values = {"m": SURE, "v_m": 0.05, "items": 4, "forms": 3, "competent_at": self.now}
            assert session.execute(update(MasteryMemory).where(*of).values(values)).rowcount == 1
            session.execute(
                update(MasteryLearner).where(MasteryLearner.learner == seat.who.person_uuid).values(v_g=0.05)
            )

    def rows(self) -> list[tuple[str, str | None]]:
        """Return state and error of everything in the outbox of the channel."""
        with self.tool.runtime.database.reading() as session:
            query = select(OutboxRow.state, OutboxRow.last_error).where(OutboxRow.channel == CHANNEL)
            return [tuple(row) for row in session.execute(query.order_by(OutboxRow.id))]


@pytest.fixture
def site() -> Iterator[MoodleSite]:
    with moodle_site() as running:
        running.add_framework([CODE])
        yield running


@pytest.fixture
def connected(database_url: str, site: MoodleSite) -> Iterator[Connected]:
    """A tool on each kind of database, whose platform is a Moodle with one competency of ours, matched."""
    yield from _connected(database_url, site)


@pytest.fixture
def quick(sqlite_url: str, site: MoodleSite) -> Iterator[Connected]:
    """The same on SQLite alone, for what is no matter of the database."""
    yield from _connected(sqlite_url, site)


def _connected(url: str, site: MoodleSite) -> Iterator[Connected]:
    tool = make_tool(url)
    with tool.runtime.database.transaction() as session:
        session.execute(update(Registration).values(token_url=f"{site.url}/mod/lti/token.php", product="moodle"))
    tool.runtime.registrations.forget()
    made = Connected(tool, site)
    made.store_token()
    made.match()
    yield made
    tool.runtime.database.close()
    tool.runtime.http.close()
