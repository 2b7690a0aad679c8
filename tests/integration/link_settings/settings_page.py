"""What tests of the settings of a link share: setting it as a teacher does, and reading what came of it."""

from __future__ import annotations

import re

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lti_tool.models import Attempt, LedgerEvent, LinkScore, OutboxRow, Person
from lti_tool.services.platforms.link_settings import DEFAULT
from lti_tool.views.link_form import as_texts
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool


def teacher(tool: Tool) -> Seat:
    return enter(tool, "t-1", name="Tina Teacher", role="teacher")


def change(seat: Seat, **fields: str) -> TestResponse:
    """Save the page's form with some fields changed, the others at their defaults."""
    csrf = csrf_of(seat)
    form = {**as_texts(DEFAULT), "do": "save", "csrf": csrf, **fields}
    return seat.browser.client.post(f"{seat.page}settings/change", data=form, base_url=TOOL_ORIGIN)


def send(seat: Seat, path: str, **fields: str) -> TestResponse:
    form = {"csrf": csrf_of(seat), **fields}
    return seat.browser.client.post(f"{seat.page}settings/{path}", data=form, base_url=TOOL_ORIGIN)


def csrf_of(seat: Seat) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', seat.get("settings/").text)
    return found[1] if found else ""


def attempts_of(tool: Tool) -> list[Attempt]:
    with tool.runtime.database.reading() as session:
        return list(session.scalars(select(Attempt).order_by(Attempt.id)))


def score_of(tool: Tool, seat: Seat) -> LinkScore | None:
    with tool.runtime.database.reading() as session:
        return session.scalars(select(LinkScore).where(LinkScore.person_id == seat.who.person_id)).one_or_none()


def value_of(tool: Tool, seat: Seat) -> str | None:
    found = score_of(tool, seat)
    return found.value if found else None


def outbox_of(tool: Tool, seat: Seat) -> OutboxRow | None:
    with tool.runtime.database.reading() as session:
        return session.scalars(
            select(OutboxRow).where(OutboxRow.channel == "ags", OutboxRow.subject == seat.who.person_id)
        ).one_or_none()


def rev_of(tool: Tool, seat: Seat) -> int:
    found = outbox_of(tool, seat)
    return found.rev if found else 0


def events(tool: Tool) -> int:
    with tool.runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(LedgerEvent)) or 0


def uuid_of(tool: Tool, seat: Seat) -> str:
    with tool.runtime.database.reading() as session:
        return session.get_one(Person, seat.who.person_id).uuid
