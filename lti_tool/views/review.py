"""What somebody handed in, opened from the platform's grade book or from the class page: to be read, never to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Connection

from lti_tool.services.attempts import attempts
from lti_tool.services.classes import overview
from lti_tool.services.evidence.entries import name_parts
from lti_tool.services.grades.delivery_status import delivery_states
from lti_tool.services.launches.submission_review import (
    ReviewedAttempt,
    Submission,
    check_may_review,
    corrections_of,
    get_submission,
)
from lti_tool.services.people.roles import Permission
from lti_tool.services.platforms.link_settings import link_settings
from lti_tool.views.activity import whose
from lti_tool.views.assets import asset_response
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.host import ToolHost
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.assessment import LinkSettings

blueprint = Blueprint("review", __name__)

#: Who teaches sees everything at once, whatever the learner may see.
EVERYTHING: Final = {"show_feedback": "after_item", "show_solution": "after_item", "show_score": "after_item"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewHost(ToolHost):
    """The player's host for an attempt that is looked at: its files are those of its own content version."""

    assets: str = ""

    def asset_url(self, path: str, /) -> str:
        """Return where the browser finds a file of the attempt's package."""
        return f"{self.assets}{path}"


@blueprint.get("/a/<launch>/review/")
@needs(Permission.VIEW_CLASS)
def nobody(session: Session) -> str:
    """Say that the course knows nobody like the one whose work was to be opened."""
    return render_template("review_nobody.html", session=session, here="teaching")


@blueprint.get("/a/<launch>/review/<person_uuid>/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session, person_uuid: str) -> str:
    """Show the attempts of one person at this link, and one of them with every answer."""
    own = person_uuid == session.person_uuid
    check_may_review(session.roles, own=own)
    parts, link = runtime(), link_of(session)
    with parts.database.reading() as reading:
        connection = reading.connection()
        submission = get_submission(connection, link, person_uuid)
        attempt = submission.find_attempt(request.args.get("attempt", type=int))
        deliveries = delivery_states(reading, link.organisation_id, link.resource_link_id)
        more = _of_attempt(connection, session, submission, attempt) if attempt else {}
        title = session.link_title or overview.find_activity_title(
            connection, parts.contents, link, language=session.language
        )
    return render_template(
        "review.html",
        session=session,
        here="activity" if own and not session.may(Permission.VIEW_CLASS) else "teaching",
        back=f"review/{person_uuid}",
        by_other=session.may(Permission.VIEW_CLASS),
        link_title=title or "",
        submission=submission,
        attempt=attempt,
        delivery=deliveries.get(submission.member.subject.person_id),
        counts=link_settings(session.link_settings).counts,
        words=Wording(language=session.language, parts=more.pop("parts", {})),
        **{"fragment": "", "scores_shown": True, "corrections": (), **more},
    )


@blueprint.get("/a/<launch>/review/<person_uuid>/<int:number>/asset/<path:path>")
@needs(Permission.VIEW_ACTIVITY)
def asset(session: Session, person_uuid: str, number: int, path: str) -> Response:
    """Send a figure of the content version that an attempt was worked at."""
    check_may_review(session.roles, own=person_uuid == session.person_uuid)
    with runtime().database.reading() as reading:
        submission = get_submission(reading.connection(), link_of(session), person_uuid)
        versions = (each.version_id for each in submission.attempts if each.number == number)
        return asset_response(reading.connection(), session.organisation_id, next(versions, None), path)


def _of_attempt(
    connection: Connection, session: Session, submission: Submission, attempt: ReviewedAttempt
) -> dict[str, Any]:
    """Return what the page shows of one attempt: its answers as far as the reader may see them, and their corrections.

    Who answers an attempt that is not handed in yet reads it in the lesson, where nothing is told too early.
    """
    by_other = session.may(Permission.VIEW_CLASS)
    shown = _shown(connection, session, by_other=by_other)
    scores_shown = shown.show_score == "after_item" or (attempt.is_over and shown.show_score == "after_submit")
    if not by_other and not attempt.is_over:
        return {"scores_shown": scores_shown}
    opened = runtime().contents.get(connection, session.organisation_id, attempt.version_id)
    host = _host(session, submission, attempt)
    corrections = corrections_of(connection, submission, attempt) if scores_shown else ()
    return {
        "fragment": opened.kind.review(opened.content, attempt.state, host, settings=shown, by_other=by_other),
        "scores_shown": scores_shown,
        "corrections": corrections,
        "parts": name_parts(
            connection,
            runtime().contents,
            session.organisation_id,
            [each.entry for each in corrections],
            language=session.language,
        ),
    }


def _shown(connection: Connection, session: Session, *, by_other: bool) -> LinkSettings:
    """Return the settings by which the reader sees the attempt: a learner no more than in the lesson at this moment."""
    if by_other:
        return link_settings(session.link_settings).model_copy(update=EVERYTHING)
    return attempts.find(connection, whose(session)).plan.settings_at(runtime().clock())


def _host(session: Session, submission: Submission, attempt: ReviewedAttempt) -> ReviewHost:
    """Return the player's host of an attempt that is looked at."""
    person = submission.member.subject.uuid
    return ReviewHost(
        language=session.language,
        base=session.base,
        csrf="",
        attempt=attempt.uuid,
        framework=None,
        id_prefix="r",
        assets=f"{session.base}review/{person}/{attempt.number}/asset/",
    )
