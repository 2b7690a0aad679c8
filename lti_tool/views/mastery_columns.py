"""A teacher's page of the grade columns of knowledge points and units: which there are, and what arrives in them."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.services.courses.members import get_member, list_members
from lti_tool.services.grades.delivery_status import delivery_states
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.moodle import mastery_columns
from lti_tool.services.moodle.grade_comparison import GradeComparison
from lti_tool.services.moodle.mastery_column_levels import CHANNEL
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms.platform_services import services_of
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import EVERYBODY, link_of
from lti_tool.views.wording import Wording

blueprint = Blueprint("mastery_columns", __name__)

# Ids are stored as signed 64-bit numbers: what is larger is no column's.
_ONE = "/a/<launch>/class/columns/<int(max=9223372036854775807):column_id>/"


@blueprint.get("/a/<launch>/class/columns/")
@needs(Permission.VIEW_CLASS)
def show(session: Session) -> str:
    """Show what may have a column, what has one, and what the platform can do."""
    parts, link = runtime(), link_of(session)
    profile = parts.registrations.get(session.registration_id).registration.profile
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        keeping = mastery_columns.keeping(connection, link, profile)
        choices = mastery_columns.list_choices(connection, framework, link, language=session.language)
    return render_template(
        "columns.html",
        session=session,
        here="teaching",
        platform=profile.name,
        keeping=keeping,
        choices=choices,
        switched_on=request.args.get("on", type=int),
        switched_off=request.args.get("off", 0, type=int),
        words=Wording(language=session.language),
    )


@blueprint.post("/a/<launch>/class/columns/choose")
@needs(Permission.CHOOSE_COLUMNS)
def choose(session: Session) -> Response:
    """Switch on the columns that are ticked, and the others off."""
    parts, link = runtime(), link_of(session)
    profile = parts.registrations.get(session.registration_id).registration.profile
    with parts.database.transaction() as transaction:
        connection = transaction.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        wanted = set(request.form.getlist("column"))
        if not mastery_columns.keeping(connection, link, profile).may_be_tried:
            # What stands may be switched off even where nothing can be added.
            choices = mastery_columns.list_choices(connection, framework, link, language=session.language)
            wanted &= {choice.key for choice in choices if choice.is_on}
        changed = mastery_columns.choose(
            transaction, framework, link, wanted, language=session.language, now=parts.clock()
        )
    return redirect(url_for("mastery_columns.show", launch=session.uuid, on=changed.on, off=changed.off), 303)


@blueprint.get(_ONE)
@needs(Permission.VIEW_CLASS)
def show_column(session: Session, column_id: int) -> str:
    """Show what one column was told of each learner of the course, and whether it arrived."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        framework = parts.contents.find_framework(connection, link.organisation_id)
        mastery_columns.get_column(connection, link, column_id)
        choices = mastery_columns.list_choices(connection, framework, link, language=session.language)
        values = mastery_columns.read_values(connection, link, column_id)
        deliveries = delivery_states(reading, link.organisation_id, column_id, channel=CHANNEL)
        members = list_members(connection, link)
    return render_template(
        "column.html",
        session=session,
        here="teaching",
        column=next(choice for choice in choices if choice.id == column_id),
        members=members,
        values=values,
        deliveries=deliveries,
        sent=request.args.get("sent", type=int),
        compared=request.args.get("compared", type=int),
        changed=request.args.get("changed", 0, type=int),
        words=Wording(language=session.language),
    )


@blueprint.post(f"{_ONE}send-again")
@needs(Permission.RESEND_GRADES)
def send_again(session: Session, column_id: int) -> Response:
    """Send the level of one learner again, or every level that has not arrived."""
    parts, link = runtime(), link_of(session)
    wanted = request.form.get("person", "")
    with parts.database.transaction() as transaction:
        person = None
        if wanted != EVERYBODY:
            person = get_member(transaction.connection(), link, wanted).subject.person_id
        sent = mastery_columns.resend_column(transaction, link, column_id, person=person, now=parts.clock())
    return redirect(url_for("mastery_columns.show_column", launch=session.uuid, column_id=column_id, sent=sent), 303)


@blueprint.post(f"{_ONE}compare-grades")
@needs(Permission.RESEND_GRADES)
def compare_grades(session: Session, column_id: int) -> Response:
    """Look into the grade book; a grade that somebody changed there is marked and left alone."""
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        mastery_columns.get_column(reading.connection(), link, column_id)
    results = GradeResults(parts.database, services_of(parts))
    comparison = GradeComparison(parts.database, results, parts.registrations)
    found = comparison.compare(session.organisation_id, column_id, parts.clock(), channel=CHANNEL)
    shown, changed = (found.shown, found.changed) if found else (0, 0)
    return redirect(
        url_for(
            "mastery_columns.show_column", launch=session.uuid, column_id=column_id, compared=shown, changed=changed
        ),
        303,
    )
