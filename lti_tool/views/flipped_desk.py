"""Where a flipped unit is built: in the platform's dialog, from where one link places it, or at a link of its course."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from lti_tool.services.flipped.supply import Stock, read_stock
from lti_tool.services.flipped.units import FlippedMissingError, Place
from lti_tool.views.flipped_around import place_of
from lti_tool.views.guards import Picker, Session, runtime
from qualoop.classroom.flipped_unit import ItemOffer, Offer, StepKind, UnitPlan, UnitRefusedError
from qualoop.classroom.unit_building import added, added_single, asking, moved, removed, swapped, titled
from qualoop.values import find_whole

_PLACE_DIGITS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A course and who plans in it; ``base`` is the address below which the units' pages lie.

    ``picker`` is None at a link of the course, ``session`` in the platform's dialog.
    """

    place: Place
    language: str
    csrf: str
    base: str
    course: str = ""
    picker: Picker | None = None
    session: Session | None = None

    def unit_base(self, unit_uuid: str) -> str:
        """Return the address of a unit's own pages."""
        return f"{self.base}{unit_uuid}/"


def of_picker(picker: Picker) -> Desk:
    """Return the desk of an open request for content."""
    request = picker.request
    return Desk(
        place=Place(
            organisation_id=request.organisation_id, context_id=request.context_id, person_id=request.person_id
        ),
        language=picker.language,
        csrf=picker.csrf,
        base=f"{picker.base}flipped/",
        course=request.course,
        picker=picker,
    )


def of_session(session: Session) -> Desk:
    """Return the desk of a launch."""
    return Desk(
        place=place_of(session),
        language=session.language,
        csrf=session.csrf,
        base=f"/a/{session.launch_uuid}/unit/plan/",
        session=session,
    )


def stock_of(connection: Connection, desk: Desk) -> Stock:
    """Return what the desk's organisation can build of; raise FlippedMissingError where it has no framework."""
    parts, organisation_id = runtime(), desk.place.organisation_id
    framework = parts.contents.find_framework(connection, organisation_id)
    if framework is None:
        raise FlippedMissingError
    return read_stock(connection, parts.contents, organisation_id, framework)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An edit as a form sent it: what the pressed button says, and the fields that it may need."""

    do: str
    fields: dict[str, str]
    language: str


def edited(plan: UnitPlan, sent: Sent, stock: Stock) -> UnitPlan:
    """Return what a press of a button makes of a plan; raise UnitRefusedError for what does not go, or is unknown."""
    verb, _, detail = sent.do.partition(":")
    if verb not in _EDITS:
        raise UnitRefusedError("unknown")
    return _EDITS[verb](plan, detail, sent, stock)


def _by(places: int) -> Callable[[UnitPlan, str, Sent, Stock], UnitPlan]:
    def move(plan: UnitPlan, key: str, sent: Sent, stock: Stock) -> UnitPlan:
        at = plan.keys.index(key) if key in plan.keys else 0
        return moved(plan, key, max(at + places, 0))

    return move


def _move(plan: UnitPlan, detail: str, sent: Sent, stock: Stock) -> UnitPlan:
    key, _, place = detail.rpartition(":")
    number = find_whole(place, _PLACE_DIGITS)
    if number is None:
        raise UnitRefusedError("unknown")
    return moved(plan, key, number)


def _remove(plan: UnitPlan, key: str, sent: Sent, stock: Stock) -> UnitPlan:
    return removed(plan, key)


def _add(plan: UnitPlan, detail: str, sent: Sent, stock: Stock) -> UnitPlan:
    offer = _offer(stock, sent.fields.get(f"add-{detail}", ""))
    return added(plan, offer, stock.questions([offer.key]))


def _single(plan: UnitPlan, kind: str, sent: Sent, stock: Stock) -> UnitPlan:
    if kind not in set(StepKind):
        raise UnitRefusedError("unknown")
    return added_single(plan, StepKind(kind), _questions(plan, stock))


def _swap(plan: UnitPlan, key: str, sent: Sent, stock: Stock) -> UnitPlan:
    offer = _offer(stock, sent.fields.get(f"swap-{key}", ""))
    return swapped(plan, key, offer, stock.questions([offer.key]))


def _title(plan: UnitPlan, detail: str, sent: Sent, stock: Stock) -> UnitPlan:
    return titled(plan, sent.fields.get("title", ""), sent.language)


def _ask(plan: UnitPlan, name: str, sent: Sent, stock: Stock) -> UnitPlan:
    return asking(plan, _question(stock, name), wanted=True)


def _drop(plan: UnitPlan, name: str, sent: Sent, stock: Stock) -> UnitPlan:
    return asking(plan, _question(stock, name), wanted=False)


_EDITS: dict[str, Callable[[UnitPlan, str, Sent, Stock], UnitPlan]] = {
    "up": _by(-1),
    "down": _by(1),
    "move": _move,
    "remove": _remove,
    "add": _add,
    "single": _single,
    "swap": _swap,
    "title": _title,
    "ask": _ask,
    "drop": _drop,
}


def _offer(stock: Stock, key: str) -> Offer:
    if key not in stock.things:
        raise UnitRefusedError("choose")
    return stock.things[key].offer


def _question(stock: Stock, name: str) -> ItemOffer:
    found = stock.find_question(name)
    if found is None:
        raise UnitRefusedError("gone")
    return found


def _questions(plan: UnitPlan, stock: Stock) -> Sequence[ItemOffer]:
    return stock.questions([step.key for step in plan.steps if step.kind is StepKind.LESSON])


def offers_for(plan: UnitPlan, stock: Stock, *, is_practice: bool) -> list[dict[str, Any]]:
    """Return what could be added to a plan: what serves its knowledge points first."""
    wanted = set(plan.points)
    offers = [
        thing.offer
        for thing in stock.things.values()
        if thing.offer.is_practice is is_practice and thing.offer.key not in plan.keys
    ]
    ordered = sorted(offers, key=lambda offer: (-len(wanted.intersection(offer.points)), offer.key))
    return [
        {"key": offer.key, "title": offer.title, "fits": bool(wanted.intersection(offer.points))} for offer in ordered
    ]
