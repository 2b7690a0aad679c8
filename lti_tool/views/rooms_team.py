"""A learner's page of a market room: the team, its roles, the decision of the open round, what the last one brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.people.roles import Permission, Role
from lti_tool.services.rooms import teams
from lti_tool.services.rooms.market import KeywordPlace, Market, keyword_places
from lti_tool.services.rooms.rooms import Room, RoomRefusedError, find_room
from lti_tool.services.rooms.teams import Draft, Learner
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.rooms import REFUSED, number, page_words, whole
from lti_tool.views.rooms_sheet import Typed, others_of, own_form, panels_html, sheet_of
from lti_tool.views.teaching import link_of
from qualoop.simulators.entering import Entered, read_decision
from qualoop.simulators.spreadsheet import read_csv

blueprint = Blueprint("rooms_team", __name__)

SEEN = "seen."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What came with a form of decisions: the round and versions that its page showed, and what was read of it."""

    round: int
    seen: dict[str, int]
    entered: Entered
    pasted: str

    def typed(self) -> Typed:
        return Typed(
            components=tuple(self.seen),
            texts=self.entered.typed,
            problems=self.entered.problems,
            pasted=self.pasted if self.entered.problems else "",
        )


@blueprint.get("/a/<launch>/room/")
@needs(Permission.ANSWER)
def show(session: Session) -> AnyResponse | str:
    """Show the room as a learner sees it; who teaches is shown the console."""
    if session.may(Permission.VIEW_CLASS):
        return redirect(url_for("rooms.show", launch=session.uuid), 303)
    return _page(session, _find(session))


@blueprint.post("/a/<launch>/room/join")
@needs(Permission.ANSWER)
def join(session: Session) -> AnyResponse:
    """Sit down in a team."""
    team = whole("team")
    return _done(session, lambda transaction: teams.join(transaction, _learner(session), team))


@blueprint.post("/a/<launch>/room/name")
@needs(Permission.ANSWER)
def name(session: Session) -> AnyResponse:
    """Give the own team a name."""
    wanted, contents = request.form.get("name", ""), runtime().contents
    return _done(session, lambda transaction: teams.rename(transaction, contents, _learner(session), wanted))


@blueprint.post("/a/<launch>/room/role")
@needs(Permission.ANSWER)
def role(session: Session) -> AnyResponse:
    """Take a role, or give one up."""
    wanted, _, key = request.form.get("do", "").partition(":")
    acts = {"take": teams.take_role, "give-up": teams.give_up}
    if wanted not in acts:
        abort(400)
    contents = runtime().contents
    return _done(session, lambda transaction: acts[wanted](transaction, contents, _learner(session), key))


@blueprint.post("/a/<launch>/room/save")
@needs(Permission.ANSWER)
def save(session: Session) -> AnyResponse | tuple[str, int]:
    """Save what a role decides, or put a pasted table into the form; what is refused comes back as it was typed."""
    _check_learner(session)
    room, parts = _find(session), runtime()
    if room is None or session.person_id not in room.seats:
        return redirect(url_for("rooms_team.show", launch=session.uuid, refused="room-not-seated"), 303)
    sent = _read(room, session)
    if sent.entered.decision is None:
        return _page(session, room, sent.typed()), 422
    if request.form.get("do") == "import":
        return _page(session, room, sent.typed()), 200
    draft = Draft(round=sent.round, seen=sent.seen, decision=sent.entered.decision)
    try:
        with parts.database.transaction() as transaction:
            teams.save(transaction, parts.contents, _learner(session), draft, now=parts.clock())
    except RoomRefusedError as error:
        return _page(session, _find(session), sent.typed(), refused=error.code), 409
    return redirect(url_for("rooms_team.show", launch=session.uuid, saved=1, _anchor="decision"), 303)


def _read(room: Room, session: Session) -> _Sent:
    """Return what a form holds, for the components that its page showed."""
    known = room.market.form.components
    sent = {name[len(SEEN) :]: value for name, value in request.form.items() if name.startswith(SEEN)}
    seen = {component: number(sent[component]) for component in known if component in sent}
    standing = room.standing(room.seats[session.person_id])
    form = own_form(room.market.form, standing, tuple(seen))
    entered = read_decision(form, request.form, standing)
    pasted = request.form.get("csv", "")
    if request.form.get("do") == "import":
        entered = read_csv(form, pasted, standing, entered.typed)
    return _Sent(round=whole("round"), seen=seen, entered=entered, pasted=pasted)


def _page(session: Session, room: Room | None, typed: Typed | None = None, *, refused: str = "") -> str:
    team = room.seats.get(session.person_id) if room else None
    words = page_words(session, room.market if room else None)
    if refused:
        words["refused"] = words["words"].gettext(REFUSED[refused])
    return render_template(
        "room.html",
        session=session,
        here="room",
        back="activity",
        shows_room=True,
        room=room,
        team=team,
        saved="saved" in request.args,
        decision=_decision(session, room, team, typed) if room and team else None,
        results=_results(room, team) if room and team else None,
        seen=_seen(session, room, team) if room and team else [],
        credits=room.market.credits(room.documents, team) if room and team and not room.is_running else (),
        part_titles=lambda keys: [_part_title(room, key, session.language) for key in keys],
        **words,
    )


def _decision(session: Session, room: Room, team: int, typed: Typed | None) -> dict[str, Any]:
    """Return the decision of a team: what this learner fills in, and what team mates have."""
    market, standing, language = room.market, room.standing(team), session.language
    held = tuple(component for role in room.held(session.person_id) for component in role.components)
    mine = typed.components if typed else held
    shown = own_form(market.form, standing, mine)
    return {
        "components": [(each, room.version(team, each)) for each in mine],
        "sheet": sheet_of(shown, standing, typed, language) if shown.tables else None,
        "others": others_of(market.form, standing, shown, language) if market.is_shared else [],
        "missing": [each for each in market.form.components if each not in room.decided(team)],
        "bots": [role.title[language] for role in room.roles if role.key in room.bots(team)],
        "pasted": typed.pasted if typed else "",
        "is_typed": typed is not None,
    }


def _results(room: Room, team: int) -> dict[str, Any]:
    """Return what the closed rounds brought a team, and where it stood among advertisers without names."""
    rounds = room.results()
    own = [(each, result) for each in rounds if (result := each.find(team)) is not None]
    if not own:
        return {"own": own, "last": None}
    last, mine = own[-1]
    return {
        "own": own,
        "last": own[-1],
        "places": _places(room, last.number, team),
        "rank": sum(profit > mine.profit for profit in last.profits),
    }


def _places(room: Room, number: int, team: int) -> Sequence[KeywordPlace]:
    """Return what a team could see of its keywords, in a market of such."""
    market = room.market
    return keyword_places(market, number, room.documents[number], team) if isinstance(market, Market) else ()


def _seen(session: Session, room: Room, team: int) -> list[dict[str, Any]]:
    """Return what this learner may look at: while the room runs that of the own roles, and nothing of other firms."""
    roles = tuple(role.key for role in room.held(session.person_id))
    if room.market.is_shared or (room.is_running and not roles):
        return []
    shown = room.market.seen(room.documents, team, roles if room.is_running else ())
    return [
        {
            "title": each.title[session.language] if each.title else "",
            "html": panels_html(each.panels, place, session.language),
        }
        for place, each in enumerate(shown)
    ]


def _part_title(room: Room | None, key: str, language: str) -> str:
    """Return what learners call a component."""
    if room is None:
        return key
    return next((part.title[language] for part in room.project.parts if part.key == key), key)


def _find(session: Session) -> Room | None:
    parts = runtime()
    with parts.database.reading() as reading:
        return find_room(reading, parts.contents, link_of(session))


def _learner(session: Session) -> Learner:
    return Learner(link=link_of(session), person_id=session.person_id, room=request.form.get("room", ""))


def _check_learner(session: Session) -> None:
    """Answer 403 to who does not learn here: a teacher sits in no team."""
    if session.may(Permission.VIEW_CLASS) or Role.LEARNER.value not in session.roles:
        abort(403)


def _done(session: Session, act: Callable[[Transaction], None]) -> AnyResponse:
    """Do something in one transaction; say on the page what was refused."""
    _check_learner(session)
    try:
        with runtime().database.transaction() as transaction:
            act(transaction)
    except RoomRefusedError as error:
        return redirect(url_for("rooms_team.show", launch=session.uuid, refused=error.code), 303)
    return redirect(url_for("rooms_team.show", launch=session.uuid), 303)
