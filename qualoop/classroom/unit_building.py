"""How a flipped unit is built: a proposal for knowledge points that stands at once, and edits, each of which makes another plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from qualoop.classroom.flipped_unit import (
    ACTIVITIES,
    MAX_CHECK,
    MAX_STEPS,
    MAX_TITLE,
    SINGLE,
    CheckItem,
    ItemOffer,
    Offer,
    StepKind,
    UnitDates,
    UnitPlan,
    UnitRefusedError,
    UnitStep,
)
from qualoop.classroom.session import default_step
from qualoop.framework import Framework
from qualoop.values import Text

PER_LESSON: Final = 3
"""Questions of a proposed readiness check for each lesson, where it has so many."""
REFLECTION_MINUTES: Final = 5
BEFORE_CLASS: Final = timedelta(hours=12)
AFTER_CLASS: Final = timedelta(days=7)

_CLASS_PLAN: Final = (
    default_step("arrive", 5),
    default_step("unclear", 10),
    default_step("vote", 25),
    default_step("groups", 40),
    default_step("sum-up", 10),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What there is to build a unit of."""

    framework: Framework
    offers: Mapping[str, Offer]
    items: Sequence[ItemOffer]

    def order(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return knowledge points, each once, in an order in which they can be learnt. Raises UnknownCodeError."""
        asked = dict.fromkeys(codes)
        found: dict[str, None] = {}
        for code in asked:
            before = [point.code for point in self.framework.prerequisites_of(code)]
            found |= dict.fromkeys(each for each in (*before, code) if each in asked)
        return tuple(found)


def propose(supply: Supply, codes: Iterable[str], title: Text) -> UnitPlan:
    """Return a whole unit for knowledge points: lessons in the order of prerequisites, check, class, practice, reflection.

    Every knowledge point that any lesson teaches is taught by one of the lessons. Raises UnknownCodeError.
    """
    points = supply.order(codes)
    lessons = _lesson_order(supply, _chosen(supply.offers.values(), points, is_practice=False))
    practice = _practice(supply.offers.values(), points)
    check = _check(supply.items, [lesson.key for lesson in lessons], points)
    steps = [
        *(UnitStep(key=offer.key, kind=StepKind.LESSON, minutes=offer.minutes) for offer in lessons),
        *([UnitStep(key=StepKind.CHECK.value, kind=StepKind.CHECK)] if check else []),
        UnitStep(key=StepKind.CLASS.value, kind=StepKind.CLASS),
        *(UnitStep(key=offer.key, kind=StepKind.PRACTICE, minutes=offer.minutes) for offer in practice),
        UnitStep(key=StepKind.REFLECTION.value, kind=StepKind.REFLECTION, minutes=REFLECTION_MINUTES),
    ]
    return UnitPlan(
        title=title,
        points=points,
        steps=tuple(steps),
        check=check,
        class_plan=_CLASS_PLAN,
    )


def _chosen(offers: Iterable[Offer], points: Sequence[str], *, is_practice: bool) -> list[Offer]:
    """Return offers that together serve all points that any serves: always the one that serves most of what is left."""
    left = set(points)
    pool = [offer for offer in offers if offer.is_practice is is_practice]
    found: list[Offer] = []
    while True:
        best = min(pool, key=lambda offer: _rank(offer, left), default=None)
        if best is None or not left.intersection(best.points):
            return found
        found.append(best)
        left.difference_update(best.points)


def _practice(offers: Iterable[Offer], points: Sequence[str]) -> list[Offer]:
    """Return the practice project that serves most of the points: one that ends after minutes rather than after weeks."""
    known = list(offers)
    timed = [offer for offer in known if offer.minutes is not None]
    return (_chosen(timed, points, is_practice=True) or _chosen(known, points, is_practice=True))[:1]


def _rank(offer: Offer, left: set[str]) -> tuple[int, int, int, str]:
    """Return the place of an offer: most of what is left first, then least beside it, then the shortest."""
    served = len(left.intersection(offer.points))
    return -served, len(offer.points) - served, offer.minutes or 0, offer.key


def _lesson_order(supply: Supply, lessons: Sequence[Offer]) -> list[Offer]:
    """Return lessons so that none comes before one that teaches what it builds on; a circle keeps the order given."""
    needs = {
        lesson.key: {
            point.code
            for code in lesson.points
            if supply.framework.find_knowledge_point(code)
            for point in supply.framework.prerequisites_of(code)
        }.difference(lesson.points)
        for lesson in lessons
    }
    left = sorted(lessons, key=lambda lesson: _earliest(supply, lesson))
    found: list[Offer] = []
    while left:
        free = (
            lesson
            for lesson in left
            if not any(needs[lesson.key].intersection(other.points) for other in left if other is not lesson)
        )
        chosen = next(free, left[0])
        left.remove(chosen)
        found.append(chosen)
    return found


def _earliest(supply: Supply, lesson: Offer) -> tuple[int, str]:
    order = supply.framework.learning_order
    return min((order.get(code, len(order)) for code in lesson.points), default=len(order)), lesson.key


def _check(items: Sequence[ItemOffer], lessons: Sequence[str], points: Sequence[str]) -> tuple[CheckItem, ...]:
    """Return the questions of a proposed check: of each lesson its own readiness questions first, up to three."""
    found: list[CheckItem] = []
    for lesson in lessons:
        fitting = sorted(
            (item for item in items if item.activity == lesson and item.point in points),
            key=lambda item: not item.is_own,
        )
        turn: dict[str, int] = {}
        placed = []
        for item in fitting:
            # A lesson with several knowledge points asks each of them before it asks one twice.
            placed.append((turn.get(item.point, 0), item))
            turn[item.point] = turn.get(item.point, 0) + 1
        chosen = [item for _, item in sorted(placed, key=lambda pair: pair[0])][:PER_LESSON]
        found += [CheckItem(activity=item.activity, item=item.item, point=item.point) for item in chosen]
    return tuple(found[:MAX_CHECK])


# -- Edits: each returns another plan, or raises UnitRefusedError


def titled(plan: UnitPlan, title: str, language: str) -> UnitPlan:
    """Return a plan with another title, in all languages: it is the teacher's own."""
    words = " ".join(title.split())[:MAX_TITLE]
    if not words:
        raise UnitRefusedError("title")
    if words == plan.title[language]:
        return plan
    return replace(plan, title=Text({"en": words, "zh-Hans": words}))


def moved(plan: UnitPlan, key: str, to: int) -> UnitPlan:
    """Return a plan with a step at another place, counted from 0; places outside are the nearest.

    The readiness check stays before the class.
    """
    step = _get_step(plan, key)
    steps = [each for each in plan.steps if each is not step]
    steps.insert(max(0, min(to, len(steps))), step)
    return _checked(replace(plan, steps=tuple(steps)))


def removed(plan: UnitPlan, key: str) -> UnitPlan:
    """Return a plan without a step; the questions of a lesson go with it."""
    step = _get_step(plan, key)
    kept = () if step.kind is StepKind.CHECK else tuple(item for item in plan.check if item.activity != key)
    return replace(plan, steps=tuple(each for each in plan.steps if each is not step), check=kept)


def added(plan: UnitPlan, offer: Offer, items: Sequence[ItemOffer]) -> UnitPlan:
    """Return a plan with one more activity: a lesson before the check, with questions; a practice project after class."""
    if offer.key in plan.keys or len(plan.steps) >= MAX_STEPS:
        raise UnitRefusedError("there")
    kind = StepKind.PRACTICE if offer.is_practice else StepKind.LESSON
    step = UnitStep(key=offer.key, kind=kind, minutes=offer.minutes)
    stops = (StepKind.REFLECTION,) if offer.is_practice else (StepKind.CHECK, StepKind.CLASS)
    place = next((number for number, each in enumerate(plan.steps) if each.kind in stops), len(plan.steps))
    steps = (*plan.steps[:place], step, *plan.steps[place:])
    questions = () if offer.is_practice else _check(items, [offer.key], offer.points)
    check = (*plan.check, *questions) if StepKind.CHECK in plan.keys else plan.check
    return replace(plan, steps=steps, check=check[:MAX_CHECK])


def added_single(plan: UnitPlan, kind: StepKind, items: Sequence[ItemOffer]) -> UnitPlan:
    """Return a plan with the check, the class or the reflection that it had not."""
    if kind not in SINGLE or kind in plan.keys:
        raise UnitRefusedError("there")
    minutes = REFLECTION_MINUTES if kind is StepKind.REFLECTION else None
    step, steps = UnitStep(key=kind.value, kind=kind, minutes=minutes), list(plan.steps)
    lessons = [each.key for each in steps if each.kind is StepKind.LESSON]
    places = {
        StepKind.CHECK: next((at for at, each in enumerate(steps) if each.kind is StepKind.CLASS), len(lessons)),
        StepKind.CLASS: next((at for at, each in enumerate(steps) if each.kind is StepKind.PRACTICE), len(steps)),
        StepKind.REFLECTION: len(steps),
    }
    steps.insert(places[kind], step)
    made = replace(plan, steps=tuple(steps))
    if kind is StepKind.CHECK:
        made = replace(made, check=_check(items, lessons, plan.points))
        if not made.check:
            raise UnitRefusedError("questions")
    return _checked(made)


def swapped(plan: UnitPlan, key: str, offer: Offer, items: Sequence[ItemOffer]) -> UnitPlan:
    """Return a plan with another activity at the place of one."""
    step = _get_step(plan, key)
    if step.kind not in ACTIVITIES or offer.key in plan.keys or offer.is_practice != (step.kind is StepKind.PRACTICE):
        raise UnitRefusedError("there")
    place = plan.keys.index(key)
    return moved(added(removed(plan, key), offer, items), offer.key, place)


def asking(plan: UnitPlan, item: ItemOffer, *, wanted: bool) -> UnitPlan:
    """Return a plan whose check asks a question, or asks it no more; the last question stays."""
    there = [each for each in plan.check if each.id != item.id]
    if not wanted:
        if not there:
            raise UnitRefusedError("questions")
        return replace(plan, check=tuple(there))
    if item.activity not in plan.keys or StepKind.CHECK not in plan.keys or len(there) >= MAX_CHECK:
        raise UnitRefusedError("questions")
    return replace(plan, check=(*there, CheckItem(activity=item.activity, item=item.item, point=item.point)))


def dated(plan: UnitPlan, dates: UnitDates) -> UnitPlan:
    """Return a plan with dates; where only the class has one, the others follow: the evening before, a week after."""
    start = dates.class_at
    if start is not None:
        dates = UnitDates(
            before=dates.before or start - BEFORE_CLASS, class_at=start, after=dates.after or start + AFTER_CLASS
        )
    return replace(plan, dates=dates)


def shifted(plan: UnitPlan, by: timedelta) -> UnitPlan:
    """Return a plan with every date moved by the same time."""
    dates = plan.dates
    return replace(
        plan,
        dates=UnitDates(
            before=_later(dates.before, by), class_at=_later(dates.class_at, by), after=_later(dates.after, by)
        ),
    )


def for_copy(plan: UnitPlan, class_at: datetime | None) -> UnitPlan:
    """Return a plan for another course or term: every date keeps its distance to the class; without a class date, none.

    Where the plan had no date for its class the usual ones follow.
    """
    if class_at is None:
        return replace(plan, dates=UnitDates())
    if plan.dates.class_at is None:
        return dated(replace(plan, dates=UnitDates()), UnitDates(class_at=class_at))
    return shifted(plan, class_at - plan.dates.class_at)


def _later(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by


def _get_step(plan: UnitPlan, key: str) -> UnitStep:
    step = plan.find_step(key)
    if step is None:
        raise UnitRefusedError("gone")
    return step


def _checked(plan: UnitPlan) -> UnitPlan:
    """Return the plan where its check does not come after its class."""
    keys = plan.keys
    if StepKind.CHECK in keys and StepKind.CLASS in keys and keys.index(StepKind.CHECK) > keys.index(StepKind.CLASS):
        raise UnitRefusedError("check-late")
    return plan
