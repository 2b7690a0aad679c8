"""What held when: each adoption is an event, going back to an earlier version too."""

from __future__ import annotations

import json
from dataclasses import replace

from lti_tool.services.ledger import adoptions
from lti_tool.services.mechanisms import imports
from qualoop.ledger import EventType
from tests.factories.tool import shipped
from tests.integration.ledger.conftest import School


def note(school: School, constants: str, weights: str, policy: str = "") -> None:
    with school.tool.runtime.database.connection() as connection:
        adoptions.note_model(
            connection,
            school.tool.organisation_id,
            constants=constants,
            weights=weights,
            policy=policy,
            now=school.tool.clock.now,
        )


def said(school: School, kind: EventType) -> list[str]:
    return [json.loads(row.body)["id"] for row in school.events(kind)]


def test_what_holds_already_is_not_said_again(school: School) -> None:
    note(school, "t1", "u1")
    note(school, "t1", "u1")
    note(school, "t2", "u1", "p1")
    note(school, "t1", "u1", "p1")
    assert said(school, EventType.CONSTANTS_ADOPTED)[-3:] == ["t1", "t2", "t1"]
    assert said(school, EventType.WEIGHTS_ADOPTED)[-1:] == ["u1"]
    assert said(school, EventType.WEIGHTS_ADOPTED).count("u1") == 1
    assert said(school, EventType.POLICY_ADOPTED) == ["p1"]


def test_each_organisation_adopts_for_itself(school: School) -> None:
    note(school, "t1", "u1")
    school.tool.organisation_id = school.another().id
    note(school, "t1", "u1")
    assert said(school, EventType.CONSTANTS_ADOPTED).count("t1") == 2


def test_tags_that_held_before_can_be_adopted_again(teaching: School) -> None:
    first = shipped()
    package = first.packages[0]
    part = next(iter(package.tags))
    changed = replace(package, tags={**package.tags, part: {"SEM-1.2": "1"}}, tags_hash="f" * len(package.tags_hash))
    before = len(teaching.events(EventType.TAGS_ADOPTED))
    for number, packages in enumerate(([changed], [package], [package])):
        teaching.tool.clock.advance(minutes=1)
        with teaching.tool.runtime.database.transaction() as session:
            content = replace(first, framework=None, packages=packages)
            imports.apply(session, content, teaching.tool.organisation_id, teaching.tool.clock.now)
        assert len(teaching.events(EventType.TAGS_ADOPTED)) == before + min(number + 1, 2)
    newest = json.loads(teaching.events(EventType.TAGS_ADOPTED)[-1].body)
    assert (newest["activity"], newest["tags"][part]) == (package.key, package.tags[part])
