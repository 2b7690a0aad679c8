"""The activity of a launch: shown, stepped, begun again. The player does the work; this is its Flask adapter."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services import attempts, records, sessions
from lti_tool.services.attempts import Attempt, Who
from lti_tool.services.contents import ContentMissingError, OpenContent, find_asset
from lti_tool.services.launches import Opened
from lti_tool.services.link_settings import link_settings
from lti_tool.services.roles import TEST_USER, Permission, Role
from lti_tool.views.guards import Session, needs, opened_session, runtime
from lti_tool.views.host import ToolHost
from qualoop.assessment import AttemptState, ResponseRefusedError
from qualoop.player import Action, Refused, StaleActionError
from qualoop.values import LANGUAGES

blueprint = Blueprint("activity", __name__)

FRAGMENT = "X-Qualoop-Fragment"
BACK = {"activity": "activity.show", "record": "record.show", "teaching": "teaching.show"}
RESTART = "restart"
ASSET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def first_page(connection: Connection, opened: Opened) -> Response:
    """Return the page that a launch opens, rendered inside the launch's own transaction.

    One request less than a redirect would cost; the player's script shows the page's own address instead.
    """
    session = opened_session(opened)
    if session.may(Permission.VIEW_CLASS):
        return Response(status=303, headers={"Location": url_for("teaching.show", launch=session.uuid)})
    return _page(connection, session)


@blueprint.get("/a/<launch>/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> Response:
    """Show where the learner's newest attempt stands. Only the first look, which begins it, waits for writers."""
    with runtime().database.reading() as reading:
        if attempts.find(reading.connection(), whose(session)) is not None:
            return _page(reading.connection(), session)
    with runtime().database.connection() as connection:
        return _page(connection, session)


@blueprint.post("/a/<launch>/do/<action>")
@needs(Permission.ANSWER)
def act(session: Session, action: str) -> AnyResponse:
    """Apply one action: the fragment for the player's script, else back to the page.

    A response that does not fit its item is 422 with the field named; an action of an older page changes nothing and
    shows how things stand.
    """
    sent = Action(name=action, form=request.form.to_dict(flat=False))
    shown = request.form.get("attempt", "")
    parts = runtime()
    refused = None
    with parts.database.connection() as connection:
        who = whose(session)
        try:
            if action == RESTART:
                attempts.restart(connection, parts.contents, who, shown=shown, now=parts.clock())
            else:
                attempts.act(connection, parts.contents, who, shown=shown, action=sent, now=parts.clock())
        except StaleActionError:
            pass
        except ResponseRefusedError as error:
            refused = Refused(action=sent, error=error)
        if refused is None and FRAGMENT not in request.headers:
            return redirect(url_for("activity.show", launch=session.uuid), 303)
        response = _page(connection, session, refused=refused)
        response.status_code = 422 if refused else 200
        return response


@blueprint.get("/a/<launch>/asset/<path:path>")
@needs(Permission.VIEW_ACTIVITY)
def asset(session: Session, path: str) -> Response:
    """Send a figure or a recording of the attempt's content version, in a sandbox of its own."""
    with runtime().database.snapshot() as connection:
        attempt = attempts.find(connection, whose(session))
        found = find_asset(connection, session.organisation_id, attempt.version_id, path) if attempt else None
    if found is None:
        raise ContentMissingError
    response = Response(found.data, mimetype=found.media_type)
    response.headers["Content-Security-Policy"] = ASSET_POLICY
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.set_etag(found.sha256)
    response.make_conditional(request, accept_ranges=True, complete_length=len(found.data))
    return response


@blueprint.post("/a/<launch>/language")
@needs(Permission.VIEW_ACTIVITY)
def choose_language(session: Session) -> AnyResponse:
    """Show this launch's pages in another language."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        with runtime().database.connection() as connection:
            sessions.choose_language(connection, session.organisation_id, session.uuid, language)
    page = BACK.get(request.form.get("back", ""), "activity.show")
    return redirect(url_for(page, launch=session.uuid), 303)


def whose(session: Session) -> Who:
    """Return whose attempt a session works at. What is done under a teacher's role or a stand-in's is no evidence."""
    return Who(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        person_uuid=session.person_uuid,
        resource_link_id=session.resource_link_id,
        activity_id=session.activity_id,
        settings=link_settings(session.link_settings),
        counts=Role.LEARNER in session.roles and TEST_USER not in session.roles,
    )


def _page(connection: Connection, session: Session, *, refused: Refused | None = None) -> Response:
    """Return the page of the newest attempt, or only the player's fragment where its script asks for it."""
    parts = runtime()
    who = whose(session)
    attempt, opened = attempts.current(connection, parts.contents, who, parts.clock())
    host = _host(connection, session, attempt, opened)
    fragment = opened.kind.render(opened.content, attempt.state, host, settings=who.settings, refused=refused)
    if FRAGMENT in request.headers:
        return Response(fragment)
    title = opened.content.title[session.language]
    return Response(
        render_template("activity.html", session=session, fragment=fragment, page_title=title, here="activity")
    )


def _host(connection: Connection, session: Session, attempt: Attempt, opened: OpenContent) -> ToolHost:
    """Return the player's host for this page; what follows the attempt is looked up only once it is finished."""
    parts = runtime()
    base = session.base
    framework = parts.contents.find_framework(connection, session.organisation_id)
    after: dict[str, Any] = {}
    if attempt.status is not AttemptState.ACTIVE:
        settings = link_settings(session.link_settings)
        after["can_restart"] = not settings.max_attempts or attempt.number < settings.max_attempts
        if framework is not None and session.may(Permission.VIEW_OWN_RECORD):
            learner = records.Subject(
                organisation_id=session.organisation_id, person_id=session.person_id, uuid=session.person_uuid
            )
            codes = tuple(opened.content.knowledge_points)
            now = parts.clock()
            after["outlook"] = records.outlook(
                connection, framework, learner, codes, language=session.language, now=now
            )
            after["next_activity"] = records.next_activity(
                connection, parts.contents, framework, learner, language=session.language, now=now
            )
    return ToolHost(
        language=session.language,
        base=base,
        csrf=session.csrf,
        attempt=attempt.uuid,
        framework=framework,
        attributes={"data-canonical-url": base},
        **after,
    )
