"""What a learner does in a class, whether a launch or a device proves who it is: vote, type the number that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.classes import polls, roll_call, sessions, team_elsewhere
from lti_tool.services.classes.devices import comer_now, seat_to_vote_in
from lti_tool.services.classes.polls import Paper, Voter
from lti_tool.services.classes.seats import Comer, RoomFullError, find_seat, has_come, learner_of, take_seat
from lti_tool.views.classroom_page import learner_view, stage_address
from lti_tool.views.classroom_team_page import team_view
from lti_tool.views.classroom_words import KINDS, named, said
from lti_tool.views.guards import Session, runtime
from lti_tool.views.wording import Wording
from qualoop.assessment import ResponseRefusedError
from qualoop.classroom.session import ClassRefusedError, SessionState
from qualoop.values import find_whole

FRAGMENT: Final = "X-Qualoop-Fragment"
_UNPROCESSABLE: Final = 422
_CONFLICT: Final = 409
MAX_DIGITS: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A learner's page of one session: who it is of, in which language, where it lies, its form token.

    ``session`` is that of a launch, None for a device; ``comer`` is None for somebody who only looks.
    """

    class_uuid: str
    comer: Comer | None
    language: str
    address: str
    csrf: str
    session: Session | None = None


def stage_page(place: Place, **more: Any) -> str:
    """Return the page of a session as it stands, or only what changes where its script asks for that.

    ``more`` is what to say: `refused`, `done`, or a vote as it was `typed` with the `fault` in it.
    """
    words = Wording(language=place.language)
    typed = more.get("typed")
    with runtime().database.reading() as reading:
        row = sessions.get_by_uuid(reading, place.class_uuid)
        seat = find_seat(reading, row, place.comer) if place.comer else None
        view = learner_view(reading, row, seat, language=place.language, typed=typed)
        secret, now = runtime().settings.secret_key, runtime().clock()
        person = place.comer.person_id if place.comer else None
        teams = team_view(reading, row, (seat, person), language=place.language, secret=secret, now=now)
        course = (row.organisation_id, row.context_id)
        places = team_elsewhere.list_places(reading, course, person, now, but=row.uuid) if person else []
    if place.comer and place.comer.is_confirmed:
        view |= {"is_confirmed": True, "has_name": True}
    template = "class_stage.html" if FRAGMENT in request.headers else "class_learner.html"
    return render_template(
        template,
        session=place.session,
        here="in-class",
        language=place.language,
        view=view,
        teams=teams,
        places=places,
        words=words,
        place=place,
        is_watching=place.comer is None,
        kinds=named(KINDS, words),
        stage_url=stage_address(row),
        fault=words.gettext(why) if (why := more.get("fault")) else None,
        **said(words, refused=more.get("refused", ""), done=more.get("done", "")),
    )


def join(place: Place) -> str:
    """Let somebody who comes to an open session sit down; return the code of why not, empty where it is well."""
    if place.comer is None:
        return ""
    with runtime().database.reading() as reading:
        row = sessions.get_by_uuid(reading, place.class_uuid)
        seat = find_seat(reading, row, place.comer)
        if row.state != SessionState.OPEN or (seat is not None and has_come(row, seat)):
            return ""
    try:
        with runtime().database.transaction() as transaction:
            row = sessions.get_by_uuid(transaction, place.class_uuid, held=True)
            take_seat(transaction, row, comer_now(transaction, row, place.comer), runtime().clock())
    except RoomFullError as error:
        return error.code
    return ""


def vote(place: Place) -> AnyResponse:
    """Take the vote in the form; say so only after it is committed."""
    try:
        _cast(place)
    except ResponseRefusedError as error:
        typed = request.form.to_dict(flat=False)
        return _html(stage_page(place, typed=typed, fault=error.message), _UNPROCESSABLE)
    except ClassRefusedError as error:
        if FRAGMENT in request.headers:
            return _html(stage_page(place, refused=error.code), _CONFLICT)
        return redirect(f"{place.address}?refused={error.code}", 303)
    if FRAGMENT in request.headers:
        return _html(stage_page(place, done="voted"))
    return redirect(f"{place.address}?done=voted", 303)


def check_in(place: Place) -> AnyResponse:
    """Take the short code of the roll call."""
    sent = "".join(request.form.get("number", "")[:16].split())
    parts = runtime()

    def taking() -> str:
        if place.comer is None:
            return "refused=class-no-name"
        with parts.database.transaction() as transaction:
            row = sessions.get_by_uuid(transaction, place.class_uuid, held=True)
            is_right = roll_call.redeem_code(transaction, row, place.comer, sent, now=parts.clock())
        return "" if is_right else "refused=class-code"

    return redirect(f"{place.address}?{_refusal(taking)}", 303)


def whole(name: str) -> int:
    """Return a whole number of the form, 0 where it is none or endless."""
    return read_whole(request.form.get(name, ""))


def read_whole(sent: str) -> int:
    """Return a text as a whole number, 0 where it is none or endless."""
    return find_whole(sent, MAX_DIGITS) or 0


def exact_whole(sent: str) -> int:
    """Return a text as a whole number; raise ClassRefusedError where it is none or endless: 0 would be a choice."""
    number = find_whole(sent, MAX_DIGITS)
    if number is None:
        raise ClassRefusedError("this is no whole number")
    return number


def _refusal(act: Callable[[], str]) -> str:
    try:
        return act()
    except ClassRefusedError as error:
        return f"refused={error.code}"


def _cast(place: Place) -> None:
    if place.comer is None:
        raise ClassRefusedError
    parts, now = runtime(), runtime().clock()
    paper = Paper(poll=request.form.get("poll", ""), round=whole("round"), form=request.form.to_dict(flat=False))
    with parts.database.transaction() as transaction:
        row = sessions.get_by_uuid(transaction, place.class_uuid)
        sessions.require_open(row)
        seat = seat_to_vote_in(transaction, row, place.comer, now)
        voter = Voter(seat=seat, learner=learner_of(transaction, seat), secret=parts.settings.secret_key)
        polls.vote(transaction, row, voter, paper, now=now)


def _html(page: str, status: int = 200) -> AnyResponse:
    return Response(page, status, mimetype="text/html")
