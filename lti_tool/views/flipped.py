"""The learner's page of a flipped unit: one timeline from the first lesson to the reflection, and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response

from lti_tool.models import ClassSession, FlippedUnit
from lti_tool.services.attempts import attempts, stepping
from lti_tool.services.attempts.flipped_progress import Doing, Progress, find_class, find_settled, settle
from lti_tool.services.flipped import publishing, units
from lti_tool.services.flipped.reflections import own_reflection, take_back
from lti_tool.services.flipped.supply import read_stock
from lti_tool.services.flipped.texts import LONGEST, REFLECTION, TextRefusedError, Writer, own_texts, write
from lti_tool.services.flipped.units import FlippedMissingError
from lti_tool.services.flipped.words import step_name, step_title
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.views.activity import whose
from lti_tool.views.flipped_around import place_of, step_address
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.submission import UNPROCESSABLE
from lti_tool.views.wording import Wording
from qualoop.assessment import LinkClosedError, LinkNotOpenError, Schedule
from qualoop.classroom.flipped_unit import ACTIVITIES, StepKind, UnitPlan, UnitStep
from qualoop.values import Text

blueprint = Blueprint("flipped", __name__)

READ_BY_TEACHERS: Final = "teachers"
"""What the form of a reflection sends: it was on a page that says who reads it."""
TAKEN_BACK: Final = "taken-back"
_DATES: Final = {"before": "before", "class": "class_at", "after": "after"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step as the timeline shows it; ``state`` is done, begun, next or open, ``url`` None where nothing opens here."""

    key: str
    kind: str
    name: str
    title: str
    minutes: int | None
    phase: str
    due: datetime | None
    state: str
    url: str | None = None
    is_late: bool = False


@blueprint.get("/a/<launch>/unit/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> Response:
    """Show the unit, to read only once it is closed; a copied course's first look makes a unit of its own."""
    return _page(session)


@blueprint.post("/a/<launch>/unit/take-back")
@needs(Permission.ANSWER)
def take_back_reflection(session: Session) -> Response:
    """Let no teacher read a learner's reflection any more, also once the unit is closed: it is the learner's."""
    if not whose(session).counts:
        raise NotAllowedError
    with runtime().database.transaction() as transaction:
        unit = find_unit(transaction, session)
        if unit is None:
            raise FlippedMissingError
        take_back(transaction, unit, _writer(session))
    return redirect(url_for("flipped.show", launch=session.uuid, kept=TAKEN_BACK, _anchor=TAKEN_BACK), 303)


@blueprint.post("/a/<launch>/unit/write")
@needs(Permission.ANSWER)
def write_text(session: Session) -> Response:
    """Keep what is still unclear to a learner, or the reflection."""
    who, parts, kind = whose(session), runtime(), request.form.get("kind", "")
    if not who.counts or kind not in LONGEST:
        raise NotAllowedError
    words = request.form.get("text", "")
    try:
        with parts.database.transaction() as transaction:
            now = parts.clock()
            unit = unit_of(transaction, session)
            _check_open(transaction.connection(), session, now)
            is_shared = kind == REFLECTION and request.form.get("read_by") == READ_BY_TEACHERS
            write(transaction, unit, _writer(session), words, kind=kind, now=now, is_shared=is_shared)
            settle(transaction, unit, who, now=now)
    except TextRefusedError:
        return _page(session, refused={kind: words}, status=UNPROCESSABLE)
    except (LinkNotOpenError, LinkClosedError):
        return redirect(url_for("activity.show", launch=session.uuid), 303)
    return redirect(url_for("flipped.show", launch=session.uuid, kept=kind, _anchor=kind), 303)


def lines(
    plan: UnitPlan, titles: Mapping[str, Text], language: str, *, now: datetime, progress: Progress | None = None
) -> list[StepLine]:
    """Return the steps of a plan for the timeline; without progress nothing is done yet."""
    following = progress.next_key if progress else next(iter(plan.keys), None)
    found = []
    for step in plan.steps:
        phase = plan.phase(step.key)
        due = getattr(plan.dates, _DATES[phase])
        doing = progress.of(step.key) if progress else Doing.OPEN
        state = "next" if step.key == following and doing is not Doing.BEGUN else doing.value
        found.append(
            StepLine(
                key=step.key,
                kind=step.kind.value,
                name=step_name(step.kind)[language],
                title=step_title(step, titles.get(step.key))[language],
                minutes=plan.minutes_of(step),
                phase=phase,
                due=due,
                state=state,
                is_late=bool(due and due < now) and doing is not Doing.DONE and step.kind is not StepKind.CLASS,
            )
        )
    return found


def titles_of(connection: Connection, organisation_id: int, plan: UnitPlan) -> dict[str, Text]:
    """Return the titles of a plan's lessons and projects."""
    keys = {step.key for step in plan.steps if step.kind in ACTIVITIES}
    return runtime().contents.find_titles(connection, organisation_id, keys)


def point_titles(connection: Connection, organisation_id: int, plan: UnitPlan, language: str) -> list[tuple[str, str]]:
    """Return the knowledge points of a plan with their titles."""
    framework = runtime().contents.find_framework(connection, organisation_id)
    found = [(code, framework.find_knowledge_point(code) if framework else None) for code in plan.points]
    return [(code, point.title[language] if point else code) for code, point in found]


def _page(session: Session, *, refused: Mapping[str, str] | None = None, status: int = 200) -> Response:
    parts, now = runtime(), runtime().clock()
    try:
        with parts.database.reading() as reading:
            is_closed = _is_closed(reading.connection(), session, now)
            shown = _find_shown(reading, session, now, is_closed=is_closed)
        if shown is None:
            stepping.hand_in_if_over(parts.database, parts.contents, whose(session), now=now)
            with parts.database.transaction() as transaction:
                shown = _settled(transaction, session, now, is_closed=is_closed)
    except (LinkNotOpenError, LinkClosedError):
        # That page says so in words: there is nothing of this learner to show.
        return redirect(url_for("activity.show", launch=session.uuid), 303)
    html = render_template(
        "flipped_timeline.html",
        session=session,
        here="activity",
        refused=refused or {},
        kept=request.args.get("kept", "")[:16],
        limits=LONGEST,
        words=Wording(language=session.language),
        is_preview=False,
        **shown,
    )
    return Response(html, status, mimetype="text/html")


def _is_closed(connection: Connection, session: Session, now: datetime) -> bool:
    """Say whether the unit is there to read only; raise LinkNotOpenError, LinkClosedError where there is nothing to read."""
    try:
        _check_open(connection, session, now)
    except LinkClosedError:
        if attempts.find(connection, whose(session)).attempt is None:
            raise
        return True
    return False


def _find_shown(reading: Transaction, session: Session, now: datetime, *, is_closed: bool) -> dict[str, Any] | None:
    """Return what the page shows; None where something must be written first.

    That is the first look of a course or a learner, the end of the unit, and whatever was done or released elsewhere.
    """
    unit, who = find_unit(reading, session), whose(session)
    standing = attempts.find(reading.connection(), who)
    if unit is None or standing.attempt is None or attempts.is_over(who, standing, now):
        return None
    progress = find_settled(reading, unit, who)
    if progress is None:
        return None
    return _shown(reading, session, (unit, progress), now=now, closed=standing.plan if is_closed else None)


def _settled(transaction: Transaction, session: Session, now: datetime, *, is_closed: bool) -> dict[str, Any]:
    """Return what the page shows once the grade has caught up."""
    unit, who = unit_of(transaction, session), whose(session)
    schedule = attempts.current(transaction.connection(), runtime().contents, who, now).plan
    progress = settle(transaction, unit, who, now=now)
    return _shown(transaction, session, (unit, progress), now=now, closed=schedule if is_closed else None)


def _shown(
    transaction: Transaction,
    session: Session,
    at: tuple[FlippedUnit, Progress],
    *,
    now: datetime,
    closed: Schedule | None,
) -> dict[str, Any]:
    """Return what the page shows of a unit, and of how far the learner is; ``closed`` is its schedule once it is."""
    (unit, progress), connection, who = at, transaction.connection(), whose(session)
    plan, room, writer = progress.plan, find_class(transaction, unit), _writer(session)
    titles = titles_of(connection, session.organisation_id, plan)
    steps = lines(plan, titles, session.language, now=now, progress=progress)
    return {
        "plan": plan,
        "points": point_titles(connection, session.organisation_id, plan, session.language),
        "steps": steps,
        # Once a unit is closed, what was handed in can be looked at, and nothing else be begun.
        "urls": {
            step.key: _url(session, step, room)
            for step in plan.steps
            if closed is None or step.kind is StepKind.CLASS or progress.of(step.key) is Doing.DONE
        },
        "closed_at": closed.closes.at if closed and closed.closes else None,
        "room": room.state if room else "",
        "texts": own_texts(transaction, unit, writer) if who.counts else {},
        "own": own_reflection(transaction, unit, writer) if who.counts else None,
        "done": progress.done,
        "total": len(progress.counted),
        "next": next((step for step in steps if step.key == progress.next_key), None),
        "is_learner": who.counts,
    }


def _url(session: Session, step: UnitStep, room: ClassSession | None) -> str | None:
    if step.kind is StepKind.CLASS:
        is_open = room is not None and room.state == "open"
        return url_for("classroom_seat.find", launch=session.uuid) if is_open else None
    if step.kind is StepKind.REFLECTION:
        return None
    return step_address(session, step.key)


def _check_open(connection: Connection, session: Session, now: datetime) -> None:
    """Raise LinkNotOpenError or LinkClosedError outside the link's dates, for whom they bind."""
    who = whose(session)
    attempts.check_open(who, attempts.find(connection, who).plan, now)


def find_unit(reading: Transaction, session: Session) -> FlippedUnit | None:
    """Return the unit of the session's link; None where the course has none of its own yet."""
    if session.unit_link_id is not None:
        return None
    return units.find_of_link(reading, place_of(session), session.activity_id)


def unit_of(transaction: Transaction, session: Session) -> FlippedUnit:
    """Return the unit of the session's link, with links for all its steps; raise FlippedMissingError."""
    if session.activity_id is None or session.unit_link_id is not None:
        raise FlippedMissingError
    place, parts = place_of(session), runtime()
    unit = find_unit(transaction, session)
    if unit is not None:
        return unit
    unit = units.settle_link(
        transaction, place, session.activity_id, link_id=session.resource_link_id, now=parts.clock()
    )
    framework = parts.contents.find_framework(transaction.connection(), session.organisation_id)
    if framework is not None:
        stock = read_stock(transaction.connection(), parts.contents, session.organisation_id, framework)
        publishing.publish(transaction, unit, stock, language=session.language, now=parts.clock())
    return unit


def _writer(session: Session) -> Writer:
    return Writer(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        uuid=session.person_uuid,
        secret=runtime().settings.secret_key,
    )
