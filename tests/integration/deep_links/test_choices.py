"""What can be chosen: every activity of the organisation whatever its kind, found by words, post, unit and point."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Activity, ContentVersion, Organisation, TagSet
from lti_tool.services.content.contents import Contents
from lti_tool.services.records.activity_choices import Search, list_choices
from qualoop.player import ActivityKinds, MicroLessonKind
from qualoop.values import Text
from tests.factories.choosing import FIRST, SECOND, Chooser, open_chooser, request_of
from tests.factories.launches import LTI
from tests.factories.tool import Tool

ALL = [FIRST, "sem-1-2-organic-search", SECOND, "sem-1-4-measuring-results"]


class PollKind(MicroLessonKind):
    """A later kind: it registers, and is offered."""

    kind = "poll"
    label = Text({"en": "Poll", "zh-Hans": "投票"})


def shown(chooser: Chooser, query: str = "") -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', chooser.get(query).text)


def checked(chooser: Chooser, query: str) -> set[str]:
    return set(re.findall(r'name="pick" value="([^"]+)"[^>]* checked', chooser.get(query).text))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ALL),
        ("?q=BIDS", [SECOND]),
        ("?q=sem-1.4", [ALL[3]]),
        ("?q=付费", [SECOND]),
        ("?q=bids+analytics", []),
        ("?point=SEM-1.1", [FIRST]),
        ("?unit=SEM-1", ALL),
        ("?post=SEM&q=bids", [SECOND]),
        ("?post=NOWHERE", []),
        ("?post=NOWHERE&q=bids&all=1", ALL),
        ("?page=99", ALL),
        ("?page=-1", ALL),
        ("?page=x", ALL),
    ],
)
def test_activities_are_found(tool: Tool, query: str, found: list[str]) -> None:
    assert shown(open_chooser(tool), query) == found


def test_what_is_chosen_survives_every_search(tool: Tool) -> None:
    chooser = open_chooser(tool)
    for query in (f"?pick={FIRST}", f"?pick={FIRST}&q=bids", f"?pick={FIRST}&q=nothing-like-it"):
        assert checked(chooser, query) == {FIRST}
    assert checked(chooser, f"?q=bids&pick={FIRST}&pick={SECOND}") == {FIRST, SECOND}
    assert checked(chooser, "?pick=not-installed") == set()


def test_a_preview_leads_back_with_the_choice(tool: Tool) -> None:
    chooser = open_chooser(tool)
    page = chooser.get(f"preview/{SECOND}/?q=bids&pick={FIRST}").text
    assert f'href="{chooser.base}?q=bids&amp;pick={FIRST}"' in page
    assert f'href="{chooser.base}?q=bids&amp;pick={FIRST}&amp;pick={SECOND}"' in page
    single = open_chooser(tool, request_of(tool, accept_multiple=False))
    assert f"?pick={SECOND}" in single.get(f"preview/{SECOND}/?pick={FIRST}").text.partition("Back to the list")[2]


def test_too_many_at_once_are_named(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        copies(session, tool.organisation_id, 31, now=tool.clock.now)
    chooser = open_chooser(tool)
    page = chooser.get("grades?" + "&".join(f"pick=copy-{number:02}" for number in range(31)))
    assert page.status_code == 422
    assert "No more than 30" in page.text
    assert "Page 1 of 2" in page.text


def copies(session: Any, organisation_id: int, count: int, *, now: datetime, kind: str = "micro-lesson") -> None:
    """Add activities like the first one."""
    first = session.scalars(
        select(ContentVersion).join(Activity, Activity.version_id == ContentVersion.id).where(Activity.key == FIRST)
    ).one()
    for number in range(count):
        activity = Activity(organisation_id=organisation_id, key=f"copy-{number:02}", kind=kind, created_at=now)
        session.add(activity)
        session.flush()
        version = ContentVersion(
            organisation_id=organisation_id,
            activity_id=activity.id,
            hash=f"{number:064}",
            label="1",
            document=first.document,
            manifest=first.manifest,
            installed_at=now,
        )
        session.add(version)
        session.flush()
        activity.version_id = version.id


def test_a_later_kind_is_offered_by_registering(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        copies(session, tool.organisation_id, 1, now=tool.clock.now, kind="poll")
    without = Contents()
    with tool.runtime.database.reading() as session:
        assert len(list_choices(session.connection(), without, tool.organisation_id)) == len(ALL)
        kinds = ActivityKinds({"micro-lesson": MicroLessonKind, "poll": PollKind})
        found = list_choices(session.connection(), Contents(kinds), tool.organisation_id)
    assert (found[0].key, found[0].kind["en"], found[0].points) == ("copy-00", "Poll", ())


def test_the_newest_tags_count(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        version_id = session.scalars(select(Activity.version_id).where(Activity.key == FIRST)).one()
        tool.clock.advance(minutes=1)
        tags = {"part": {"SEM-1.4": "1"}, "other": {"NO-SUCH": "1"}}
        session.add(
            TagSet(
                organisation_id=tool.organisation_id,
                version_id=version_id,
                hash="n" * 64,
                framework="x 1",
                tags=tags,
                adopted_at=tool.clock.now,
            )
        )
    with tool.runtime.database.reading() as session:
        found = list_choices(session.connection(), tool.runtime.contents, tool.organisation_id)
    assert [choice.key for choice in Search(point="SEM-1.4").of(found)] == [FIRST, ALL[3]]


def test_activities_of_another_organisation_are_not_offered(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        other = Organisation(uuid="o" * 36, key="other", name="Other", kind="school", created_at=tool.clock.now)
        session.add(other)
        session.flush()
        copies(session, other.id, 1, now=tool.clock.now)
    chooser = open_chooser(tool)
    assert "copy-00" not in shown(chooser)
    assert chooser.get("preview/copy-00/").status_code == 404
    assert chooser.answer("copy-00").status_code == 422


def test_without_content_it_is_said_what_to_do(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        for activity in session.scalars(select(Activity)):
            activity.version_id = None
    page = open_chooser(tool).get().text
    assert "There is nothing to choose from yet" in page
    assert "qualoop content install" in page
    assert 'form="cancel"' in page


def test_the_pages_are_in_the_language_of_the_platform(tool: Tool) -> None:
    case = request_of(tool, claims={LTI + "launch_presentation": {"locale": "zh_cn"}})
    chooser = open_chooser(tool, case)
    assert "选择活动" in chooser.get().text
    assert "计分" in chooser.get(f"grades?pick={FIRST}").text
    assert "返回课程" in chooser.answer(FIRST).text
