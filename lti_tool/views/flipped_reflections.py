"""What learners wrote at the end of a flipped unit, for teachers of the course, who may answer in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.flipped.reflections import (
    LONGEST_REPLY,
    ReflectionChangedError,
    Reflections,
    read_reflections,
    write_reply,
)
from lti_tool.services.flipped.texts import TextRefusedError
from lti_tool.services.flipped.units import FlippedMissingError, plan_of
from lti_tool.services.people.roles import Permission
from lti_tool.views.flipped import find_unit
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.submission import UNPROCESSABLE
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.flipped_unit import UnitPlan

blueprint = Blueprint("flipped_reflections", __name__)

CONFLICT: Final = 409


@blueprint.get("/a/<launch>/unit/reflections/")
@needs(Permission.READ_REFLECTIONS)
def show(session: Session) -> Response:
    """Show who has written what at the end of the unit, what waits for an answer first."""
    return _page(session)


@blueprint.post("/a/<launch>/unit/reflections/<person_uuid>")
@needs(Permission.READ_REFLECTIONS)
def reply(session: Session, person_uuid: str) -> Response:
    """Answer a learner, change the answer, or take it back by leaving it empty; only to what the page has shown."""
    parts, words = runtime(), request.form.get("text", "")
    try:
        with parts.database.transaction() as transaction:
            unit = find_unit(transaction, session)
            if unit is None:
                raise FlippedMissingError
            write_reply(
                transaction,
                unit,
                link_of(session),
                person_uuid,
                words=words,
                seen=request.form.get("seen", ""),
                author_id=session.person_id,
                secret=parts.settings.secret_key,
                now=parts.clock(),
            )
    except TextRefusedError:
        return _page(session, refused={person_uuid: words}, status=UNPROCESSABLE)
    except ReflectionChangedError:
        return _page(session, stale={person_uuid: words}, status=CONFLICT)
    address = url_for(".show", launch=session.uuid, kept=person_uuid, _anchor=f"of-{person_uuid}")
    return redirect(address, 303)


def has_unit() -> bool:
    """Say whether the link of this page shows a flipped unit of its course."""
    session = g.get("session")
    if session is None or session.activity_id is None:
        return False
    with runtime().database.reading() as reading:
        return find_unit(reading, session) is not None


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the navigation of the class ask; most pages never do."""
    return {"has_unit": has_unit}


def _page(
    session: Session,
    *,
    refused: dict[str, str] | None = None,
    stale: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show the page; ``refused`` and ``stale`` are, by learner, answers that were too long or to what has changed."""
    plan, found = _read(session)
    html = render_template(
        "flipped_reflections.html",
        session=session,
        here="teaching",
        plan=plan,
        found=found,
        longest=LONGEST_REPLY,
        refused=refused or {},
        stale=stale or {},
        kept=request.args.get("kept", "")[:36],
        words=Wording(language=session.language),
    )
    return Response(html, status, mimetype="text/html")


def _read(session: Session) -> tuple[UnitPlan, Reflections]:
    parts = runtime()
    with parts.database.reading() as reading:
        unit = find_unit(reading, session)
        if unit is None:
            raise FlippedMissingError
        found = read_reflections(reading, unit, link_of(session), secret=parts.settings.secret_key)
        return plan_of(unit), found
