"""Makes the Flask application of the demo LMS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from flask import Flask, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from demo.lms import database, gradebook
from demo.lms.current import EXTENSION, Lms, close_database, find_current_person, language, lms, text
from demo.lms.key_sets import fetch_key_set
from demo.lms.school import load_school
from demo.lms.settings import LmsSettings
from demo.lms.views import content, course, launches, services, sign_in, tools
from demo.lms.wording import LANGUAGE_NAMES

MOST_BYTES: Final = 256 * 1024
FRAMED: Final = ("launches.begin", "launches.authorize", "course.come_back", "content.begin", "content.take_back")
WORDED_ERRORS: Final = (400, 404, 405)


def utc_now() -> datetime:
    """Return the time of the system's clock."""
    return datetime.now(UTC)


def create_lms(
    settings: LmsSettings,
    *,
    clock: Callable[[], datetime] = utc_now,
    fetch_tool_keys: Callable[[str], dict[str, Any]] = fetch_key_set,
) -> Flask:
    """Return the LMS on its data folder, which is made or brought up to date; grades in it stay."""
    school = load_school()
    database.prepare(settings, school)
    connection = database.connect(settings.database_path)
    try:
        secrets = {
            name: database.get_setting(connection, name) for name in ("private_key", "public_key", "session_secret")
        }
    finally:
        connection.close()
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets["session_secret"],
        SESSION_COOKIE_NAME="lanting_session",
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MOST_BYTES,
    )
    app.extensions[EXTENSION] = Lms(
        settings=settings,
        school=school,
        private_key=secrets["private_key"],
        public_key=secrets["public_key"],
        clock=clock,
        fetch_key_set=fetch_tool_keys,
    )
    _wire(app)
    return app


def serve(settings_file: str) -> Flask:
    """Return the LMS of a settings file: gunicorn calls this with the path."""
    return create_lms(LmsSettings.from_json(Path(settings_file).read_text(encoding="utf-8")))


def _wire(app: Flask) -> None:
    for part in (sign_in, course, content, launches, services, tools):
        app.register_blueprint(part.blueprint)
    app.add_url_rule("/health", view_func=lambda: Response("ok", content_type="text/plain"), endpoint="health")
    app.context_processor(_page_context)
    app.add_template_filter(_points, "points")
    app.add_template_filter(_time, "time")
    app.register_error_handler(HTTPException, _error_page)
    app.after_request(_protect)
    app.teardown_appcontext(close_database)


def _page_context() -> dict[str, Any]:
    return {
        "t": text,
        "language": language(),
        "language_names": LANGUAGE_NAMES,
        "school": lms().school,
        "person": find_current_person(),
        "framed": request.endpoint in FRAMED,
    }


def _points(number: Decimal | str) -> str:
    return gradebook.as_shown(Decimal(number))


def _time(moment: datetime) -> str:
    """Return a time as the clock on the wall shows it: server and browser of a demo are one machine."""
    return moment.astimezone().strftime(text("time-format"))


def _error_page(error: HTTPException) -> tuple[str, int] | HTTPException:
    """Say in the page's language what happened; the services' clients get the plain error."""
    if request.path.startswith("/lti/") or isinstance(error, InternalServerError):
        return error
    key = f"error-{error.code}" if error.code in WORDED_ERRORS else "error-400"
    return render_template("message.html", message=text(key), code=None), error.code or 500


def _protect(response: Response) -> Response:
    """Set the security headers: only the launch pages stand in a frame, and only in one of this site."""
    ancestors = "'self'" if request.endpoint in FRAMED else "'none'"
    tool = lms().settings.tool_url
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        f"frame-src 'self' {tool}; form-action 'self' {tool}; frame-ancestors {ancestors}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
