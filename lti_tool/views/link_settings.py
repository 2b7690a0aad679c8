"""The settings of a link on the teacher's pages: dates, late work, attempts, what is shown when; extensions; what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.classes.overview import find_activity_title
from lti_tool.services.courses import members as class_members
from lti_tool.services.grades import link_changes, link_extensions
from lti_tool.services.grades.link_changes import LinkState
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms.link_settings import DEFAULT
from lti_tool.views import link_form
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.link_form import Read
from lti_tool.views.link_words import origin, remarks
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.assessment import Extension, LinkSettings, schedule
from qualoop.values import find_whole

blueprint = Blueprint("link_settings", __name__)

REFUSED: Final = 422
SAVE: Final = "save"
MAX_REASON: Final = link_extensions.MAX_REASON
_MOST_DIGITS: Final = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """What is said above the form after something was done."""

    done: str = ""
    extension_wrong: bool = False


@blueprint.get("/a/<launch>/settings/")
@needs(Permission.SET_LINK)
def show(session: Session) -> AnyResponse:
    """Show how the link is set, and where each date comes from."""
    return _page(session, None, _Notice(done=request.args.get("done", "")[:16]))


@blueprint.post("/a/<launch>/settings/change")
@needs(Permission.SET_LINK)
def change(session: Session) -> AnyResponse:
    """Save what the form says, or only show what learners would see of it."""
    link, parts = link_of(session), runtime()
    with parts.database.transaction() as transaction:
        connection = transaction.connection()
        read = link_form.read_settings(request.form, link_changes.link_state(connection, link).settings)
        if read.settings is not None and request.form.get("do") == SAVE:
            _save(connection, session, read.settings, parts.clock())
            return _back(session, "saved")
    return _page(session, read, _Notice(done="preview" if read.settings else ""))


@blueprint.post("/a/<launch>/settings/restore")
@needs(Permission.SET_LINK)
def restore(session: Session) -> AnyResponse:
    """Go back to the defaults, or to what the link was set to before."""
    wanted = request.form.get("change", "")
    link, parts = link_of(session), runtime()
    with parts.database.transaction() as transaction:
        connection = transaction.connection()
        settings: LinkSettings | None = DEFAULT
        if wanted:
            settings = link_changes.find_earlier(connection, link, find_whole(wanted, _MOST_DIGITS) or 0)
        if settings is not None:
            _save(connection, session, settings, parts.clock())
    return _back(session, "saved" if settings is not None else "gone")


@blueprint.post("/a/<launch>/settings/extend")
@needs(Permission.SET_LINK)
def extend(session: Session) -> AnyResponse:
    """Give one learner more time or more attempts."""
    try:
        extension = link_form.read_extension(request.form)
    except ValueError:
        extension = Extension()
    if extension == Extension():
        return _page(session, None, _Notice(extension_wrong=True))
    with runtime().database.transaction() as transaction:
        link_extensions.give(
            transaction.connection(),
            link_of(session),
            request.form.get("person", ""),
            extension,
            reason=request.form.get("reason", "").strip(),
            by=session.person_id,
            now=runtime().clock(),
        )
    return _back(session, "given")


@blueprint.post("/a/<launch>/settings/take-back")
@needs(Permission.SET_LINK)
def take_back(session: Session) -> AnyResponse:
    """Take an extension back."""
    with runtime().database.transaction() as transaction:
        link_extensions.take_back(
            transaction.connection(),
            link_of(session),
            request.form.get("person", ""),
            by=session.person_id,
            now=runtime().clock(),
        )
    return _back(session, "taken-back")


def _save(connection: Connection, session: Session, settings: LinkSettings, now: datetime) -> None:
    link_changes.change_settings(connection, link_of(session), settings, by=session.person_id, now=now)


def _back(session: Session, done: str) -> AnyResponse:
    return redirect(url_for("link_settings.show", launch=session.uuid, done=done), 303)


def _page(session: Session, read: Read | None, notice: _Notice) -> AnyResponse:
    """Return the page, with the form as it was sent where it was."""
    parts, link, now = runtime(), link_of(session), runtime().clock()
    with parts.database.reading() as reading:
        connection = reading.connection()
        state = link_changes.link_state(connection, link)
        extensions = link_extensions.list_extensions(connection, link)
        members = class_members.list_members(connection, link)
        title = session.link_title or find_activity_title(connection, parts.contents, link, language=session.language)
    words = Wording(language=session.language)
    read = read or Read(texts=link_form.as_texts(state.settings), settings=state.settings)
    html = render_template(
        "link_settings.html",
        session=session,
        here="teaching",
        link_title=title or "",
        state=state,
        read=read,
        notice=notice,
        extensions=extensions,
        members=members,
        dates=_dates(state, words),
        seen=remarks(schedule(read.settings or state.settings, None, state.platform), now, words),
        defaults=DEFAULT,
        most_reason=MAX_REASON,
        words=words,
    )
    is_refused = notice.extension_wrong or bool(read.wrong)
    return AnyResponse(html, REFUSED if is_refused else 200, mimetype="text/html")


def _dates(state: LinkState, words: Wording) -> list[tuple[str, datetime | None, str]]:
    """Return the dates that hold for everybody without an extension, and who said each."""
    plan = schedule(state.settings, None, state.platform)
    named = (("opens", plan.opens), ("due", plan.due), ("closes", plan.closes))
    return [(name, date.at if date else None, origin(date, words)) for name, date in named]
