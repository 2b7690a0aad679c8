"""Staff's page of peer review: how it is done here, how reviewers do, where they differ, what was flagged."""

from __future__ import annotations

from datetime import datetime
from statistics import fmean
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import marking_setups
from lti_tool.services.content import rubrics
from lti_tool.services.marking import peer_oversight, peer_scores, peer_setups
from lti_tool.services.marking.peer_oversight import Oversight
from lti_tool.services.marking.peer_reviews import PeerRefusedError
from lti_tool.services.marking.peer_setups import PeersOffError
from lti_tool.services.people.roles import Permission
from lti_tool.views.form_numbers import get_whole
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.link_form import moment_text, read_moment
from lti_tool.views.marking import asked_filters, desk_of, query_of, title_of
from lti_tool.views.peer_words import peer_page_words
from qualoop.assessment.peer_rules import Effect, PeerRules, PeerRulesError
from qualoop.assessment.samples import FEWEST

blueprint = Blueprint("peers_staff", __name__)

ON: Final = "on"
LEAVE_OUT: Final = "out"
_MOST_DIGITS: Final = 4


@blueprint.get("/a/<launch>/marking/peers/")
@needs(Permission.RELEASE_MARKS)
def show(session: Session) -> str:
    """Show how learners review each other here, and how that goes."""
    parts, desk = runtime(), desk_of(session)
    link = desk.link
    with parts.database.reading() as reading:
        connection = reading.connection()
        rules = peer_setups.find_rules(connection, link.organisation_id, link.resource_link_id)
        setup = marking_setups.find_setup(connection, link.organisation_id, link.resource_link_id)
        rubric = rubrics.get(connection, link.organisation_id, setup.rubric_version_id).rubric if setup else None
        samples = (
            peer_setups.samples_of(connection, link.organisation_id, link.resource_link_id, rubric) if rubric else ()
        )
        try:
            found = peer_oversight.oversight(connection, desk, now=parts.clock())
        except PeersOffError:
            found = None
        title = title_of(connection, session)
    begun = rules or PeerRules(is_on=False, samples=min(len(samples), FEWEST))
    return render_template(
        "marking_peers.html",
        session=session,
        here="teaching",
        link_title=title,
        rubric=rubric,
        samples=samples,
        rules=begun,
        mean_weight=_mean_weight(found),
        found=found,
        moments={"opens_at": _moment(begun.opens_at), "closes_at": _moment(begun.closes_at)},
        work_url=lambda work: url_for("marking_room.show", launch=session.uuid, work=work, show="all"),
        **peer_page_words(session),
    )


@blueprint.post("/a/<launch>/marking/peers/change")
@needs(Permission.RELEASE_MARKS)
def change(session: Session) -> AnyResponse:
    """Set how learners review each other from now on."""
    said: dict[str, Any] = {"done": "rules"}
    try:
        rules = _read()
        with runtime().database.transaction() as transaction:
            peer_scores.apply_rules(transaction, desk_of(session), rules, now=runtime().clock())
    except PeerRulesError as error:
        said = {"refused": error.code}
    return redirect(url_for("peers_staff.show", launch=session.uuid, **said), 303)


@blueprint.post("/a/<launch>/marking/peers/review/<review>/settle")
@needs(Permission.RELEASE_MARKS)
def settle(session: Session, review: str) -> AnyResponse:
    """Leave a review out, or let it count; back to the work that it is of."""
    said: dict[str, Any] = {"done": "settled"}
    form = request.form
    try:
        with runtime().database.transaction() as transaction:
            peer_oversight.settle(
                transaction,
                desk_of(session),
                review,
                leave_out=form.get("do") == LEAVE_OUT,
                reason=form.get("reason", ""),
                now=runtime().clock(),
            )
    except PeerRefusedError as error:
        said = {"refused": error.code}
    work = form.get("work", "")
    if not work:
        return redirect(url_for("peers_staff.show", launch=session.uuid, **said), 303)
    query = query_of(asked_filters())
    address = url_for("marking_room.show", launch=session.uuid, work=work, _anchor="reviews", **query, **said)
    return redirect(address, 303)


def _mean_weight(found: Oversight | None) -> float:
    """Return the weight of an average reviewer, with which the others' are compared; 1 where there is none."""
    known = [line.calibration.weight for line in found.reviewers if line.calibration] if found else []
    return fmean(known) if known else 1.0


def _read() -> PeerRules:
    """Return what the form says; raise PeerRulesError."""
    form = request.form
    try:
        effect = Effect(form.get("effect", ""))
        reviews = get_whole(form.get("reviews", ""), _MOST_DIGITS)
        return PeerRules(
            is_on=form.get("is_on") == ON,
            reviews=reviews,
            samples=get_whole(form.get("samples", ""), _MOST_DIGITS),
            hours=get_whole(form.get("hours", ""), _MOST_DIGITS),
            effect=effect,
            enough=get_whole(form.get("enough", ""), _MOST_DIGITS) if effect is Effect.STAND else reviews,
            apart=form.get("apart") == ON,
            opens_at=read_moment(form.get("opens_at", "")),
            closes_at=read_moment(form.get("closes_at", "")),
        )
    except ValueError as error:
        raise PeerRulesError from error


def _moment(moment: datetime | None) -> str:
    return moment_text(moment) if moment else ""
