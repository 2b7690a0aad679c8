"""A teacher's record: what an entry may say, enterprise days that never count twice, the indicators."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.records.teacher_record import (
    Built,
    Entry,
    EntryBody,
    EntryKind,
    EntryState,
    TeacherEntryRefusedError,
    enterprise_days,
    indicators,
)

DAY = date(2026, 3, 2)


def body(**changes: Any) -> EntryBody:
    fields: dict[str, Any] = {
        "kind": EntryKind.ENTERPRISE,
        "title": "Ran the search campaign",
        "place": "Umbrella Works",
        "starts": DAY,
        "ends": DAY + timedelta(days=9),
        "days": 6,
    }
    return EntryBody(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"title": " "}, {"title": "missing"}),
        ({"place": ""}, {"place": "missing"}),
        ({"place": "", "kind": EntryKind.COURSE}, {}),
        ({"title": "x" * 201}, {"title": "long"}),
        ({"ends": DAY - timedelta(days=1)}, {"ends": "order"}),
        ({"ends": DAY + timedelta(days=2000)}, {"ends": "long"}),
        ({"days": 10}, {}),
        ({"days": 11}, {"days": "days"}),
        ({"days": 0}, {"days": "days"}),
        ({"days": 0, "kind": EntryKind.RESEARCH}, {}),
        ({"link": "http://plain.example"}, {"link": "link"}),
        ({"link": "javascript:alert(1)", "title": ""}, {"link": "link", "title": "missing"}),
        ({"link": "https://papers.example/1"}, {}),
    ],
)
def test_an_entry_says_everything_that_is_wrong(changes: dict[str, Any], wrong: dict[str, str]) -> None:
    if not wrong:
        assert body(**changes)
        return
    with pytest.raises(TeacherEntryRefusedError) as refused:
        body(**changes)
    assert refused.value.wrong == wrong


@st.composite
def stays(draw: st.DrawFn) -> EntryBody:
    starts = DAY + timedelta(days=draw(st.integers(0, 60)))
    length = draw(st.integers(1, 30))
    return body(starts=starts, ends=starts + timedelta(days=length - 1), days=draw(st.integers(1, length)))


@given(st.lists(stays(), max_size=6))
def test_no_day_of_the_calendar_counts_twice(those: list[EntryBody]) -> None:
    calendar = {stay.starts + timedelta(days=day) for stay in those for day in range(stay.length)}
    days = enterprise_days(those)
    assert days <= min(len(calendar), sum(stay.days for stay in those))
    assert days >= max((stay.days for stay in those), default=0)
    assert enterprise_days(those[::-1]) == days


@given(st.lists(stays(), max_size=6), stays())
def test_a_further_stay_never_takes_days_away(those: list[EntryBody], more: EntryBody) -> None:
    assert enterprise_days([*those, more]) >= enterprise_days(those)


def test_days_of_a_window() -> None:
    stay = body(days=5)
    assert enterprise_days([stay], since=DAY) == 5
    assert enterprise_days([stay], since=DAY + timedelta(days=5)) == 2
    assert enterprise_days([stay], since=DAY + timedelta(days=10)) == 0


def test_only_what_is_confirmed_counts() -> None:
    entries = [
        Entry(key="1", body=body(), state=EntryState.CONFIRMED),
        Entry(key="2", body=body(starts=date(2019, 1, 1), ends=date(2019, 1, 3), days=3), state=EntryState.CONFIRMED),
        Entry(key="3", body=body(), state=EntryState.CLAIMED),
        Entry(key="4", body=body(), state=EntryState.TAKEN_BACK),
        Entry(key="5", body=body(kind=EntryKind.RESEARCH, place="umbrella  works"), state=EntryState.CONFIRMED),
        Entry(key="6", body=body(kind=EntryKind.COURSE), state=EntryState.REFUSED),
    ]
    found = indicators(entries, Built(units=2), today=DAY + timedelta(days=9), years=5)
    assert (found.enterprise_days, found.recent_days, found.enterprises) == (9, 6, 1)
    assert (found.research, found.courses, found.waiting, found.built.units) == (1, 0, 1, 2)


def test_the_last_day_of_february_has_a_window_too() -> None:
    assert indicators([], Built(), today=date(2028, 2, 29), years=5).recent_days == 0


def test_days_that_are_to_come_do_not_count_yet() -> None:
    entries = [
        Entry(key=str(number), body=each, state=EntryState.CONFIRMED)
        for number, each in enumerate(
            (
                body(starts=DAY - timedelta(days=4), ends=DAY + timedelta(days=5), days=10),
                body(place="Later Works", starts=DAY + timedelta(days=1), ends=DAY + timedelta(days=9)),
                body(kind=EntryKind.RESEARCH, place="Later Lab", starts=DAY + timedelta(days=1)),
                body(kind=EntryKind.COURSE, starts=DAY + timedelta(days=1)),
            )
        )
    ]
    found = indicators(entries, Built(), today=DAY, years=5)
    assert (found.enterprise_days, found.recent_days, found.enterprises) == (5, 5, 1)
    assert (found.research, found.courses) == (0, 0)
    later = indicators(entries, Built(), today=DAY + timedelta(days=30), years=5)
    assert (later.enterprises, later.research, later.courses) == (3, 1, 1)


@given(st.integers(-30, 30), st.integers(0, 20), st.data())
def test_no_day_counts_after_today(first: int, length: int, data: st.DataObject) -> None:
    starts = DAY + timedelta(days=first)
    stay = body(starts=starts, ends=starts + timedelta(days=length), days=data.draw(st.integers(1, length + 1)))
    gone = max(0, min((DAY - starts).days, length) + 1)
    assert enterprise_days([stay], until=DAY) <= min(gone, stay.days)
