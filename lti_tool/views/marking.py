"""The queue of the marking room: what waits, since when, and the release of what is approved."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import marking_setups
from lti_tool.services.classes.overview import find_activity_title
from lti_tool.services.marking import marking_queue
from lti_tool.services.marking import release as marking_release
from lti_tool.services.marking.cases import Desk, Marker
from lti_tool.services.marking.marking_queue import PAGE, Filters, Show
from lti_tool.services.marking.release import Due
from lti_tool.services.people.roles import Permission
from lti_tool.services.rosters.groups import list_groups
from lti_tool.views import marking_words
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.link_form import read_moment
from lti_tool.views.teaching import chosen_group, link_of
from lti_tool.views.wording import Wording

blueprint = Blueprint("marking", __name__)

LATER: Final = "later"


@blueprint.get("/a/<launch>/marking/")
@needs(Permission.MARK)
def show(session: Session) -> str:
    """Show the queue: what waits for whom, oldest first."""
    parts, link, filters = runtime(), link_of(session), asked_filters()
    page = max(request.args.get("page", 1, type=int), 1)
    with parts.database.reading() as reading:
        connection = reading.connection()
        found = marking_queue.queue(connection, link, marker_of(session), filters)
        setup = marking_setups.find_setup(connection, link.organisation_id, link.resource_link_id)
        title = title_of(connection, session)
        groups = list_groups(connection, link)
    return render_template(
        "marking.html",
        groups=groups,
        session=session,
        here=here(session),
        link_title=title,
        queue=found,
        works=found.works[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=-(-len(found.works) // PAGE),
        filters=filters,
        address=lambda **changes: address(session, filters, **changes),
        place=query_of(filters),
        setup=setup,
        may_release=session.may(Permission.RELEASE_MARKS),
        now=parts.clock(),
        **page_words(session),
    )


@blueprint.post("/a/<launch>/marking/release")
@needs(Permission.RELEASE_MARKS)
def release(session: Session) -> AnyResponse:
    """Release approved marks: those of one work, or all of this activity; at once, or at a moment."""
    parts, link = runtime(), link_of(session)
    at: datetime | None = None
    if request.form.get("do") == LATER:
        try:
            at = read_moment(request.form.get("at", ""))
        except ValueError:
            at = None
        if at is None:
            return redirect(url_for("marking.show", launch=session.uuid, refused="unreadable"), 303)
    works = request.form.getlist("work")
    with parts.database.transaction() as transaction:
        planned = marking_release.plan_release(
            transaction, desk_of(session), works=works or None, at=at, now=parts.clock()
        )
    if at is None:
        marking_release.release_due(
            parts.database,
            secret=parts.settings.secret_key,
            clock=parts.clock,
            is_ending=lambda: False,
            only=Due(link=link, works=works or None),
        )
    done = "none" if not planned else "released" if at is None else "planned"
    return redirect(url_for("marking.show", launch=session.uuid, show=Show.ALL.value, done=done), 303)


def asked_filters() -> Filters:
    """Return what of the queue an address asks for; what it misspells is the ordinary."""
    asked = request.args.get("show", "")
    return Filters(
        show=Show(asked) if asked in set(Show) else Show.TODO,
        mine=request.args.get("whose") == "mine",
        course=request.args.get("where") == "course",
        group=chosen_group(),
    )


def query_of(filters: Filters, **changes: str) -> dict[str, Any]:
    """Return filters as the query of an address."""
    query = {
        "show": filters.show.value,
        "whose": "mine" if filters.mine else "all",
        "where": "course" if filters.course else "link",
        **({"group": filters.group} if filters.group else {}),
    }
    return {**query, **changes}


def address(session: Session, filters: Filters, **changes: str) -> str:
    """Return where the queue is shown with other filters."""
    return url_for("marking.show", launch=session.uuid, **query_of(filters, **changes))


def marker_of(session: Session) -> Marker:
    """Return who marks in a session."""
    return Marker(person_id=session.person_id, uuid=session.person_uuid, roles=session.roles)


def desk_of(session: Session, work: str = "") -> Desk:
    """Return who is at which work."""
    parts = runtime()
    return Desk(
        link=link_of(session),
        marker=marker_of(session),
        work=work,
        secret=parts.settings.secret_key,
        contents=parts.contents,
    )


def here(session: Session) -> str:
    """Return which tab of the page is the present one: who sees no class has one for marking."""
    return "teaching" if session.may(Permission.VIEW_CLASS) else "marking"


def title_of(connection: Connection, session: Session) -> str:
    """Return what the link is called: by its course, else by what it shows."""
    found = session.link_title or find_activity_title(
        connection, runtime().contents, link_of(session), language=session.language
    )
    return found or ""


def page_words(session: Session) -> dict[str, Any]:
    """Return what every marking page needs to say things, and what it says was done or refused."""
    words = Wording(language=session.language)
    done, refused = request.args.get("done", ""), request.args.get("refused", "")
    return {
        "words": words,
        "stages": {stage.value: words.gettext(word) for stage, word in marking_words.STAGES.items()},
        "shows": {show_.value: words.gettext(word) for show_, word in marking_words.SHOWS.items()},
        "tones": {stage.value: tone for stage, tone in marking_words.TONES.items()},
        "since": lambda moment: marking_words.since(moment, runtime().clock(), words),
        "size": marking_words.size,
        "wrong_words": {code: words.gettext(word) for code, word in marking_words.WRONG.items()},
        "done": words.gettext(marking_words.DONE[done]) if done in marking_words.DONE else "",
        "refused": words.gettext(marking_words.REFUSED[refused]) if refused in marking_words.REFUSED else "",
    }
