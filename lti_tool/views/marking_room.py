"""The marking room: one work beside its rubric, and what a marker does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import Connection
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import submissions
from lti_tool.services.marking import assignments, level_limits, marking, marking_queue, peer_oversight, release
from lti_tool.services.marking.cases import Case, Desk, Marker, get_case
from lti_tool.services.marking.live_people import offered_enterprise
from lti_tool.services.marking.marking import Judgement, Saved
from lti_tool.services.marking.marking_queue import Filters, Queue, Show, Work
from lti_tool.services.marking.release import MarkCorrection
from lti_tool.services.people.roles import Permission
from lti_tool.views.form_numbers import sent_revision
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.marking import asked_filters, desk_of, here, marker_of, query_of
from lti_tool.views.marking_words import REFUSED
from lti_tool.views.peer_words import peer_page_words
from lti_tool.views.teacher_record_words import WORDS as RECORD_WORDS
from lti_tool.views.wording import Wording
from lti_tool.views.work_files import file_response
from qualoop.assessment.marking import (
    EMPTY_SHEET,
    MAX_COMMENT,
    MAX_ENTERPRISE,
    Marking,
    MarkingRefusedError,
    MarkSheet,
    Position,
    agreed_sheet,
    counting_mark,
    differences,
    own_position,
    read_sheet,
    sheet_grade,
    sheet_points,
    visible_marks,
)
from qualoop.assessment.rubric import Rubric
from qualoop.ledger import CorrectionRefusedError, Reason

blueprint = Blueprint("marking_room", __name__)

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
APPROVE, NEXT, PREVIOUS = "approve", "next", "previous"
MAX_NOTE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A form as it was sent, shown again because something is wrong with it: by field, and as a whole."""

    sheet: MarkSheet
    enterprise: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    lacks_enterprise: bool = False
    is_limited: bool = False
    refused: str = ""

    def comments(self, rubric: Rubric, language: str) -> list[tuple[str, str]]:
        """Return the comments as they were written, each with the row's title, that on the whole last and without one."""
        rows = [(row.title[language], self.texts.get(f"comment-{row.key}", "")) for row in rubric.rows]
        return [(title, text) for title, text in [*rows, ("", self.texts.get("comment", ""))] if text.strip()]


@blueprint.get("/a/<launch>/marking/works/<work>/")
@needs(Permission.MARK)
def show(session: Session, work: str) -> AnyResponse:
    """Show a work beside its rubric."""
    return _page(session, work)


@blueprint.post("/a/<launch>/marking/works/<work>/save")
@needs(Permission.MARK)
def save(session: Session, work: str) -> AnyResponse:
    """Save a mark, approve it, or save it and go on to the next work. What cannot be saved is shown again as it was sent."""
    desk, do = desk_of(session, work), request.form.get("do", "save")
    sent = _sent(session, desk)
    if sent.wrong:
        return _page(session, work, sent, status=UNPROCESSABLE)
    judgement = Judgement(
        sheet=sent.sheet, seen=sent_revision("seen"), approve=do == APPROVE, enterprise=sent.enterprise
    )
    try:
        with runtime().database.transaction() as transaction:
            saved = marking.save(transaction, desk, judgement, now=runtime().clock())
    except MarkingRefusedError as error:
        return _page(session, work, _refused_form(sent, error.code), status=CONFLICT)
    if do == APPROVE and not saved.is_approved:
        return _page(session, work, _incomplete(sent, saved), status=UNPROCESSABLE)
    if do in {APPROVE, NEXT, PREVIOUS}:
        return _onward(session, work, do)
    return _back(session, work, done="saved")


@blueprint.post("/a/<launch>/marking/works/<work>/undo")
@needs(Permission.MARK)
def undo(session: Session, work: str) -> AnyResponse:
    """Take the last save, or the approval, back."""
    seen, now = sent_revision("seen"), runtime().clock()
    return _do(session, work, "undone", lambda transaction, desk: marking.undo(transaction, desk, seen=seen, now=now))


@blueprint.post("/a/<launch>/marking/works/<work>/take-over")
@needs(Permission.MARK)
def take_over(session: Session, work: str) -> AnyResponse:
    """Go on with a mark that somebody else has begun and not approved."""
    now = runtime().clock()
    return _do(session, work, "taken", lambda at, desk: assignments.take_over(at, desk, now=now))


@blueprint.post("/a/<launch>/marking/works/<work>/arrange")
@needs(Permission.RELEASE_MARKS)
def arrange(session: Session, work: str) -> AnyResponse:
    """Have a work marked twice or not, or give it to somebody."""
    do, to, now = request.form.get("do", ""), request.form.get("to", ""), runtime().clock()
    if do in {"second", "single"}:
        return _do(
            session,
            work,
            do,
            lambda at, desk: assignments.ask_for_second(at, desk, wanted=do == "second", now=now),
        )
    return _do(session, work, "assigned", lambda at, desk: assignments.assign(at, desk, to=to))


@blueprint.post("/a/<launch>/marking/works/<work>/correct")
@needs(Permission.RELEASE_MARKS)
def correct(session: Session, work: str) -> AnyResponse:
    """Correct marks that are released, with a reason."""
    sent = _sent(session, desk_of(session, work))
    reason = request.form.get("reason", "")
    if sent.wrong:
        return _page(session, work, sent, status=UNPROCESSABLE)
    if reason not in set(Reason):
        return _page(session, work, _refused_form(sent, "unreadable"), status=UNPROCESSABLE)
    correction = MarkCorrection(
        sheet=sent.sheet, reason=Reason(reason), note=request.form.get("note", "").strip()[:MAX_NOTE]
    )
    try:
        with runtime().database.transaction() as transaction:
            release.correct(transaction, desk_of(session, work), correction, now=runtime().clock())
    except (MarkingRefusedError, CorrectionRefusedError) as error:
        return _page(session, work, _refused_form(sent, error.code), status=CONFLICT)
    return _back(session, work, done="corrected")


@blueprint.get("/a/<launch>/marking/works/<work>/file/<file>")
@needs(Permission.MARK)
def send_file(session: Session, work: str, file: str) -> Response:
    """Send a file of a work to whoever may mark it."""
    with runtime().database.reading() as reading:
        case = get_case(reading.connection(), desk_of(session, work))
        return file_response(submissions.get_file(reading.connection(), case.owner, case.id, file))


def _do(session: Session, work: str, done: str, act: Callable[[DbSession, Desk], object]) -> AnyResponse:
    """Do something with a work in one transaction; go back to it and say what came of it."""
    try:
        with runtime().database.transaction() as transaction:
            act(transaction, desk_of(session, work))
    except (MarkingRefusedError, CorrectionRefusedError) as error:
        return _back(session, work, refused=error.code)
    return _back(session, work, done=done)


def _sent(session: Session, desk: Desk) -> _Sent:
    """Return the form of a mark as it was sent; raise SubmissionMissingError."""
    with runtime().database.reading() as reading:
        rubric = get_case(reading.connection(), desk).marking.rubric
    read = read_sheet(rubric, request.form)
    enterprise = request.form.get("enterprise", "").strip()[:MAX_ENTERPRISE]
    return _Sent(sheet=read.sheet, enterprise=enterprise, wrong=read.wrong, texts=request.form)


def _refused_form(sent: _Sent, code: str) -> _Sent:
    return _Sent(sheet=sent.sheet, enterprise=sent.enterprise, texts=sent.texts, refused=code)


def _incomplete(sent: _Sent, saved: Saved) -> _Sent:
    """Return a form that was saved and not approved, with what is missing."""
    return _Sent(
        sheet=sent.sheet,
        enterprise=sent.enterprise,
        missing=frozenset(saved.missing),
        lacks_enterprise=saved.lacks_enterprise,
        is_limited=saved.is_limited,
    )


def _back(session: Session, work: str, **said: Any) -> AnyResponse:
    address = url_for("marking_room.show", launch=session.uuid, work=work, **query_of(asked_filters()), **said)
    return redirect(address, 303)


def _onward(session: Session, work: str, do: str) -> AnyResponse:
    """Go to the next work of the queue, or the one before; to the queue where there is none."""
    with runtime().database.reading() as reading:
        before, after = _queue_around(reading.connection(), session, work)[1:]
    found = before if do == PREVIOUS else after
    said = "approved" if do == APPROVE else "saved"
    query = query_of(asked_filters())
    if found is None:
        return redirect(url_for("marking.show", launch=session.uuid, **query, done=said), 303)
    return redirect(url_for("marking_room.show", launch=session.uuid, work=found.uuid, **query, done=said), 303)


def _queue_around(connection: Connection, session: Session, work: str) -> tuple[Queue, Work | None, Work | None]:
    """Return the queue that somebody goes through, with this work in its place, and its neighbours."""
    filters, desk = asked_filters(), desk_of(session)
    found = marking_queue.queue(connection, desk.link, desk.marker, filters)
    everything = marking_queue.queue(connection, desk.link, desk.marker, Filters(show=Show.ALL, course=True))
    full = marking_queue.and_current(found, everything, work)
    return (full, *full.around(work))


def _page(session: Session, work: str, sent: _Sent | None = None, *, status: int = 200) -> AnyResponse:
    """Return the page of a work, with the form as it was sent where it was."""
    desk = desk_of(session, work)
    with runtime().database.reading() as reading:
        connection = reading.connection()
        case = get_case(connection, desk)
        full, before, after = _queue_around(connection, session, work)
        shown = _shown(connection, case, session, sent)
        stored = submissions.read_work(connection, case.owner, case.id, case.work_sealed)
        markers = assignments.list_markers(connection, case.link)
    words = peer_page_words(session)
    if sent is not None and sent.refused:
        words["refused"] = words["words"].gettext(REFUSED.get(sent.refused, REFUSED["unreadable"]))
    html = render_template(
        "marking_room.html",
        session=session,
        here=here(session),
        case=case,
        work=stored,
        queue=full,
        place=query_of(asked_filters()),
        number=next((number for number, each in enumerate(full.works, 1) if each.uuid == work), 0),
        before=before,
        after=after,
        markers=markers,
        names={marker.uuid: marker.name for marker in markers},
        may_release=session.may(Permission.RELEASE_MARKS),
        sent=sent or _Sent(sheet=EMPTY_SHEET),
        file_url=lambda file, **more: url_for(
            "marking_room.send_file", launch=session.uuid, work=work, file=file.uuid, **more
        ),
        max_comment=MAX_COMMENT,
        reasons=[reason.value for reason in Reason],
        **shown,
        **words,
    )
    return AnyResponse(html, status, mimetype="text/html")


def _shown(connection: Connection, case: Case, session: Session, sent: _Sent | None) -> dict[str, Any]:
    """Return what of the marks this marker may read, and what the form begins with."""
    marker, marking_ = marker_of(session), case.marking
    position = own_position(marking_, marker.uuid, may_decide=marker.may_release)
    readable = visible_marks(marking_, marker.uuid)
    own = readable.get(position) if position else None
    counting = counting_mark(marking_)
    begun = sent.sheet if sent else own.sheet if own else _beginning(case, position)
    stored = case.stored.get(position) if position else None
    enterprise = stored.enterprise if stored else ""
    if case.names_enterprise(marker) and not enterprise:
        enterprise = _offered_enterprise(connection, case, marker)
    is_editing = position is not None and not (own and own.is_approved)
    may_correct = marking_.is_released and marker.may_release
    return {
        "rubric": marking_.rubric,
        "position": position.value if position else "",
        "is_editing": is_editing,
        "limit": _limit(connection, case, session, position) if is_editing or may_correct else None,
        "seen": stored.revision if stored else 0,
        "may_undo": stored is not None,
        "sheet": begun,
        "hidden": [each.value for each in marking_.marks if each not in readable],
        "counting": counting if counting and counting.position in {*readable, Position.PEERS} else None,
        "points_of": sheet_points,
        "grade_of": lambda sheet: sheet_grade(marking_.rubric, sheet),
        "needs_enterprise": case.names_enterprise(marker),
        "enterprise": sent.enterprise if sent else enterprise,
        "readable": readable,
        **_compared(marking_),
        **_takeable(connection, case, session),
        **_reviewed(connection, case, session, position),
    }


def _limit(connection: Connection, case: Case, session: Session, position: Position | None) -> dict[str, Any] | None:
    """Return in words why this marker may not approve, or correct, marks of a work; None where nothing hinders it."""
    desk, day = desk_of(session, case.uuid), runtime().clock().date()
    wanted = position if position and not case.marking.is_released else Position.DECISION
    found = level_limits.find_limit(connection, desk, case, wanted, day=day)
    if found is None:
        return None
    words = Wording(language=session.language, framework=desk.contents.find_framework(connection, case.organisation_id))
    return {
        "level": words.level(found.level),
        "from_level": words.level(found.from_level),
        "kinds": [words.gettext(RECORD_WORDS[kind]) for kind in found.kinds],
        "names": [each.name or each.uuid[:4] for each in found.able],
    }


def _takeable(connection: Connection, case: Case, session: Session) -> dict[str, Any]:
    """Return whether this marker may go on with somebody else's mark, and whether because that one may not approve it."""
    desk, day = desk_of(session, case.uuid), runtime().clock().date()
    takeable = assignments.find_takeable(connection, desk, case, day=day)
    is_stuck = takeable is not None and takeable in level_limits.find_stuck(connection, desk, case, day=day)
    return {"may_take_over": takeable is not None, "is_stuck": is_stuck}


def _offered_enterprise(connection: Connection, case: Case, marker: Marker) -> str:
    """Return the enterprise that a judgement is offered with, before its marker has named one."""
    if case.is_live:
        return offered_enterprise(connection, case.link, marker.person_id)
    return assignments.last_enterprise(connection, case.organisation_id, marker.person_id)


def _reviewed(connection: Connection, case: Case, session: Session, position: Position | None) -> dict[str, Any]:
    """Return what fellow learners say; nothing to a second marker, who judges without anybody else's word, nor to a mentor."""
    desk = desk_of(session, case.uuid)
    is_blind = position is Position.SECOND and not case.marking.is_in(Position.SECOND)
    if is_blind or not desk.marker.sees_all:
        return {"reviews": (), "shows_peers": False}
    return {"reviews": peer_oversight.reviews_of(connection, desk, case.id, case.owner), "shows_peers": True}


def _compared(marking_: Marking) -> dict[str, Any]:
    """Return first and second mark, and in which rows they differ; nothing before both are in."""
    if not marking_.both_in:
        return {"first": None, "second": None, "differing": frozenset()}
    first, second = marking_.marks[Position.FIRST], marking_.marks[Position.SECOND]
    found = differences(marking_.rubric, first.sheet, second.sheet)
    return {"first": first, "second": second, "differing": frozenset(each.row.key for each in found)}


def _beginning(case: Case, position: Position | None) -> MarkSheet:
    """Return what the form of a mark begins with that nobody has saved.

    A decision begins with what both agree in, a first mark with what reviewers propose.
    """
    if position is Position.FIRST and case.peers and case.peers.proposes:
        return case.peers.sheet
    if position is not Position.DECISION:
        return EMPTY_SHEET
    first, second = (case.marking.marks[each].sheet for each in (Position.FIRST, Position.SECOND))
    return agreed_sheet(case.marking.rubric, first, second)
