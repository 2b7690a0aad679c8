"""Content that a site carries itself: registered once, tagged anew, and what came before it waits and is not lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import ContentVersion, InboxItem, LedgerEvent, SourceEvidence, TagSet
from lti_tool.services.evidence.entries import list_entries, name_parts
from lti_tool.services.mechanisms import imports
from lti_tool.services.sources.waiting import take_up_ready
from qualoop.content_packages import Package
from tests.factories.sources import INLINE, INLINE_HASH, LESSON, Site, event, make_site, registration, shipped_hash
from tests.factories.tool import Tool, shipped
from tests.integration.sources.test_evidence import inbox, recorded


def own(number: int, **changed: Any) -> dict[str, Any]:
    return event(number, **{"activity": INLINE, "content": INLINE_HASH, "part": "q1", **changed})


def test_registering_again_changes_nothing_and_other_parts_are_refused(tool: Tool, site: Site) -> None:
    first, again = site.register(), site.register()
    assert (first.json["is_new"], again.json["is_new"]) == (True, False)
    assert first.json["tags_hash"] == again.json["tags_hash"]
    other = site.register(parts=[{"key": "q1", "options": 3}, {"key": "q2"}])
    assert (other.status_code, other.json["code"]) == (409, "version-differs")
    with tool.runtime.database.reading() as session:
        query = select(LedgerEvent.body).where(LedgerEvent.type == "tags.adopted")
        told = [json.loads(body) for body in session.scalars(query)]
    assert [each["tags"] for each in told if each["activity"] == INLINE] == [registration()["tags"]]


def test_other_tags_hold_from_the_next_replay_on(tool: Tool, site: Site) -> None:
    site.register()
    assert site.register(tags={"q1": {"SEM-1.2": "1"}}).json["counts_from_replay"] is False, "no evidence yet"
    site.send(own(1))
    assert site.register().json["counts_from_replay"] is True
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(TagSet).join(ContentVersion).where(ContentVersion.document == "")).all()) == 2


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"tags": {"q1": {"NO-9.9": "1"}}}, 422, "body-refused"),
        ({"tags": {"q1": {"SEM-1.1": "0.5"}}}, 422, "body-refused"),
        ({"tags": {"q9": {"SEM-1.1": "1"}}}, 422, "body-refused"),
        ({"parts": [{"key": "q1"}, {"key": "q1"}], "tags": {}}, 422, "body-refused"),
        ({"framework": {"code": "XX", "version": "1"}}, 409, "framework-missing"),
        ({"content": "AB" * 32}, 422, "body-refused"),
    ],
)
def test_what_cannot_be_a_version_is_refused(one_site: Site, changed: dict[str, Any], status: int, code: str) -> None:
    answer = one_site.register(**changed)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_tags_of_installed_content_come_with_its_package_alone(tool: Tool, site: Site) -> None:
    parts = [
        {"key": part["key"], "options": part.get("options")}
        for package in shipped().packages
        if package.key == LESSON
        for part in package.manifest["parts"]
    ]
    target = f"/api/v1/activities/{LESSON}/versions/{shipped_hash()}"
    answer = site.ask("PUT", target, registration(parts=parts, tags={parts[0]["key"]: {"SEM-1.4": "1"}}))
    assert (answer.status_code, answer.json["code"]) == (409, "version-installed")


def test_evidence_waits_for_its_version_and_counts_once_that_is_registered(tool: Tool, site: Site) -> None:
    assert site.send(own(2, total="0.5"), own(1, part="q2")) == ["waits", "waits"]
    assert site.send(own(1, part="q2"), own(2, score="0")) == ["duplicate", "event-conflict"]
    assert (recorded(tool), inbox(tool)[0]) == ([], ("version-unknown", ["dismiss"]))
    # Whoever registers it: it is the organisation's content.
    assert make_site(tool, "other", of_platform=False).register().json["taken_up"] == 2
    rows = recorded(tool)
    assert [json.loads(row.body)["part"] for row in rows] == ["q2", "q1"]
    assert site.send(own(1, part="q2")) == ["duplicate"]
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(SourceEvidence)).all() == []
        item = session.scalars(select(InboxItem).where(InboxItem.reason == "version-unknown")).one()
        assert (item.state, item.resolution) == ("resolved", "registered")
        entries = list_entries(session.connection(), tool.organisation_id, str(rows[0].learner))
        names = name_parts(
            session.connection(), tool.runtime.contents, tool.organisation_id, entries, language="zh-Hans"
        )
    assert {name.activity for name in names.values()} == {"本站的课程"}


def test_what_waited_and_turns_out_to_be_impossible_is_kept_for_a_person(tool: Tool, site: Site) -> None:
    assert site.send(own(1, part="q9"), own(2)) == ["waits", "waits"]
    assert site.register().json["taken_up"] == 1
    with tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem).where(InboxItem.reason == "evidence-impossible")).one()
        assert item.details["event"]["part"] == "q9"
        assert "s-1" not in json.dumps(item.details)


def test_a_package_that_is_installed_later_takes_up_what_waited(tool: Tool, site: Site) -> None:
    package = next(each for each in shipped().packages if each.key == LESSON)
    newer = replace(package, content_hash="cd" * 32)
    assert site.send(event(content=newer.content_hash)) == ["waits"]
    install(tool, newer)
    take_up_ready(tool.runtime.database, clock=tool.clock)
    assert [json.loads(row.body)["content"] for row in recorded(tool)] == [newer.content_hash]


def test_an_install_brings_the_content_of_a_version_that_was_registered(tool: Tool, site: Site) -> None:
    site.register()
    package = next(each for each in shipped().packages if each.key == LESSON)
    parts = [{"key": part["key"], "options": part.get("options")} for part in package.manifest["parts"]]
    target = f"/api/v1/activities/{LESSON}/versions/{'ef' * 32}"
    assert site.ask("PUT", target, registration(parts=parts, tags={})).status_code == 200
    install(tool, replace(package, content_hash="ef" * 32))
    with tool.runtime.database.reading() as session:
        version = session.scalars(select(ContentVersion).where(ContentVersion.hash == "ef" * 32)).one()
        assert tool.runtime.contents.get(session.connection(), tool.organisation_id, version.id).content.items


def install(tool: Tool, package: Package) -> None:
    with tool.runtime.database.transaction() as session:
        imports.apply(session, replace(shipped(), packages=[package]), tool.organisation_id, tool.clock())
