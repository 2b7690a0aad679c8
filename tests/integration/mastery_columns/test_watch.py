"""Followers of mastery hear of everybody once, in the order of the ledger, and lose nothing when they fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from lti_tool.models import MasteryWatch, Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import watch as mastery_watch
from lti_tool.services.mastery.watch import Moved, watch_due
from lti_tool.services.platforms import tool_keys
from tests.factories.tool import SECRET
from tests.integration.mastery_columns.conftest import Course


@dataclass
class Listener:
    """A follower that writes down what it hears."""

    name: str = "listener"
    heard: list[frozenset[str] | None] = field(default_factory=list)
    is_following: bool = True
    fails: bool = False

    def follows(self, connection: Connection, organisation_id: int) -> bool:
        return self.is_following

    def take(self, connection: Connection, organisation_id: int, moved: Moved, now: datetime) -> None:
        if self.fails:
            raise RuntimeError("on purpose")
        self.heard.append(moved.learners)


def seal(course: Course) -> None:
    with course.tool.runtime.database.transaction() as session:
        key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=course.tool.clock.now)
        ledger.seal(session, session.get_one(Organisation, course.tool.organisation_id), key, course.tool.clock.now)


def watch(course: Course, *followers: Listener) -> None:
    runtime = course.tool.runtime
    watch_due(runtime.database, followers, clock=runtime.clock, is_ending=lambda: False)


def answered(course: Course, subjects: Sequence[str]) -> list[str]:
    """Let some people answer once each, and seal; return their pseudonyms."""
    people = []
    for subject in subjects:
        seat = course.enter(subject)
        seat.answer(right=[True])
        people.append(seat.who.person_uuid)
    seal(course)
    return people


def test_first_everybody_then_who_moved_then_nobody(course: Course) -> None:
    listener = Listener()
    watch(course, listener)
    assert listener.heard == [], "there is no mastery yet"
    answered(course, ["s-1"])
    watch(course, listener)
    assert listener.heard == [None]
    people = answered(course, ["s-2", "s-3"])
    watch(course, listener)
    watch(course, listener)
    assert listener.heard == [None, frozenset(people)]


def test_what_is_not_sealed_is_not_heard(course: Course) -> None:
    listener = Listener()
    answered(course, ["s-1"])
    watch(course, listener)
    seat = course.enter("s-2")
    seat.answer(right=[True])
    watch(course, listener)
    assert listener.heard == [None]
    seal(course)
    watch(course, listener)
    assert listener.heard[1:] == [frozenset({seat.who.person_uuid})]


def test_pages_leave_out_nobody(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastery_watch, "PAGE", 2)
    listener = Listener()
    answered(course, ["s-0"])
    watch(course, listener)
    people = answered(course, ["s-1", "s-2", "s-3", "s-4", "s-5"])
    watch(course, listener)
    pages = [page for page in listener.heard[1:] if page is not None]
    assert len(pages) >= 3
    assert sorted(person for page in pages for person in page) == sorted(people)


def test_who_fails_hears_it_again_and_stops_nobody_else(course: Course) -> None:
    failing, other = Listener(name="failing"), Listener(name="other")
    answered(course, ["s-1"])
    watch(course, failing, other)
    failing.fails = True
    people = answered(course, ["s-2"])
    watch(course, failing, other)
    assert (failing.heard, other.heard) == ([None], [None, frozenset(people)])
    failing.fails = False
    watch(course, failing, other)
    assert failing.heard == [None, frozenset(people)]
    assert other.heard == [None, frozenset(people)]


def test_another_generation_means_everybody(course: Course) -> None:
    listener = Listener()
    answered(course, ["s-1", "s-2"])
    watch(course, listener)
    course.void(0)
    course.work(rounds=2)
    watch(course, listener)
    assert listener.heard[-1] is None
    assert listener.heard.count(None) == 2


def test_who_has_nothing_to_follow_begins_anew(course: Course) -> None:
    listener = Listener()
    answered(course, ["s-1"])
    watch(course, listener)
    listener.is_following = False
    answered(course, ["s-2"])
    watch(course, listener)
    with course.tool.runtime.database.reading() as session:
        assert session.scalar(select(MasteryWatch.id).where(MasteryWatch.follower == "listener")) is None
    listener.is_following = True
    watch(course, listener)
    assert listener.heard == [None, None]
