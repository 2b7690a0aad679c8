"""The notices of whoever opened the launch: what was released, changed or answered, and what waits for a decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final, TypeAlias

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.db import micros, moment
from lti_tool.services.evidence.entries import name_parts
from lti_tool.services.live.live_queue import LiveWork
from lti_tool.services.notices import live, notices
from lti_tool.services.notices import seen as notices_seen
from lti_tool.services.notices.notices import Kind, Notice
from lti_tool.services.people.roles import Permission
from lti_tool.services.records.records import Subject
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.marking import marker_of
from lti_tool.views.notice_words import sentence, text_to_copy
from lti_tool.views.record import own_subject
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.values import find_whole

blueprint = Blueprint("notices", __name__)

_MOST_DIGITS: Final = 17

_Day: TypeAlias = tuple[date, list[tuple[Notice, str, str, str]]]


@blueprint.get("/a/<launch>/notices/")
@needs(Permission.VIEW_NOTICES)
def show(session: Session) -> str:
    """Show the notices, newest first."""
    parts, now = runtime(), runtime().clock()
    subject = _subject(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        found = _found(connection, session, now)
        seen = notices_seen.read_seen(connection, subject)
        framework = parts.contents.find_framework(connection, session.organisation_id)
        entries = [each.corrected.entry for each in found if each.corrected]
        spoken = {
            language: Wording(
                language=language,
                framework=framework,
                parts=name_parts(connection, parts.contents, session.organisation_id, entries, language=language),
            )
            for language in ("en", "zh-Hans")
        }
    words = spoken[session.language]
    return render_template(
        "notices.html",
        session=session,
        here="notices",
        seen=seen,
        new=sum(seen.is_new(each.at) for each in found),
        to=micros(found[0].at) if found else 0,
        days=_by_day(session, found, words, spoken.values()),
        words=words,
    )


@blueprint.post("/a/<launch>/notices/seen")
@needs(Permission.VIEW_NOTICES)
def mark(session: Session) -> AnyResponse:
    """Let all that the page showed be seen; what has come since stays new."""
    to = find_whole(request.form.get("to", ""), _MOST_DIGITS)
    if to is not None:
        shown = moment(min(to, micros(runtime().clock())))
        with runtime().database.transaction() as transaction:
            notices_seen.mark_seen(transaction.connection(), _subject(session), shown)
    return _back(session)


@blueprint.post("/a/<launch>/notices/undo")
@needs(Permission.VIEW_NOTICES)
def undo(session: Session) -> AnyResponse:
    """Let what was marked last be new again."""
    with runtime().database.transaction() as transaction:
        notices_seen.undo(transaction.connection(), _subject(session))
    return _back(session)


def _found(connection: Connection, session: Session, now: datetime) -> list[Notice]:
    contents = runtime().contents
    found = [*notices.learner_notices(connection, own_subject(connection, session, now), now)]
    found += live.live_decisions(connection, contents, _subject(session))
    if session.may(Permission.MARK):
        found += live.live_waiting(connection, contents, link_of(session), marker_of(session))
    if session.may(Permission.VIEW_CLASS):
        found += notices.class_notices(connection, link_of(session), now)
    return [*notices.newest_first(iter(found))]


def _by_day(session: Session, found: Sequence[Notice], words: Wording, spoken: Iterable[Wording]) -> list[_Day]:
    """Return the notices by day in UTC, each with its words, the text to copy and where it leads."""
    spoken = list(spoken)
    return [
        (
            day,
            [(each, sentence(each, words), text_to_copy(each, spoken), _address(session, each)) for each in of_day],
        )
        for day, of_day in groupby(found, key=lambda each: each.at.astimezone(UTC).date())
    ]


def _address(session: Session, notice: Notice) -> str:
    """Return where a notice leads; empty where it is about another link than the one that is open."""
    if notice.live:
        return _to_decide(session, notice.live)
    if notice.kind is Kind.NEEDS_DECISION and notice.member and notice.codes:
        return f"{session.base}class/{notice.member.subject.uuid}/{notice.codes[0]}/"
    if notice.kind is Kind.CLASS_RELEASED:
        return f"{session.base}class/"
    if notice.kind is Kind.CORRECTED:
        return url_for("record.show_timeline", launch=session.uuid)
    if notice.codes:
        return url_for("record.show_point", launch=session.uuid, code=notice.codes[0])
    return session.base if notice.link == session.resource_link_id else ""


def _to_decide(session: Session, work: LiveWork) -> str:
    """Return where a live project is decided about: the marking room, once all its tasks are accepted."""
    if work.step is not None:
        return url_for("live_mentor.show", launch=session.uuid, work=work.uuid)
    return url_for("marking_room.show", launch=session.uuid, work=work.uuid, where="course", show="all")


def _subject(session: Session) -> Subject:
    return Subject(organisation_id=session.organisation_id, person_id=session.person_id, uuid=session.person_uuid)


def _back(session: Session) -> AnyResponse:
    return redirect(url_for("notices.show", launch=session.uuid), 303)
