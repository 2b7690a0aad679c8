"""Grades that staff of a platform set by hand: an assertion in the ledger and a line in the inbox, and no level moves."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.models import LedgerEvent
from tests.factories.sources import COURSE, Site, event, make_site
from tests.factories.tool import Tool
from tests.integration.sources.test_evidence import inbox, recorded

ID = str(uuid.UUID(int=77))
PLACE = "block-v1:School+EC101+2026+type@sequential+block@one"


def put(site: Site, override_id: str = ID, **changed: Any) -> TestResponse:
    body = {
        "learner": "s-1",
        "course": COURSE,
        "place": PLACE,
        "score": "0.9",
        "occurred_at": "2026-03-02T11:59:30Z",
        **changed,
    }
    return site.ask("PUT", f"/api/v1/overrides/{override_id}", body)


def assertions(tool: Tool) -> list[LedgerEvent]:
    with tool.runtime.database.reading() as session:
        query = select(LedgerEvent).where(LedgerEvent.type == "assertion.made").order_by(LedgerEvent.id)
        return [*session.scalars(query)]


def test_it_is_an_assertion_about_the_learner_of_the_evidence_and_a_person_sees_it(tool: Tool, site: Site) -> None:
    site.send(event())
    levels = [each["knowledge_points"] for each in site.changes()["changes"]]
    assert put(site).json == {"outcome": "noted"}
    assert put(site).json == {"outcome": "duplicate"}
    [made] = assertions(tool)
    assert made.learner == recorded(tool)[0].learner
    assert json.loads(made.body) == {"kind": "grade-override", "course": COURSE, "place": PLACE, "score": "0.9"}
    assert inbox(tool) == [("grade-overridden", ["dismiss"])]
    assert [each["knowledge_points"] for each in site.changes()["changes"]] == levels
    # Taken back: another decision, the same matter.
    assert put(site, str(uuid.UUID(int=78)), score=None).json == {"outcome": "noted"}
    assert (len(assertions(tool)), len(inbox(tool))) == (2, 1)
    assert put(site, score="0.2").status_code == 422
    assert (len(assertions(tool)), len(inbox(tool))) == (2, 1)


@pytest.mark.parametrize(
    "changed",
    [{"score": "1.5"}, {"score": 0.5}, {"learner": ""}, {"occurred_at": "2026-03-02T13:00:00Z"}, {"by": "t-1"}],
    ids=["above", "float", "nobody", "future", "other"],
)
def test_what_cannot_be_is_refused_and_nothing_kept(one_site: Site, changed: dict[str, Any]) -> None:
    answer = put(one_site, **changed)
    assert (answer.status_code, answer.json["code"]) == (422, "body-refused")
    assert put(one_site, "no-uuid").status_code == 422
    assert assertions(one_site.tool) == []


def test_another_source_speaks_of_its_own_learners(file_tool: Tool) -> None:
    first, second = make_site(file_tool, "one", of_platform=False), make_site(file_tool, "two", of_platform=False)
    assert put(first).json == put(second).json == {"outcome": "noted"}
    assert len({made.learner for made in assertions(file_tool)}) == 2
