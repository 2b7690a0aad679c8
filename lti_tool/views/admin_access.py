"""Signing in with a one-time link, signing out, who else is signed in, what was changed, language and organisation."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.models import Organisation
from lti_tool.services.administration import administration, overview
from lti_tool.services.administration.administration import AdminMissingError, AdminNotAllowedError
from lti_tool.services.people.roles import Permission, Role
from lti_tool.views.admin_guards import (
    ASKING,
    ASKING_S,
    COOKIE,
    Admin,
    administers,
    browser_language,
    row_number,
    set_admin_cookie,
)
from lti_tool.views.guards import check_form, form_token, public, runtime
from lti_tool.views.wording import Wording
from qualoop.values import LANGUAGES

blueprint = Blueprint("access", __name__)

SESSION_S: Final = int(administration.SESSION_LIFE.total_seconds())


@blueprint.get("/link/<token>")
@public("the link is a secret of its own, and nothing is used up here: programs that look at links open it, too")
def ask(token: str) -> Response:
    """Ask whether to sign in, with the button that does it."""
    parts = runtime()
    with parts.database.reading() as session:
        link = administration.get_link(session, token, parts.clock())
        organisation = session.get(Organisation, link.organisation_id) if link.organisation_id else None
    asking = secrets.token_urlsafe(administration.TOKEN_BYTES)
    page = render_template(
        "admin_sign_in.html",
        link=link,
        is_operator=link.role == Role.OPERATOR,
        organisation=organisation.name if organisation else None,
        csrf=_form_token(asking, token),
        words=Wording(language=browser_language()),
    )
    response = make_response(page)
    set_admin_cookie(response, ASKING, asking, max_age=ASKING_S)
    return response


@blueprint.post("/link/<token>")
@public("the link is a secret of its own; the form is bound to the browser that opened it")
def sign_in(token: str) -> Response:
    """Use the link up and sign in."""
    check_form(_form_token(request.cookies.get(ASKING) or secrets.token_urlsafe(), token))
    parts = runtime()
    with parts.database.transaction() as session:
        opened = administration.sign_in(session, token, parts.clock())
    response = redirect(url_for("admin.overview.show"), 303)
    set_admin_cookie(response, COOKIE, opened.secret, max_age=SESSION_S)
    set_admin_cookie(response, ASKING, "", max_age=0)
    return response


@blueprint.post("/sign-out")
@administers(Permission.ADMINISTER, anywhere=True)
def sign_out(admin: Admin) -> Response:
    """End the own session."""
    with runtime().database.transaction() as session:
        administration.end_session(admin.desk(session), admin.uuid, everybody=True)
    response = redirect(url_for("admin.access.signed_out"), 303)
    set_admin_cookie(response, COOKIE, "", max_age=0)
    return response


@blueprint.get("/signed-out")
@public("says only that nobody is signed in any more")
def signed_out() -> str:
    """Say so, and how one gets in again."""
    return render_template("admin_signed_out.html")


@blueprint.post("/language")
@administers(Permission.ADMINISTER, anywhere=True)
def language(admin: Admin) -> Response:
    """Show the pages in another language."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        with runtime().database.transaction() as session:
            administration.choose(session, admin.uuid, language=chosen)
    return redirect(_back(), 303)


@blueprint.get("/organisations")
@administers(Permission.OPERATE, anywhere=True)
def organisations(admin: Admin) -> str:
    """Show an operator the organisations of the installation."""
    with runtime().database.reading() as session:
        rows = overview.organisations(session)
    return render_template("admin_organisations.html", admin=admin, here="organisations", organisations=rows)


@blueprint.post("/organisations")
@administers(Permission.OPERATE, anywhere=True)
def choose_organisation(admin: Admin) -> Response:
    """Open the pages of another organisation."""
    wanted = row_number(request.form.get("organisation", ""))
    with runtime().database.transaction() as session:
        if wanted is None or session.get(Organisation, wanted) is None:
            raise AdminMissingError
        administration.choose(session, admin.uuid, organisation_id=wanted)
    return redirect(url_for("admin.overview.show"), 303)


@blueprint.get("/people")
@administers(Permission.ADMINISTER, anywhere=True)
def people(admin: Admin) -> str:
    """Show who is signed in, and what was changed: an operator sees everybody, others those of their organisation."""
    parts, before = runtime(), row_number(request.args.get("before", ""))
    with parts.database.reading() as session:
        everybody = None if admin.may(Permission.OPERATE) else admin.scope
        sessions = administration.open_sessions(session, everybody, parts.clock())
        of_installation = admin.may(Permission.OPERATE) and request.args.get("of") == "installation"
        scope = None if of_installation else admin.organisation_id
        if scope is None and not admin.may(Permission.OPERATE):
            raise AdminNotAllowedError
        changes = administration.changes(session, scope, before=before)
    return render_template(
        "admin_people.html",
        admin=admin,
        here="people",
        sessions=sessions,
        changes=changes,
        of_installation=scope is None,
        older=changes[-1].id if len(changes) == administration.SHOWN_CHANGES else None,
        before=before,
        words=Wording(language=admin.language),
    )


@blueprint.post("/people/<session_uuid>/end")
@administers(Permission.ADMINISTER, anywhere=True)
def end(admin: Admin, session_uuid: str) -> Response:
    """Sign somebody out."""
    with runtime().database.transaction() as session:
        administration.end_session(admin.desk(session), session_uuid, everybody=admin.may(Permission.OPERATE))
    return redirect(url_for("admin.access.people"), 303)


def _form_token(asking: str, token: str) -> str:
    """Return what binds the form that signs in to the link and to this browser."""
    return form_token(asking, "sign-in", token)


def _back() -> str:
    """Return the administration page that a form came from; never an address of elsewhere."""
    path = request.form.get("back", "")
    fits = path.startswith("/admin/") and "\\" not in path and path.isprintable() and "//" not in path
    return path if fits else url_for("admin.overview.show")
