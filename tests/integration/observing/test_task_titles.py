"""Two tasks of the same name are told apart on the phone and in an invitation."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lti_tool.models import FlippedStep, FlippedUnit, ResourceLink
from lti_tool.services.courses.members import Link
from lti_tool.services.observing.titles import places_of, tell_apart
from qualoop.values import Text
from tests.factories.flipped import build_unit
from tests.factories.live import PROJECT, LiveCourse, live_content, the_project
from tests.factories.phones import PracticeCourse, install, join
from tests.factories.tool import make_tool
from tests.integration.observing.test_observing_limits import another_rubric

SAME = Text({"en": "Product copy", "zh-Hans": "商品文案"})


def named(**places: str) -> dict[str, list[Text]]:
    return {key: [Text({"en": place, "zh-Hans": place})] for key, place in places.items()}


@pytest.mark.parametrize(
    ("titles", "places", "found"),
    [
        ({"a": SAME}, named(a="Unit 1"), ["Product copy"]),
        ({"a": SAME, "b": SAME}, named(a="Unit 1", b="Unit 2"), ["Product copy · Unit 1", "Product copy · Unit 2"]),
        # Where the place is the same, too, or unknown, the key tells them apart.
        ({"a": SAME, "b": SAME}, named(a="Unit", b="Unit"), ["Product copy · a", "Product copy · b"]),
        ({"a": SAME, "b": SAME}, {}, ["Product copy · a", "Product copy · b"]),
        # A place that says what the title says, in whichever language, is none; one without a place needs none.
        ({"a": SAME, "b": SAME}, named(a="product  copy", b="Unit"), ["Product copy", "Product copy · Unit"]),
        ({"a": SAME, "b": SAME}, named(a="商品文案", b="Unit"), ["Product copy", "Product copy · Unit"]),
        ({"a": SAME, "b": SAME}, named(a="Product copy", b="Product copy"), ["Product copy · a", "Product copy · b"]),
    ],
)
def test_titles_are_told_apart(titles: dict[str, Text], places: dict[str, list[Text]], found: list[str]) -> None:
    told = tell_apart(titles, places)
    assert [each["en"] for each in told.values()] == found
    assert len({each["zh-Hans"] for each in told.values()}) == len(titles)


def test_alike_in_one_language_is_alike() -> None:
    titles = {"a": SAME, "b": Text({"en": "Other", "zh-Hans": "商品文案"})}
    told = tell_apart(titles, {})
    assert told["b"]["zh-Hans"] == "商品文案 · b"


def test_rubrics_of_the_same_title_say_their_key(course: PracticeCourse) -> None:
    other = another_rubric()
    install(course.tool, other)
    page = course.page()
    for key in ("product-copy", other.key):
        assert f"rubric {key}" in page


def test_a_task_of_a_unit_says_the_unit_and_its_day(database_url: str) -> None:
    tool = make_tool(database_url)
    built = build_unit(tool)
    built.edit("dates", class_at="2026-03-10T08:00")
    with tool.runtime.database.transaction() as session:
        step, unit = session.execute(
            select(FlippedStep.resource_link_id, FlippedUnit)
            .join(FlippedUnit, FlippedUnit.id == FlippedStep.flipped_unit_id)
            .limit(1)
        ).one()
        context = unit.context_id
        session.get_one(ResourceLink, step).title = "From the platform"
    where = Link(
        organisation_id=tool.organisation_id,
        registration_id=0,
        context_id=context,
        resource_link_id=0,
        activity_id=None,
    )
    with tool.runtime.database.reading() as session:
        found = places_of(session.connection(), where, {"x": step})
    assert [each["en"] for each in found["x"]][1:] == ["From the platform"]
    assert found["x"][0]["en"].endswith(" (2026-03-10)")
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_a_project_and_its_rubric_alone_are_told_apart_without_keys(database_url: str) -> None:
    """Both are called alike, and so is the link of the platform, in one language."""
    tool = make_tool(database_url, content=live_content())
    title = the_project().title
    teacher = LiveCourse(tool, "o-titles").teacher(title=title["en"])
    phone = join(tool, PracticeCourse(tool, teacher).own_link())
    told = {each["key"]: each["title"] for each in phone.pack["tasks"]}
    assert told[PROJECT] == {tag: title[tag] for tag in ("en", "zh-Hans")}
    alone = told[f"rubric:{PROJECT}"]
    assert alone == {"en": f"{title['en']} · rubric only", "zh-Hans": f"{title['zh-Hans']} · 仅按评分标准"}
    tool.runtime.database.close()
    tool.runtime.http.close()
