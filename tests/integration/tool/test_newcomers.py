"""A person whom the class list, or another tab, names between our look and our row: nobody is made twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from lti_tool.models import Identity, LtiSession, Person
from lti_tool.services.launches import launches
from tests.factories.tool import Tool

_known = launches._known


def _nobody_is_known(connection: Connection, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the answer that was right a moment ago: the activity is there, the person is not."""
    return _known(connection, row)[0], None, None, None, None, None


def test_a_launch_that_was_overtaken_joins_the_person(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.browser().launch()
    monkeypatch.setattr(launches, "_known", _nobody_is_known)
    assert tool.browser().launch().status_code == 200
    with tool.runtime.database.reading() as session:
        person = session.scalars(select(Person.id)).one()
        assert session.scalars(select(Identity.person_id)).all() == [person]
        assert session.scalar(select(func.count()).select_from(LtiSession).where(LtiSession.person_id == person)) == 2
