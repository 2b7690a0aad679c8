"""A learner's pages of peer review: where one stands, the samples, a work to review, the reviews of one's own work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session as DbSession
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.marking import peer_received, peer_reviews
from lti_tool.services.marking.peer_pool import read_pool
from lti_tool.services.marking.peer_reviews import (
    HandIn,
    PeerRefusedError,
    Reader,
    ReviewDoneError,
    ReviewStaleError,
    SavedReview,
    find_sample,
    rated_samples,
)
from lti_tool.services.marking.peer_setups import PeerPlan, get_plan
from lti_tool.services.people.roles import Permission
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.views.activity import whose
from lti_tool.views.form_numbers import sent_revision
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.marking import title_of
from lti_tool.views.peer_words import REFUSED, peer_page_words
from lti_tool.views.teaching import link_of
from lti_tool.views.work_files import file_response
from qualoop.assessment.marking import EMPTY_SHEET, MAX_COMMENT, MarkSheet, read_sheet
from qualoop.assessment.rubric import Rubric

blueprint = Blueprint("peers", __name__)

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409
HAND_IN: Final = "hand-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A form that is shown again because something is wrong with it."""

    sheet: MarkSheet
    wrong: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    lacks_comment: bool = False
    refused: str = ""


@blueprint.get("/a/<launch>/peers/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> str:
    """Show where the learner stands: own work, samples, reviews to give, reviews received."""
    reader, parts = _reader(session), runtime()
    with parts.database.reading() as reading:
        connection = reading.connection()
        plan = get_plan(connection, reader.link.organisation_id, reader.link.resource_link_id)
        pool = read_pool(connection, reader.link, plan.rules, parts.clock())
        rated = rated_samples(connection, reader, plan)
        own = pool.of_reviewer(reader.person_id)
        has_work = pool.work_of(reader.person_id) is not None
        is_ready = has_work and all(sample.key in rated for sample in plan.samples)
        shown = {
            "has_work": has_work,
            "rated": rated,
            "next_sample": next((sample for sample in plan.samples if sample.key not in rated), None),
            "given": own,
            "open_one": next((each for each in own if each.done_at is None), None),
            "done_count": pool.done(reader.person_id),
            "is_ready": is_ready,
            "can_take": is_ready and plan.rules.is_open(pool.now) and pool.choose(reader.person_id) is not None,
            "received": peer_received.received(connection, reader, pool),
            "due": {each.uuid: plan.rules.due(each.assigned_at) for each in own},
            "is_over": plan.rules.is_over(pool.now),
            "is_early": plan.rules.opens_at is not None and pool.now < plan.rules.opens_at,
        }
        title = title_of(connection, session)
    return render_template(
        "peers.html", session=session, here="activity", link_title=title, plan=plan, **shown, **peer_page_words(session)
    )


@blueprint.get("/a/<launch>/peers/samples/<sample>/")
@needs(Permission.VIEW_ACTIVITY)
def show_sample(session: Session, sample: str) -> AnyResponse:
    """Show a sample with the rubric; once it is rated, what staff gave and why."""
    return _sample_page(session, sample)


@blueprint.post("/a/<launch>/peers/samples/<sample>/rate")
@needs(Permission.ANSWER)
def rate(session: Session, sample: str) -> AnyResponse:
    """Keep what a learner gives a sample."""
    reader, parts = _reader(session), runtime()
    with parts.database.reading() as reading:
        plan = get_plan(reading.connection(), reader.link.organisation_id, reader.link.resource_link_id)
    sent = _sent(plan.rubric)
    if sent.wrong:
        return _sample_page(session, sample, sent, status=UNPROCESSABLE)
    try:
        with parts.database.transaction() as transaction:
            missing = peer_reviews.rate_sample(transaction, reader, sample, sent.sheet, now=parts.clock())
    except ReviewDoneError as error:
        return redirect(_sample_url(session, sample, refused=error.code), 303)
    if missing:
        return _sample_page(session, sample, _lacking(sent, missing), status=UNPROCESSABLE)
    return redirect(_sample_url(session, sample, done="rated"), 303)


@blueprint.post("/a/<launch>/peers/next")
@needs(Permission.ANSWER)
def take_next(session: Session) -> AnyResponse:
    """Give the learner a work to review."""
    parts = runtime()
    try:
        with parts.database.transaction() as transaction:
            review = peer_reviews.take_next(transaction, _reader(session), now=parts.clock())
    except PeerRefusedError as error:
        return redirect(url_for("peers.show", launch=session.uuid, refused=error.code), 303)
    return redirect(url_for("peers.show_review", launch=session.uuid, review=review), 303)


@blueprint.get("/a/<launch>/peers/review/<review>/")
@needs(Permission.VIEW_ACTIVITY)
def show_review(session: Session, review: str) -> AnyResponse:
    """Show a work that was given to the learner beside the rubric."""
    return _review_page(session, review)


@blueprint.post("/a/<launch>/peers/review/<review>/save")
@needs(Permission.ANSWER)
def save_review(session: Session, review: str) -> AnyResponse:
    """Save a review, or hand it in. What cannot be saved is shown again as it was sent."""
    reader, parts = _reader(session), runtime()
    with parts.database.reading() as reading:
        rubric = peer_reviews.open_review(reading, reader, review, now=parts.clock()).rubric
    sent = _sent(rubric)
    if sent.wrong:
        return _review_page(session, review, sent, status=UNPROCESSABLE)
    given = HandIn(sheet=sent.sheet, seen=sent_revision("seen"), hand_in=request.form.get("do") == HAND_IN)
    try:
        with parts.database.transaction() as transaction:
            saved = peer_reviews.save_review(transaction, reader, review, given, now=parts.clock())
    except ReviewStaleError as error:
        again = _Sent(sheet=sent.sheet, texts=sent.texts, refused=error.code)
        return _review_page(session, review, again, status=CONFLICT)
    except ReviewDoneError as error:
        return redirect(_review_url(session, review, refused=error.code), 303)
    if given.hand_in and not saved.is_done:
        return _review_page(session, review, _lacking(sent, saved.missing, saved), status=UNPROCESSABLE)
    if saved.is_done:
        return redirect(url_for("peers.show", launch=session.uuid, done="handed-in"), 303)
    return redirect(_review_url(session, review, done="saved"), 303)


@blueprint.post("/a/<launch>/peers/review/<review>/take-back")
@needs(Permission.ANSWER)
def take_back(session: Session, review: str) -> AnyResponse:
    """Open a review again that was just handed in."""
    parts, said = runtime(), {"done": "taken-back"}
    try:
        with parts.database.transaction() as transaction:
            peer_reviews.take_back(transaction, _reader(session), review, now=parts.clock())
    except ReviewDoneError as error:
        said = {"refused": error.code}
    return redirect(_review_url(session, review, **said), 303)


@blueprint.get("/a/<launch>/peers/review/<review>/file/<file>")
@needs(Permission.VIEW_ACTIVITY)
def send_file(session: Session, review: str, file: str) -> Response:
    """Send a file of a work to whom it was given to review."""
    with runtime().database.reading() as reading:
        return file_response(peer_reviews.review_file(reading, _reader(session), review, file))


@blueprint.post("/a/<launch>/peers/received/<review>/flag")
@needs(Permission.ANSWER)
def flag(session: Session, review: str) -> AnyResponse:
    """Flag a review of one's own work, or take that back."""
    parts, reason = runtime(), request.form.get("reason", "")
    said: dict[str, Any] = {"done": "flagged" if reason.strip() else "unflagged"}
    try:
        with parts.database.transaction() as transaction:
            peer_received.flag(transaction, _reader(session), review, reason, now=parts.clock())
    except ReviewDoneError as error:
        said = {"refused": error.code}
    return redirect(url_for("peers.show", launch=session.uuid, _anchor="received", **said), 303)


def _reader(session: Session) -> Reader:
    """Return who reviews; raise NotAllowedError for whoever does not learn here."""
    if not whose(session).counts:
        raise NotAllowedError
    return Reader(
        link=link_of(session),
        person_id=session.person_id,
        uuid=session.person_uuid,
        secret=runtime().settings.secret_key,
    )


def _sent(rubric: Rubric) -> _Sent:
    read = read_sheet(rubric, request.form)
    return _Sent(sheet=read.sheet, wrong=read.wrong, texts=request.form)


def _lacking(sent: _Sent, missing: Sequence[str], saved: SavedReview | None = None) -> _Sent:
    lacks_comment = saved is not None and saved.lacks_comment
    return _Sent(sheet=sent.sheet, texts=sent.texts, missing=frozenset(missing), lacks_comment=lacks_comment)


def _sample_url(session: Session, sample: str, **said: Any) -> str:
    return url_for("peers.show_sample", launch=session.uuid, sample=sample, **said)


def _review_url(session: Session, review: str, **said: Any) -> str:
    return url_for("peers.show_review", launch=session.uuid, review=review, **said)


def _sample_page(session: Session, key: str, sent: _Sent | None = None, *, status: int = 200) -> AnyResponse:
    reader = _reader(session)
    with runtime().database.reading() as reading:
        connection = reading.connection()
        plan = get_plan(connection, reader.link.organisation_id, reader.link.resource_link_id)
        sample = find_sample(plan, key)
        rated = rated_samples(connection, reader, plan)
        title = title_of(connection, session)
    shown = {
        "sample": sample,
        "number": plan.samples.index(sample) + 1,
        "own": rated.get(key),
        "staff": sample.staff_sheet(plan.rubric, session.language) if key in rated else None,
        "next_sample": next((each for each in plan.samples if each.key not in rated), None),
    }
    return _rubric_page(
        "peer_sample.html", session, plan.rubric, sent, status=status, plan=plan, link_title=title, **shown
    )


def _review_page(session: Session, review: str, sent: _Sent | None = None, *, status: int = 200) -> AnyResponse:
    reader, now = _reader(session), runtime().clock()
    with runtime().database.reading() as reading:
        found, plan, title = _opened(reading, session, reader, review)
    shown = {
        "review": found,
        "due": plan.rules.due(found.assigned_at),
        "is_late": plan.rules.due(found.assigned_at) <= now,
        "file_url": lambda file, **more: url_for(
            "peers.send_file", launch=session.uuid, review=review, file=file.uuid, **more
        ),
    }
    begun = sent or _Sent(sheet=found.sheet)
    return _rubric_page("peer_review.html", session, found.rubric, begun, status=status, link_title=title, **shown)


def _opened(
    reading: DbSession, session: Session, reader: Reader, review: str
) -> tuple[peer_reviews.OpenReview, PeerPlan, str]:
    connection = reading.connection()
    plan = get_plan(connection, reader.link.organisation_id, reader.link.resource_link_id)
    found = peer_reviews.open_review(reading, reader, review, now=runtime().clock())
    return found, plan, title_of(connection, session)


def _rubric_page(
    template: str, session: Session, rubric: Rubric, sent: _Sent | None, *, status: int, **shown: Any
) -> AnyResponse:
    """Return a page with a rubric as a form, as it was sent where something was wrong with it."""
    words = peer_page_words(session)
    if sent is not None and sent.refused:
        words["refused"] = words["words"].gettext(REFUSED[sent.refused])
    html = render_template(
        template,
        session=session,
        here="activity",
        rubric=rubric,
        sent=sent or _Sent(sheet=EMPTY_SHEET),
        max_comment=MAX_COMMENT,
        first=None,
        second=None,
        differing=frozenset(),
        names={},
        **shown,
        **words,
    )
    return AnyResponse(html, status, mimetype="text/html")
