"""A teacher's console of a market room: rounds, who has decided, standings, the projector, a file."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import translatable
from lti_tool.services.courses.members import list_members
from lti_tool.services.people.roles import Permission
from lti_tool.services.rooms import rounds
from lti_tool.services.rooms.game import Credit, Game, TeamResult, standings
from lti_tool.services.rooms.rooms import (
    GAMES,
    Room,
    RoomRefusedError,
    fewest_teams,
    find_market_project,
    find_room,
)
from lti_tool.services.rooms.rounds import Page, RoomPlan
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.content_packages import Project
from qualoop.player.project_numbers import number_text
from qualoop.simulators.sem.shared import MOST_TEAMS
from qualoop.simulators.streams import KEY_BYTES, WorldKey
from qualoop.spreadsheet_cells import Value
from qualoop.values import find_whole

blueprint = Blueprint("rooms", __name__)

MAX_DIGITS: Final = 6
REFUSED: Final = {
    "room-refused": translatable("This cannot be done in the room as it stands now."),
    "room-missing": translatable("This page was of another room. Here is the present one."),
    "room-stale": translatable("The room had moved on when your page was sent. Nothing was changed."),
    "room-closed": translatable("No round is open just now."),
    "room-unfit": translatable("Choose 2 to 40 teams, and at least as many advertisers as teams, at most 40."),
    "room-unfit-chain": translatable("Choose 1 to 40 teams."),
    "room-name": translatable(
        "A team’s name has at most 30 characters: letters, digits, spaces and common marks. No other team may have it."
    ),
    "room-running": translatable("A room is still running here. End it first."),
    "room-shock": translatable("No later round is left in which this could begin."),
    "room-empty": translatable("Nobody sits in a team yet, so there is nothing to play."),
    "room-not-seated": translatable("Join a team first."),
    "room-team": translatable("Teams stay as they are once a round was played."),
    "room-role": translatable("A team mate has taken this role."),
    "room-locked": translatable("You do not hold this role any more, so nothing was saved. What you typed is below."),
    "room-part-stale": translatable(
        "Somebody saved this part after you had opened the page, so yours was not saved. What you typed is below: save "
        "again to put it in place."
    ),
}
_COLON: Final = {"en": ": ", "zh-Hans": "："}
_COMMA: Final = {"en": ", ", "zh-Hans": "、"}
HEAD: Final = (
    translatable("Round"),
    translatable("Team"),
    translatable("Score"),
    translatable("Profit"),
    translatable("Expected profit"),
    translatable("Best response"),
    translatable("Naive decision"),
)


@blueprint.get("/a/<launch>/class/room/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show the newest room of the link, or how to open one."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        found = find_market_project(reading.connection(), parts.contents, link)
        if found is None:
            abort(404)
        room = find_room(reading, parts.contents, link)
        names = {member.subject.person_id: member for member in list_members(reading.connection(), link)}
        past = rounds.past_rooms(reading, parts.contents, link)
    results = room.results() if room else []
    game = game_of(found[1], room)
    return render_template(
        "room_console.html",
        session=session,
        here="teaching",
        project=found[1],
        room=room,
        names=names,
        past=past,
        results=results,
        table=standings(results),
        limits=(fewest_teams(game), MOST_TEAMS),
        credits=_credits(room),
        **page_words(session, game),
    )


@blueprint.get("/a/<launch>/class/room/projector")
@needs(Permission.VIEW_CLASS)
def projector(session: Session) -> str:
    """Show the standings in big figures: teams by number, nobody's name."""
    room = _room(session)
    results = room.results()
    return render_template(
        "room_projector.html",
        session=session,
        here="teaching",
        room=room,
        table=standings(results),
        **page_words(session, room.market),
    )


@blueprint.get("/a/<launch>/class/room/results.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send every team's closed rounds as a file for spreadsheets."""
    gettext = catalogue(session.language).gettext
    room = _room(session)
    columns = room.market.columns
    heads = [*(gettext(head) for head in HEAD), *(label[session.language] for label in columns.values())]
    rows: list[Sequence[Value]] = [heads]
    rows += [_row(each, result.number + 1, columns) for result in room.results() for each in result.teams]
    return csv_response(rows, "room", runtime().clock().date())


@blueprint.post("/a/<launch>/class/room/begin")
@needs(Permission.SET_LINK)
def begin(session: Session) -> AnyResponse:
    """Open a room."""
    form, parts = request.form, runtime()
    plan = RoomPlan(teams=whole("teams"), size=whole("size"), ghosts=form.get("ghosts", ""))
    key = WorldKey(secrets.token_bytes(KEY_BYTES))

    def opening(transaction: Transaction) -> None:
        rounds.open_room(transaction, parts.contents, link_of(session), plan, key=key, now=parts.clock())

    return _done(session, opening)


@blueprint.post("/a/<launch>/class/room/change")
@needs(Permission.SET_LINK)
def change(session: Session) -> AnyResponse:
    """Open or close a round, let something happen, free a role, or end the room: what the pressed button says."""
    wanted, _, detail = request.form.get("do", "").partition(":")
    act = _ACTS.get(wanted)
    if act is None:
        abort(400)
    page = shown_page()
    return _done(session, lambda transaction: act(transaction, session, page, detail))


def _open(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    rounds.open_round(transaction, link_of(session), page)


def _close(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    parts = runtime()
    rounds.close_round(transaction, parts.contents, link_of(session), page, now=parts.clock())


def _shock(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    rounds.add_shock(transaction, runtime().contents, link_of(session), page, kind=detail)


def _free(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    team, _, role = detail.partition(":")
    rounds.free_role(transaction, link_of(session), page, team=number(team), role=role)


def _reset(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    rounds.reset_name(transaction, link_of(session), page, team=number(detail))


def _end(transaction: Transaction, session: Session, page: Page, detail: str) -> None:
    rounds.end_room(transaction, link_of(session), page)


_ACTS: Final[Mapping[str, Callable[[Transaction, Session, Page, str], None]]] = {
    "open": _open,
    "close": _close,
    "shock": _shock,
    "free": _free,
    "reset-name": _reset,
    "end": _end,
}


def has_market() -> bool:
    """Say whether the link of this launch shows a project that a class can play in one market."""
    session, parts = g.get("session"), runtime()
    if session is None:
        return False
    with parts.database.reading() as reading:
        return find_market_project(reading.connection(), parts.contents, link_of(session)) is not None


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the page of runs ask; others never do."""
    return {"has_market": has_market}


def whole(name: str) -> int:
    """Return a whole number of the form, 0 where it is none."""
    return number(request.form.get(name, ""))


def number(text: str) -> int:
    """Return a text as a whole number, 0 where it is none or endless."""
    return find_whole(text, MAX_DIGITS) or 0


def shown_page() -> Page:
    """Return which room and round the form's page showed."""
    return Page(room=request.form.get("room", ""), played=whole("played"))


def game_of(project: Project, room: Room | None) -> Game:
    """Return the game of a room; where there is none yet, one like it, whose key nobody plays with."""
    return room.market if room else GAMES[project.engine.name](project.spec, WorldKey.of_seed(0).as_text(), ())


def page_words(session: Session, game: Game | None) -> dict[str, Any]:
    """Return what every page of a room needs to say things, and what it says was refused."""
    gettext = catalogue(session.language).gettext
    shocks = game.shocks if game else {}
    refused = request.args.get("refused", "")
    return {
        "words": Wording(language=session.language),
        "money": lambda value: number_text(value, 0, "¥"),
        "count": lambda value: number_text(value, 0),
        "places": lambda value: number_text(value, 1),
        "price": lambda value: number_text(value, 2, "¥"),
        "refused": gettext(REFUSED[refused]) if refused in REFUSED else "",
        "shock_name": lambda kind: shocks[kind][session.language] if kind in shocks else kind,
        "is_chain": game is not None and not game.is_shared,
        "colon": _COLON[session.language],
        "comma": _COMMA[session.language],
        "listed": _COMMA[session.language].join,
    }


def _room(session: Session) -> Room:
    parts = runtime()
    with parts.database.reading() as reading:
        room = find_room(reading, parts.contents, link_of(session))
    if room is None:
        abort(404)
    return room


def _credits(room: Room | None) -> dict[int, Sequence[Credit]]:
    """Return by team what each role added to its result."""
    if room is None or room.market.is_shared:
        return {}
    return {team: room.market.credits(room.documents, team) for team in sorted(set(room.seats.values()))}


def _row(each: TeamResult, round_: int, columns: Iterable[str]) -> Sequence[Value]:
    money = (each.profit, each.expected, each.best, each.naive, *(each.counts[key] for key in columns))
    return [round_, each.team, each.score.as_text(), *(f"{value:.2f}" for value in money)]


def _done(session: Session, act: Callable[[Transaction], None]) -> AnyResponse:
    """Do something in one transaction; say on the console what was refused."""
    try:
        with runtime().database.transaction() as transaction:
            act(transaction)
    except RoomRefusedError as error:
        return redirect(url_for("rooms.show", launch=session.uuid, refused=error.code), 303)
    return redirect(url_for("rooms.show", launch=session.uuid), 303)
