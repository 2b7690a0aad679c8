"""The roll call as a teacher sees it: the live list, marks by hand, devices that wait for a word, the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession
from lti_tool.services.classes import closing, live, sessions
from lti_tool.services.classes.roll_call import Roll, read_roll
from lti_tool.services.classes.seats import SeatMissingError
from lti_tool.services.classes.sessions import plain
from lti_tool.services.courses.members import get_member
from lti_tool.services.people.roles import Permission
from lti_tool.services.sheets import marks_rolls
from lti_tool.views.classroom import MOST_DEVICES, corrector, framework_of, in_class
from lti_tool.views.classroom_stream import unchanged
from lti_tool.views.classroom_voting import FRAGMENT, read_whole, whole
from lti_tool.views.classroom_words import PRESENCES, STATES, WAYS, named, said
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.classroom.roll_call import MARKS, Presence
from qualoop.spreadsheet_cells import Value

blueprint = Blueprint("classroom_roll", __name__)

ALL_JOINED: Final = "joined"
_MOST_SHOWN: Final = 2000
_ROLL: Final = "classroom_roll.show"


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/roll")
@needs(Permission.VIEW_CLASS)
def show(session: Session, class_uuid: str) -> AnyResponse:
    """Show who is there, or only what changes where its script asks; 304 where nothing has changed."""
    words, is_fragment = Wording(language=session.language), FRAGMENT in request.headers
    # Before what is shown is read: whoever comes meanwhile makes it another one.
    stamp = live.stamp(runtime().database, session.organisation_id, class_uuid, runtime().clock())
    headers = {"ETag": f'"{stamp}"'}
    if is_fragment and unchanged(stamp):
        return Response(status=304, headers=headers)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        roll, tables = read_roll(reading, row), marks_rolls.tables_of(reading, row)
    html = render_template(
        "class_roll_live.html" if is_fragment else "class_roll.html",
        stamp_of_class=stamp,
        # A whole page does without script, so each of its rows is whole.
        once=is_fragment,
        most_devices=MOST_DEVICES,
        shown=_more() or MOST_DEVICES,
        more=_more(),
        tables=tables,
        session=session,
        here="teaching",
        row=row,
        roll=roll,
        counts={each.value: roll.count(each) for each in Presence},
        marks=[each.value for each in MARKS],
        presences=named(PRESENCES, words),
        ways=named(WAYS, words),
        states=named(STATES, words),
        words=words,
        **said(words),
    )
    return Response(html, mimetype="text/html", headers=headers)


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/mark")
@needs(Permission.SET_LINK)
def mark(session: Session, class_uuid: str) -> AnyResponse:
    """Mark a learner by hand, or take the mark back: `PERSON:MARK`. `joined:MARK` is for all who were shown as joined."""
    person, _, wanted = plain(request.form.get("mark", "")).partition(":")

    def act(transaction: Transaction, row: ClassSession) -> None:
        framework, by, now = framework_of(transaction, row.organisation_id), corrector(session), runtime().clock()
        if person == ALL_JOINED:
            shown = frozenset(request.form.getlist("joined"))
            closing.mark_who_joined(transaction, row, (shown, wanted), framework, by=by, now=now)
        else:
            member = get_member(transaction.connection(), link_of(session), person)
            if wanted:
                closing.mark_member(transaction, row, (member, wanted), framework, by=by, now=now)
            else:
                marks_rolls.unmark(transaction, row, member, framework, by=by, now=now)

    if request.form.get("back") == "end":
        return in_class(session, class_uuid, act, done="marked", place="end")
    return in_class(session, class_uuid, act, page=_ROLL, done="marked", asked={"more": _more()})


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/roll/device")
@needs(Permission.SET_LINK)
def choose(session: Session, class_uuid: str) -> AnyResponse | str:
    """Ask whose the device is that the address names; the list of the whole course is on no page that changes by itself."""
    words, seat_id = Wording(language=session.language), read_whole(request.args.get("seat", ""))
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        roll = read_roll(reading, row)
    device = next((each for each in roll.unconfirmed if each.seat_id == seat_id), None)
    if device is None:
        refused = SeatMissingError.code
        return redirect(url_for(_ROLL, launch=session.uuid, class_uuid=class_uuid, refused=refused, more=_more()), 303)
    return render_template(
        "class_roll_device.html",
        session=session,
        here="teaching",
        row=row,
        roll=roll,
        device=device,
        more=_more(),
        words=words,
    )


@blueprint.post("/a/<launch>/class/sessions/<class_uuid>/confirm")
@needs(Permission.SET_LINK)
def confirm(session: Session, class_uuid: str) -> AnyResponse:
    """Say whose a device is: the learner it names, or another of the course."""
    person, seat_id = plain(request.form.get("person", "")), whole("seat")

    def act(transaction: Transaction, row: ClassSession) -> None:
        if not person:
            raise SeatMissingError
        member = get_member(transaction.connection(), link_of(session), person)
        framework = framework_of(transaction, row.organisation_id)
        closing.confirm_seat(
            transaction, row, (seat_id, member), framework, by=corrector(session), now=runtime().clock()
        )

    if request.form.get("back") == "roll":
        return in_class(session, class_uuid, act, page=_ROLL, done="confirmed", asked={"more": _more()})
    return in_class(session, class_uuid, act, done="confirmed")


@blueprint.get("/a/<launch>/class/sessions/<class_uuid>/attendance.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session, class_uuid: str) -> Response:
    """Send the list as a file for spreadsheets."""
    words = Wording(language=session.language)
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
        roll = read_roll(reading, row)
    return csv_response(_rows(row, roll, words), "attendance", row.created_at.date())


def _more() -> int | None:
    """Return how many devices were asked for, None where no more than are shown anyway."""
    wanted = min(read_whole(request.values.get("more", "")), _MOST_SHOWN)
    return wanted if wanted > MOST_DEVICES else None


def _rows(row: ClassSession, roll: Roll, words: Wording) -> Sequence[Sequence[Value]]:
    gettext, presences, ways = words.gettext, named(PRESENCES, words), named(WAYS, words)
    head = [
        gettext("Learner"),
        gettext("Pseudonym"),
        gettext("Presence"),
        gettext("How"),
        gettext("At (UTC)"),
        gettext("Class session"),
    ]
    rows: list[Sequence[Value]] = [head]
    for line in roll.lines:
        how = ways.get(line.way, "")
        at = line.checked_at.isoformat(timespec="seconds") if line.checked_at else ""
        name = line.member.name or line.member.short
        rows.append(
            [name, line.member.subject.uuid, presences[line.presence.value], how, at, row.title_in(words.language)]
        )
    return rows
