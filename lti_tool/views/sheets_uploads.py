"""Sheets that come back: upload, progress, what waits with its picture, dry run, apply, undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import SheetUpload
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.courses.members import get_member, list_members
from lti_tool.services.mechanisms.jobs import JobState
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.sheets import evidence, matters, settling
from lti_tool.services.sheets import upload as sheets_upload
from lti_tool.services.sheets.evidence import SheetImport, UploadMovedError
from lti_tool.services.sheets.extra import PaperUnavailableError
from lti_tool.services.sheets.matters import MatterMissingError
from lti_tool.services.sheets.settling import Settler, SettlingRefusedError
from lti_tool.services.sheets.standing import get_around
from lti_tool.services.sheets.upload import MAX_BYTES, MAX_FILES, Uploader, UploadRefusedError, UploadState
from lti_tool.views import sheets
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.sheets_words import FINDINGS, PROBLEMS, REFUSED, REMEDIES
from lti_tool.views.teaching import link_of
from lti_tool.views.work_files import POLICY

blueprint = Blueprint("sheets_uploads", __name__)

UNPROCESSABLE: Final = 422
UNAVAILABLE: Final = 503
_FORM_BYTES: Final = 1024 * 1024
_MAX_PICKED: Final = 16
LOOK_AGAIN_S: Final = 3


def takes_up_to(most: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a route take files of ``most`` bytes together. Stands above the guard, which reads the form."""

    def taking(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def larger(*arguments: Any, **named: Any) -> Any:
            request.max_content_length = most + _FORM_BYTES
            try:
                return view(*arguments, **named)
            finally:
                # Large files wait on the disk until they are closed.
                request.close()

        return larger

    return taking


@blueprint.post("/a/<launch>/class/paper/upload")
@takes_up_to(MAX_BYTES)
@needs(Permission.VIEW_CLASS)
def upload(session: Session) -> AnyResponse:
    """Keep scans and photos, to be read in the background."""
    files = [
        NewFile(name=each.filename or "", data=each.read())
        for each in request.files.getlist("files")[: MAX_FILES + 1]
        if each.filename
    ]
    parts = runtime()
    by = Uploader(link=link_of(session), actor=session.person_uuid, secret=parts.settings.secret_key)
    try:
        checked = sheets_upload.check_files(files)
        with parts.database.transaction() as transaction:
            uuid = sheets_upload.upload(transaction, by, checked, now=parts.clock()).uuid
    except UploadRefusedError as error:
        html, status = sheets.overview(session, error.wrong, UNPROCESSABLE)
        return AnyResponse(html, status, mimetype="text/html")
    except PaperUnavailableError as error:
        html, status = sheets.overview(session, [("", error.code)], UNAVAILABLE)
        return AnyResponse(html, status, mimetype="text/html")
    return redirect(url_for("sheets_uploads.show", launch=session.uuid, upload=uuid), 303)


@blueprint.get("/a/<launch>/class/paper/uploads/<upload>/")
@needs(Permission.VIEW_CLASS)
def show(session: Session, upload: str) -> AnyResponse:
    """Show how far an upload was read, then what waits, and what would be recorded."""
    link = link_of(session)
    with runtime().database.reading() as reading:
        row = sheets_upload.get_upload(reading, link, upload)
        job = sheets_upload.get_job(reading, row)
        is_reading = row.state == UploadState.READING
        members = list_members(reading.connection(), link)
        html = render_template(
            "sheets_upload.html",
            session=session,
            here="teaching",
            row=row,
            job=job,
            has_stopped=sheets_upload.has_stopped(reading, row),
            pages=[] if is_reading else matters.open_pages(reading, row),
            named=matters.named_pages(reading, row),
            answers=[] if is_reading else matters.open_answers(reading, row),
            left_out=sheets_upload.files_left_out(reading, row),
            refusals=REFUSED,
            remedies=REMEDIES,
            dry=None if is_reading else evidence.dry_run(reading, row),
            members=members,
            back=frozenset() if is_reading else matters.people_back(reading, row),
            names={member.subject.person_id: member.name or member.short for member in members},
            problems=PROBLEMS,
            findings=FINDINGS,
            may_apply=session.may(Permission.RELEASE_MARKS),
            may_decide=session.may(Permission.RELEASE_MARKS) or row.state != UploadState.APPLIED,
            done=request.args.get("done", ""),
            **sheets.page_words(session),
        )
    answer = AnyResponse(html, mimetype="text/html")
    if is_reading and job.state in {JobState.WAITING, JobState.RUNNING}:
        answer.headers["Refresh"] = str(LOOK_AGAIN_S)
    return answer


@blueprint.post("/a/<launch>/class/paper/uploads/<upload>/read-again")
@needs(Permission.VIEW_CLASS)
def read_again(session: Session, upload: str) -> AnyResponse:
    """Let a reading that stopped go on."""
    with runtime().database.transaction() as transaction:
        row = sheets_upload.get_upload(transaction, link_of(session), upload, locked=True)
        sheets_upload.read_again(transaction, row, runtime().clock())
    return _back(session, upload)


@blueprint.post("/a/<launch>/class/paper/uploads/<upload>/apply")
@needs(Permission.RELEASE_MARKS)
def apply(session: Session, upload: str) -> AnyResponse:
    """Record what was read."""

    def do(transaction: DbSession, row: SheetUpload) -> str:
        now = runtime().clock()
        run = evidence.apply_upload(transaction, _importer(session, row), now=now)
        return "applied" if run else ""

    return _change(session, upload, do)


@blueprint.post("/a/<launch>/class/paper/uploads/<upload>/undo")
@needs(Permission.RELEASE_MARKS)
def undo(session: Session, upload: str) -> AnyResponse:
    """Take an upload back."""

    def do(transaction: DbSession, row: SheetUpload) -> str:
        evidence.undo_upload(transaction, _importer(session, row), now=runtime().clock())
        return "undone"

    return _change(session, upload, do)


@blueprint.post("/a/<launch>/class/paper/uploads/<upload>/row/<answer>")
@needs(Permission.VIEW_CLASS)
def settle_answer(session: Session, upload: str, answer: str) -> AnyResponse:
    """Decide what a row says."""
    picked = request.form.getlist("picked")[:_MAX_PICKED]
    if request.form.get("do") == "aside":
        return _settle(session, upload, lambda at, by: settling.put_answer_aside(at, by, answer))
    return _settle(session, upload, lambda at, by: settling.settle_answer(at, by, answer, picked))


@blueprint.post("/a/<launch>/class/paper/uploads/<upload>/page/<page>")
@needs(Permission.VIEW_CLASS)
def settle_page(session: Session, upload: str, page: str) -> AnyResponse:
    """Decide whose a page is, whether it counts though it is empty, or put it aside."""
    do, person = request.form.get("do", ""), request.form.get("person", "")
    if do == "name" and not person:
        return _back(session, upload, refused="no-person")
    if do == "name":
        return _settle(
            session,
            upload,
            lambda at, by: settling.name_learner(at, by, page, get_member(at.connection(), by.link, person)),
        )
    if do == "instead":
        return _settle(session, upload, lambda at, by: settling.take_instead(at, by, page))
    if do == "count":
        return _settle(session, upload, lambda at, by: settling.count_page(at, by, page))
    return _settle(session, upload, lambda at, by: settling.put_page_aside(at, by, page))


@blueprint.get("/a/<launch>/class/paper/page/<page>.jpg")
@needs(Permission.VIEW_CLASS)
def page_picture(session: Session, page: str) -> Response:
    """Send the picture of a page that waits."""
    secret = runtime().settings.secret_key
    with runtime().database.reading() as reading:
        return _picture(matters.page_picture(reading, link_of(session), page, secret=secret))


@blueprint.get("/a/<launch>/class/paper/row/<answer>.jpg")
@needs(Permission.VIEW_CLASS)
def answer_picture(session: Session, answer: str) -> Response:
    """Send the picture of a row that waits."""
    secret = runtime().settings.secret_key
    with runtime().database.reading() as reading:
        return _picture(matters.answer_picture(reading, link_of(session), answer, secret=secret))


def _picture(data: bytes) -> Response:
    response = Response(data, mimetype="image/jpeg")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _importer(session: Session, row: SheetUpload) -> SheetImport:
    parts = runtime()
    return SheetImport(row=row, contents=parts.contents, actor=session.person_uuid, secret=parts.settings.secret_key)


def _change(session: Session, upload: str, do: Callable[[DbSession, SheetUpload], str]) -> AnyResponse:
    """Change an upload as a whole, in one transaction."""
    if not session.may(Permission.VIEW_CLASS):
        raise NotAllowedError
    try:
        with runtime().database.transaction() as transaction:
            row = get_around(transaction, link_of(session), upload)
            done = do(transaction, row)
    except UploadMovedError as error:
        return _back(session, upload, refused=error.code)
    return _back(session, upload, done=done) if done else _back(session, upload, refused="nothing")


def _settle(session: Session, upload: str, do: Callable[[DbSession, Settler], SheetUpload]) -> AnyResponse:
    """Decide one matter of an upload, in one transaction."""
    parts = runtime()
    by = Settler(
        link=link_of(session),
        actor=session.person_uuid,
        may_record=session.may(Permission.RELEASE_MARKS),
        contents=parts.contents,
        now=parts.clock(),
    )
    try:
        with parts.database.transaction() as transaction:
            do(transaction, by)
    except SettlingRefusedError as error:
        return _back(session, upload, refused=error.reason)
    except MatterMissingError as error:
        return _back(session, upload, refused=error.code)
    return _back(session, upload, done="settled")


def _back(session: Session, upload: str, **said: Any) -> AnyResponse:
    return redirect(url_for("sheets_uploads.show", launch=session.uuid, upload=upload, **said), 303)
