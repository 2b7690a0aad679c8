"""A teacher's pages of one resource link: the class, one learner with the evidence, "send again", the class list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from lti_tool.services.classes import overview as class_overview
from lti_tool.services.classes.levels import link_codes
from lti_tool.services.courses.members import Link, get_member
from lti_tool.services.grades.delivery_status import delivery_states, resend
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.moodle.grade_comparison import GradeComparison
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms.copies import find_source
from lti_tool.services.platforms.platform_services import services_of
from lti_tool.services.records import learner_records
from lti_tool.services.rosters.groups import ClassGroup, list_groups, people_in
from lti_tool.services.rosters.roster import RosterReader
from lti_tool.services.rosters.state import roster_state
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.wording import Wording
from qualoop.errors import QualoopError

blueprint = Blueprint("teaching", __name__)

Found = TypeVar("Found")

EVERYBODY = "all"
MAX_DIGITS = 18


@blueprint.get("/a/<launch>/class/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show who did what at this link, what they know, and whether their grades arrived."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        group = chosen_group()
        people = people_in(connection, link, group) if group else None
        overview = class_overview.class_overview(connection, link, people=people)
        groups, source = (
            list_groups(connection, link),
            find_source(connection, link.organisation_id, link.resource_link_id),
        )
        deliveries = delivery_states(reading, link.organisation_id, link.resource_link_id)
        title = _title(connection, session)
        roster = roster_state(connection, link.organisation_id, link.context_id, now=parts.clock())
    return render_template(
        "teaching.html",
        session=session,
        here="teaching",
        link_title=title,
        overview=overview,
        groups=groups,
        group=group,
        source=source,
        deliveries=deliveries,
        sent=request.args.get("sent", type=int),
        compared=request.args.get("compared", type=int),
        changed=request.args.get("changed", 0, type=int),
        roster=roster,
        has_asked="list" in request.args,
        words=Wording(language=session.language),
    )


@blueprint.get("/a/<launch>/class/<person_uuid>/")
@needs(Permission.VIEW_CLASS)
def show_learner(session: Session, person_uuid: str) -> str:
    """Show one learner of this course: attempts, grade delivery, and the evidence behind the levels shown here."""
    parts, link, now = runtime(), link_of(session), runtime().clock()
    with parts.database.reading() as reading:
        connection = reading.connection()
        member = get_member(connection, link, person_uuid)
        framework = parts.contents.find_framework(connection, link.organisation_id)
        codes = link_codes(connection, framework, link)
        line = class_overview.learner_line(connection, link, member)
        found = learner_records.PointsRecord()
        if framework is not None:
            found = learner_records.points_record(
                connection,
                parts.contents,
                framework,
                member.subject,
                codes=codes,
                language=session.language,
                now=now,
            )
        deliveries = delivery_states(reading, link.organisation_id, link.resource_link_id)
        title = _title(connection, session)
    return render_template(
        "learner.html",
        session=session,
        here="teaching",
        link_title=title,
        line=line,
        points=found.points,
        delivery=deliveries.get(member.subject.person_id),
        words=Wording(language=session.language, framework=framework, parts=found.parts),
    )


@blueprint.post("/a/<launch>/class/send-again")
@needs(Permission.RESEND_GRADES)
def send_again(session: Session) -> Response:
    """Send the grade of one learner again, or every grade that has not arrived."""
    parts, link = runtime(), link_of(session)
    wanted = request.form.get("person", "")
    with parts.database.transaction() as transaction:
        person = None
        if wanted != EVERYBODY:
            person = get_member(transaction.connection(), link, wanted).subject.person_id
        sent = resend(transaction, link.organisation_id, link.resource_link_id, person=person, now=parts.clock())
    return redirect(url_for("teaching.show", launch=session.uuid, sent=sent), 303)


@blueprint.post("/a/<launch>/class/compare-grades")
@needs(Permission.RESEND_GRADES)
def compare_grades(session: Session) -> Response:
    """Look into the grade book of this link; a grade that somebody changed there is marked and left alone."""
    parts = runtime()
    results = GradeResults(parts.database, services_of(parts))
    comparison = GradeComparison(parts.database, results, parts.registrations)
    found = comparison.compare(session.organisation_id, session.resource_link_id, parts.clock())
    shown, changed = (found.shown, found.changed) if found else (0, 0)
    return redirect(url_for("teaching.show", launch=session.uuid, compared=shown, changed=changed), 303)


@blueprint.post("/a/<launch>/class/update-list")
@needs(Permission.VIEW_CLASS)
def update_list(session: Session) -> Response:
    """Read the class list from the platform now. What came of it, and why nothing did, stands on the class page."""
    parts = runtime()
    reader = RosterReader(parts.database, services_of(parts), parts.registrations, clock=parts.clock)
    with suppress(QualoopError):
        reader.update(session.organisation_id, session.context_id)
    return redirect(url_for("teaching.show", launch=session.uuid, list="asked", _anchor="class-list"), 303)


def chosen_group() -> int:
    """Return the group of the course that this request is about, 0 for everybody."""
    return request.args.get("group", 0, type=int) if len(request.args.get("group", "")) <= MAX_DIGITS else 0


def link_of(session: Session) -> Link:
    """Return the link of a session: all that its pages may ever show lies in it."""
    return Link(
        organisation_id=session.organisation_id,
        registration_id=session.registration_id,
        context_id=session.context_id,
        resource_link_id=session.resource_link_id,
        activity_id=session.activity_id,
    )


def of_course(session: Session, read: Callable[..., Found]) -> tuple[Found | None, Sequence[ClassGroup]]:
    """Return what ``read`` finds of the session's course, and the course's groups.

    It is given a connection, the framework, the link and ``now``; None where the organisation has no framework.
    """
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        groups = list_groups(connection, link)
        if framework is None:
            return None, groups
        return read(connection, framework, link, now=parts.clock()), groups


def _title(connection: Connection, session: Session) -> str:
    """Return what the link is called: by its course, else by what it shows."""
    found = session.link_title or class_overview.find_activity_title(
        connection, runtime().contents, link_of(session), language=session.language
    )
    return found or ""
