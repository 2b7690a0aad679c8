"""What is typed in the builder stays through every press, and is saved only where all of it is right."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from qualoop.classroom.flipped_unit import UnitPlan, from_document
from tests.factories.choosing import sent_by
from tests.factories.flipped import LESSONS, BuiltUnit, open_builder, propose

PLAN = "10 Vote\n999 Sleep\n5"


def plan(built: BuiltUnit) -> UnitPlan:
    return from_document(built.row.plan)


def value(html: str, name: str) -> str:
    """Return what a field of the page holds."""
    area = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL)
    found = area or re.search(rf'<input[^>]* name="{name}" value="([^"]*)"', html)
    assert found, name
    return unescape(found[1])


def test_a_moved_step_does_not_lose_what_is_typed(built: BuiltUnit) -> None:
    before = plan(built)
    sent = built.edit(
        f"down:{LESSONS[0]}", title="My own title", class_plan="10 Vote\r\n", class_at="2026-03-10T08:00:00.000Z"
    )
    assert sent.status_code == 200
    assert plan(built).keys[:2] == (LESSONS[1], LESSONS[0])
    assert plan(built).title == before.title
    assert value(sent.text, "title") == "My own title"
    assert value(sent.text, "was-title") == before.title["en"]
    assert value(sent.text, "class_plan") == "10 Vote\n"
    assert value(sent.text, "class_at") == "2026-03-10T08:00"
    assert sent.text.count("not saved yet") >= 4
    # What the page showed and nobody touched is no draft, also when it is not what the plan has any more.
    built.edit("title", title="Another title")
    same = built.edit("undo", **{"title": "Another title", "was-title": "Another title"})
    assert same.status_code == 303
    assert plan(built).title == before.title


def test_the_enter_key_saves_all_that_is_typed(built: BuiltUnit) -> None:
    sent = built.edit("keep", title="My own title", class_plan="10 Vote", class_at="2026-03-10T08:00")
    assert sent.status_code == 303
    found = plan(built)
    assert (found.title["en"], found.title["zh-Hans"]) == ("My own title", "My own title")
    assert [(step.minutes, step.title) for step in found.class_plan] == [(10, "Vote")]
    assert found.dates.after is not None


@pytest.mark.parametrize(
    ("do", "typed", "said"),
    [
        ("dates", {"before": "2026-03-11T08:00", "class_at": "2026-03-10T08:00"}, "Write the dates in their order"),
        ("dates", {"before": "tomorrow", "class_at": "2026-03-10T08:00"}, "This is no date with a time of day."),
        ("title", {"title": "  ", "class_plan": "10 Vote"}, "A unit needs a title."),
        ("plan", {"class_plan": PLAN, "title": "Mine"}, "These lines cannot be kept as they stand"),
        ("keep", {"class_plan": PLAN, "title": "Mine"}, "These lines cannot be kept as they stand"),
    ],
)
def test_what_is_refused_stays_where_it_was_typed(built: BuiltUnit, do: str, typed: dict[str, str], said: str) -> None:
    before = plan(built)
    sent = built.edit(do, **typed)
    assert sent.status_code == 422
    assert plan(built) == before
    assert said in sent.text
    assert {name: value(sent.text, name).strip() for name in typed} == {
        name: text.strip() for name, text in typed.items()
    }
    assert 'aria-describedby="fault-of"' in sent.text
    if "class_plan" in typed and do != "title":
        assert "Line 2: more than 600 minutes" in sent.text
        assert "Line 3: minutes, but no words" in sent.text


def test_what_is_typed_is_saved_before_a_unit_is_placed(built: BuiltUnit) -> None:
    chooser = open_builder(built.tool)
    base = propose(chooser)
    new = replace(built, chooser=chooser, base=base)
    path = base.removeprefix(chooser.base) + "place"
    revision = str(new.row.revision)
    refused = chooser.post(path, title="Mine", class_plan=PLAN, revision=revision)
    assert refused.status_code == 422
    assert value(refused.text, "title") == "Mine"
    [item] = sent_by(chooser.post(path, title="Mine", revision=revision)).items
    assert item["title"] == "Mine"
    assert plan(new).title["en"] == "Mine"
