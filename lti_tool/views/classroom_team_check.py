"""Team checks as a teacher leads them: planned from lessons, opened and closed, read live, appeals answered, cards printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession
from lti_tool.services.classes import (
    groups_work,
    sessions,
    team_answers,
    team_appeals,
    team_checks,
    team_evidence,
    team_report,
    team_scores,
)
from lti_tool.services.classes import teams as class_teams
from lti_tool.services.classes.team_checks import ALONE, READ
from lti_tool.services.evidence import evidence
from lti_tool.services.people.roles import Permission
from lti_tool.services.sheets import class_team_cards
from lti_tool.services.sheets.class_team_cards import CardWords
from lti_tool.views.classroom import corrector, framework_of, in_class
from lti_tool.views.classroom_page import letter, whole
from lti_tool.views.classroom_team_choice import choice_page
from lti_tool.views.classroom_team_words import CHECK_MOVES, CHECK_STATES
from lti_tool.views.classroom_voting import exact_whole
from lti_tool.views.classroom_words import named, said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.session import ClassMovedError
from qualoop.classroom.sheets.shapes import Paper
from qualoop.classroom.team_check import FEWEST_ITEMS, FOLLOWING, MAX_REASON, MOST_ITEMS, CheckState, possible_points
from qualoop.content_packages import block_html
from qualoop.values import LANGUAGES

blueprint = Blueprint("classroom_team_check", __name__)

_PAGE: Final = "classroom_team_check.show"
_LONGEST: Final = 64
_POINTS: Final = "points-"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/team-check")
@needs(Permission.VIEW_CLASS)
def show(session: Session, class_uuid: str) -> str:
    """Show the checks of a session: team by question with scratches, what went worst, appeals."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        checks = [
            check_context(reading, row, check, session.language) for check in team_checks.list_checks(reading, row)
        ]
        teams = class_teams.read_teams(reading, row)
    return render_template(
        "class_team_checks.html",
        session=session,
        here="teaching",
        row=row,
        checks=checks,
        teams=teams,
        check_states=named(CHECK_STATES, words),
        check_moves=named(CHECK_MOVES, words),
        papers=[paper.value for paper in Paper],
        whats=class_team_cards.WHATS,
        max_reason=MAX_REASON,
        words=words,
        **said(words),
    )


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/team-check/new")
@needs(Permission.SET_LINK)
def choose(session: Session, class_uuid: str) -> Response:
    """Show the questions that a check can take: of a lesson, and of the readiness check of the flipped unit."""
    return choice_page(session, class_uuid, request.args.get("lesson", ""), None)


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/team-check/plan")
@needs(Permission.SET_LINK)
def plan(session: Session, class_uuid: str) -> AnyResponse:
    """Plan a check of the questions that were ticked, or show those of another lesson beside them."""
    sent = [each[: 2 * _LONGEST + 1].partition("/") for each in request.form.getlist("item")[: 8 * MOST_ITEMS]]
    chosen = list(dict.fromkeys((activity, item) for activity, _, item in sent))
    lesson, wants_more = request.form.get("lesson", ""), request.form.get("do") == "show"
    if wants_more or not FEWEST_ITEMS <= len(chosen) <= MOST_ITEMS:
        return choice_page(session, class_uuid, lesson, chosen, refused="" if wants_more else "class-check-items")

    def act(transaction: Transaction, row: ClassSession) -> None:
        team_checks.plan_check(transaction, row, chosen, now=runtime().clock())

    return in_class(session, class_uuid, act, page=_PAGE, done="check-planned")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/team-check/move")
@needs(Permission.SET_LINK)
def move(session: Session, class_uuid: str) -> AnyResponse:
    """Let a check go on, take it off the stage, take it out, take back what it recorded or count that again."""
    wanted, check = request.form.get("do", ""), request.form.get("check", "")

    def act(transaction: Transaction, row: ClassSession) -> None:
        now = runtime().clock()
        if wanted == "remove":
            team_checks.remove_check(transaction, row, check)
        elif wanted == "leave":
            team_checks.leave_stage(transaction, row, check)
        elif wanted in {"take-back", "count-again"}:
            _recount(transaction, session, row, check, wanted=wanted)
        elif wanted in {state.value for state in CheckState}:
            team_checks.move_check(transaction, row, check, CheckState(wanted), now=now)
        else:
            raise ClassMovedError

    page = _PAGE if request.form.get("back") == "check" else "classroom.show"
    done = {"take-back": "taken-back", "count-again": "counted-again"}.get(wanted)
    return in_class(session, class_uuid, act, page=page, done=done, place=None if done else "team-check")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/team-check/appeal")
@needs(Permission.SET_LINK)
def appeal(session: Session, class_uuid: str) -> AnyResponse:
    """Answer an appeal, with a reason; what a closed session has recorded of the team follows."""
    form, parts = request.form, runtime()

    def act(transaction: Transaction, row: ClassSession) -> None:
        now = parts.clock()
        team_scores.hold(transaction, row)
        team_appeals.decide(
            transaction,
            row,
            form.get("appeal", ""),
            decision=form.get("do", ""),
            reason=form.get("reason", ""),
            secret=parts.settings.secret_key,
            now=now,
        )
        framework = framework_of(transaction, row.organisation_id)
        team_scores.record_scores(transaction, row, framework, by=corrector(session), now=now)

    return in_class(session, class_uuid, act, page=_PAGE, done="answered-appeal")


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/team-check/points")
@needs(Permission.SET_LINK)
def points(session: Session, class_uuid: str) -> AnyResponse:
    """Keep the points of a team's paper card; what a closed session has recorded of the team follows."""
    form = request.form

    def act(transaction: Transaction, row: ClassSession) -> None:
        now = runtime().clock()
        team_scores.hold(transaction, row)
        check = team_checks.get_check(transaction, row, form.get("check", ""), ALONE)
        team = class_teams.get_team(transaction, row, form.get("team", ""), locked=True)
        typed = {
            exact_whole(name.removeprefix(_POINTS)): exact_whole(value.strip()) if value.strip() else None
            for name, value in form.items()
            if name.startswith(_POINTS)
        }
        team_answers.type_points(transaction, check, team, typed, now=now)
        framework = framework_of(transaction, row.organisation_id)
        team_scores.record_scores(transaction, row, framework, by=corrector(session), now=now)

    return in_class(session, class_uuid, act, page=_PAGE, done="typed")


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/team-check/paper.pdf")
@needs(Permission.SET_LINK)
def paper(session: Session, class_uuid: str) -> Response:
    """Send the paper of a check: `what` is cards, questions or key, on A4 or Letter, in either language."""
    wanted = request.args
    language = wanted.get("language", "") if wanted.get("language") in LANGUAGES else session.language
    what = wanted.get("what", "") if wanted.get("what") in class_team_cards.WHATS else class_team_cards.CARDS
    size = Paper(wanted["paper"]) if wanted.get("paper") in set(Paper) else Paper.A4
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        check = team_checks.get_check(reading, row, wanted.get("check", ""), READ)
        teams = class_teams.list_teams(reading, row)
    names = [team_name(team.row.number, team.row.name, language) for team in teams] or [""]
    data = class_team_cards.print_check(check, what, names, size, words=_card_words(row.title_in(language), language))
    headers = {
        "Content-Disposition": f'inline; filename="team-{what}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, mimetype="application/pdf", headers=headers)


def team_name(number: int, name: str, language: str) -> str:
    """Return how a team is called: by its own name, else by its number."""
    return name or catalogue(language).gettext("Team %(number)s") % {"number": number}


def report_teams(reading: Transaction, row: ClassSession, language: str) -> dict[str, Any]:
    """Return what the report of a session shows of its teams."""
    checks = team_checks.list_checks(reading, row)
    return {
        "teams": class_teams.read_teams(reading, row),
        "checks": [
            check_context(reading, row, check, language) for check in checks if check.individual_opened_at is not None
        ],
        "group_tasks": groups_work.list_tasks(reading, row),
    }


def check_context(reading: Transaction, row: ClassSession, check: Any, language: str) -> dict[str, Any]:
    """Return a check as staff see it."""
    found = team_report.read_check(reading, row, check)
    seed = team_checks.seed_of(check)
    following = FOLLOWING.get(found.state)
    letters = [letter([option.key for option in item.options(seed)].index(item.right)) for item in found.items]
    return {
        "report": found,
        "uuid": check.uuid,
        "number": check.number,
        "state": check.state,
        "next": following.value if following else None,
        "items": [
            {
                "number": number,
                "prompt": block_html(item.item.prompt[language]),
                "right": letters[number - 1],
                "points": possible_points(len(item.item.options)),
                "alone": whole(hard.right, hard.answered) if hard.answered else None,
                "together": whole(hard.first, hard.teams) if hard.teams else None,
                "hard": hard,
            }
            for number, (item, hard) in enumerate(zip(found.items, found.hardness, strict=True), 1)
        ],
        "worst": [each.number for each in found.worst],
        "answered": team_answers.count_answering(reading, check),
        "appeals": team_appeals.read_appeals(reading, check, secret=runtime().settings.secret_key),
    }


def _recount(transaction: Transaction, session: Session, row: ClassSession, check_uuid: str, *, wanted: str) -> None:
    """Take back what a check recorded, or record it again; raise ClassMovedError where that is done."""
    by, now = corrector(session), runtime().clock()
    # It records in two steps, and of two who first share the organisation each would wait for the other.
    evidence.hold_all(transaction.connection(), row.organisation_id)
    check = team_checks.get_check(transaction, row, check_uuid, ALONE)
    if (check.taken_back_at is None) != (wanted == "take-back") or check.individual_closed_at is None:
        raise ClassMovedError
    if wanted == "take-back":
        team_evidence.take_back(transaction, check, by=by, now=now)
        return
    check.taken_back_at = None
    transaction.flush()
    team_evidence.record_answers(transaction, row, now=now)
    framework = framework_of(transaction, row.organisation_id)
    team_scores.record_scores(transaction, row, framework, by=by, now=now)


def _card_words(title: str, language: str) -> CardWords:
    gettext = catalogue(language).gettext
    fixed: Mapping[str, str] = {
        "rule": gettext(
            "Scratch until you find the star. Below each number: the points at the first try, the second, and so on."
        ),
        "points": gettext("Points reached"),
        "total": gettext("Total"),
        "key": gettext("For the teacher: where the star is"),
        "cover": gettext("Cover each frame with a scratch-off label of 25 x 13 mm, or with folded opaque tape."),
        "team": gettext("Team"),
    }
    return CardWords(title=title, course=gettext("Team readiness check"), language=language, fixed=fixed)
