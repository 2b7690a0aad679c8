"""The next item of practice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery.readings import ItemWorth
from qualoop.sequencing import ItemCandidate, ItemChoice, choose_item
from qualoop.values import LANGUAGES

DAY = 86400.0
NOW = 1.8e9


def item(
    key: str, chance: float, *, gain: float = 0.1, minutes: float = 1, days_ago: float | None = None
) -> ItemCandidate:
    last_met = None if days_ago is None else NOW - days_ago * DAY
    return ItemCandidate(key=key, worth=ItemWorth(chance, gain), minutes=minutes, last_met=last_met)


def chosen(*items: ItemCandidate) -> ItemChoice:
    choice = choose_item(items, NOW)
    assert choice
    return choice


def test_without_items_there_is_no_choice() -> None:
    assert choose_item([], NOW) is None


def test_what_tells_most_for_its_minutes_comes_first() -> None:
    short, long = item("short", 0.7, gain=0.1, minutes=1), item("long", 0.7, gain=0.3, minutes=4)
    assert chosen(short, long).candidate is short
    assert chosen(short, item("long", 0.7, gain=0.5, minutes=4)).candidate.key == "long"


@pytest.mark.parametrize(("days", "key"), [(6.9, "other"), (7.0, "best"), (None, "best")])
def test_what_was_met_within_a_week_waits(days: float | None, key: str) -> None:
    assert chosen(item("best", 0.7, gain=9, days_ago=days), item("other", 0.7)).candidate.key == key


def test_where_everything_was_met_of_late_there_is_none() -> None:
    assert choose_item([item("a", 0.7, days_ago=1)], NOW) is None


@pytest.mark.parametrize(("chance", "fits"), [(0.64, False), (0.65, True), (0.75, True), (0.85, True), (0.86, False)])
def test_the_band_of_practice(chance: float, *, fits: bool) -> None:
    assert chosen(item("a", chance, gain=9)).fits is fits
    assert chosen(item("a", chance, gain=9), item("b", 0.7)).candidate.key == ("a" if fits else "b")


@pytest.mark.parametrize(
    ("chances", "key", "words"),
    [
        ((0.3, 0.5), "1", "All the questions left are hard"),
        ((0.9, 0.99), "0", "All the questions left are easy"),
        ((0.6, 0.99), "0", "No question left has quite the right difficulty"),
    ],
)
def test_where_none_fits_the_nearest_is_taken_and_said(chances: tuple[float, ...], key: str, words: str) -> None:
    choice = chosen(*(item(str(place), chance) for place, chance in enumerate(chances)))
    assert choice.candidate.key == key
    assert choice.sentence["en"].startswith(words)


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 2), st.floats(0.1, 30), st.one_of(st.none(), st.floats(0, 30))),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_else_that_fits_tells_more(drawn: list[tuple[float, float, float, float | None]]) -> None:
    items = [
        item(str(place), chance, gain=gain, minutes=minutes, days_ago=days)
        for place, (chance, gain, minutes, days) in enumerate(drawn)
    ]
    choice = choose_item(items, NOW)
    rested = [each for each in items if each.last_met is None or NOW - each.last_met >= 7 * DAY]
    assert (choice is None) == (not rested)
    if choice:
        assert choice.candidate in rested
        assert choice.fits == any(0.65 <= each.worth.predicted <= 0.85 for each in rested)
        for language in LANGUAGES:
            assert not set("{}") & set(choice.sentence[language])
        best = choice.candidate.worth.per_minute(choice.candidate.minutes)
        if choice.fits:
            assert all(each.worth.per_minute(each.minutes) <= best for each in rested if each.worth.is_in_band)
