"""Due date and attempts that a teacher chose in the platform's dialog come back with the first launch of the link."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import ResourceLink
from lti_tool.services.platforms.link_settings import (
    MAX_PARAMETER,
    SETTINGS_PARAMETER,
    as_parameter,
    as_stored,
    for_copy,
    from_parameter,
)
from qualoop.assessment import LinkSettings
from tests.factories.choosing import FIRST, open_chooser, request_of, sent_by
from tests.factories.classrooms import COURSE, enter
from tests.factories.launches import LTI
from tests.factories.tool import Tool

DUE = "2026-12-03T18:00"


def chosen(tool: Tool, **fields: str) -> dict[str, Any]:
    """Return the item that is sent for a course where FIRST is chosen with some fields set."""
    chooser = open_chooser(tool, request_of(tool, claims={LTI + "context": COURSE}))
    form = {f"{name}-{FIRST}": value for name, value in fields.items()}
    [item] = sent_by(chooser.answer(FIRST, **form)).items
    return item


def stored(tool: Tool, item: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a link that somebody launches with the item's custom parameters."""
    seat = enter(tool, "s-1", context=context, changes={LTI + "custom": item["custom"]})
    with tool.runtime.database.reading() as session:
        return session.scalars(select(ResourceLink.settings).where(ResourceLink.id == seat.who.resource_link_id)).one()


def test_what_was_chosen_is_what_the_link_is_set_to(tool: Tool) -> None:
    item = chosen(tool, due_at=DUE, late="refuse", max_attempts="2", counts="latest")
    assert item["submission"] == {"endDateTime": f"{DUE}:00Z"}
    assert "\n" not in item["custom"][SETTINGS_PARAMETER]
    assert stored(tool, item, COURSE) == {
        "due_at": f"{DUE}Z",
        "late": "refuse",
        "max_attempts": 2,
        "counts": "latest",
    }


def test_where_nothing_was_chosen_nothing_is_sent(tool: Tool) -> None:
    item = chosen(tool)
    assert SETTINGS_PARAMETER not in item["custom"]
    assert "submission" not in item


def test_in_a_copied_course_all_but_the_dates_holds(tool: Tool) -> None:
    item = chosen(tool, due_at=DUE, max_attempts="2")
    assert stored(tool, item, {**COURSE, "id": "c-copy"}) == {"max_attempts": 2}


def test_what_a_teacher_changed_later_is_not_changed_back_by_the_next_launch(tool: Tool) -> None:
    item = chosen(tool, max_attempts="2")
    stored(tool, item, COURSE)
    with tool.runtime.database.transaction() as session:
        session.scalars(select(ResourceLink)).one().settings = {"max_attempts": 5}
    assert stored(tool, item, COURSE) == {"max_attempts": 5}


@pytest.mark.parametrize("fields", [{"due_at": "soon"}, {"max_attempts": "-1"}, {"counts": "worst"}])
def test_a_field_that_cannot_be_read_is_asked_for_again(tool: Tool, fields: dict[str, str]) -> None:
    chooser = open_chooser(tool, request_of(tool, claims={LTI + "context": COURSE}))
    form = {f"{name}-{FIRST}": value for name, value in fields.items()}
    response = chooser.answer(FIRST, **form)
    assert response.status_code == 422
    assert 'role="alert"' in response.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$qualoop",
        "due_at=never",
        "due_at=9999-12-31T23:59Z",
        "max_attempts=-1",
        "counts=worst&max_attempts=2",
        "score_maximum=7",
        "course=" + "x" * MAX_PARAMETER,
        "&&&===",
    ],
)
def test_a_parameter_that_cannot_be_read_sets_nothing(text: str) -> None:
    assert from_parameter(text, "c-1") == {}


def test_the_parameter_brings_back_what_it_was_made_of() -> None:
    settings = LinkSettings(due_at=f"{DUE}Z", late="daily", late_deduction="0.25", grace_minutes=5, counts="mean")
    assert from_parameter(as_parameter(settings, "c-1"), "c-1") == as_stored(settings)


def test_a_copy_has_no_dates_and_shows_nothing_too_early() -> None:
    settings = LinkSettings(
        due_at=f"{DUE}Z",
        shown_at=f"{DUE}Z",
        show_feedback="on_date",
        show_solution="on_date",
        show_score="on_date",
        max_attempts=2,
    )
    copied = LinkSettings.model_validate(for_copy(as_stored(settings)))
    assert (copied.due_at, copied.shown_at, copied.show_score, copied.max_attempts) == (None, None, "after_due", 2)
