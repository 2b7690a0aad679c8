"""What is asked before a class or a team test ends for everybody: neither is opened again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession, ClassTeamCheck
from lti_tool.services.classes import polls as class_polls
from lti_tool.services.classes import sessions, team_checks, team_report
from lti_tool.services.classes.roll_call import read_roll
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom_inbox import read_inboxes
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import SessionState
from qualoop.classroom.team_check import CheckState
from qualoop.classroom.votes import PollState, open_round

blueprint = Blueprint("classroom_ending", __name__)


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/end")
@needs(Permission.SET_LINK)
def ask(session: Session, class_uuid: str) -> AnyResponse | str:
    """Ask whether to close the class, or to end the team test that the address names; lead back where that is over."""
    wanted = request.args.get("check", "")
    back = "classroom_team_check.show" if request.args.get("back") == "check" else "classroom.show"
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        checks = team_checks.list_checks(reading, row)
        check = next((each for each in checks if each.uuid == wanted and each.state == CheckState.TEAM), None)
        if row.state != SessionState.OPEN or (wanted and check is None):
            return redirect(url_for(back, launch=session.uuid, class_uuid=class_uuid), 303)
        shown = _test(reading, row, check) if check else _class(reading, session, row, checks)
    return render_template("class_ending.html", session=session, here="teaching", row=row, back_to=back, **shown)


def _test(reading: Transaction, row: ClassSession, check: ClassTeamCheck) -> dict[str, Any]:
    """Return how far the teams of a check are, those with people."""
    found = team_report.read_check(reading, row, check)
    lines = [line for line in found.lines if line.team.people]
    waiting = [line.team.row for line in lines if line.over < len(found.items)]
    return {"check": check, "teams": len(lines), "waiting": waiting}


def _class(
    reading: Transaction, session: Session, row: ClassSession, checks: Sequence[ClassTeamCheck]
) -> dict[str, Any]:
    """Return what is still open in a class, and what waits in its course."""
    roll = read_roll(reading, row)
    return {
        "check": None,
        "voting": [poll.number for poll in class_polls.list_polls(reading, row) if open_round(PollState(poll.state))],
        "testing": [each.number for each in checks if each.state in {CheckState.INDIVIDUAL, CheckState.TEAM}],
        "inbox": read_inboxes(reading, session),
        "unconfirmed": len(roll.unconfirmed),
        "unchecked": len(roll.unchecked),
        "present_count": roll.count(Presence.PRESENT, Presence.LATE),
        "total": len(roll.lines),
    }
