"""What a course looks for: every threshold of early warning, visible to all staff and set by teachers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.people.roles import Permission
from lti_tool.services.warnings.rules import course_rules, set_thresholds, undo_thresholds
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.policies.warning_policy import IS_ON, ThresholdsRefusedError, WarningPolicy
from qualoop.values import find_whole

blueprint = Blueprint("warnings_rules", __name__)

REFUSED: Final = 422
MAX_DIGITS: Final = 4
TOGETHER: Final = "absent.missed"
"""Where numbers are each within bounds and do not fit together, it is these."""


@blueprint.get("/a/<launch>/class/warnings/rules/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> Response:
    """Show what the course looks for."""
    return _page(session)


@blueprint.post("/a/<launch>/class/warnings/rules/save")
@needs(Permission.SET_LINK)
def save(session: Session) -> Response:
    """Let other thresholds hold, from the next look on."""
    parts = runtime()
    try:
        with parts.database.transaction() as transaction:
            usual = course_rules(transaction, link_of(session)).shipped
            wanted = _read(usual)
            set_thresholds(transaction, link_of(session), wanted, by=session.person_id, now=parts.clock())
    except ThresholdsRefusedError as error:
        return _page(session, wrong=error.names or {TOGETHER})
    return redirect(url_for("warnings_rules.show", launch=session.uuid, done="saved"), 303)


@blueprint.post("/a/<launch>/class/warnings/rules/undo")
@needs(Permission.SET_LINK)
def undo(session: Session) -> Response:
    """Let the thresholds before the last change hold again."""
    parts = runtime()
    with parts.database.transaction() as transaction:
        done = undo_thresholds(transaction, link_of(session), by=session.person_id, now=parts.clock())
    return redirect(url_for("warnings_rules.show", launch=session.uuid, done="undone" if done else ""), 303)


def _read(usual: WarningPolicy) -> Mapping[str, int]:
    """Return the thresholds of the form; raise ThresholdsRefusedError naming those that are no whole number."""
    wanted: dict[str, int] = {}
    wrong = set()
    for name in usual.thresholds():
        text = request.form.get(name, "").strip()
        if name.endswith(IS_ON):
            wanted[name] = int(bool(text))
        elif (number := find_whole(text, MAX_DIGITS)) is not None:
            wanted[name] = number
        else:
            wrong.add(name)
    if wrong:
        raise ThresholdsRefusedError(frozenset(wrong))
    return wanted


def _page(session: Session, *, wrong: Collection[str] = ()) -> Response:
    """Return the page, with the form as it was sent where that was refused."""
    with runtime().database.reading() as reading:
        rules = course_rules(reading, link_of(session))
    values = {name: str(value) for name, value in rules.policy.thresholds().items()}
    if wrong:
        values = {name: request.form.get(name, "")[:MAX_DIGITS] for name in values}
    html = render_template(
        "warnings_rules.html",
        session=session,
        here="teaching",
        rules=rules,
        values=values,
        usual=rules.shipped.thresholds(),
        wrong=wrong,
        may_set=session.may(Permission.SET_LINK),
        done=request.args.get("done", "")[:16],
        words=Wording(language=session.language),
    )
    return Response(html, REFUSED if wrong else 200, mimetype="text/html")
