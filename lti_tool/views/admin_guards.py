"""Who may call an administration page: somebody who signed in with a one-time link, proven by a cookie of its own.

The cookie goes with requests from our own pages only (SameSite=Lax), never into a frame. Forms carry a token that is
derived from the session's secret and the organisation that is open, so that a form of another organisation's page, left
open in another tab, changes nothing (S30).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Final

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.models import AdminSession, Organisation
from lti_tool.services.administration import administration
from lti_tool.services.administration.administration import Actor, AdminNotAllowedError, AdminSessionGoneError, Desk
from lti_tool.services.people.roles import Permission, may
from lti_tool.views.guards import GUARD, View, check_form, form_token, runtime
from qualoop.values import find_whole

COOKIE: Final = "__Host-qualoop-admin"
ASKING: Final = "__Host-qualoop-admin-asking"
"""Binds the form that signs in to the browser that opened the link: nobody is signed in by a foreign page."""
ASKING_S: Final = 15 * 60
MAX_DIGITS: Final = 18
NUMBER: Final = f"int(max={10**MAX_DIGITS - 1})"
"""The number of a row in an address: no larger than any database takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Somebody who is signed in; the organisation is the one that is open, None while an operator has chosen none."""

    uuid: str
    secret: str
    role: str
    name: str
    language: str
    organisation_id: int | None
    organisation: str | None
    expires_at: datetime

    @property
    def csrf(self) -> str:
        """Return the token that forms of this session carry while this organisation is open."""
        return form_token(self.secret, "admin", str(self.organisation_id))

    @property
    def actor(self) -> Actor:
        """Return who stands in the list of changes."""
        return Actor(self.name, self.uuid)

    @property
    def scope(self) -> int:
        """Return the organisation that is open; guards let nobody through without."""
        if self.organisation_id is None:
            raise AdminNotAllowedError
        return self.organisation_id

    def may(self, permission: Permission) -> bool:
        """Say whether this role may do something."""
        return may([self.role], permission)

    def desk(self, session: Session) -> Desk:
        """Return where a change of the organisation that is open is made."""
        return Desk(session=session, organisation_id=self.organisation_id, actor=self.actor, now=runtime().clock())

    def installation_desk(self, session: Session) -> Desk:
        """Return where a change of the installation is made."""
        return Desk(session=session, organisation_id=None, actor=self.actor, now=runtime().clock())


def administers(permission: Permission, *, anywhere: bool = False) -> Callable[[View], View]:
    """Let the route be called by who is signed in and may do ``permission``; it is given the Admin first.

    ``anywhere``: also while no organisation is open. Else an operator is asked to choose one first.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            admin = _signed_in()
            if not admin.may(permission):
                raise AdminNotAllowedError
            if request.method not in {"GET", "HEAD"}:
                check_form(admin.csrf)
            if admin.organisation_id is None and not anywhere:
                return redirect(url_for("admin.access.organisations"), 303)
            return view(admin, **arguments)

        setattr(guarded, GUARD, permission.value)
        return guarded

    return guard


def row_number(text: str) -> int | None:
    """Return the number of a row as a page sent it; None for what can be none, or is too large for any database."""
    return find_whole(text, MAX_DIGITS)


def set_admin_cookie(response: Response, name: str, value: str, *, max_age: int) -> None:
    """Set a cookie for our own pages alone; ``max_age`` 0 deletes it."""
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Lax")


def browser_language() -> str:
    """Return the language that the browser asks for."""
    return "zh-Hans" if request.accept_languages.best_match(["en", "zh"], "en") == "zh" else "en"


def _signed_in() -> Admin:
    """Return who is signed in in this browser; raise AdminSessionGoneError."""
    parts, secret = runtime(), request.cookies.get(COOKIE, "")
    now = parts.clock()
    with parts.database.reading() as session:
        row = administration.find_session(session, secret, now)
        if row is None:
            raise AdminSessionGoneError
        organisation = session.get(Organisation, row.organisation_id) if row.organisation_id else None
        admin = _admin(row, secret, organisation)
        is_stale = now - row.seen_at >= administration.SEEN_EVERY
    if is_stale:
        with parts.database.transaction() as session:
            administration.note_seen(session, admin.uuid, now)
    g.admin = admin
    return admin


def _admin(row: AdminSession, secret: str, organisation: Organisation | None) -> Admin:
    return Admin(
        uuid=row.uuid,
        secret=secret,
        role=row.role,
        name=row.name,
        language=row.language or browser_language(),
        organisation_id=row.organisation_id,
        organisation=organisation.name if organisation else None,
        expires_at=row.expires_at,
    )
