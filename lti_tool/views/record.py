"""The learner's own record: the map of the posts, each knowledge point with its evidence, the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Literal

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import Connection

from lti_tool.services.evidence.corrected import list_corrected
from lti_tool.services.evidence.entries import name_parts
from lti_tool.services.ledger.as_of import end_of
from lti_tool.services.people.roles import Permission
from lti_tool.services.records import learner_records, records, timelines
from lti_tool.services.records.as_of import find_first_day
from lti_tool.services.records.held_back import hidden_attempts
from lti_tool.services.records.learner_records import PointPage
from lti_tool.services.records.records import Subject
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.wording import Wording
from qualoop.framework import Framework

blueprint = Blueprint("record", __name__)


@blueprint.get("/a/<launch>/record/")
@needs(Permission.VIEW_OWN_RECORD)
def show(session: Session) -> str:
    """Show the record of whoever opened the launch, and what to do next; or how it stood at the end of a day."""
    parts, language = runtime(), session.language
    now = parts.clock()
    then, refused = _day_asked(now)
    with parts.database.reading() as reading:
        connection = reading.connection()
        subject = own_subject(connection, session, now)
        framework = parts.contents.find_framework(connection, session.organisation_id)
        if framework is None:
            return render_template("record.html", session=session, here="record", framework=None)
        first, following = find_first_day(connection, subject), None
        about = (connection, parts.contents, framework, subject)
        if then is not None:
            found = learner_records.learner_record_as_of(*about, language=language, then=then)
        else:
            found = learner_records.learner_record(*about, language=language, now=now)
            following = records.next_activity(*about, language=language, now=now)
    return render_template(
        "record.html",
        session=session,
        here="record",
        framework=framework,
        found=found,
        next_activity=following,
        as_of=then,
        refused=refused,
        days=(first, now.astimezone(UTC).date()),
        words=Wording(language=language, framework=framework, parts=found.parts),
    )


def _day_asked(now: datetime) -> tuple[datetime | None, Literal["unreadable", "future"] | None]:
    """Return the end of the day that is asked for, None for today; or why it cannot be shown."""
    asked, today = request.args.get("as_of", "").strip(), now.astimezone(UTC).date()
    if not asked:
        return None, None
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return None, "unreadable"
    if day > today:
        return None, "future"
    return (end_of(day) if day < today else None), None


@blueprint.get("/a/<launch>/record/timeline/")
@needs(Permission.VIEW_OWN_RECORD)
def show_timeline(session: Session) -> str:
    """Show what the learner did, by day and sitting, newest first, a page at a time."""
    parts, before = runtime(), before_asked()
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, session.organisation_id)
        learner, hidden = session.person_uuid, own_subject(connection, session, parts.clock()).hidden
        page = timelines.whole_sittings(
            timelines.entries_page(connection, session.organisation_id, learner, before=before, hidden=hidden)
        )
        corrected = list_corrected(connection, session.organisation_id, learner) if not before else ()
        corrections = [each for each in corrected if each.entry.evidence.attempt not in hidden]
        entries = [*page.entries, *(each.entry for each in corrections)]
        names = name_parts(connection, parts.contents, session.organisation_id, entries, language=session.language)
    return render_template(
        "timeline.html",
        session=session,
        here="record",
        corrections=corrections,
        is_held=bool(hidden),
        days=timelines.by_day(page.entries, page.read),
        older=page.older,
        is_newest=before is None,
        words=Wording(language=session.language, framework=framework, parts=names),
    )


@blueprint.get("/a/<launch>/record/<code>/")
@needs(Permission.VIEW_OWN_RECORD)
def show_point(session: Session, code: str) -> str:
    """Show one knowledge point of the learner: how it stands, why, and all the evidence behind it."""
    url = url_for("record.show", launch=session.uuid)
    label = catalogue(session.language).gettext("Back to the record")
    with runtime().database.reading() as reading:
        subject = own_subject(reading.connection(), session, runtime().clock())
    return point_page(session, subject, code, here="record", back={"url": url, "label": label})


def point_page(
    session: Session,
    subject: Subject,
    code: str,
    *,
    here: str,
    back: Mapping[str, str],
    learner: Mapping[str, str] | None = None,
) -> str:
    """Return the page of one knowledge point of a learner.

    ``back`` is where it leads back to, ``learner`` whose it is where that is somebody else: each a `url` and a `label`.
    """
    framework, found = _read_point(session, subject, code)
    return render_template(
        "point.html",
        session=session,
        here=here,
        back=back,
        learner=learner,
        point=found.point,
        gain=found.gain,
        entries=found.entries,
        is_held=bool(subject.hidden),
        older=found.older,
        is_newest=before_asked() is None,
        sibling=lambda other: f"../{other}/",
        words=Wording(language=session.language, framework=framework, parts=found.parts),
    )


def _read_point(session: Session, subject: Subject, code: str) -> tuple[Framework, PointPage]:
    """Return the framework and what the page of one of its knowledge points shows; another code is not found."""
    parts = runtime()
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, session.organisation_id)
        if framework is None or framework.find_knowledge_point(code) is None:
            abort(404)
        found = learner_records.point_page(
            connection,
            parts.contents,
            framework,
            subject,
            code=code,
            before=before_asked(),
            language=session.language,
            now=parts.clock(),
        )
    return framework, found


def before_asked() -> int | None:
    """Return before which number of the ledger a page of evidence is asked for; None for the newest."""
    return request.args.get("before", type=int)


def own_subject(connection: Connection, session: Session, now: datetime) -> Subject:
    """Return whoever opened the launch, as far as the settings of the links let one see the own results at ``now``."""
    return Subject(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        uuid=session.person_uuid,
        hidden=hidden_attempts(connection, session.organisation_id, session.person_id, now),
    )
