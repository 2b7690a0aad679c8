"""What learners do in a team check: answer alone, then scratch as a team. Who is unconfirmed scratches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros
from lti_tool.models import (
    ClassCardPoints,
    ClassScratch,
    ClassSeat,
    ClassSession,
    ClassTeam,
    ClassTeamAnswer,
    ClassTeamCheck,
)
from lti_tool.services.classes.seats import NameMissingError
from lti_tool.services.classes.sessions import ClassMissingError, require_open
from lti_tool.services.classes.team_checks import SHARED, get_check, read_items
from lti_tool.services.classes.teams import Team, find_own, touch_team
from qualoop.classroom.session import ClassRefusedError
from qualoop.classroom.team_check import Card, CheckRefusedError, CheckState, ScratchRefusedError, possible_points
from qualoop.classroom.votes import VoteRefusedError
from qualoop.values import ONE, ZERO, Score

# The later one of two that come at once counts, whichever is written first.
_ANSWER = Prepared(
    text(
        "INSERT INTO class_team_answer (organisation_id, check_id, seat_id, number, option, score, answered_at) "
        "VALUES (:organisation_id, :check_id, :seat_id, :number, :option, :score, :now) "
        "ON CONFLICT (check_id, seat_id, number) DO UPDATE SET option = excluded.option, score = excluded.score, "
        "answered_at = excluded.answered_at WHERE class_team_answer.answered_at <= excluded.answered_at"
    )
)


class UnconfirmedError(ClassRefusedError):
    """Only who is a learner for sure acts for a team."""

    code = "class-unconfirmed"


class TeamMissingError(ClassRefusedError):
    """This learner is in no team of the session."""

    code = "class-no-team"


class AnswerEmptyError(ClassRefusedError):
    """Nothing was answered."""

    code = "class-answer-empty"


def answer(
    session: Session,
    row: ClassSession,
    seat: ClassSeat,
    *,
    check_uuid: str,
    picked: Mapping[int, str],
    now: datetime,
) -> None:
    """Take answers of one's own, by number of the item, in the place of earlier ones; what is not named stays.

    Raises VoteRefusedError where none are taken (any more) or one is of no such option, AnswerEmptyError,
    ClassClosedError, NameMissingError, ClassMissingError.
    """
    check = get_check(session, row, check_uuid, SHARED)
    require_open(row)
    if check.state != CheckState.INDIVIDUAL:
        raise VoteRefusedError
    if seat.person_id is None:
        raise NameMissingError
    if not picked:
        raise AnswerEmptyError
    items = read_items(check)
    for number, option in sorted(picked.items()):
        if not 1 <= number <= len(items) or option not in {each.key for each in items[number - 1].item.options}:
            raise VoteRefusedError
        is_right = option == items[number - 1].right
        values = {
            "organisation_id": row.organisation_id,
            "check_id": check.id,
            "seat_id": seat.id,
            "number": number,
            "option": option,
            "score": (ONE if is_right else ZERO).as_text(),
            "now": micros(now),
        }
        _ANSWER.run(session.connection(), values)


def require_confirmed(seat: ClassSeat) -> int:
    """Return whose a seat is for sure; raise UnconfirmedError."""
    if not seat.is_confirmed or seat.person_id is None:
        raise UnconfirmedError
    return seat.person_id


def require_team(session: Session, row: ClassSession, person_id: int) -> Team:
    """Return the team of a learner, locked: members come one after another. Raises TeamMissingError."""
    team = find_own(session, row, person_id, locked=True)
    if team is None:
        raise TeamMissingError
    return team


def scratch(
    session: Session,
    row: ClassSession,
    seat: ClassSeat,
    *,
    check_uuid: str,
    number: int,
    option: str,
    now: datetime,
) -> Team:
    """Scratch one option for the learner's team, for good; the same one twice is one. Return the team.

    Raises ScratchRefusedError, UnconfirmedError, TeamMissingError, ClassRefusedError.
    """
    check = get_check(session, row, check_uuid, SHARED)
    require_open(row)
    if check.state != CheckState.TEAM:
        raise ScratchRefusedError
    team = require_team(session, row, require_confirmed(seat))
    cards = read_cards(session, check, team.row.id)
    if number not in cards or any(card.typed is not None for card in cards.values()):
        raise ScratchRefusedError
    after = cards[number].scratch(option)
    if after is cards[number]:
        return team
    session.add(
        ClassScratch(
            organisation_id=row.organisation_id,
            check_id=check.id,
            team_id=team.row.id,
            person_id=seat.person_id,
            number=number,
            place=len(after.scratched),
            option=option,
            scratched_at=now,
        )
    )
    touch_team(team.row)
    session.flush()
    return team


def type_points(
    session: Session, check: ClassTeamCheck, team: ClassTeam, points: Mapping[int, int | None], *, now: datetime
) -> None:
    """Keep the points of a team's paper card by number of the item, None for none; the check's row is the caller's to lock.

    Raises CheckRefusedError for points that an item cannot give, ScratchRefusedError before the team test, and where the
    team has scratched on a screen: one card counts, not two.
    """
    if check.team_opened_at is None or _has_scratched(session, check, team):
        raise ScratchRefusedError
    items = read_items(check)
    for number, given in points.items():
        if not 1 <= number <= len(items):
            raise ClassMissingError
        if given is not None and given not in possible_points(len(items[number - 1].item.options)):
            raise CheckRefusedError
    mine = (
        ClassCardPoints.organisation_id == check.organisation_id,
        ClassCardPoints.check_id == check.id,
        ClassCardPoints.team_id == team.id,
    )
    session.execute(delete(ClassCardPoints).where(*mine, ClassCardPoints.number.in_(points)))
    session.add_all(
        ClassCardPoints(
            organisation_id=check.organisation_id,
            check_id=check.id,
            team_id=team.id,
            number=number,
            points=given,
            typed_at=now,
        )
        for number, given in points.items()
        if given is not None
    )
    touch_team(team)
    session.flush()


def read_cards(session: Session, check: ClassTeamCheck, team_id: int) -> dict[int, Card]:
    """Return the cards of a team by number of the item, without what appeals changed."""
    return read_all_cards(session, check, team_id).get(team_id) or {
        number: Card(item=item) for number, item in enumerate(read_items(check), 1)
    }


def read_all_cards(session: Session, check: ClassTeamCheck, team_id: int | None = None) -> dict[int, dict[int, Card]]:
    """Return the cards of every team that has scratched or typed anything, by team and number of the item.

    Of one team, where it is named: each of a hall of phones asks for its own.
    """
    scratches = select(ClassScratch.team_id, ClassScratch.number, ClassScratch.option).where(
        ClassScratch.organisation_id == check.organisation_id, ClassScratch.check_id == check.id
    )
    points_typed = select(ClassCardPoints.team_id, ClassCardPoints.number, ClassCardPoints.points).where(
        ClassCardPoints.organisation_id == check.organisation_id, ClassCardPoints.check_id == check.id
    )
    if team_id is not None:
        scratches = scratches.where(ClassScratch.team_id == team_id)
        points_typed = points_typed.where(ClassCardPoints.team_id == team_id)
    items = read_items(check)
    scratched: dict[int, dict[int, list[str]]] = {}
    for team, number, option in session.execute(
        scratches.order_by(ClassScratch.team_id, ClassScratch.number, ClassScratch.place)
    ):
        scratched.setdefault(team, {}).setdefault(number, []).append(option)
    typed: dict[int, dict[int, int]] = {}
    for team, number, points in session.execute(points_typed):
        typed.setdefault(team, {})[number] = points
    return {
        team: {
            number: Card(
                item=item,
                scratched=tuple(scratched.get(team, {}).get(number, ())),
                typed=typed.get(team, {}).get(number),
            )
            for number, item in enumerate(items, 1)
        }
        for team in scratched.keys() | typed.keys()
    }


def read_own(session: Session, check: ClassTeamCheck, seat: ClassSeat) -> dict[int, ClassTeamAnswer]:
    """Return what a seat answered alone, by number of the item."""
    rows = session.scalars(
        select(ClassTeamAnswer).where(
            ClassTeamAnswer.organisation_id == check.organisation_id,
            ClassTeamAnswer.check_id == check.id,
            ClassTeamAnswer.seat_id == seat.id,
        )
    )
    return {row.number: row for row in rows}


def read_answers(session: Session, check: ClassTeamCheck) -> dict[int, dict[int, Score]]:
    """Return what learners who are so for sure reached alone, by person and number of the item."""
    found: dict[int, dict[int, Score]] = {}
    for person_id, number, score in session.execute(
        select(ClassSeat.person_id, ClassTeamAnswer.number, ClassTeamAnswer.score)
        .join(ClassSeat, ClassSeat.id == ClassTeamAnswer.seat_id)
        .where(
            ClassTeamAnswer.organisation_id == check.organisation_id,
            ClassTeamAnswer.check_id == check.id,
            ClassSeat.is_confirmed.is_(True),
        )
    ):
        if person_id is not None:
            found.setdefault(person_id, {})[number] = Score(score)
    return found


def count_answering(session: Session, check: ClassTeamCheck) -> int:
    """Return how many seats have answered every item, unconfirmed ones too: what everybody may see."""
    full = (
        select(ClassTeamAnswer.seat_id)
        .where(ClassTeamAnswer.organisation_id == check.organisation_id, ClassTeamAnswer.check_id == check.id)
        .group_by(ClassTeamAnswer.seat_id)
        .having(func.count() >= len(check.items))
    )
    return session.scalar(select(func.count()).select_from(full.subquery())) or 0


def _has_scratched(session: Session, check: ClassTeamCheck, team: ClassTeam) -> bool:
    query = select(ClassScratch.id).where(
        ClassScratch.organisation_id == check.organisation_id,
        ClassScratch.check_id == check.id,
        ClassScratch.team_id == team.id,
    )
    return session.scalar(query.limit(1)) is not None
