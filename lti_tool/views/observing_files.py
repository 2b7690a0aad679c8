"""Observations as a file for spreadsheets; and the file of a phone that cannot send any more, brought by staff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from flask import Blueprint, Response, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.errors import translatable
from lti_tool.services.observing import file
from lti_tool.services.observing.errors import KeyMissingError, PhotosUnavailableError
from lti_tool.services.observing.file import MAX_BYTES, ExportRefusedError
from lti_tool.services.observing.overview import Entry, RowSaid, read_all
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.observing_words import OUTCOMES
from lti_tool.views.sheets_uploads import takes_up_to
from lti_tool.views.table_files import csv_response
from lti_tool.views.teaching import link_of
from qualoop.ledger import utc_text
from qualoop.spreadsheet_cells import Value
from qualoop.values import Text

blueprint = Blueprint("observing_files", __name__)

_HEAD: Final = (
    translatable("Learner"),
    translatable("Pseudonym"),
    translatable("Task"),
    translatable("Criterion"),
    translatable("Level"),
    translatable("Points"),
    translatable("Comment"),
    translatable("Assessor"),
    translatable("Enterprise"),
    translatable("Observed at"),
    translatable("Received"),
    translatable("Clock ahead (s)"),
    translatable("State"),
    translatable("What there is to see"),
    translatable("Number of the observation"),
)
_UNNAMED: Final = RowSaid(title=Text({}), level=Text({}), points=None, comment="", has_range=False, differs=False)


@blueprint.get("/a/<launch>/observe/observations.csv")
@needs(Permission.VIEW_CLASS)
def download(session: Session) -> Response:
    """Send everything that came in the course."""
    parts = runtime()
    gettext = catalogue(session.language).gettext
    with parts.database.reading() as reading:
        entries = read_all(reading, link_of(session), secret=parts.settings.secret_key)
        rows = [line for entry in entries for line in _lines(entry, session.language)]
    return csv_response([[gettext(head) for head in _HEAD], *rows], "observations", parts.clock().date())


@blueprint.post("/a/<launch>/observe/file")
@takes_up_to(MAX_BYTES)
@needs(Permission.RELEASE_MARKS)
def bring(session: Session) -> AnyResponse:
    """Take the file of a phone: what is in it is verified as if the phone had sent it."""
    parts, link, now = runtime(), link_of(session), runtime().clock()
    secret, sent = parts.settings.secret_key, request.files.get("file")
    page = url_for("observing.show", launch=session.uuid)
    try:
        exported = file.read_file(sent.read() if sent else b"")
        with parts.database.transaction() as transaction:
            found = file.bring(transaction, link, exported, contents=parts.contents, secret=secret, now=now)
    except ExportRefusedError as error:
        return redirect(f"{page}?refused={error.reason}", 303)
    except KeyMissingError:
        return redirect(f"{page}?refused=file-key", 303)
    told = f"taken={found.taken}&waiting={found.waiting}&not={found.refused}"
    try:
        with parts.database.transaction() as transaction:
            file.keep_pictures(transaction, link, exported, secret=secret, now=now)
    except PhotosUnavailableError:
        told = f"{told}&refused=file-photos"
    return redirect(f"{page}?{told}", 303)


def _lines(entry: Entry, language: str) -> Iterator[Sequence[Value]]:
    row = entry.seen.row
    gettext = catalogue(language).gettext
    for about in entry.about:
        # Where nobody knows its rubric there are no rows to name, but there is an observation.
        for said in entry.rows or [_UNNAMED]:
            yield [
                about.member.name or about.member.short if about.member else "",
                about.member.subject.uuid if about.member else about.signed,
                entry.title[language],
                said.title[language],
                said.level[language],
                None if said.points is None else format(said.points, "f"),
                said.comment,
                entry.assessor.name,
                row.enterprise,
                utc_text(row.occurred_at),
                utc_text(row.received_at),
                format(row.skew_ms / -1000, ".1f"),
                entry.outcome.state.value,
                gettext(OUTCOMES[entry.outcome.code]),
                row.capture,
            ]
