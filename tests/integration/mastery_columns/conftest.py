"""A course whose platform keeps a grade book on loopback, with a worker that fills it, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from benchmarks.ags_platforms import BEHAVIOURS
from benchmarks.ags_stub import LINE_ITEMS_PATH, Stub, running
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import (
    Context,
    Deployment,
    LedgerEvent,
    MasteryColumn,
    MasteryColumnValue,
    Organisation,
    OutboxRow,
    Registration,
    ResourceLink,
)
from lti_tool.services.courses.members import Link
from lti_tool.services.evidence import corrections
from lti_tool.services.grades.delivery_status import DeliveryState, delivery_states
from lti_tool.services.ledger.flags import Notice, open_appeal
from lti_tool.services.moodle import mastery_columns
from lti_tool.services.moodle.mastery_column_levels import CHANNEL
from lti_tool.services.moodle.mastery_columns import Changed
from lti_tool.worker import Worker, make_dispatch
from qualoop.ledger import EventType, Reason
from tests.factories.classrooms import LESSON, Seat, enter
from tests.factories.launches import AGS
from tests.factories.tool import SECRET, Tool, make_tool

SCOPES = tuple(
    f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}"
    for name in ("lineitem", "lineitem.readonly", "score", "result.readonly")
)
OWN = "7"
TEACHER = str(UUID(int=77))


@dataclass
class Course:
    """The tool, its platform's grade book, and what a teacher and the worker do."""

    tool: Tool
    stub: Stub
    scopes: tuple[str, ...] = SCOPES

    def enter(self, subject: str = "s-1", **options: Any) -> Seat:
        """Let somebody launch the lesson from a platform with grade services."""
        claim = {
            "scope": list(self.scopes),
            "lineitems": f"{self.stub.base_url}{LINE_ITEMS_PATH}",
            "lineitem": self.own_url,
        }
        return enter(self.tool, subject, **{"changes": {AGS: claim}, **options})

    @property
    def own_url(self) -> str:
        return f"{self.stub.base_url}{LINE_ITEMS_PATH}/{OWN}/lineitem?type_id=1"

    def link(self, seat: Seat) -> Link:
        """Return the place of a seat as a teacher's page sees it."""
        with self.tool.runtime.database.reading() as session:
            place = session.execute(
                select(ResourceLink.context_id, Deployment.registration_id)
                .join(Context, Context.id == ResourceLink.context_id)
                .join(Deployment, Deployment.id == Context.deployment_id)
                .where(ResourceLink.id == seat.who.resource_link_id)
            ).one()
        return Link(
            organisation_id=seat.who.organisation_id,
            registration_id=place.registration_id,
            context_id=place.context_id,
            resource_link_id=seat.who.resource_link_id,
            activity_id=seat.who.activity_id,
        )

    def choices(self, seat: Seat) -> dict[str, mastery_columns.ColumnChoice]:
        """Return what the teacher's page lists, by key."""
        with self.tool.runtime.database.reading() as session:
            connection = session.connection()
            framework = self.tool.runtime.contents.find_framework(connection, self.tool.organisation_id)
            found = mastery_columns.list_choices(connection, framework, self.link(seat), language="en")
        return {choice.key: choice for choice in found}

    def choose(self, seat: Seat, *keys: str) -> Changed:
        """Switch on exactly these columns."""
        with self.tool.runtime.database.transaction() as session:
            framework = self.tool.runtime.contents.find_framework(session.connection(), self.tool.organisation_id)
            return mastery_columns.choose(
                session, framework, self.link(seat), keys, language="en", now=self.tool.clock.now
            )

    def worker(self) -> Worker:
        """A new worker process, so to speak: nothing in memory."""
        runtime = self.tool.runtime
        return Worker(runtime, make_dispatch(runtime, random=Random(1), threads=2))

    def work(self, *, rounds: int = 3) -> None:
        """Let a worker seal, follow, make and send, some seconds apart."""
        worker = self.worker()
        for _ in range(rounds):
            self.tool.clock.advance(seconds=10)
            worker.run_once()

    def column(self, key: str) -> MasteryColumn:
        kind, _, code = key.partition(":")
        with self.tool.runtime.database.reading() as session:
            return session.scalars(
                select(MasteryColumn).where(MasteryColumn.subject == kind, MasteryColumn.code == code)
            ).one()

    def taken(self, key: str, subject: str = "s-1") -> list[float]:
        """Return every grade that the platform took for somebody in a column, in order."""
        url = self.column(key).url
        return [grade for _, grade in self.stub.scores.get((number_of(url), subject), [])]

    def states(self, key: str) -> dict[int, DeliveryState]:
        with self.tool.runtime.database.reading() as session:
            found = delivery_states(session, self.tool.organisation_id, self.column(key).id, channel=CHANNEL)
            return dict(found)

    def outbox(self) -> list[OutboxRow]:
        with self.tool.runtime.database.reading() as session:
            return list(session.scalars(select(OutboxRow).where(OutboxRow.channel == CHANNEL)))

    def void(self, number: int) -> None:
        """Void the ``number``-th answer of the ledger; a replay is waited for."""
        with self.tool.runtime.database.transaction() as session:
            recorded = session.scalars(
                select(LedgerEvent.uuid)
                .where(LedgerEvent.type == EventType.EVIDENCE_RECORDED.value)
                .order_by(LedgerEvent.id)
            ).all()
            organisation = session.get_one(Organisation, self.tool.organisation_id)
            request = corrections.Request(target=UUID(recorded[number]), reason=Reason.ERROR, actor=TEACHER, note="")
            corrections.correct(session, organisation, request, secret=SECRET, now=self.tool.clock.now)

    def is_product(self, product: Product) -> None:
        """Let the platform be of a product, and its grade book behave so."""
        with self.tool.runtime.database.transaction() as session:
            session.execute(update(Registration).values(product=product.value))
        self.tool.runtime.registrations.forget()
        self.stub.behaviour = BEHAVIOURS[product]

    def kept_level(self, key: str, change: float | None = None) -> float:
        """Return the level that was last enqueued or sent to a column; first let it be off by ``change``."""
        column = self.column(key).id
        with self.tool.runtime.database.transaction() as session:
            value = session.scalars(select(MasteryColumnValue).where(MasteryColumnValue.column_id == column)).one()
            assert value.level is not None
            value.level += change or 0
            return value.level

    def appeal(self, seat: Seat) -> None:
        """Let something be recorded of a learner that changes no level."""
        runtime = self.tool.runtime
        with runtime.database.transaction() as session:
            framework = runtime.contents.find_framework(session.connection(), self.tool.organisation_id)
            organisation = session.get_one(Organisation, self.tool.organisation_id)
            notice = Notice(learner=UUID(seat.who.person_uuid), codes=("SEM-1.1",), actor=TEACHER, secret=SECRET)
            assert framework is not None
            open_appeal(session, organisation, framework, notice, now=self.tool.clock.now)


def number_of(url: str | None) -> str:
    """Return by which number the platform knows a column."""
    return (url or "").partition("/lineitems/")[2].partition("/")[0]


@pytest.fixture
def course(database_url: str, tmp_path: Path) -> Iterator[Course]:
    with running(Stub()) as stub:
        made = make_tool(database_url)
        runtime = replace(made.runtime, settings=replace(made.runtime.settings, data_folder=tmp_path / "data"))
        made.runtime = runtime
        with runtime.database.transaction() as session:
            session.execute(
                update(Registration).values(token_url=f"{stub.base_url}/token", service_origins=[stub.base_url])
            )
        runtime.registrations.forget()
        found = Course(made, stub)
        stub.line_items.append(
            {"id": found.own_url, "label": "Lesson", "scoreMaximum": 100, "resourceLinkId": f"r-{LESSON}"}
        )
        yield found
        runtime.database.close()
        runtime.http.close()
