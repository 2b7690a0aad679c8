"""The teacher's console of a class: plans, opens, leads through and closes a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from jinja2.filters import do_striptags
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassPoll, ClassSession
from lti_tool.services.classes import ballots, closing, live, sessions, team_removal
from lti_tool.services.classes import polls as class_polls
from lti_tool.services.classes import report as class_report
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.roll_call import Roll, read_roll
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom_inbox import read_inboxes
from lti_tool.views.classroom_page import code_view, result_view, whole
from lti_tool.views.classroom_stream import events, unchanged
from lti_tool.views.classroom_team_console import console_teams
from lti_tool.views.classroom_voting import FRAGMENT, read_whole
from lti_tool.views.classroom_voting import whole as number_in
from lti_tool.views.classroom_words import KINDS, MOVES, PLAN_FAULTS, POLL_STATES, STATES, SUGGESTED, named, said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.questions import right_words
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import ClassRefusedError, PlanFault, SessionState, plan_faults
from qualoop.classroom.votes import MOVES as FOLLOWING
from qualoop.classroom.votes import Limits, NextStep, PollState, open_round
from qualoop.content_packages import block_html
from qualoop.framework import Framework
from qualoop.values import LANGUAGES, Text

blueprint = Blueprint("classroom", __name__)

MAX_PLAN: Final = 6000
UNPROCESSABLE: Final = 422
MOST_DEVICES: Final = 40
"""That wait for a word of the teacher: shown at once, since the page is sent again whenever somebody comes."""
_TIMERS: Final = (1, 2, 3, 5, 10)


@blueprint.get("/a/<launch>/class/sessions/")
@needs(Permission.VIEW_CLASS)
def index(session: Session) -> str:
    """List the course's class sessions, and show how to plan one."""
    return _index(session)


def _index(session: Session, refused: str = "", lines: Sequence[PlanFault] = ()) -> str:
    """Return the page, with what was typed where it was ``refused``, and which ``lines`` of the plan cannot be kept."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        rows = sessions.list_sessions(reading, link_of(session))
    return render_template(
        "class_sessions.html",
        session=session,
        here="teaching",
        rows=rows,
        states=named(STATES, words),
        limits=sessions.DEFAULT_LIMITS,
        other=_other_language(session),
        typed=request.form if refused else {},
        lines=lines,
        line_faults=named(PLAN_FAULTS, words),
        words=words,
        **said(words, refused=refused),
    )


def _other_language(session: Session) -> str:
    return next(each for each in LANGUAGES if each != session.language)


@blueprint.post("/a/<launch>/class/sessions/plan")
@needs(Permission.SET_LINK)
def plan(session: Session) -> AnyResponse:
    """Plan a class session, and open its console; what cannot be kept is shown again as it was typed."""
    parts, form = runtime(), request.form
    steps = form.get("plan", "")[:MAX_PLAN].replace("\0", "")
    try:
        limits = Limits(low=number_in("low"), high=number_in("high"))
    except ClassRefusedError:
        return Response(_index(session, "class-limits"), UNPROCESSABLE)
    titles = {session.language: form.get("title", ""), _other_language(session): form.get("title_other", "")}
    wanted = sessions.typed_plan(titles, steps, late_minutes=number_in("late"), limits=limits)
    if not wanted.title:
        return Response(_index(session, "class-title"), UNPROCESSABLE)
    if faults := plan_faults(steps):
        return Response(_index(session, "class-plan", faults), UNPROCESSABLE)
    with parts.database.transaction() as transaction:
        row = sessions.plan_session(transaction, link_of(session), wanted, now=parts.clock())
    return redirect(url_for("classroom.show", launch=session.uuid, class_uuid=row.uuid, done="planned"), 303)


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/")
@needs(Permission.VIEW_CLASS)
def show(session: Session, class_uuid: str) -> AnyResponse:
    """Show the console, or only what changes where its script asks; 304 where nothing has changed."""
    parts = runtime()
    # Before what is shown is read: what changes meanwhile makes it another one.
    now = parts.clock()
    stamp = live.stamp(parts.database, session.organisation_id, class_uuid, now)
    if FRAGMENT in request.headers and unchanged(stamp):
        return Response(status=304, headers={"ETag": f'"{stamp}"'})
    with parts.database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        context = _console(reading, session, row) | code_view(row, now)
    template = "class_console_live.html" if FRAGMENT in request.headers else "class_console.html"
    html = render_template(template, session=session, here="teaching", stamp=stamp, **context)
    return Response(html, mimetype="text/html", headers={"ETag": f'"{stamp}"'})


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/delete")
@needs(Permission.SET_LINK)
def delete(session: Session, class_uuid: str) -> AnyResponse:
    """Delete a class that was planned and to which nobody has come."""
    parts = runtime()
    try:
        with parts.database.transaction() as transaction:
            row = sessions.get_session(transaction, link_of(session), class_uuid, locked=True)
            team_removal.clear_teams(transaction, row)
            sessions.remove_session(transaction, row)
    except ClassRefusedError as error:
        return redirect(url_for("classroom.show", launch=session.uuid, class_uuid=class_uuid, refused=error.code), 303)
    live.forget(parts.database, class_uuid, (session.organisation_id, session.context_id))
    return redirect(url_for("classroom.index", launch=session.uuid, done="removed"), 303)


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/events")
@needs(Permission.VIEW_CLASS)
def stream(session: Session, class_uuid: str) -> AnyResponse:
    """Tell the console whenever something has changed (server-sent events)."""
    parts = runtime()
    with parts.database.reading() as reading:
        sessions.get_session(reading, link_of(session), class_uuid)
    return events(lambda: live.stamp(parts.database, session.organisation_id, class_uuid, parts.clock()))


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/change")
@needs(Permission.SET_LINK)
def change(session: Session, class_uuid: str) -> AnyResponse:
    """Open, close, begin the roll call, go to a step, set the timer, keep notes: what the pressed button says."""
    wanted, _, detail = request.form.get("do", "").partition(":")
    act, pressed = _ACTS.get(wanted, _unknown), _Pressed(detail, corrector(session))
    place = "steps" if wanted in {"step", "timer"} else None
    return in_class(session, class_uuid, lambda transaction, row: act(transaction, row, pressed), place=place)


def in_class(
    session: Session,
    class_uuid: str,
    act: Callable[[Transaction, ClassSession], Any],
    *,
    page: str = "classroom.show",
    done: str | None = None,
    place: str | None = None,
    asked: Mapping[str, Any] | None = None,
) -> AnyResponse:
    """Do something in one transaction with a session of the course, locked; lead back and say what was refused.

    ``place`` is where on the page the teacher goes on, unless something was refused; ``asked`` is what the page shows.
    """
    what: dict[str, Any] = {"done": done, "_anchor": place}
    try:
        with runtime().database.transaction() as transaction:
            row = sessions.get_session(transaction, link_of(session), class_uuid, locked=True)
            act(transaction, row)
    except ClassRefusedError as error:
        what = {"refused": getattr(error, "reason", error.code)}
    # Only now, after the commit, so that nobody keeps what stood before.
    live.forget(runtime().database, class_uuid, (session.organisation_id, session.context_id))
    return redirect(url_for(page, launch=session.uuid, class_uuid=class_uuid, **what, **(asked or {})), 303)


def corrector(session: Session) -> Corrector:
    """Return in whose name marks are recorded."""
    return Corrector(actor=session.person_uuid, secret=runtime().settings.secret_key)


def framework_of(transaction: Transaction, organisation_id: int) -> Framework | None:
    """Return the framework of the organisation."""
    return runtime().contents.find_framework(transaction.connection(), organisation_id)


@dataclass(frozen=True, slots=True)
class _Pressed:
    """What stands behind the colon of a button, and who pressed it."""

    detail: str
    by: Corrector


def _open(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    sessions.open_session(row, runtime().clock())


def _close(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    framework = framework_of(transaction, row.organisation_id)
    closing.close_session(transaction, row, framework, by=pressed.by, now=runtime().clock())


def _roll(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    sessions.begin_roll(row, runtime().clock())


def _step(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    sessions.set_step(row, read_whole(pressed.detail))


def _timer(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    sessions.set_timer(row, timedelta(minutes=read_whole(pressed.detail)), runtime().clock())


def _notes(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    sessions.set_notes(row, request.form.get("notes", ""))


def _leave(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    class_polls.leave_stage(row)


def _unknown(transaction: Transaction, row: ClassSession, pressed: _Pressed) -> None:
    raise ClassRefusedError


_ACTS: Final[Mapping[str, Callable[[Transaction, ClassSession, _Pressed], None]]] = {
    "open": _open,
    "close": _close,
    "roll": _roll,
    "step": _step,
    "timer": _timer,
    "notes": _notes,
    "leave": _leave,
}


def _console(reading: Transaction, session: Session, row: ClassSession) -> dict[str, Any]:
    """Return what the console shows: names folded away, and only where a word of the teacher waits, since others may see it."""
    words = Wording(language=session.language)
    roll = read_roll(reading, row)
    polls = class_polls.list_polls(reading, row)
    current = next((poll for poll in polls if poll.id == row.poll_id), None)
    of_teams = console_teams(reading, row, words)
    return {
        "row": row,
        "steps": row.steps_in(session.language),
        "is_testing": any(check["is_on_stage"] for check in of_teams["checks"]),
        "roll": roll,
        "most_devices": MOST_DEVICES,
        # Of the roll call's page alone.
        "more": None,
        "once": False,
        "inbox": read_inboxes(reading, session) if row.state == SessionState.CLOSED else (),
        "counts": {each.value: roll.count(each) for each in Presence},
        "joined": sum(line.has_joined for line in roll.lines),
        "polls": [_listed(poll, session.language) for poll in polls],
        "is_voting": any(open_round(PollState(poll.state)) for poll in polls),
        "current": _current(reading, (row, roll), current, session.language) if current else None,
        "timers": _TIMERS,
        "states": named(STATES, words),
        "poll_states": named(POLL_STATES, words),
        "moves": named(MOVES, words),
        "suggested": named(SUGGESTED, words),
        "kinds": named(KINDS, words),
        "door": runtime().settings.base_url + url_for("classroom_door.door"),
        "words": words,
        **of_teams,
        **said(words),
    }


def _listed(poll: Any, language: str) -> dict[str, Any]:
    text = do_striptags(block_html(Text(poll.question["item"]["prompt"])[language]))
    return {
        "uuid": poll.uuid,
        "number": poll.number,
        "state": poll.state,
        "prompt": text,
        "part": poll.part,
        "moves": [(each.value, open_round(each) is not None) for each in FOLLOWING[PollState(poll.state)]],
    }


def _current(reading: Transaction, place: tuple[ClassSession, Roll], poll: ClassPoll, language: str) -> dict[str, Any]:
    """Return the poll on the stage with its shares, which only the instructor sees before they are shown."""
    row, roll = place
    report = class_report.read_poll(reading, row, poll)
    following = FOLLOWING[report.state]
    number = open_round(report.state)
    return {
        "report": report,
        "uuid": poll.uuid,
        "number": poll.number,
        "state": report.state.value,
        "prompt": block_html(report.question.item.prompt[language]),
        "result": result_view(report.question, report.votes, class_polls.seed_of(poll), language),
        "right": right_words(report.question, language),
        "next": _next(report, following),
        "others": [(each.value, open_round(each) is not None) for each in following],
        "round": number,
        "voted": {each: len(votes.ballots) for each, votes in report.votes.items()},
        "unconfirmed": sum(votes.unconfirmed for votes in report.votes.values()),
        "graded": report.question.graded,
        "explainers": ballots.explainers(reading, poll, [line.member for line in roll.lines]),
        "gain": None if report.gain is None else whole(round(report.gain * 100), 100),
    }


def _next(report: class_report.PollReport, following: tuple[PollState, ...]) -> str | None:
    """Return the move that the page offers first: by the suggestion where there are two."""
    if not following:
        return None
    if report.state is PollState.FIRST_CLOSED and report.suggested in {NextStep.GO_ON, None}:
        return PollState.SHOWN.value
    return following[0].value
