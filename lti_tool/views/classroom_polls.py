"""The questions of a class: chosen from lessons or made on the spot, led through their rounds, reported at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassPoll, ClassSession
from lti_tool.services.classes import polls as class_polls
from lti_tool.services.classes import questions, sessions, team_checks, votes
from lti_tool.services.classes import report as class_report
from lti_tool.services.classes.report import PollReport
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom import framework_of, in_class
from lti_tool.views.classroom_page import result_view
from lti_tool.views.classroom_team_check import report_teams
from lti_tool.views.classroom_words import KINDS, POLL_STATES, SUGGESTED, named, said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.questions import MAX_PROMPT, Draft, QuestionRefusedError, explanation, right_words, spot_question
from qualoop.classroom.session import ClassMovedError
from qualoop.classroom.votes import PollState, open_round
from qualoop.content_packages import block_html

blueprint = Blueprint("classroom_polls", __name__)

_LONGEST: Final = 64
_UNPROCESSABLE: Final = 422


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/ask")
@needs(Permission.SET_LINK)
def ask(session: Session, class_uuid: str) -> str:
    """Show the questions of lessons that can be asked, and the form for one of the teacher's own."""
    return _ask(session, class_uuid, {}, "")


def _ask(session: Session, class_uuid: str, typed: Mapping[str, str], fault: str) -> str:
    """Return the page of questions, with one as it was ``typed`` where something is wrong with it."""
    words, wanted = Wording(language=session.language), request.args.get("lesson", "")[:_LONGEST]
    with runtime().database.reading() as reading:
        link = link_of(session)
        row = sessions.get_session(reading, link, class_uuid)
        keys = questions.list_lessons(reading, link)
        chosen = wanted if wanted in keys else next(iter(keys), "")
        lesson = questions.list_offered(reading, link, chosen) if chosen else None
        titles = runtime().contents.find_titles(reading.connection(), session.organisation_id, keys)
        framework = framework_of(reading, session.organisation_id)
        asked = {(poll.activity_key, poll.part) for poll in class_polls.list_polls(reading, row)}
    points = (
        [(point.code, point.title[session.language]) for point in framework.knowledge_points.values()]
        if framework
        else []
    )
    return render_template(
        "class_ask.html",
        session=session,
        here="teaching",
        row=row,
        keys=keys,
        titles=titles,
        chosen=chosen,
        lesson=lesson,
        asked=asked,
        points=points,
        kinds=named(KINDS, words),
        max_prompt=MAX_PROMPT,
        block_html=block_html,
        typed=typed,
        **said(words, refused=fault),
    )


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/add")
@needs(Permission.SET_LINK)
def add(session: Session, class_uuid: str) -> AnyResponse:
    """Add an item of an installed lesson."""
    form = request.form

    def act(transaction: Transaction, row: ClassSession) -> None:
        class_polls.plan_poll(
            transaction,
            row,
            activity_key=form.get("activity", "")[:_LONGEST],
            content_hash=form.get("content", "")[:_LONGEST],
            item_key=form.get("item", "")[:_LONGEST],
            now=runtime().clock(),
        )

    return in_class(session, class_uuid, act, done="added")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/make")
@needs(Permission.SET_LINK)
def make(session: Session, class_uuid: str) -> AnyResponse:
    """Add a question that was typed here: with a knowledge point its votes are evidence, else it is an opinion."""
    form = request.form
    draft = Draft(
        kind=form.get("kind", ""),
        prompt=form.get("prompt", "").replace("\0", ""),
        lines=form.get("lines", "").replace("\0", ""),
        answer=form.get("answer", ""),
        tolerance=form.get("tolerance", ""),
        explanation=form.get("explanation", "").replace("\0", ""),
        graded=bool(form.get("point")) or form.get("kind") not in {"ordering", "short-text"},
        language=session.language,
    )

    try:
        question = spot_question(draft)
    except QuestionRefusedError as error:
        return Response(_ask(session, class_uuid, form, error.reason), _UNPROCESSABLE, mimetype="text/html")

    def act(transaction: Transaction, row: ClassSession) -> None:
        code = form.get("point", "")
        framework = framework_of(transaction, session.organisation_id)
        if code and (framework is None or framework.find_knowledge_point(code) is None):
            raise QuestionRefusedError("class-question")
        points = {code: "1"} if code else {}
        class_polls.make_poll(transaction, row, question, points, framework=framework, now=runtime().clock())

    return in_class(session, class_uuid, act, done="added")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/move")
@needs(Permission.SET_LINK)
def move(session: Session, class_uuid: str) -> AnyResponse:
    """Let a poll go on, or take out one that was never asked. The button says from where: a second click does nothing."""
    wanted, poll = request.form.get("do", ""), request.form.get("poll", "")

    def act(transaction: Transaction, row: ClassSession) -> None:
        if wanted == "remove":
            class_polls.remove(transaction, row, poll)
            return
        if wanted not in {state.value for state in PollState}:
            raise ClassMovedError
        # A room answers one thing at a time.
        if open_round(PollState(wanted)) is not None:
            team_checks.require_none_running(transaction, row)
        class_polls.move(transaction, row, poll, PollState(wanted), now=runtime().clock())

    return in_class(session, class_uuid, act, place="questions" if wanted == "remove" else "current")


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/report")
@needs(Permission.VIEW_CLASS)
def report(session: Session, class_uuid: str) -> str:
    """Show what the polls brought: who switched, what was gained by knowledge point, who did not vote."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        framework = framework_of(reading, session.organisation_id)
        polls = [poll for poll in class_polls.list_polls(reading, row) if poll.first_opened_at is not None]
        reports = [class_report.read_poll(reading, row, poll) for poll in polls]
        gains = class_report.session_gains(reading, reports)
        shown = [_reported(reading, row, each, session.language) for each in reports]
        of_teams = report_teams(reading, row, session.language)
    return render_template(
        "class_report.html",
        session=session,
        here="teaching",
        row=row,
        polls=shown,
        gains=gains,
        **of_teams,
        poll_states=named(POLL_STATES, words),
        suggested=named(SUGGESTED, words),
        words=Wording(language=session.language, framework=framework),
        **said(words),
    )


def _reported(reading: Transaction, row: ClassSession, found: PollReport, language: str) -> Mapping[str, Any]:
    poll: ClassPoll = found.poll
    number = 2 if poll.second_opened_at else 1
    secret = runtime().settings.secret_key
    return {
        "report": found,
        "prompt": block_html(found.question.item.prompt[language]),
        "explanation": block_html(explanation(found.question, language)),
        "right": right_words(found.question, language),
        "result": result_view(found.question, found.votes, class_polls.seed_of(poll), language),
        "silent": class_report.who_did_not_vote(reading, row, poll, number),
        "texts": votes.read_texts(reading, poll, number, secret=secret),
        "counts": poll.part is not None,
    }
