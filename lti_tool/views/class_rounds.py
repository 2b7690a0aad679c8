"""A teacher's console of graded runs: opens and closes rounds, dates them, lets something happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, redirect, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import translatable
from lti_tool.services.attempts.practice_rounds import Pace, brought_by, can_close, kinds_of, rounds_of
from lti_tool.services.classes import practice_pacing
from lti_tool.services.classes.practice_pacing import (
    DatesRefusedError,
    PacingRefusedError,
    Windows,
    missed_of,
    round_lines,
)
from lti_tool.services.classes.runs import ClassRuns, find_project
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.link_form import moment_text, read_moment
from lti_tool.views.rooms import number, whole
from lti_tool.views.teaching import link_of
from qualoop.content_packages import Project
from qualoop.player.project_state import Shock
from qualoop.simulators import TakesShocks

blueprint = Blueprint("class_rounds", __name__)

MOST_ROUNDS: Final = 12
"""With more, as in a conversation, a round is a turn and none of a teacher's business."""
DONE: Final = {
    "paced": translatable("Saved."),
    "opened": translatable("The round is open."),
    "closed": translatable("The round is closed. Drafts are kept."),
    "ended": translatable("The round is over. For who had not played it, a stand-in decision is played."),
    "reopened": translatable("The round is open again. It has no closing time now."),
    "dated": translatable("The dates are saved."),
    "shocked": translatable("Announced to everybody. You can take it back until the round is open."),
    "dropped": translatable("Taken back."),
}
REFUSED: Final = {
    "pace-refused": translatable("This cannot be done with the rounds as they stand now. Nothing was changed."),
    "pace-stale": translatable(
        "The rounds had been changed when your page was sent. Nothing was changed now: here they are."
    ),
    "pace-dates": translatable(
        "Write dates and times that do not fall from round to round, and let each round close after it opens. "
        "Nothing was changed."
    ),
    "pace-shock": translatable(
        "This can only happen in a round that is closed and that nobody has played. Nothing was changed."
    ),
}


@blueprint.post("/a/<launch>/class/runs/rounds")
@needs(Permission.SET_LINK)
def change(session: Session) -> AnyResponse:
    """Do what the pressed button says, in one transaction."""
    parts, link = runtime(), link_of(session)
    wanted, _, detail = request.form.get("do", "").partition(":")
    act = _ACTS.get(wanted)
    if act is None:
        abort(400)
    try:
        with parts.database.transaction() as transaction:
            project = find_project(transaction.connection(), parts.contents, link)
            if project is None:
                abort(404)
            done = act(transaction, session, project, detail)
    except PacingRefusedError as error:
        return _back(session, refused=error.code)
    return _back(session, done=done)


def console(session: Session, found: ClassRuns, pace: Pace) -> dict[str, Any] | None:
    """Return what the page of runs shows of the rounds; None where a project has none to speak of."""
    rounds, now, project = rounds_of(found.project), runtime().clock(), found.project
    if rounds > MOST_ROUNDS:
        return None
    gettext = catalogue(session.language).gettext
    done, refused = request.args.get("done", ""), request.args.get("refused", "")
    shocks = project.engine.shocks if isinstance(project.engine, TakesShocks) else {}
    return {
        "pace": pace,
        "lines": round_lines(pace, rounds, found.learners, now, closes=can_close(project)),
        "can_close": can_close(project),
        "over": pace.closed_rounds(now),
        "missed": {line.member.subject.uuid: missed_of(line, pace.closed_rounds(now)) for line in found.learners},
        "kinds": [(kind, shocks[kind][session.language]) for kind in kinds_of(project)],
        "brought": brought_by(project, session.language),
        "shock_name": {kind: text[session.language] for kind, text in shocks.items()},
        "ask": _asked(project, request.args.get("ask", "")),
        "moment_text": moment_text,
        "said": gettext(DONE[done]) if done in DONE else "",
        "refused": gettext(REFUSED[refused]) if refused in REFUSED else "",
    }


def _asked(project: Project, text: str) -> Shock | None:
    """Return the shock that the page asks once more about."""
    kind, _, round_ = text.partition(":")
    return Shock(round=number(round_), kind=kind) if kind in kinds_of(project) and number(round_) else None


def _pace(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.set_pace(
        transaction,
        link_of(session),
        whole("seen"),
        by_teacher=request.form.get("by_teacher") == "yes",
        shows_class=request.form.get("shows_class") == "yes",
    )
    return "paced"


def _open(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.open_round(
        transaction, link_of(session), whole("seen"), number(detail), rounds=rounds_of(project), now=runtime().clock()
    )
    return "opened"


def _close(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.close_round(transaction, link_of(session), whole("seen"), number(detail), now=runtime().clock())
    return "closed"


def _date(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    rounds = rounds_of(project)
    closes = _dates("end", rounds) if can_close(project) else []
    windows = Windows(opens=_dates("at", rounds), closes=closes)
    practice_pacing.set_dates(transaction, link_of(session), whole("seen"), windows)
    return "dated"


def _end(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.end_round(
        transaction, link_of(session), whole("seen"), number(detail), project=project, now=runtime().clock()
    )
    return "ended"


def _reopen(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.reopen_round(transaction, link_of(session), whole("seen"), number(detail), now=runtime().clock())
    return "reopened"


def _dates(field: str, rounds: int) -> list[datetime | None]:
    try:
        return [read_moment(request.form.get(f"{field}.{place}", "").strip()) for place in range(1, rounds + 1)]
    except ValueError as error:
        raise DatesRefusedError from error


def _shock(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    kind, _, round_ = detail.partition(":")
    practice_pacing.add_shock(
        transaction,
        link_of(session),
        whole("seen"),
        Shock(round=number(round_), kind=kind),
        project=project,
        now=runtime().clock(),
    )
    return "shocked"


def _drop(transaction: Transaction, session: Session, project: Project, detail: str) -> str:
    practice_pacing.drop_shocks(transaction, link_of(session), whole("seen"), number(detail), now=runtime().clock())
    return "dropped"


_ACTS: Final[Mapping[str, Callable[[Transaction, Session, Project, str], str]]] = {
    "pace": _pace,
    "open": _open,
    "close": _close,
    "end": _end,
    "reopen": _reopen,
    "dates": _date,
    "shock": _shock,
    "drop": _drop,
}


def _back(session: Session, *, done: str | None = None, refused: str | None = None) -> AnyResponse:
    page = url_for("class_runs.show", launch=session.uuid, done=done, refused=refused, _anchor="rounds")
    return redirect(page, 303)
