"""Who may call a route. Every route carries one of these decorators; a test looks.

A launch's session is proven by the cookie of that launch, whose name holds the start of its uuid: launches in other
tabs have cookies of their own and never change this one (S16, S17). Where the browser keeps no cookie, a bearer in the
memory of the page proves it (S19). State-changing requests also carry a token that is derived from the session's secret
(S30).

A step of a flipped unit is worked at inside the unit's launch: its address names both, `UUID~STEP`, and its session is
that of the launch at the link of the step.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any, Final

from flask import after_this_request, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.deep_linking import DeepLinkingSettings
from lti_tool.services.launches.deep_links import OpenRequest, find_request
from lti_tool.services.launches.launches import Opened
from lti_tool.services.launches.open_sessions import find_session, find_step
from lti_tool.services.people.bearers import RENEWED_BELOW, BearerTerms
from lti_tool.services.people.logins import digest
from lti_tool.services.people.roles import Permission, Role, may
from lti_tool.services.people.sessions import ForgedFormError, NotAllowedError, SessionGoneError, SessionLostError
from lti_tool.services.platforms.runtime import Runtime
from qualoop.assessment import Phase, Schedule

View = Callable[..., Any]

COOKIE: Final = "__Host-qualoop-"
CSRF_FIELD: Final = "csrf"
BEARER_FIELD: Final = "bearer"
#: What parts the launch's own uuid from the step of its flipped unit, in addresses.
STEP_MARK: Final = "~"
#: The header in which an answer brings the bearer that replaces the one it was asked with.
NEW_BEARER: Final = "Qualoop-Bearer"
GUARD: Final = "__guard__"
#: Whose answers the dates of a link bind. Reviews of peers, rooms and classes have moments of their own.
_DATED: Final = frozenset({"activity", "live", "submission"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The session of one launch, proven by its cookie or, where there is none, by a bearer.

    ``unit_link_id`` is the link of the flipped unit where the launch works at a step of it, ``unit_plan`` what holds for
    the learner there: then ``uuid`` names the step too, and the link is the step's. A step is called what its activity
    is, in the reader's language: ``link_title`` is empty.
    """

    uuid: str
    secret: str
    organisation_id: int
    registration_id: int
    person_id: int
    person_uuid: str
    context_id: int
    resource_link_id: int
    roles: frozenset[str]
    language: str
    return_url: str | None
    activity_id: int | None
    link_title: str
    link_settings: Mapping[str, Any]
    by_bearer: bool = False
    unit_link_id: int | None = None
    unit_activity_id: int | None = None
    unit_plan: Schedule | None = None

    @property
    def launch_uuid(self) -> str:
        """Return the uuid of the launch itself, under which the session is stored."""
        return self.uuid.partition(STEP_MARK)[0]

    @property
    def unit_base(self) -> str:
        """Return the address of the flipped unit that this step belongs to; empty for every other launch."""
        return f"/a/{self.launch_uuid}/" if self.unit_link_id is not None else ""

    @property
    def base(self) -> str:
        """Return the address below which all pages of this launch lie (it is made on the hottest path, so by hand)."""
        return f"/a/{self.uuid}/"

    @property
    def csrf(self) -> str:
        """Return the token that forms of this session carry."""
        return form_token(self.secret)

    def unit_shut(self, now: datetime) -> Schedule | None:
        """Return what holds at the unit of this step where its dates let the learner do nothing now, else None."""
        plan = self.unit_plan if Role.LEARNER in self.roles else None
        return plan if plan and plan.phase(now) in {Phase.NOT_OPEN, Phase.CLOSED} else None

    def may(self, permission: Permission) -> bool:
        """Say whether this person may do something here."""
        return may(self.roles, permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """A request for content that is open in this browser, proven like a session."""

    request: OpenRequest
    csrf: str

    @property
    def base(self) -> str:
        """Return the address below which the pages of this request lie."""
        return f"/choose/{self.request.uuid}/"

    @property
    def settings(self) -> DeepLinkingSettings:
        """Return what the platform takes."""
        return self.request.settings

    @property
    def language(self) -> str:
        """Return the language of the pages."""
        return self.request.language

    @property
    def registration_id(self) -> int:
        """Return whose request it is."""
        return self.request.registration_id


def form_token(secret: str, purpose: str = "csrf", *bound_to: str) -> str:
    """Return the token that forms carry, which only who has ``secret`` can make (S30); by default those of a session.

    ``bound_to`` says what else a form belongs to: that of another page, link or organisation has another token.
    """
    return hmac.digest(secret.encode(), "\0".join((purpose, *bound_to)).encode(), "sha256").hex()


def check_form(token: str) -> None:
    """Raise ForgedFormError unless the form that was sent carries this token."""
    if not hmac.compare_digest(request.form.get(CSRF_FIELD, "").encode(), token.encode()):
        raise ForgedFormError


def public(reason: str) -> Callable[[View], View]:
    """Let anybody call the route; ``reason`` says why that is safe."""

    def guard(view: View) -> View:
        setattr(view, GUARD, f"public: {reason}")
        return view

    return guard


def needs(permission: Permission) -> Callable[[View], View]:
    """Let the route be called by the session of its `launch` argument, if the roles grant ``permission``.

    Where the dates of a flipped unit take no answers, its steps take none: whoever sends one is led back to the step.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(launch: str, **arguments: Any) -> Any:
            session = _session(launch)
            if not session.may(permission):
                raise NotAllowedError
            if request.method not in {"GET", "HEAD"}:
                check_form(session.csrf)
                if (
                    permission is Permission.ANSWER
                    and request.blueprint in _DATED
                    and session.unit_shut(runtime().clock())
                ):
                    return redirect(session.base, 303)
            return view(session, **arguments)

        setattr(guarded, GUARD, permission.value)
        return guarded

    return guard


def chooses(view: View) -> View:
    """Let the route be called by the open request of its `request_uuid` argument, by who may choose for the course."""
    needed = Permission.CHOOSE_ACTIVITIES

    @wraps(view)
    def guarded(request_uuid: str, **arguments: Any) -> Any:
        picker = _picker(request_uuid)
        if not may(picker.request.roles, needed):
            raise NotAllowedError
        if request.method not in {"GET", "HEAD"}:
            check_form(picker.csrf)
        return view(picker, **arguments)

    setattr(guarded, GUARD, needed.value)
    return guarded


def runtime() -> Runtime:
    """Return the parts of this process."""
    found: Runtime = current_app.extensions["qualoop"]
    return found


def in_frame() -> bool:
    """Say whether the browser told us that it draws this page in a frame."""
    return request.headers.get("Sec-Fetch-Dest") == "iframe"


def cookie_name(session_uuid: str) -> str:
    """Return the name of a session's cookie."""
    return COOKIE + session_uuid[:8]


def set_private_cookie(response: AnyResponse, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie that works in a foreign frame and nowhere else: see S17. Development has the same settings.

    By hand, on the hottest path: name and value are ours, URL-safe letters that need no quotes.
    """
    flags = "Secure; HttpOnly; Path=/; SameSite=None; Partitioned"
    response.headers.add("Set-Cookie", f"{name}={value}; Max-Age={max_age}; {flags}")


def opened_session(opened: Opened) -> Session:
    """Return the session that a launch has just opened."""
    session = Session(
        uuid=opened.session_uuid,
        secret=opened.secret,
        organisation_id=opened.organisation_id,
        registration_id=opened.registration_id,
        person_id=opened.person_id,
        person_uuid=opened.person_uuid,
        context_id=opened.context_id,
        resource_link_id=opened.resource_link_id,
        roles=opened.roles,
        language=opened.language,
        return_url=opened.return_url,
        activity_id=opened.activity_id,
        link_title=opened.link_title,
        link_settings=opened.link_settings,
    )
    g.session, g.registration_id = session, session.registration_id
    return session


def _session(launch: str) -> Session:
    """Return the session of an address where this browser's cookie or bearer proves it; raise SessionGoneError."""
    uuid, _, step = launch.partition(STEP_MARK)
    session = _launch_session(uuid)
    if step:
        session = _at_step(session, step)
    g.session = session
    return session


def _at_step(session: Session, step: str) -> Session:
    """Return a session at a step of the flipped unit that it was launched for; raise SessionGoneError for no such."""
    keys = {
        "step": step,
        "organisation_id": session.organisation_id,
        "context_id": session.context_id,
        "activity_id": session.activity_id,
        "unit_link": session.resource_link_id,
        "person": session.person_id,
    }
    with runtime().database.snapshot() as connection:
        found = find_step(connection, keys)
    if found is None:
        raise SessionGoneError
    return replace(
        session,
        uuid=f"{session.uuid}{STEP_MARK}{step}",
        unit_link_id=session.resource_link_id,
        unit_activity_id=session.activity_id,
        unit_plan=found.unit_plan,
        resource_link_id=found.resource_link_id,
        activity_id=found.activity_id,
        link_title="",
        link_settings=found.link_settings,
    )


def _launch_session(uuid: str) -> Session:
    """Return the session ``uuid`` where this browser's cookie or bearer proves it; raise SessionGoneError."""
    parts = runtime()
    now: datetime = parts.clock()
    with parts.database.snapshot() as connection:
        row = find_session(connection, uuid, now)
    if row is None:
        raise SessionGoneError
    g.registration_id = row.registration_id
    secret, by_bearer = _proven(uuid, row.secret_hash, now)
    return Session(
        uuid=row.uuid,
        secret=secret,
        by_bearer=by_bearer,
        organisation_id=row.organisation_id,
        registration_id=row.registration_id,
        person_id=row.person_id,
        person_uuid=row.person_uuid,
        context_id=row.context_id,
        resource_link_id=row.resource_link_id,
        roles=frozenset(row.roles.split(",")),
        language=row.language,
        return_url=row.return_url,
        activity_id=row.activity_id,
        link_title=row.link_title,
        link_settings=row.link_settings,
    )


def _picker(uuid: str) -> Picker:
    """Return the open request ``uuid`` where this browser's cookie or bearer proves it; raise SessionGoneError."""
    parts = runtime()
    now = parts.clock()
    with parts.database.snapshot() as connection:
        found = find_request(connection, uuid, now)
    if found is None:
        raise SessionGoneError
    g.registration_id = found.registration_id
    secret, _ = _proven(uuid, found.secret_hash, now)
    g.picker = Picker(request=found, csrf=form_token(secret))
    picker: Picker = g.picker
    return picker


def bearer_terms(uuid: str, secret_hash: str) -> BearerTerms:
    """Return what the bearers of a session are made with."""
    return BearerTerms(secret_key=runtime().settings.secret_key, session_uuid=uuid, secret_hash=secret_hash)


def _proven(uuid: str, secret_hash: str, now: datetime) -> tuple[str, bool]:
    """Return the secret from which form tokens are made, and whether it was a bearer that proved the session.

    Raises SessionGoneError, SessionLostError where a frame has nothing to prove it with.
    """
    secret = request.cookies.get(cookie_name(uuid), "")
    if hmac.compare_digest(digest(secret), secret_hash):
        return secret, False
    bearer = _sent_bearer()
    if not bearer:
        raise SessionLostError if in_frame() and not secret else SessionGoneError
    terms = bearer_terms(uuid, secret_hash)
    ends = terms.find_end(bearer, now)
    if ends is None:
        raise SessionGoneError
    if ends - now < RENEWED_BELOW:
        _renew(terms.issue(now))
    return terms.form_secret, True


def _sent_bearer() -> str:
    """Return the bearer that came with the request: in its header, or in the body of a form; empty where none did."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.form.get(BEARER_FIELD, "")


def _renew(bearer: str) -> None:
    """Let this answer bring a new bearer."""

    @after_this_request
    def renewed(response: AnyResponse) -> AnyResponse:
        response.headers[NEW_BEARER] = bearer
        return response
