"""The work of teams as rows for a spreadsheet: one for each learner and team check or group work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response
from sqlalchemy.orm import Session as Transaction

from lti_tool.models import ClassGroupTask, ClassSession, ClassTeamCheck
from lti_tool.services.classes import groups_marks, groups_work, sessions, team_appeals, team_checks, team_report
from lti_tool.services.classes import teams as class_teams
from lti_tool.services.classes.team_appeals import Appeal
from lti_tool.services.classes.team_report import CheckReport, TeamLine
from lti_tool.services.classes.teams import Team, Teams
from lti_tool.services.people.roles import Permission
from lti_tool.views.classroom_team_check import team_name
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.spreadsheet_cells import Value
from qualoop.values import Score

blueprint = Blueprint("classroom_team_file", __name__)

_NOTHING = "–"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/teams.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session, class_uuid: str) -> Response:
    """Send what the teams of a session did as a file."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        teams = class_teams.read_teams(reading, row)
        rows: list[Sequence[Value]] = [_head(words)]
        for check in team_checks.list_checks(reading, row):
            rows += _of_check(reading, row, check, teams, words=words)
        for task in groups_work.list_tasks(reading, row):
            rows += _of_task(reading, row, task, teams, words=words)
    return csv_response(rows, "teams", row.created_at.date())


def _head(words: Wording) -> Sequence[Value]:
    gettext = words.gettext
    return [
        gettext("Learner"),
        gettext("Pseudonym"),
        gettext("Team"),
        gettext("Activity"),
        gettext("Right alone, per cent"),
        gettext("Answers alone (1 right, 0 wrong)"),
        gettext("Scratches of the team"),
        gettext("Points of the team"),
        gettext("Team, per cent"),
        gettext("Product in per cent"),
        gettext("Factor"),
        gettext("Penalty"),
        gettext("Mark of 100"),
        gettext("State"),
        gettext("Appeals of the team"),
        gettext("Answers to the appeals"),
    ]


def _of_check(
    reading: Transaction, row: ClassSession, check: ClassTeamCheck, teams: Teams, *, words: Wording
) -> Iterator[Sequence[Value]]:
    found = team_report.read_check(reading, row, check)
    title = words.gettext("Team check %(number)s") % {"number": check.number}
    state = words.gettext("taken back") if check.taken_back_at else None
    appeals = team_appeals.read_appeals(reading, check, secret=runtime().settings.secret_key)
    for line in found.lines:
        of_team = [each for each in appeals if each.team_id == line.team.row.id]
        for person in line.team.people:
            yield [
                *_who(teams, person, _team(line.team, words)),
                title,
                _percent(found.alone(person)),
                _alone(found, person),
                _scratches(line),
                line.points if line.has_begun else None,
                _percent(line.score) if line.has_begun else None,
                *(None,) * 4,
                state,
                *_appeals(of_team, words),
            ]
    placed = {person for line in found.lines for person in line.team.people}
    for person in sorted(set(found.answers) - placed):
        # Who was put into no team has answered alone all the same.
        yield [
            *_who(teams, person, _NOTHING),
            title,
            _percent(found.alone(person)),
            _alone(found, person),
            *(None,) * 7,
            state,
            *(None,) * 2,
        ]


def _of_task(
    reading: Transaction, row: ClassSession, task: ClassGroupTask, teams: Teams, *, words: Wording
) -> Iterator[Sequence[Value]]:
    approved = groups_marks.approved_marks(reading, task)
    for found in groups_marks.read_marks(reading, row, task):
        for person, mark in found.marks.items():
            kept = approved.get(person)
            counted = (kept.factor, kept.penalty, kept.mark) if kept else (mark.factor, mark.penalty, mark.mark)
            yield [
                *_who(teams, person, _team(found.team, words)),
                task.title,
                *(None,) * 5,
                found.product,
                *(None if each is None else str(each) for each in counted),
                words.gettext("approved") if kept else words.gettext("not approved"),
                *(None,) * 2,
            ]


def _who(teams: Teams, person: int, team: str) -> Sequence[Value]:
    member = teams.members.get(person)
    pseudonym = member.subject.uuid if member else _NOTHING
    return [teams.name(person) or _NOTHING, pseudonym, team]


def _team(team: Team, words: Wording) -> str:
    return team_name(team.row.number, team.row.name, words.language)


def _appeals(appeals: Sequence[Appeal], words: Wording) -> Sequence[Value]:
    """Return what a team wrote and what was answered, a line for each question."""
    decided = {"": "not answered yet", "accept": "accepted", "decline": "declined"}
    written = [f"{each.number}: {each.text or _NOTHING}" for each in appeals]
    answers = [f"{each.number}: {words.gettext(decided[each.decision])} {each.reason}".rstrip() for each in appeals]
    return ["\n".join(written) or None, "\n".join(answers) or None]


def _percent(score: Score | None) -> Value:
    return None if score is None else round(100 * score)


def _alone(found: CheckReport, person: int) -> Value:
    given = found.answers.get(person, {})
    return " ".join(
        _NOTHING if number not in given else str(given[number]) for number in range(1, len(found.items) + 1)
    )


def _scratches(line: TeamLine) -> Value:
    return " ".join(
        _NOTHING if card.typed is not None or not card.scratched else str(len(card.scratched))
        for card in line.cards.values()
    )
