"""What the console shows of teams: how many, who has none, the check that is on and how far each team is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session as Transaction

from lti_tool.models import ClassSession
from lti_tool.services.classes import groups_work, team_answers, team_checks, team_report
from lti_tool.services.classes import teams as class_teams
from lti_tool.views.classroom_page import whole
from lti_tool.views.classroom_team_words import CHECK_MOVES, CHECK_STATES
from lti_tool.views.classroom_words import named
from lti_tool.views.wording import Wording
from qualoop.classroom.team_check import FOLLOWING


def console_teams(reading: Transaction, row: ClassSession, words: Wording) -> dict[str, Any]:
    """Return the teams and checks of a session in counts; names only of late comers who wait for a team."""
    teams = class_teams.read_teams(reading, row)
    return {
        "teams": teams,
        "late": [each for each in teams.without if each.subject.person_id in teams.joined] if teams.teams else [],
        "checks": [_listed(reading, row, check) for check in team_checks.list_checks(reading, row)],
        "group_tasks": groups_work.list_tasks(reading, row),
        "check_states": named(CHECK_STATES, words),
        "check_moves": named(CHECK_MOVES, words),
    }


def _listed(reading: Transaction, row: ClassSession, check: Any) -> dict[str, Any]:
    found = team_report.read_check(reading, row, check)
    following = FOLLOWING.get(found.state)
    return {
        "uuid": check.uuid,
        "number": check.number,
        "state": check.state,
        "is_on_stage": check.is_on_stage,
        "count": len(found.items),
        "next": following.value if following else None,
        "answered": team_answers.count_answering(reading, check),
        "teams": [
            {
                "number": line.team.row.number,
                "name": line.team.row.name,
                "over": line.over,
                "share": whole(line.over, len(found.items)),
                "points": line.points,
            }
            for line in found.lines
            if line.team.people
        ],
    }
