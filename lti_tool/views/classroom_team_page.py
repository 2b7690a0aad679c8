"""What learners and the projector see of teams: the own team, the check on the stage, mates to be rated. No answer before the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from flask import url_for
from sqlalchemy.orm import Session as Transaction

from lti_tool.models import ClassGroupTask, ClassSeat, ClassSession, ClassTeamCheck
from lti_tool.services.classes import groups_marks, groups_work, team_answers, team_appeals
from lti_tool.services.classes.sessions import link_of_session
from lti_tool.services.classes.team_checks import find_on_stage, list_checks, read_items, seed_of
from lti_tool.services.classes.team_report import read_check
from lti_tool.services.classes.team_scores import final_cards
from lti_tool.services.classes.teams import Team, find_own
from lti_tool.services.content.parts import Remembered
from lti_tool.services.courses.members import list_members
from lti_tool.views.classroom_page import letter, whole
from qualoop.classroom.peer_factor import MOST_POINTS
from qualoop.classroom.session import SessionState
from qualoop.classroom.team_check import MOST_POINTS as MOST_OF_ITEM
from qualoop.classroom.team_check import Card, CheckItem, CheckState, points_for
from qualoop.content_packages import block_html, inline_html

View: TypeAlias = dict[str, Any]
_questions: Final[Remembered[Sequence[View]]] = Remembered()
_POINTS: Final = tuple(range(MOST_POINTS + 1))


def team_view(
    transaction: Transaction,
    row: ClassSession,
    who: tuple[ClassSeat | None, int | None],
    *,
    language: str,
    secret: str,
    now: datetime,
) -> View:
    """Return what of teams a learner's page shows; ``who`` is the seat, and the person where it is one for sure.

    `version` is to be added to the session's, `stage` is where the page asks instead, where the learner has a team.
    """
    seat, person = who
    team = find_own(transaction, row, person) if person is not None else None
    check = find_on_stage(transaction, row) if row.state == SessionState.OPEN else None
    names = _names(transaction, row, team) if team else {}
    ended = _ended(transaction, row, check) if team else []
    return {
        "version": team.row.version if team else 0,
        "stage": _stage(row, team) if team else None,
        "team": _own(team, names, person) if team else None,
        "check": check_view(transaction, check, seat, team, language=language, secret=secret) if check else None,
        "ended": [check_view(transaction, each, seat, team, language=language, secret=secret) for each in ended],
        "tasks": _tasks(transaction, row, (team, person), names, secret=secret, now=now) if team and person else [],
    }


def check_view(
    transaction: Transaction,
    check: ClassTeamCheck,
    seat: ClassSeat | None,
    team: Team | None,
    *,
    language: str,
    secret: str,
) -> View:
    """Return a check as a learner sees it: what is right is in it of what the own team has found, and of all at the end."""
    state = CheckState(check.state)
    own = team_answers.read_own(transaction, check, seat) if seat else {}
    cards = final_cards(transaction, check, team.row.id).get(team.row.id, {}) if team else {}
    is_done, seed = state is CheckState.DONE, seed_of(check)
    appeals = _appeals(transaction, check, team, secret) if team and is_done else {}
    items = [
        shown
        | {
            "picked": _place(item, seed, own[number].option if number in own else None),
            "card": _card_view(cards.get(number) or Card(item=item), seed),
            "right": _right(item, seed) if is_done else None,
            "solution": block_html(item.item.solution[language]) if is_done else "",
            "appeal": appeals.get(number),
        }
        for number, (item, shown) in enumerate(
            zip(read_items(check), _asked(transaction, check, language), strict=True), 1
        )
    ]
    return {
        "uuid": check.uuid,
        "number": check.number,
        "state": state.value,
        "items": items,
        "answered": len(own),
        "points": sum(card.points for card in cards.values()),
        "most": MOST_OF_ITEM * len(items),
        "appeals": len(appeals),
        "answered_appeals": sum(bool(each.decision) for each in appeals.values()),
        "on_paper": any(card.typed is not None for card in cards.values()),
    }


def _ended(transaction: Transaction, row: ClassSession, shown: ClassTeamCheck | None) -> Sequence[ClassTeamCheck]:
    """Return the checks that have ended, but for the one that is shown: points and appeals are seen whatever comes after."""
    checks = list_checks(transaction, row)
    return [each for each in checks if each.state == CheckState.DONE and (shown is None or each.id != shown.id)]


def _appeals(
    transaction: Transaction, check: ClassTeamCheck, team: Team, secret: str
) -> Mapping[int, team_appeals.Appeal]:
    """Return the appeals of a team by number of the item."""
    found = team_appeals.read_appeals(transaction, check, secret=secret, team_id=team.row.id)
    return {each.number: each for each in found}


def screen_check(transaction: Transaction, row: ClassSession, language: str) -> View | None:
    """Return the check as the projector shows it: counts by team, no name of anybody; what was right only at the end."""
    check = find_on_stage(transaction, row)
    if check is None:
        return None
    found = read_check(transaction, row, check)
    is_done = found.state is CheckState.DONE
    return {
        "uuid": check.uuid,
        "state": found.state.value,
        "count": len(found.items),
        "answered": team_answers.count_answering(transaction, check),
        "teams": [
            {
                "number": line.team.row.number,
                "name": line.team.row.name,
                "over": line.over,
                "share": whole(line.over, len(found.items)),
                "points": line.points if is_done else None,
            }
            for line in found.lines
            if line.team.people
        ],
        "most": MOST_OF_ITEM * len(found.items),
        "items": [
            shown
            | {
                "right": _right(item, seed_of(check)),
                "alone": whole(hard.right, hard.answered) if hard.answered else None,
                "together": whole(hard.first, hard.teams) if hard.teams else None,
            }
            for item, hard, shown in zip(found.items, found.hardness, _asked(transaction, check, language), strict=True)
        ]
        if is_done
        else [],
    }


def _asked(transaction: Transaction, check: ClassTeamCheck, language: str) -> Sequence[View]:
    """Return the questions of a check as they are asked, the same for everybody and for good: made once for a hall."""

    def made() -> Sequence[View]:
        items = enumerate(read_items(check), 1)
        return [_item_view(number, item, seed_of(check), language=language) for number, item in items]

    return _questions.get(transaction.connection(), (check.uuid, language), made) or ()


def _item_view(number: int, item: CheckItem, seed: int, *, language: str) -> View:
    return {
        "number": number,
        "prompt": block_html(item.item.prompt[language]),
        "options": [
            {"place": place, "letter": letter(place), "html": inline_html(option.text[language])}
            for place, option in enumerate(item.options(seed))
        ],
    }


def _card_view(card: Card, seed: int) -> View:
    """Return which places were scratched, in order, and whether the right one is among them."""
    options = len(card.item.item.options)
    return {
        "scratched": [_place(card.item, seed, key) for key in card.scratched],
        "found": _place(card.item, seed, card.item.right) if card.is_found else None,
        "is_over": card.is_over,
        "points": card.points,
        "accepted": card.accepted,
        "next": points_for(len(card.scratched) + 1, options) if len(card.scratched) < options else 0,
    }


def _right(item: CheckItem, seed: int) -> str:
    return letter(_place(item, seed, item.right) or 0)


def _place(item: CheckItem, seed: int, key: str | None) -> int | None:
    """Return where an option stands, None where there is none of this key."""
    keys = [option.key for option in item.options(seed)]
    return keys.index(key) if key in keys else None


def _stage(row: ClassSession, team: Team) -> str:
    return url_for("classroom_door.team_stage", class_uuid=row.uuid, team_uuid=team.row.uuid)


def _names(transaction: Transaction, row: ClassSession, team: Team) -> Mapping[int, tuple[str, str]]:
    """Return pseudonym and name of the members who are in the course, by id of the person."""
    members = list_members(transaction.connection(), link_of_session(row), people=team.people)
    return {each.subject.person_id: (each.subject.uuid, each.name or each.short) for each in members}


def _own(team: Team, names: Mapping[int, tuple[str, str]], person: int | None) -> View:
    mates = [name for each, (_, name) in names.items() if each != person]
    return {"number": team.row.number, "name": team.row.name, "mates": mates}


def _tasks(
    transaction: Transaction,
    row: ClassSession,
    of: tuple[Team, int],
    names: Mapping[int, tuple[str, str]],
    *,
    secret: str,
    now: datetime,
) -> list[View]:
    return [
        _task_view(transaction, task, of, names, secret=secret, now=now)
        for task in groups_work.list_tasks(transaction, row)
    ]


def _task_view(
    transaction: Transaction,
    task: ClassGroupTask,
    of: tuple[Team, int],
    names: Mapping[int, tuple[str, str]],
    *,
    secret: str,
    now: datetime,
) -> View:
    team, person = of
    given = groups_work.read_ratings(transaction, task).get(person, {})
    comments = groups_work.read_comments(transaction, task, secret=secret, rater=person)
    mates = [
        {
            "uuid": names[each][0],
            "name": names[each][1],
            "points": given.get(each),
            "comment": next((words for _, words in comments.get(each, [])), ""),
        }
        for each in team.people
        if each != person and each in names
    ]
    return {
        "uuid": task.uuid,
        "number": task.number,
        "title": task.title,
        "is_open": groups_work.takes_ratings(task, now),
        "deadline": task.deadline_at,
        "penalty": task.penalty,
        "rules": groups_work.rules_of(task),
        "mates": mates,
        "self": {"uuid": names[person][0] if person in names else "", "points": given.get(person)},
        "has_rated": bool(given),
        "points": _POINTS,
        "mark": groups_marks.approved_marks(transaction, task).get(person),
    }
