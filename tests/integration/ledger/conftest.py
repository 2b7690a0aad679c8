"""A school with a ledger: people who launched, evidence in the ledger, whatever happens to it later."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from lti_tool.models import LedgerEvent, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.evidence.corrections import Corrected
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.platforms import tool_keys
from qualoop.ledger import Event, EventType, Reason, Seal
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import SECRET, Tool, make_tool

TEACHER = str(uuid.UUID(int=77))


@dataclass
class School:
    """The tool's first organisation, and what tests do with its ledger."""

    tool: Tool

    def organisation(self) -> Organisation:
        with self.tool.runtime.database.reading() as session:
            return session.get_one(Organisation, self.tool.organisation_id)

    def enter(self, subject: str = "s-1", **options: Any) -> Seat:
        """Let somebody launch a lesson."""
        return enter(self.tool, subject, **options)

    def record(self, learner: str, part: str, score: str = "0.5", *, occurred_at: datetime | None = None) -> Event:
        """Record evidence of a learner now, of something that may have happened earlier."""
        now = self.tool.clock.now
        organisation = self.organisation()
        event = Event(
            uuid=uuid.uuid4(),
            type=EventType.EVIDENCE_RECORDED,
            organisation=organisation.uuid,
            learner=learner,
            actor=learner,
            occurred_at=occurred_at or now,
            recorded_at=now,
            source="test",
            source_id=f"{learner}:{part}",
            attempt="1",
            body={
                "activity": "keywords",
                "attempt": "a-1",
                "content": "0" * 64,
                "form": "quiz",
                "hints": 0,
                "part": part,
                "rater": "auto",
                "score": score,
                "try": 1,
            },
        )
        with self.tool.runtime.database.connection() as connection:
            assert ledger.append(connection, organisation.id, event)
        return event

    def correct(
        self,
        target: uuid.UUID,
        score: str | None = None,
        *,
        reason: Reason = Reason.ERROR,
        note: str = "",
        organisation_id: int | None = None,
    ) -> Corrected:
        """Void an event, or give it another score."""
        request = corrections.Request(
            target=target, reason=reason, actor=TEACHER, note=note, score=None if score is None else Score(score)
        )
        with self.tool.runtime.database.transaction() as session:
            organisation = session.get_one(Organisation, organisation_id or self.tool.organisation_id)
            return corrections.correct(session, organisation, request, secret=SECRET, now=self.tool.clock.now)

    def seal(self) -> Seal | None:
        """Seal what is new."""
        with self.tool.runtime.database.transaction() as session:
            organisation = session.get_one(Organisation, self.tool.organisation_id)
            key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=self.tool.clock.now)
            return ledger.seal(session, organisation, key, self.tool.clock.now)

    def events(self, kind: EventType) -> list[LedgerEvent]:
        """Return the events of a type, in ledger order."""
        with self.tool.runtime.database.reading() as session:
            return list(
                session.scalars(select(LedgerEvent).where(LedgerEvent.type == kind.value).order_by(LedgerEvent.id))
            )

    def tamper(self, statement: str, **values: object) -> None:
        """Change the ledger as somebody may who owns the database: after its triggers are dropped."""
        database = self.tool.runtime.database
        with database.transaction() as session:
            for table in ("ledger_event", "ledger_seal"):
                names = (
                    [f"{table}_no_{verb}" for verb in ("update", "delete", "replace")]
                    if database.is_sqlite
                    else [f"{table}_append_only"]
                )
                for name in names:
                    on = "" if database.is_sqlite else f" ON {table}"
                    session.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
            session.execute(text(statement), values)

    def another(self) -> Organisation:
        """Add another organisation to the installation."""
        with self.tool.runtime.database.transaction() as session:
            other = Organisation(
                uuid=str(uuid.uuid4()), key="other", name="Other", kind="school", created_at=self.tool.clock.now
            )
            session.add(other)
        return other


def opened(database_url: str, content: ContentImport | None) -> Iterator[School]:
    made = make_tool(database_url, content=content)
    yield School(made)
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def school(database_url: str) -> Iterator[School]:
    """A school that has no content: nobody can answer, and the ledger is empty."""
    yield from opened(database_url, ContentImport(source="nothing"))


@pytest.fixture
def teaching(database_url: str) -> Iterator[School]:
    """A school with the content that comes with Qualoop."""
    yield from opened(database_url, None)


@pytest.fixture
def commanded(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    """A school on SQLite, with the environment of the command line set to it."""
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    yield from opened(sqlite_url, None)
