"""A teacher's own record: entries, documents, what the database shows, qualifications; to print and to take along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts.submissions import FileContent
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import NewQualification, QualificationRefusedError
from lti_tool.services.people.roles import Permission
from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records import MAX_ENTRIES, MAX_FILE, MAX_FILES, Holder, TeacherEntryMovedError
from lti_tool.services.programme.teacher_records_built import count_built, list_built
from lti_tool.services.programme.teacher_records_export import record_document, record_rows
from lti_tool.services.programme.teacher_records_review import names_of
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.table_files import csv_response
from lti_tool.views.teacher_record_words import SHEET_HEAD, WORDS, day_of
from lti_tool.views.wording import Wording
from lti_tool.views.work_files import file_response
from qualoop.classroom.assessors import QualificationKind, is_double_qualified
from qualoop.records.teacher_record import (
    EntryBody,
    EntryKind,
    EntryState,
    TeacherEntryRefusedError,
    indicators,
)
from qualoop.spreadsheet_cells import Value
from qualoop.values import find_whole

blueprint = Blueprint("teacher_record", __name__)

YEARS: Final = 5
"""Over how many years recent enterprise days are counted."""
REFUSED: Final = 422
CONFLICT: Final = 409
MAX_DIGITS: Final = 6
MEGABYTE: Final = 1024 * 1024
_FORM_BYTES: Final = 64 * 1024
FIELDS: Final = ("kind", "title", "place", "starts", "ends", "days", "link")


def takes_a_file(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a route take one document. Stands above the guard, which reads the form."""

    @wraps(view)
    def larger(*arguments: Any, **named: Any) -> Any:
        request.max_content_length = MAX_FILE + _FORM_BYTES
        try:
            return view(*arguments, **named)
        finally:
            request.close()

    return larger


@blueprint.get("/a/<launch>/teacher/")
@needs(Permission.KEEP_TEACHER_RECORD)
def show(session: Session) -> AnyResponse:
    """Show the own record, with the form for a further entry."""
    return _page(session, {}, {})


@blueprint.post("/a/<launch>/teacher/add")
@takes_a_file
@needs(Permission.KEEP_TEACHER_RECORD)
def add(session: Session) -> AnyResponse:
    """Add an entry."""
    try:
        body, file = _read()
        with runtime().database.transaction() as transaction:
            teacher_records.add(transaction, holder_of(session), body, file, now=runtime().clock())
    except TeacherEntryRefusedError as error:
        return _page(session, _sent(), error.wrong, REFUSED)
    return _back(session, "added")


@blueprint.post("/a/<launch>/teacher/<entry>/change")
@takes_a_file
@needs(Permission.KEEP_TEACHER_RECORD)
def change(session: Session, entry: str) -> AnyResponse:
    """Change an entry; it waits to be confirmed again."""
    try:
        body, file = _read()
        with runtime().database.transaction() as transaction:
            teacher_records.change(
                transaction, holder_of(session), entry, body, file=file, seen=_seen(), now=runtime().clock()
            )
    except TeacherEntryRefusedError as error:
        return _page(session, {**_sent(), "entry": entry, "seen": str(_seen())}, error.wrong, REFUSED)
    except TeacherEntryMovedError as error:
        return _page(session, {}, {"": error.code}, CONFLICT)
    return _back(session, "changed")


@blueprint.post("/a/<launch>/teacher/<entry>/move")
@needs(Permission.KEEP_TEACHER_RECORD)
def move(session: Session, entry: str) -> AnyResponse:
    """Take an entry back, or let one stand again that was taken back."""
    wanted = {"take-back": teacher_records.take_back, "restore": teacher_records.restore}
    do = request.form.get("do", "")
    if do not in wanted:
        return _back(session, "")
    try:
        with runtime().database.transaction() as transaction:
            wanted[do](transaction, holder_of(session), entry, seen=_seen(), now=runtime().clock())
    except TeacherEntryMovedError as error:
        return _page(session, {}, {"": error.code}, CONFLICT)
    return _back(session, do)


@blueprint.post("/a/<launch>/teacher/qualification")
@needs(Permission.KEEP_TEACHER_RECORD)
def add_qualification(session: Session) -> AnyResponse:
    """Enter a qualification of one's own; somebody else confirms it."""
    form = request.form
    try:
        kind = QualificationKind(form.get("qualification", ""))
        until = date.fromisoformat(form["until"]) if form.get("until") else None
        new = NewQualification(
            kind=kind,
            title=form.get("what", ""),
            issuer=form.get("issuer", ""),
            holds_from=date.fromisoformat(form.get("from", "")),
            holds_until=until,
        )
        with runtime().database.transaction() as transaction:
            assessor_qualifications.add(
                transaction,
                session.organisation_id,
                session.person_id,
                new,
                by=session.person_uuid,
                now=runtime().clock(),
            )
    except (ValueError, QualificationRefusedError):
        return _page(session, {}, {"qualification": "qualification"}, REFUSED)
    return _back(session, "qualification")


@blueprint.get("/a/<launch>/teacher/<entry>/document")
@needs(Permission.KEEP_TEACHER_RECORD)
def send_document(session: Session, entry: str) -> Response:
    """Send the document beside an entry of the own record."""
    with runtime().database.reading() as reading:
        document, data = teacher_records.get_file(reading, holder_of(session), entry)
    return file_response(FileContent(name=document.name, media_type=document.media_type, data=data))


@blueprint.get("/a/<launch>/teacher/record.csv")
@needs(Permission.KEEP_TEACHER_RECORD)
def download_table(session: Session) -> Response:
    """Send the record as a file for spreadsheets."""
    gettext = catalogue(session.language).gettext
    found = _read_record(session)
    rows: list[Any] = [[gettext(head) for head in SHEET_HEAD]]
    table: list[Any] = record_rows(
        found["entries"],
        found["built"],
        found["qualifications"],
        holder=found["name"] or session.person_uuid[:8],
        name=lambda key: gettext(WORDS[key]),
        language=session.language,
    )
    data: list[list[Value]] = [list(row) for row in (*rows, *table)]
    return csv_response(data, "teacher-record", runtime().clock().date())


@blueprint.get("/a/<launch>/teacher/record.json")
@needs(Permission.KEEP_TEACHER_RECORD)
def download_document(session: Session) -> Response:
    """Send the record as JSON."""
    found = _read_record(session)
    data = record_document(
        session.person_uuid,
        found["entries"],
        found["built"],
        found["qualifications"],
        name=found["name"],
        found=found["indicators"],
        now=runtime().clock(),
    )
    name = f"teacher-record-{runtime().clock().date().isoformat()}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, mimetype="application/json", headers=headers)


def holder_of(session: Session) -> Holder:
    """Return whose record a session keeps: the own one, and nobody else's ever."""
    return Holder(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        uuid=session.person_uuid,
        secret=runtime().settings.secret_key,
    )


def _read_record(session: Session) -> dict[str, Any]:
    """Return everything that a record holds, and the name of whose it is, None where no platform tells one."""
    holder, today = holder_of(session), runtime().clock().date()
    with runtime().database.reading() as reading:
        entries = teacher_records.list_entries(reading, holder)
        built = list_built(reading, holder)
        qualifications = assessor_qualifications.list_of(
            reading.connection(), session.organisation_id, session.person_id
        )
        names = names_of(reading, session.organisation_id, [session.person_uuid])
    found = indicators((line.entry for line in entries), count_built(built), today=today, years=YEARS)
    return {
        "name": names.get(session.person_uuid),
        "entries": entries,
        "built": built,
        "qualifications": qualifications,
        "indicators": found,
    }


def _page(session: Session, sent: Mapping[str, str], wrong: Mapping[str, str], status: int = 200) -> AnyResponse:
    """Return the page, with a form as it was sent where it was refused."""
    found, today = _read_record(session), runtime().clock().date()
    words = Wording(language=session.language)
    html = render_template(
        "teacher_record.html",
        session=session,
        here="teaching",
        **found,
        is_double=is_double_qualified(found["qualifications"], today),
        today=today,
        years=YEARS,
        kinds=[kind.value for kind in EntryKind],
        taken_back=EntryState.TAKEN_BACK,
        unsent=dict.fromkeys(FIELDS, ""),
        sent={name: sent.get(name, "") for name in (*FIELDS, "entry", "seen")},
        wrong=wrong,
        done=request.args.get("done", "")[:16],
        most_megabytes=MAX_FILE // MEGABYTE,
        most_megabytes_in_all=MAX_FILES // MEGABYTE,
        most_entries=MAX_ENTRIES,
        word=lambda key: catalogue(session.language).gettext(WORDS[key]),
        words=words,
        day_of=day_of(words),
    )
    return Response(html, status, mimetype="text/html")


def _read() -> tuple[EntryBody, NewFile | None]:
    """Return the entry of the form and the document beside it; raise TeacherEntryRefusedError with all that is wrong."""
    sent, wrong = _sent(), {}
    dates = {}
    for name in ("starts", "ends"):
        try:
            dates[name] = date.fromisoformat(sent[name] or (sent["starts"] if name == "ends" else ""))
        except ValueError:
            wrong[name] = "missing"
    days = find_whole(sent["days"] or "0", MAX_DIGITS)
    if days is None:
        wrong["days"] = "days"
    if sent["kind"] not in {kind.value for kind in EntryKind}:
        wrong["kind"] = "missing"
    if wrong:
        raise TeacherEntryRefusedError(wrong)
    body = EntryBody(
        kind=EntryKind(sent["kind"]),
        title=sent["title"],
        place=sent["place"],
        **dates,
        days=days or 0,
        link=sent["link"],
    )
    return body, _file()


def _file() -> NewFile | None:
    file = request.files.get("file")
    if file is None or not file.filename:
        return None
    return NewFile(name=file.filename.replace("\0", ""), data=file.read(MAX_FILE + 1))


def _sent() -> dict[str, str]:
    """Return the fields of the form, each on one line."""
    return {name: " ".join(request.form.get(name, "").replace("\0", "").split()) for name in FIELDS}


def _seen() -> int:
    return find_whole(request.form.get("seen", ""), MAX_DIGITS) or 0


def _back(session: Session, done: str) -> AnyResponse:
    return redirect(url_for("teacher_record.show", launch=session.uuid, done=done), 303)
