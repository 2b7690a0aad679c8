"""Who is here, and in which language: log in with one click, log out, switch the language."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from demo.lms.course import find_person, members
from demo.lms.current import database, find_current_person, lms
from qualoop.values import LANGUAGES

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/")
def start() -> str | Response:
    """Show the people to log in as, or the course to who is logged in."""
    if find_current_person() is not None:
        return redirect(url_for("course.overview"))
    everyone = members(database(), lms().school.course.id)
    return render_template(
        "sign_in.html",
        teachers=[person for person in everyone if person.is_teacher],
        students=[person for person in everyone if person.is_student],
        mentors=[person for person in everyone if person.is_mentor],
    )


@blueprint.post("/log-in")
def log_in() -> Response:
    """Log in as the person of the card; nobody has a password here."""
    person = find_person(database(), request.form.get("user", ""))
    if person is None:
        abort(400)
    chosen = session.get("language")
    session.clear()
    session["user"] = person.id
    if chosen:
        session["language"] = chosen
    return redirect(url_for("course.overview"), 303)


@blueprint.post("/log-out")
def log_out() -> Response:
    """Log out; the language stays."""
    session.pop("user", None)
    return redirect(url_for("sign_in.start"), 303)


@blueprint.post("/language")
def choose_language() -> Response:
    """Set the language of the site and go back to the page where it was chosen."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    session["language"] = chosen
    return redirect(_own_path(request.form.get("next", "")), 303)


def _own_path(path: str) -> str:
    """Return a path of this site, never an address of another one."""
    own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if own else url_for("sign_in.start")
