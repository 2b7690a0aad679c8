"""Building a flipped unit: a proposal stands at once; every press of a button is one edit, and can be taken back.

Everything works without script; with it steps can be dragged. In the platform's dialog one press places the whole unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import FlippedUnit
from lti_tool.services.classes import readiness
from lti_tool.services.flipped import publishing
from lti_tool.services.flipped import units as flipped_units
from lti_tool.services.flipped.supply import Stock
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom_words import PLAN_FAULTS, named
from lti_tool.views.deep_linking import DEFAULT_POINTS, Setting, answered, item_of, offered
from lti_tool.views.flipped import lines
from lti_tool.views.flipped_desk import Desk, Sent, edited, of_picker, of_session, offers_for, stock_of
from lti_tool.views.flipped_typed import ALL, Typed, TypedRefusedError, read_typed, save, saved_texts
from lti_tool.views.form_numbers import sent_revision
from lti_tool.views.guards import Picker, Session, chooses, needs, runtime
from lti_tool.views.link_form import read_moment
from lti_tool.views.submission import UNPROCESSABLE
from lti_tool.views.wording import Wording
from qualoop.classroom.flipped_unit import SINGLE, StepKind, UnitPlan, UnitRefusedError, coverage
from qualoop.classroom.unit_building import propose
from qualoop.content_packages import inline_html
from qualoop.framework import Framework, KnowledgePoint, Unit, UnknownCodeError
from qualoop.values import Text

blueprint = Blueprint("flipped_build", __name__)

MAX_POINTS: Final = 12
_CHOOSE: Final = "/choose/<request_uuid>/flipped"
_PLAN: Final = "/a/<launch>/unit/plan"
_LONGEST: Final = 140


@blueprint.get(f"{_CHOOSE}/")
@chooses
def begin(picker: Picker) -> Response:
    """Ask what the unit is for; show the course's units, and those to copy from."""
    return _start(of_picker(picker))


@blueprint.post(f"{_CHOOSE}/propose")
@chooses
def propose_unit(picker: Picker) -> AnyResponse:
    """Make a whole unit for a unit of competency or some knowledge points."""
    desk = of_picker(picker)
    with runtime().database.transaction() as transaction:
        stock = stock_of(transaction.connection(), desk)
        try:
            codes, title = _asked_for(stock.framework)
            plan = propose(stock.supply, codes, title)
        except (UnknownCodeError, UnitRefusedError):
            return _start(desk, refused="points", status=422)
        unit = flipped_units.create(transaction, desk.place, plan, now=runtime().clock())
        return redirect(desk.unit_base(unit.uuid), 303)


@blueprint.post(f"{_CHOOSE}/copy")
@chooses
def copy_here(picker: Picker) -> AnyResponse:
    """Copy a unit of this course, or of another of the same teacher's, into this course."""
    return _copied(of_picker(picker))


@blueprint.get(f"{_CHOOSE}/<unit>/")
@chooses
def show_choosing(picker: Picker, unit: str) -> AnyResponse:
    """Show the unit as it is planned."""
    return _builder(of_picker(picker), unit)


@blueprint.post(f"{_CHOOSE}/<unit>/edit")
@chooses
def edit_choosing(picker: Picker, unit: str) -> AnyResponse:
    """Change one thing of the unit."""
    return _edited(of_picker(picker), unit)


@blueprint.get(f"{_CHOOSE}/<unit>/preview")
@chooses
def preview_choosing(picker: Picker, unit: str) -> str:
    """Show the unit as learners will see it."""
    return _preview(of_picker(picker), unit)


@blueprint.post(f"{_CHOOSE}/<unit>/place")
@chooses
def place(picker: Picker, unit: str) -> Response:
    """Put the whole unit into the course by one link, graded by what is done of it; what was typed is saved first."""
    desk, typed = of_picker(picker), Typed()
    try:
        with runtime().database.transaction() as transaction:
            row = flipped_units.get_unit(transaction, desk.place, unit, locked=True)
            typed = read_typed(request.form, plan_of(row), desk.language)
            if typed.unsaved:
                _changed(transaction, desk, row, do=ALL, typed=typed)
            stock, now = stock_of(transaction.connection(), desk), runtime().clock()
            key = publishing.publish(transaction, row, stock, language=desk.language, now=now).key
            title = plan_of(row).title
    except UnitRefusedError as error:
        return _builder(desk, unit, shown=_refusal(error, typed, "title"))
    # A copy shares its activity with the unit that it was copied from, and is called what its own plan says.
    choice = replace(next(each for each in offered(picker) if each.key == key), title=title)
    setting = Setting(choice=choice, graded=True, field=str(DEFAULT_POINTS))
    return answered(picker, [item_of(picker, setting)])


@blueprint.get(f"{_PLAN}/<unit>/")
@needs(Permission.SET_LINK)
def show(session: Session, unit: str) -> AnyResponse:
    """Show the unit as it is planned."""
    return _builder(of_session(session), unit)


@blueprint.post(f"{_PLAN}/<unit>/edit")
@needs(Permission.SET_LINK)
def edit(session: Session, unit: str) -> AnyResponse:
    """Change one thing of the unit; learners see it at once."""
    return _edited(of_session(session), unit)


@blueprint.get(f"{_PLAN}/<unit>/preview")
@needs(Permission.SET_LINK)
def preview(session: Session, unit: str) -> str:
    """Show the unit as learners will see it."""
    return _preview(of_session(session), unit)


@blueprint.post(f"{_PLAN}/copy")
@needs(Permission.SET_LINK)
def copy(session: Session) -> AnyResponse:
    """Copy a unit for another term; the copy is placed in the platform's dialog."""
    return _copied(of_session(session))


def _asked_for(framework: Framework) -> tuple[list[str], Text]:
    """Return the knowledge points that a form asks for, and what a unit of them is called."""
    wanted = request.form.get("unit", "")[:_LONGEST]
    codes = [code[:_LONGEST] for code in request.form.getlist("point") if code][: MAX_POINTS + 1]
    if wanted and not codes:
        unit = framework.get_unit(wanted)
        return [point.code for point in framework.knowledge_points_of_unit(wanted)], unit.title
    if not codes or len(codes) > MAX_POINTS:
        raise UnitRefusedError("points")
    return codes, framework.get_knowledge_point(codes[0]).title


def _start(desk: Desk, *, refused: str = "", status: int = 200) -> Response:
    with runtime().database.reading() as reading:
        stock = stock_of(reading.connection(), desk)
        units = [(unit, plan_of(unit)) for unit in flipped_units.list_units(reading, desk.place)]
        elsewhere = flipped_units.list_elsewhere(reading, desk.place)
    taught = {code for thing in stock.things.values() for code in thing.offer.points if not thing.offer.is_practice}
    html = render_template(
        "flipped_start.html",
        session=desk.session,
        picker=desk.picker,
        desk=desk,
        here="choose",
        choices=_choices(stock.framework, taught),
        units=units,
        elsewhere=elsewhere,
        refused=refused,
        words=Wording(language=desk.language),
    )
    return Response(html, status)


def _choices(framework: Framework, taught: set[str]) -> list[tuple[Unit, list[tuple[KnowledgePoint, bool]]]]:
    """Return the units of competency of which something is taught, with their points and whether each is taught."""
    rows = [
        (unit, [(point, point.code in taught) for point in framework.knowledge_points_of_unit(unit.code)])
        for unit in framework.units.values()
    ]
    return [row for row in rows if any(is_taught for _, is_taught in row[1])]


def _copied(desk: Desk) -> AnyResponse:
    try:
        class_at = read_moment(request.form.get("class_at", "").strip())
    except ValueError:
        class_at = None
    with runtime().database.transaction() as transaction:
        source = request.form.get("source", "")[:_LONGEST]
        unit = flipped_units.copy_unit(transaction, desk.place, source, class_at=class_at, now=runtime().clock())
        return redirect(f"{desk.unit_base(unit.uuid)}?done=copied", 303)


def _edited(desk: Desk, unit_uuid: str) -> AnyResponse:
    """Apply an edit, publish what is placed already, and lead back to the step that it was about.

    What else was typed and is not saved stays on the page, and what was refused with it.
    """
    do, typed = request.form.get("do", "")[:_LONGEST], Typed()
    try:
        with runtime().database.transaction() as transaction:
            unit = flipped_units.get_unit(transaction, desk.place, unit_uuid, locked=True)
            typed = read_typed(request.form, plan_of(unit), desk.language)
            typed = _changed(transaction, desk, unit, do=do, typed=typed)
            shown = _Shown(typed, about=_anchor(do))
    except UnitRefusedError as error:
        shown = _refusal(error, typed, _anchor(do))
    if shown.fault or typed.unsaved:
        return _builder(desk, unit_uuid, shown=shown)
    where = f"?refused={shown.refused}" if shown.refused else ""
    return redirect(f"{desk.unit_base(unit_uuid)}{where}#{_anchor(do)}", 303)


def _changed(transaction: Transaction, desk: Desk, unit: FlippedUnit, *, do: str, typed: Typed) -> Typed:
    """Apply an edit to a unit whose row is locked; return what was typed and is not saved with it."""
    stock, now = stock_of(transaction.connection(), desk), runtime().clock()
    saved = typed.sections(do)
    if do == "undo":
        flipped_units.undo(unit, seen=sent_revision("revision"), now=now)
    elif saved or do == ALL:
        flipped_units.change(
            unit, lambda plan: save(plan, typed, saved, desk.language), seen=sent_revision("revision"), now=now
        )
    else:
        sent = Sent(do=do, fields=request.form.to_dict(), language=desk.language)
        flipped_units.change(unit, lambda plan: edited(plan, sent, stock), seen=sent_revision("revision"), now=now)
    readiness.follow_date(transaction, unit)
    if unit.activity_id is not None:
        publishing.publish(transaction, unit, stock, language=desk.language, now=now)
    return typed.without(saved)


def _anchor(do: str) -> str:
    """Return what of the page an edit was about: a step, or a section."""
    verb, _, detail = do.partition(":")
    if verb in {"up", "down", "move"}:
        return f"step-{detail.partition(':')[0]}" if detail.replace("-", "").replace(":", "").isalnum() else "steps"
    return {"ask": "check", "drop": "check", "dates": "dates", "plan": "class-plan", "title": "title"}.get(
        verb, "steps"
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page of the builder shows beside what is saved, after a press of a button."""

    typed: Typed = field(default_factory=Typed)
    fault: TypedRefusedError | None = None
    refused: str = ""
    about: str = ""


def _refusal(error: UnitRefusedError, typed: Typed, about: str) -> _Shown:
    fault = error if isinstance(error, TypedRefusedError) else None
    said = "" if fault else str(error) if error.code == "flipped-refused" else error.code
    return _Shown(typed, fault, said, about)


def _builder(desk: Desk, unit_uuid: str, *, shown: _Shown | None = None) -> Response:
    with runtime().database.reading() as reading:
        unit = flipped_units.get_unit(reading, desk.place, unit_uuid)
        stock = stock_of(reading.connection(), desk)
    plan, at = plan_of(unit), shown or _Shown(refused=request.args.get("refused", "")[:32])
    saved = saved_texts(plan, desk.language)
    html = render_template(
        "flipped_build.html",
        session=desk.session,
        picker=desk.picker,
        desk=desk,
        here="choose" if desk.picker else "teaching",
        base=desk.unit_base(unit.uuid),
        unit=unit,
        refused=at.refused,
        fault=at.fault,
        about=at.about,
        saved=saved,
        typed=saved | dict(at.typed.unsaved),
        unsaved=at.typed.unsaved,
        line_faults=named(PLAN_FAULTS, Wording(language=desk.language)),
        done=request.args.get("done", "")[:16],
        words=Wording(language=desk.language),
        **_planned(plan, stock, desk.language),
    )
    return Response(html, UNPROCESSABLE if at.fault or (at.refused and shown) else 200)


def _planned(plan: UnitPlan, stock: Stock, language: str) -> dict[str, Any]:
    """Return what the builder shows of a plan."""
    titles = {key: thing.offer.title for key, thing in stock.things.items()}
    return {
        "plan": plan,
        "steps": lines(plan, titles, language, now=runtime().clock()),
        "served": [
            (row, point.title[language] if (point := stock.framework.find_knowledge_point(row.code)) else row.code)
            for row in coverage(plan, stock.supply.offers)
        ],
        "lessons": offers_for(plan, stock, is_practice=False),
        "projects": offers_for(plan, stock, is_practice=True),
        "missing": [kind.value for kind in SINGLE if kind not in plan.keys],
        "gone": [step.key for step in plan.steps if step.kind.value not in SINGLE and step.key not in stock.things],
        "questions": _questions(plan, stock, language),
    }


def _questions(plan: UnitPlan, stock: Stock, language: str) -> Sequence[dict[str, Any]]:
    """Return the questions that the check could ask, by lesson, and which it asks."""
    asked = {item.id for item in plan.check}
    return [
        {
            "title": stock.things[step.key].offer.title[language],
            "items": [
                {
                    "name": question.id,
                    "point": question.point,
                    "html": inline_html(_short(stock, question.activity, question.item, language)),
                    "is_asked": question.id in asked,
                    "is_own": question.is_own,
                }
                for question in stock.questions([step.key])
            ],
        }
        for step in plan.steps
        if step.kind is StepKind.LESSON and step.key in stock.things
    ]


def _short(stock: Stock, activity: str, item: str, language: str) -> str:
    """Return the first line of what a question asks."""
    prompt = stock.prompt_of(activity, item)
    return prompt[language].strip().partition("\n")[0] if prompt else item


def _preview(desk: Desk, unit_uuid: str) -> str:
    with runtime().database.reading() as reading:
        plan = plan_of(flipped_units.get_unit(reading, desk.place, unit_uuid))
        stock = stock_of(reading.connection(), desk)
    titles = {key: thing.offer.title for key, thing in stock.things.items()}
    steps = lines(plan, titles, desk.language, now=runtime().clock())
    points = [(code, stock.framework.find_knowledge_point(code)) for code in plan.points]
    return render_template(
        "flipped_timeline.html",
        session=desk.session,
        here="choose" if desk.picker else "teaching",
        is_preview=True,
        back=desk.unit_base(unit_uuid),
        plan=plan,
        points=[(code, point.title[desk.language] if point else code) for code, point in points],
        steps=steps,
        urls={},
        closed_at=None,
        room="",
        texts={},
        own=None,
        refused={},
        kept="",
        limits={},
        done=0,
        total=sum(step.kind != StepKind.CLASS for step in steps),
        next=next(iter(steps), None),
        is_learner=True,
        words=Wording(language=desk.language),
    )
