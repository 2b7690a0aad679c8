"""The evening before, for the teacher: who is prepared and who is not, what is unclear, what to ask, whom to remind."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response

from lti_tool.models import FlippedUnit
from lti_tool.services.attempts.flipped_progress import find_class
from lti_tool.services.classes import live, readiness
from lti_tool.services.classes.polls import list_polls
from lti_tool.services.classes.readiness import ClassReadiness
from lti_tool.services.flipped.supply import Stock, read_stock
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.people.roles import Permission
from lti_tool.views.flipped import find_unit, lines, point_titles, titles_of, unit_of
from lti_tool.views.flipped_around import step_address
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.readiness import Preparation, Suggestion
from qualoop.classroom.session import ClassRefusedError, SessionState
from qualoop.content_packages import block_html

blueprint = Blueprint("flipped_class", __name__)

MOST_NAMED: Final = 300
ALL: Final = "all"


@blueprint.get("/a/<launch>/unit/class/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show how the class stands before its hour."""
    return render_template("flipped_readiness.html", **_looked_at(session))


@blueprint.post("/a/<launch>/unit/ask")
@needs(Permission.SET_LINK)
def ask(session: Session) -> Response:
    """Add suggested questions to the class session of the unit, which is planned here where there is none to come."""
    parts, link, wanted = runtime(), link_of(session), request.form.get("question", "")[:140]
    said: dict[str, Any] = {"done": "asked"}
    class_uuid = None
    try:
        with parts.database.transaction() as transaction:
            unit = unit_of(transaction, session)
            found = readiness.class_readiness(transaction, unit, link, secret=parts.settings.secret_key)
            chosen = [each for each in _suggested(transaction, session, unit, found) if wanted in (ALL, _name(each))]
            row = readiness.plan_class(transaction, unit, link, language=session.language, now=parts.clock())
            readiness.add_questions(transaction, row, chosen, now=parts.clock())
            class_uuid = row.uuid
    except ClassRefusedError as error:
        said = {"refused": error.code}
    if class_uuid is not None:
        live.forget(parts.database, class_uuid, (session.organisation_id, session.context_id))
    return redirect(url_for("flipped_class.show", launch=session.uuid, _anchor="ask", **said), 303)


def _looked_at(session: Session) -> dict[str, Any]:
    """Return what the page shows; only the first look of a copied course, which makes its own unit, writes anything."""
    parts = runtime()
    with parts.database.reading() as reading:
        unit = find_unit(reading, session)
        if unit is not None:
            return _page(reading, session, unit)
    with parts.database.transaction() as transaction:
        return _page(transaction, session, unit_of(transaction, session))


def _page(transaction: Transaction, session: Session, unit: FlippedUnit) -> dict[str, Any]:
    parts, plan = runtime(), plan_of(unit)
    found = readiness.class_readiness(transaction, unit, link_of(session), secret=parts.settings.secret_key)
    titles = titles_of(transaction.connection(), session.organisation_id, plan)
    return {
        "session": session,
        "here": "teaching",
        "unit": unit,
        "plan": plan,
        "found": found,
        "steps": lines(plan, titles, session.language, now=parts.clock()),
        "step_url": lambda key: step_address(session, key),
        "kinds": list(Preparation),
        "words": Wording(language=session.language),
        "most_named": MOST_NAMED,
        "done": request.args.get("done", "")[:16],
        "refused": request.args.get("refused", "")[:32],
        **_shown(transaction, session, unit, found),
    }


def _shown(transaction: Transaction, session: Session, unit: FlippedUnit, found: ClassReadiness) -> dict[str, Any]:
    plan, room = plan_of(unit), find_class(transaction, unit)
    connection = transaction.connection()
    stock = _stock(transaction, session)
    suggested = _suggested(transaction, session, unit, found)
    is_to_come = room is not None and room.state != SessionState.CLOSED
    planned = (
        {(poll.content_hash, poll.part) for poll in list_polls(transaction, room)} if room and is_to_come else set()
    )
    return {
        "point_titles": dict(point_titles(connection, session.organisation_id, plan, session.language)),
        "suggested": [
            {
                "name": _name(each),
                "html": _prompt(stock, each, session.language),
                "lesson": _lesson(stock, each, session.language),
                "point": each.candidate.point,
                "reason": each.reason[session.language],
                "is_planned": (each.candidate.content, each.candidate.item) in planned,
            }
            for each in suggested
        ],
        "room": room if is_to_come else None,
        "may_plan": session.may(Permission.SET_LINK),
    }


def _suggested(
    transaction: Transaction, session: Session, unit: FlippedUnit, found: ClassReadiness
) -> list[Suggestion]:
    stock = _stock(transaction, session)
    if stock is None:
        return []
    return readiness.suggest_questions(transaction, unit, link_of(session), stock, points=found.points)


def _stock(transaction: Transaction, session: Session) -> Stock | None:
    parts, connection = runtime(), transaction.connection()
    framework = parts.contents.find_framework(connection, session.organisation_id)
    return read_stock(connection, parts.contents, session.organisation_id, framework) if framework else None


def _name(suggestion: Suggestion) -> str:
    return f"{suggestion.candidate.activity}/{suggestion.candidate.item}"


def _prompt(stock: Stock | None, suggestion: Suggestion, language: str) -> str:
    """Return what a question asks as safe HTML."""
    prompt = stock.prompt_of(suggestion.candidate.activity, suggestion.candidate.item) if stock else None
    return block_html(prompt[language]) if prompt else ""


def _lesson(stock: Stock | None, suggestion: Suggestion, language: str) -> str:
    title = stock.title_of(suggestion.candidate.activity) if stock else None
    return title[language] if title else suggestion.candidate.activity
