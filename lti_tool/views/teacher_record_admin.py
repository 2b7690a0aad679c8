"""The records of teachers for administrators: what waits to be confirmed, with its documents; qualifications."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts.submissions import FileContent
from lti_tool.services.people.roles import Permission
from lti_tool.services.programme import teacher_records, teacher_records_review
from lti_tool.services.programme.teacher_records import TeacherEntryMovedError
from lti_tool.services.programme.teacher_records_review import OwnRecordError
from lti_tool.views.admin_guards import Admin, administers, row_number
from lti_tool.views.guards import runtime
from lti_tool.views.host import catalogue
from lti_tool.views.teacher_record_words import WORDS, day_of
from lti_tool.views.wording import Wording
from lti_tool.views.work_files import file_response
from qualoop.classroom.assessors import is_double_qualified
from qualoop.records.teacher_record import EntryState, TeacherEntryRefusedError

blueprint = Blueprint("teachers", __name__, url_prefix="/teachers")

REFUSED: Final = 422
CONFLICT: Final = 409


@blueprint.get("/")
@administers(Permission.CONFIRM_TEACHER_RECORDS)
def show(admin: Admin) -> str:
    """Show the teachers who have a record, those of whom something waits first."""
    with runtime().database.reading() as session:
        lines = teacher_records_review.list_records(session, admin.scope)
    return render_template(
        "admin_teachers.html", admin=admin, here="teachers", lines=lines, words=Wording(language=admin.language)
    )


@blueprint.get("/<person_uuid>/")
@administers(Permission.CONFIRM_TEACHER_RECORDS)
def show_one(admin: Admin, person_uuid: str) -> AnyResponse:
    """Show one record."""
    return _page(admin, person_uuid)


@blueprint.post("/<person_uuid>/<entry>/decide")
@administers(Permission.CONFIRM_TEACHER_RECORDS)
def decide(admin: Admin, person_uuid: str, entry: str) -> AnyResponse:
    """Confirm an entry, or refuse it with a reason."""
    form = request.form
    try:
        with runtime().database.transaction() as session:
            teacher_records_review.decide_entry(
                admin.desk(session),
                person_uuid,
                entry,
                confirmed=form.get("do") == "confirm",
                declared=form.get("declared") == "yes",
                reason=form.get("reason", ""),
                seen=row_number(form.get("seen", "")) or 0,
                secret=runtime().settings.secret_key,
            )
    except TeacherEntryRefusedError:
        return _page(admin, person_uuid, wrong="reason", at=entry, status=REFUSED)
    except OwnRecordError:
        return _page(admin, person_uuid, wrong="own", at=entry, status=REFUSED)
    except TeacherEntryMovedError:
        return _page(admin, person_uuid, wrong="moved", status=CONFLICT)
    return redirect(url_for("admin.teachers.show_one", person_uuid=person_uuid, done="decided"), 303)


@blueprint.post("/<person_uuid>/qualification")
@administers(Permission.CONFIRM_TEACHER_RECORDS)
def decide_qualification(admin: Admin, person_uuid: str) -> AnyResponse:
    """Confirm a qualification, or withdraw it."""
    form = request.form
    do, qualification = form.get("do", ""), form.get("qualification", "")
    declared = form.get("declared") == "yes"
    try:
        with runtime().database.transaction() as session:
            desk = admin.desk(session)
            if do == "confirm":
                holder = teacher_records_review.get_holder(
                    session, desk.scope, person_uuid, secret=runtime().settings.secret_key
                )
                teacher_records_review.confirm_qualification(
                    desk, holder, qualification, declared=declared, by=admin.uuid
                )
            elif do == "withdraw":
                teacher_records_review.withdraw_qualification(desk, qualification, by=admin.uuid)
    except OwnRecordError:
        return _page(admin, person_uuid, wrong="own", at=qualification, status=REFUSED)
    return redirect(url_for("admin.teachers.show_one", person_uuid=person_uuid, done="decided"), 303)


@blueprint.get("/<person_uuid>/<entry>/document")
@administers(Permission.CONFIRM_TEACHER_RECORDS)
def send_document(admin: Admin, person_uuid: str, entry: str) -> Response:
    """Send the document beside an entry."""
    secret = runtime().settings.secret_key
    with runtime().database.reading() as session:
        document, data = teacher_records_review.get_document(session, admin.scope, person_uuid, entry, secret=secret)
    return file_response(FileContent(name=document.name, media_type=document.media_type, data=data))


def _page(admin: Admin, person_uuid: str, *, wrong: str = "", at: str = "", status: int = 200) -> AnyResponse:
    """Return the page of one record; ``wrong`` is why nothing was saved: reason, own, moved; ``at`` what was decided about."""
    parts = runtime()
    with parts.database.reading() as session:
        found = teacher_records_review.get_file(session, admin.scope, person_uuid, secret=parts.settings.secret_key)
    words, today = Wording(language=admin.language), parts.clock().date()
    html = render_template(
        "admin_teacher.html",
        admin=admin,
        here="teachers",
        found=found,
        entries=[line for line in found.entries if line.entry.state is not EntryState.TAKEN_BACK],
        is_double=is_double_qualified(found.qualifications, today),
        today=today,
        wrong=wrong,
        at=at,
        done=request.args.get("done", "")[:16],
        most=teacher_records.MAX_REASON,
        word=lambda key: catalogue(admin.language).gettext(WORDS[key]),
        words=words,
        day_of=day_of(words),
    )
    return Response(html, status, mimetype="text/html")
