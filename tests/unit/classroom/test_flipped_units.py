"""Flipped units: the laws of the proposal, of edits and of copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualoop.classroom.flipped_unit import (
    CheckItem,
    ItemOffer,
    Offer,
    StepKind,
    UnitDates,
    UnitPlan,
    UnitRefusedError,
    coverage,
    from_document,
)
from qualoop.classroom.session import read_plan, retyped
from qualoop.classroom.unit_building import (
    Supply,
    added,
    added_single,
    asking,
    dated,
    for_copy,
    moved,
    propose,
    removed,
    shifted,
    swapped,
    titled,
)
from qualoop.framework import Framework, UnknownCodeError, load_framework, shipped_content
from qualoop.values import Text

TITLE = Text({"en": "Search", "zh-Hans": "搜索"})
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@cache
def framework() -> Framework:
    return load_framework(shipped_content() / "ecommerce")


CODES = sorted(framework().knowledge_points)


def supply(offers: list[Offer], items: list[ItemOffer] | None = None) -> Supply:
    return Supply(framework=framework(), offers={offer.key: offer for offer in offers}, items=items or [])


def lesson(number: int, points: tuple[str, ...], *, is_practice: bool = False) -> Offer:
    return Offer(key=f"l-{number}", title=TITLE, minutes=5 + number % 5, points=points, is_practice=is_practice)


points_of_lessons = st.lists(st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True), max_size=12)
asked_codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(points_of_lessons, asked_codes)
def test_a_proposal_covers_whatever_is_taught_of_what_was_asked(lessons: list[list[str]], asked: list[str]) -> None:
    stock = supply([lesson(number, tuple(points)) for number, points in enumerate(lessons)])
    plan = propose(stock, asked, TITLE)
    taught = {code for points in lessons for code in points}
    assert set(plan.points) == set(asked)
    for row in coverage(plan, stock.offers):
        assert row.is_taught == (row.code in taught)
    # No lesson stands there that the unit is not for.
    assert all(set(asked).intersection(stock.offers[s.key].points) for s in plan.steps if s.kind is StepKind.LESSON)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=10, unique=True), st.randoms(use_true_random=False))
def test_lessons_come_in_the_order_of_prerequisites(asked: list[str], random: Random) -> None:
    offers = [lesson(number, (code,)) for number, code in enumerate(asked)]
    random.shuffle(asked)
    plan = propose(supply(offers), asked, TITLE)
    taught = [supply(offers).offers[step.key].points[0] for step in plan.steps if step.kind is StepKind.LESSON]
    for place, code in enumerate(taught):
        needed = {point.code for point in framework().prerequisites_of(code)}
        assert not needed.intersection(taught[place:])
    assert sorted(taught) == sorted(asked)


@given(st.integers(-400, 400), st.integers(0, 200), st.integers(0, 400))
def test_a_copy_shifts_every_date_by_the_same_time(days: int, before: int, after: int) -> None:
    dates = UnitDates(before=NOON - timedelta(hours=before), class_at=NOON, after=NOON + timedelta(hours=after))
    plan = replace(a_plan(), dates=dates)
    by = timedelta(days=days)
    copied = for_copy(plan, NOON + by)
    assert copied.dates.before == NOON - timedelta(hours=before) + by
    assert copied.dates.after == NOON + timedelta(hours=after) + by
    assert shifted(copied, -by) == plan
    assert for_copy(plan, None).dates == UnitDates()
    assert from_document(copied.to_document()) == copied


def a_plan() -> UnitPlan:
    offers = [lesson(1, ("SEM-1.1",)), lesson(2, ("SEM-1.2",)), lesson(3, ("SEM-1.1",), is_practice=True)]
    items = [ItemOffer(activity=f"l-{n}", item=f"i-{m}", point=f"SEM-1.{n}") for n in (1, 2) for m in range(5)]
    return propose(supply(offers, items), ["SEM-1.1", "SEM-1.2"], TITLE)


def test_the_first_plan_of_a_class_is_in_both_languages() -> None:
    plan = from_document(a_plan().to_document()).class_plan
    assert [(step.minutes, step.in_language("zh-Hans").title) for step in plan][:2] == [
        (5, "到课签到"),
        (10, "解答课前仍不清楚的问题"),
    ]
    assert [step.in_language("en").title for step in plan][-1] == "Sum up, and what comes next"


def test_what_is_typed_stays_as_typed_and_a_first_step_keeps_both_languages() -> None:
    known = a_plan().class_plan
    typed = read_plan("7 到课签到\n20 What was still unclear\n3 自己的环节")
    kept = retyped(typed, known, "zh-Hans")
    assert [(step.minutes, step.in_language("en").title) for step in kept] == [
        (7, "Arrive, roll call"),
        (20, "What was still unclear"),
        (3, "自己的环节"),
    ]
    assert [step.in_language("zh-Hans").title for step in kept][1] == "What was still unclear"
    assert [step.code for step in retyped(typed, (), "zh-Hans")] == ["", "", ""], "nothing was there to be kept"


def test_a_proposal_asks_three_questions_a_lesson_and_its_own_first() -> None:
    items = [ItemOffer(activity="l-1", item=f"i-{n}", point="SEM-1.1", is_own=n == 4) for n in range(5)]
    plan = propose(supply([lesson(1, ("SEM-1.1",))], items), ["SEM-1.1"], TITLE)
    assert [item.item for item in plan.check] == ["i-4", "i-0", "i-1"]
    assert plan.keys == ("l-1", "check", "class", "reflection")
    assert (plan.minutes("before"), plan.minutes("class"), plan.minutes("after")) == (6 + 7, 90, 5)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 9)), max_size=12))
def test_no_moves_lose_a_step_or_bring_the_check_behind_the_class(moves: list[tuple[int, int]]) -> None:
    plan = a_plan()
    for which, to in moves:
        try:
            plan = moved(plan, plan.keys[which], to)
        except UnitRefusedError:
            continue
    assert sorted(plan.keys) == sorted(a_plan().keys)
    assert plan.keys.index("check") < plan.keys.index("class")


def test_edits() -> None:
    plan = a_plan()
    without = removed(plan, "l-1")
    assert {item.activity for item in without.check} == {"l-2"}
    other, items = lesson(7, ("SEM-1.3",)), [ItemOffer(activity="l-7", item="q", point="SEM-1.3")]
    there = swapped(plan, "l-1", other, items)
    assert there.keys[0] == "l-7"
    assert there.check[-1] == CheckItem(activity="l-7", item="q", point="SEM-1.3")
    assert added(plan, other, items).keys[:3] == ("l-1", "l-2", "l-7")
    assert added_single(removed(plan, "reflection"), StepKind.REFLECTION, []).keys == plan.keys
    assert titled(plan, "  My   unit ", "en").title["zh-Hans"] == "My unit"
    assert titled(plan, "Search", "en") == plan
    asked = ItemOffer(activity="l-1", item="i-4", point="SEM-1.1")
    assert asking(asking(plan, asked, wanted=True), asked, wanted=False) == plan
    assert dated(plan, UnitDates(class_at=NOON)).dates.before == NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: moved(plan, "gone", 0),
        lambda plan: moved(plan, "check", 9),
        lambda plan: added(plan, lesson(1, ("SEM-1.1",)), []),
        lambda plan: added_single(plan, StepKind.CLASS, []),
        lambda plan: swapped(plan, "class", lesson(9, ("SEM-1.1",)), []),
        lambda plan: swapped(plan, "l-1", lesson(9, ("SEM-1.1",), is_practice=True), []),
        lambda plan: titled(plan, " ", "en"),
        lambda plan: asking(plan, ItemOffer(activity="l-9", item="x", point="SEM-1.1"), wanted=True),
        lambda plan: dated(plan, UnitDates(before=NOON + timedelta(1), class_at=NOON)),
    ],
)
def test_what_does_not_go_is_refused(edit: Callable[[UnitPlan], UnitPlan]) -> None:
    with pytest.raises(UnitRefusedError):
        edit(a_plan())


def test_an_unknown_knowledge_point_is_refused() -> None:
    with pytest.raises(UnknownCodeError):
        propose(supply([]), ["NO-1"], TITLE)
