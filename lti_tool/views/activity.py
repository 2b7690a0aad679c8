"""The activity of a launch: shown, stepped, begun again. The player does the work; this is its Flask adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import attempts, stepping
from lti_tool.services.attempts.attempts import Attempt, Current, Who
from lti_tool.services.attempts.practice_rounds import rounds_of
from lti_tool.services.attempts.stepping import Sent
from lti_tool.services.classes.overview import find_activity_title
from lti_tool.services.content.contents import OpenContent
from lti_tool.services.flipped.units import is_unit
from lti_tool.services.launches.launches import Opened
from lti_tool.services.people import sessions
from lti_tool.services.people.roles import TEST_USER, Permission, Role
from lti_tool.services.platforms.link_settings import DEFAULT_SCHEDULE
from lti_tool.services.records import records
from lti_tool.services.rooms.rooms import has_room
from lti_tool.views.activity_shell import activity_page
from lti_tool.views.assets import asset_response
from lti_tool.views.class_around import class_around
from lti_tool.views.classroom_seat import class_is_on
from lti_tool.views.flipped_around import next_in_unit, settle_unit
from lti_tool.views.guards import Session, needs, opened_session, runtime
from lti_tool.views.host import ToolHost
from lti_tool.views.link_words import remarks
from lti_tool.views.record import own_subject
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.assessment import (
    AttemptState,
    LinkClosedError,
    LinkNotOpenError,
    Phase,
    ResponseRefusedError,
    Schedule,
)
from qualoop.content_packages import LiveProject, Project
from qualoop.player import Action, NextActivity, Refused, Remark, StaleActionError
from qualoop.player.flipped import FlippedUnitContent
from qualoop.values import LANGUAGES

blueprint = Blueprint("activity", __name__)

FRAGMENT = "X-Qualoop-Fragment"
BACK = {
    "activity": "activity.show",
    "evidence": "programme_evidence.show",
    "my-evidence": "programme_evidence.show_own",
    "notices": "notices.show",
    "observed": "observing_own.show",
    "observing": "observing.show",
    "record": "record.show",
    "programme": "programme.show",
    "teacher": "teacher_record.show",
    "teaching": "teaching.show",
    "warnings": "warnings.show",
    "warnings-rules": "warnings_rules.show",
}
REVIEW = "review"
RESTART = "restart"


def first_page(connection: Connection, opened: Opened) -> Response:
    """Return the page that a launch opens, rendered inside the launch's own transaction.

    One request less than a redirect would cost; the player's script shows the page's own address instead. Where an
    engine may have to work for the page, the address it is: nobody is to wait for that transaction.
    """
    session = opened_session(opened)
    if session.may(Permission.VIEW_CLASS):
        shows_unit = is_unit(connection, session.organisation_id, session.activity_id)
        page = "flipped_class.show" if shows_unit else "teaching.show"
        return Response(status=303, headers={"Location": url_for(page, launch=session.uuid)})
    standing = attempts.find(connection, whose(session))
    if _may_take_long(connection, session, standing):
        return Response(status=303, headers={"Location": url_for("activity.show", launch=session.uuid)})
    return _page(connection, session, standing=standing)


@blueprint.get("/a/<launch>/")
@needs(Permission.VIEW_ACTIVITY)
def show(session: Session) -> Response:
    """Show where the learner's newest attempt stands."""
    return _looked_at(session)


@blueprint.post("/a/<launch>/do/<action>")
@needs(Permission.ANSWER)
def act(session: Session, action: str) -> AnyResponse:
    """Apply one action: the fragment for the player's script, else back to the page.

    A response that does not fit its item is 422 with the field named; an action of an older page changes nothing and
    is 409, with what was sent from there, but for what had been taken already.
    """
    sent = Action(name=action, form=request.form.to_dict(flat=False))
    shown = request.form.get("attempt", "")
    refused, standing = None, None
    try:
        if action == RESTART:
            _restart(session, shown)
        else:
            standing = _act(session, Sent(shown=shown, action=sent))
    except (LinkNotOpenError, LinkClosedError):
        pass
    except StaleActionError as error:
        refused = Refused(action=sent, error=error) if action != RESTART and not error.taken else None
    except ResponseRefusedError as error:
        refused = Refused(action=sent, error=error)
    if refused is None and FRAGMENT not in request.headers:
        return redirect(url_for("activity.show", launch=session.uuid), 303)
    response = _looked_at(session, refused=refused, standing=standing)
    if refused is not None:
        response.status_code = refused.status
    return response


def _act(session: Session, sent: Sent) -> attempts.Standing:
    """Step the attempt, and the grade of the unit with it; return where the learner stands then."""
    parts, who, now = runtime(), whose(session), runtime().clock()
    return stepping.act(parts.database, parts.contents, who, sent, now=now, also=_settling(session, who, now))


def _settling(session: Session, who: Who, now: datetime) -> Callable[[Connection], None]:
    """Return what brings the unit's grade up to date, in the transaction of what was done at its step."""
    return lambda connection: settle_unit(connection, session, who, now)


def _restart(session: Session, shown: str) -> None:
    """Begin another attempt, and let the unit see it."""
    parts, who, now = runtime(), whose(session), runtime().clock()
    with parts.database.connection() as connection:
        attempts.restart(connection, parts.contents, who, shown=shown, now=now)
        settle_unit(connection, session, who, now)


@blueprint.get("/a/<launch>/asset/<path:path>")
@needs(Permission.VIEW_ACTIVITY)
def asset(session: Session, path: str) -> Response:
    """Send a figure or a recording of the attempt's content version, in a sandbox of its own."""
    with runtime().database.snapshot() as connection:
        attempt = attempts.find(connection, whose(session)).attempt
        version = attempt.version_id if attempt else None
        return asset_response(connection, session.organisation_id, version, path)


@blueprint.post("/a/<launch>/language")
@needs(Permission.VIEW_ACTIVITY)
def choose_language(session: Session) -> AnyResponse:
    """Show this launch's pages in another language."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        with runtime().database.connection() as connection:
            sessions.choose_language(connection, session.organisation_id, session.launch_uuid, language)
    back, _, person_uuid = request.form.get("back", "").partition("/")
    if back == REVIEW and person_uuid:
        return redirect(url_for("review.show", launch=session.uuid, person_uuid=person_uuid), 303)
    return redirect(url_for(BACK.get(back, "activity.show"), launch=session.uuid), 303)


def whose(session: Session) -> Who:
    """Return whose attempt a session works at. What is done under a teacher's role or a stand-in's is no evidence."""
    return Who(
        organisation_id=session.organisation_id,
        person_id=session.person_id,
        person_uuid=session.person_uuid,
        resource_link_id=session.resource_link_id,
        activity_id=session.activity_id,
        counts=Role.LEARNER in session.roles and TEST_USER not in session.roles,
        is_bound=Role.LEARNER in session.roles,
        secret=runtime().settings.secret_key,
    )


def _looked_at(
    session: Session, *, refused: Refused | None = None, standing: attempts.Standing | None = None
) -> Response:
    """Return the page of the newest attempt; only the first look, which begins it, waits for writers."""
    parts, who, now = runtime(), whose(session), runtime().clock()
    with parts.database.snapshot() as reading:
        standing = standing or attempts.find(reading, who)
        is_over = attempts.is_over(who, standing, now) and not session.unit_shut(now)
        if session.unit_shut(now) or (standing.attempt is not None and not is_over):
            return _page(reading, session, refused=refused, standing=standing)
    if is_over:
        settle = _settling(session, who, now)
        stepping.hand_in_if_over(parts.database, parts.contents, who, now=now, also=settle)
        with parts.database.snapshot() as reading:
            return _page(reading, session, refused=refused)
    with parts.database.connection() as connection:
        return _page(connection, session, refused=refused)


def _may_take_long(connection: Connection, session: Session, standing: attempts.Standing) -> bool:
    """Say whether an engine may have to work before the attempt can be shown."""
    attempt, now = standing.attempt, runtime().clock()
    if attempt is None:
        return False
    opened = runtime().contents.get(connection, session.organisation_id, attempt.version_id)
    return isinstance(opened.content, Project) or attempts.is_over(whose(session), standing, now)


def _page(
    connection: Connection,
    session: Session,
    *,
    refused: Refused | None = None,
    standing: attempts.Standing | None = None,
) -> Response:
    """Return the page of the newest attempt, or only the player's fragment where its script asks for it."""
    parts = runtime()
    who, now = whose(session), parts.clock()
    if not _may_look(connection, session, now):
        return _shut(connection, session, now)
    try:
        found = attempts.current(connection, parts.contents, who, now, standing=standing)
    except (LinkNotOpenError, LinkClosedError):
        return _shut(connection, session, now)
    attempt, opened, plan = found
    if isinstance(opened.content, LiveProject):
        return _live_page(session)
    if isinstance(opened.content, FlippedUnitContent):
        return Response(status=303, headers={"Location": url_for("flipped.show", launch=session.uuid)})
    settings = plan.settings_at(now)
    host = _host(connection, session, found, now)
    fragment = opened.kind.render(opened.content, attempt.state, host, settings=settings, refused=refused)
    if FRAGMENT in request.headers:
        return Response(fragment)
    title = opened.content.title[session.language]
    shows_room = has_room(connection, link_of(session), opened.content)
    return Response(
        activity_page(
            session,
            fragment,
            csrf=host.csrf,
            title=title,
            says_times=bool(host.remarks or host.class_around.at or host.class_around.closes),
            shows_room=shows_room,
            class_is_on=class_is_on(session, connection),
        )
    )


def _live_page(session: Session) -> Response:
    """Lead to a live project's own page; whoever comes to decide about projects, to those that wait."""
    decides = session.may(Permission.MARK) and not session.may(Permission.VIEW_CLASS)
    page = "live_mentor.queue" if decides else "live.show"
    return Response(status=303, headers={"Location": url_for(page, launch=session.uuid)})


def _may_look(connection: Connection, session: Session, now: datetime) -> bool:
    """Say whether the dates of a step's unit let the learner look: once it is closed, only at what was handed in."""
    unit_plan = session.unit_shut(now)
    if unit_plan is None:
        return True
    attempt = attempts.find(connection, whose(session)).attempt
    return unit_plan.phase(now) is Phase.CLOSED and attempt is not None and attempt.status is not AttemptState.ACTIVE


def _shut(connection: Connection, session: Session, now: datetime) -> Response:
    """Return what stands where an activity is not open, in words."""
    plan = session.unit_shut(now) or attempts.find(connection, whose(session)).plan
    title = session.link_title or find_activity_title(
        connection, runtime().contents, link_of(session), language=session.language
    )
    return Response(
        render_template(
            "shut.html" if FRAGMENT in request.headers else "activity_shut.html",
            session=session,
            here="activity",
            language=session.language,
            page_title=title or "",
            phase=plan.phase(now),
            remarks=remarks(plan, now, Wording(language=session.language)),
        )
    )


def _host(connection: Connection, session: Session, current: Current, now: datetime) -> ToolHost:
    """Return the player's host for this page; what follows the attempt is looked up only once it is finished."""
    parts = runtime()
    attempt, opened, plan = current
    base = session.base
    framework = parts.contents.find_framework(connection, session.organisation_id)
    around = class_around(connection, session, current, now)
    after: dict[str, Any] = {}
    if attempt.status is not AttemptState.ACTIVE:
        has_more = not plan.max_attempts or attempt.number < plan.max_attempts
        is_closed = Role.LEARNER in session.roles and plan.phase(now) is Phase.CLOSED
        is_closed = is_closed or session.unit_shut(now) is not None
        after["can_restart"] = has_more and not is_closed and _has_open_round(opened, around.closed_rounds)
        if not _tells_results(plan, now):
            # What the answers say about the learner would tell which were right.
            after["outlook"] = ()
        elif framework is not None and session.may(Permission.VIEW_OWN_RECORD):
            learner = own_subject(connection, session, now)
            codes = tuple(opened.content.knowledge_points)
            after["outlook"] = records.outlook(
                connection, framework, learner, codes, language=session.language, now=now
            )
            after["next_activity"] = records.next_activity(
                connection, parts.contents, framework, learner, language=session.language, now=now
            )
        if session.unit_link_id is not None and not session.unit_shut(now):
            after["next_activity"] = next_in_unit(connection, session)
    return ToolHost(
        language=session.language,
        base=base,
        csrf=session.csrf,
        attempt=attempt.uuid,
        framework=framework,
        attributes={"data-canonical-url": base},
        remarks=_remarks(session, plan, attempt, now),
        lessons=_lessons(connection, session, opened),
        class_around=around,
        **after,
    )


def _has_open_round(opened: OpenContent, closed: int) -> bool:
    """Say whether another attempt could still be played: not every round of a project is over."""
    return not closed or closed < rounds_of(opened.content)


def _lessons(connection: Connection, session: Session, opened: OpenContent) -> Mapping[str, NextActivity]:
    """Return the lessons that the parts of a project need; where they stand in the course is not known."""
    parts = opened.content.parts if isinstance(opened.content, Project) else ()
    keys = {key for part in parts for key in part.lessons}
    titles = runtime().contents.find_titles(connection, session.organisation_id, keys)
    return {key: NextActivity(title=title[session.language], reason="", url=None) for key, title in titles.items()}


def _tells_results(plan: Schedule, now: datetime) -> bool:
    """Say whether a learner who has handed in may know how it went."""
    settings = plan.settings_at(now)
    return "never" not in {settings.show_feedback, settings.show_score}


def _remarks(session: Session, plan: Schedule, attempt: Attempt, now: datetime) -> Sequence[Remark]:
    """Return what this learner is told of dates and attempts; a teacher who looks is bound by none."""
    if plan is DEFAULT_SCHEDULE or Role.LEARNER not in session.roles:
        return ()
    return remarks(plan, now, Wording(language=session.language), number=attempt.number)
