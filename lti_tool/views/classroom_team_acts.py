"""What a learner does in a team, whether a launch or a device proves who it is: answer, scratch, appeal, rate the mates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from flask import Response, redirect, request
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSeat, ClassSession
from lti_tool.services.classes import groups_work, live, sessions, team_answers, team_appeals
from lti_tool.services.classes.devices import comer_now, seat_to_vote_in
from lti_tool.services.classes.groups_work import Given
from lti_tool.services.classes.seats import NameMissingError
from lti_tool.services.classes.team_answers import TeamMissingError
from lti_tool.services.classes.team_checks import get_check, read_items, seed_of
from lti_tool.services.classes.teams import find_own
from lti_tool.views.classroom_voting import FRAGMENT, Place, exact_whole, read_whole, stage_page, whole
from lti_tool.views.guards import runtime
from qualoop.classroom.peer_factor import MOST_POINTS, RatingRefusedError
from qualoop.classroom.session import ClassRefusedError
from qualoop.classroom.team_check import CheckItem

_CONFLICT: Final = 409
_ITEM: Final = "item-"
_POINTS: Final = "points-"
_COMMENT: Final = "comment-"


def act(place: Place) -> AnyResponse:
    """Do what the form says; say so only after it is committed."""
    do = _ACTS.get(request.form.get("do", ""), _unknown)
    try:
        done, team = do(place)
    except ClassRefusedError as error:
        if FRAGMENT in request.headers:
            return Response(stage_page(place, refused=error.code), _CONFLICT, mimetype="text/html")
        return redirect(f"{place.address}?refused={error.code}", 303)
    if team:
        # Only now, after the commit, so that no mate keeps what stood before.
        live.forget_team(runtime().database, place.class_uuid, team)
    if FRAGMENT in request.headers:
        return Response(stage_page(place, done=done), mimetype="text/html")
    return redirect(f"{place.address}?done={done}", 303)


def _unknown(place: Place) -> tuple[str, str]:
    raise ClassRefusedError


def _answer(place: Place) -> tuple[str, str]:
    with runtime().database.transaction() as transaction:
        row, seat = _seated(transaction, place)
        check_uuid = request.form.get("poll", "")
        check = get_check(transaction, row, check_uuid)
        keys = _keys(read_items(check), seed_of(check))
        picked = {}
        for name, value in request.form.items():
            if name.startswith(_ITEM):
                number = read_whole(name.removeprefix(_ITEM))
                picked[number] = _option(keys, number, value)
        team_answers.answer(transaction, row, seat, check_uuid=check_uuid, picked=picked, now=runtime().clock())
    return "answered", ""


def _scratch(place: Place) -> tuple[str, str]:
    with runtime().database.transaction() as transaction:
        row, seat = _seated(transaction, place)
        check_uuid, number = request.form.get("poll", ""), whole("number")
        check = get_check(transaction, row, check_uuid)
        chosen = request.form.get("choice", "")
        if not chosen:
            raise team_answers.AnswerEmptyError
        option = _option(_keys(read_items(check), seed_of(check)), number, chosen)
        team = team_answers.scratch(
            transaction, row, seat, check_uuid=check_uuid, number=number, option=option, now=runtime().clock()
        )
        return "scratched", team.row.uuid


def _appeal(place: Place) -> tuple[str, str]:
    parts = runtime()
    with parts.database.transaction() as transaction:
        row, seat = _seated(transaction, place)
        team = team_appeals.write(
            transaction,
            row,
            seat,
            named=(request.form.get("poll", ""), whole("number")),
            words=request.form.get("words", ""),
            secret=parts.settings.secret_key,
            now=parts.clock(),
        )
        return "appealed", team.row.uuid


def _rate(place: Place) -> tuple[str, str]:
    parts = runtime()
    with parts.database.transaction() as transaction:
        row = sessions.get_by_uuid(transaction, place.class_uuid)
        comer = comer_now(transaction, row, place.comer) if place.comer else None
        groups_work.rate(
            transaction,
            row,
            comer,
            task_uuid=request.form.get("task", ""),
            given=_given(),
            secret=parts.settings.secret_key,
            now=parts.clock(),
        )
        team = find_own(transaction, row, comer.person_id or 0) if comer else None
        if team is None:
            raise TeamMissingError
        return "rated", team.row.uuid


def _given() -> Mapping[str, Given]:
    """Return whom the form gives how much, by pseudonym; raise RatingRefusedError for what is no number of points."""
    found = {}
    for name, value in request.form.items():
        if name.startswith(_POINTS):
            if value not in {str(points) for points in range(MOST_POINTS + 1)}:
                raise RatingRefusedError
            named = name.removeprefix(_POINTS)
            found[named] = Given(points=int(value), comment=request.form.get(_COMMENT + named, ""))
    return found


def _seated(transaction: Transaction, place: Place) -> tuple[ClassSession, ClassSeat]:
    if place.comer is None:
        raise NameMissingError
    row = sessions.get_by_uuid(transaction, place.class_uuid)
    sessions.require_open(row)
    return row, seat_to_vote_in(transaction, row, place.comer, runtime().clock())


def _keys(items: Sequence[CheckItem], seed: int) -> Mapping[tuple[int, int], str]:
    """Return the key of each option by number of the question and place: pages know places alone."""
    return {
        (number, where): option.key
        for number, item in enumerate(items, 1)
        for where, option in enumerate(item.options(seed))
    }


def _option(keys: Mapping[tuple[int, int], str], number: int, place: str) -> str:
    """Return the key of the option at a place, empty where there is none: a place that is no number is not the first."""
    try:
        return keys.get((number, exact_whole(place)), "")
    except ClassRefusedError:
        return ""


_ACTS: Final[Mapping[str, Callable[[Place], tuple[str, str]]]] = {
    "answer": _answer,
    "scratch": _scratch,
    "appeal": _appeal,
    "rate": _rate,
}
