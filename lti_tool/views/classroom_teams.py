"""The teams of a class as a teacher sets them: from groups, drawn, by hand; late comers are put somewhere by one tap."""

from __future__ import annotations

import secrets

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession
from lti_tool.services.classes import sessions, team_scores, teams
from lti_tool.services.classes.sessions import plain
from lti_tool.services.courses.members import get_member
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters.groups import list_groups
from lti_tool.views.classroom import corrector, framework_of, in_class
from lti_tool.views.classroom_voting import whole
from lti_tool.views.classroom_words import said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.session import ClassRefusedError
from qualoop.classroom.teams import LARGEST, SMALLEST

blueprint = Blueprint("classroom_teams", __name__)

_PAGE = "classroom_teams.show"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/teams")
@needs(Permission.VIEW_CLASS)
def show(session: Session, class_uuid: str) -> str:
    """Show who is in which team, and who is in none."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        found = teams.read_teams(reading, row)
        groups = list_groups(reading.connection(), link_of(session))
    return render_template(
        "class_teams.html",
        session=session,
        here="teaching",
        row=row,
        found=found,
        groups=groups,
        sizes=range(SMALLEST, LARGEST + 1),
        words=words,
        **said(words),
    )


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/teams/make")
@needs(Permission.SET_LINK)
def make(session: Session, class_uuid: str) -> AnyResponse:
    """Make teams: from groups, drawn at random, one more by hand; or take one or all out."""
    do, _, detail = request.form.get("do", "").partition(":")
    now = runtime().clock()

    def act(transaction: Transaction, row: ClassSession) -> None:
        if do == "groups":
            teams.take_groups(transaction, row, now=now)
        elif do == "draw":
            only_joined = bool(request.form.get("joined"))
            seed = secrets.token_hex(8)
            teams.draw(transaction, row, whole("size"), seed=seed, only_joined=only_joined, now=now)
        elif do == "add":
            teams.add_team(transaction, row, request.form.get("name", ""), now=now)
        elif do == "remove":
            teams.remove_team(transaction, row, detail)
        elif do == "clear":
            teams.remove_all(transaction, row)
        else:
            raise ClassRefusedError

    done = "emptied" if do in {"remove", "clear"} else "drawn"
    return in_class(session, class_uuid, act, page=_PAGE, done=done)


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/teams/place")
@needs(Permission.SET_LINK)
def place(session: Session, class_uuid: str) -> AnyResponse:
    """Put a learner into a team: the one that is named, the smallest, or none; the ledger of a closed session follows."""
    person, team = plain(request.form.get("person", "")), request.form.get("team", "")

    def act(transaction: Transaction, row: ClassSession) -> None:
        member = get_member(transaction.connection(), link_of(session), person)
        team_scores.hold(transaction, row)
        teams.place(transaction, row, member.subject.person_id, team)
        framework = framework_of(transaction, row.organisation_id)
        team_scores.record_scores(transaction, row, framework, by=corrector(session), now=runtime().clock())

    page = "classroom.show" if request.form.get("back") == "console" else _PAGE
    return in_class(session, class_uuid, act, page=page, done="placed")
