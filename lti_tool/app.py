"""The web application: one factory that takes the parts of the process as an argument."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Response, current_app, g, request, url_for
from jinja2 import StrictUndefined

from lti_tool import error_handlers
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.views import (
    activity,
    activity_preview,
    admin,
    api,
    class_rounds,
    class_runs,
    classroom,
    classroom_device,
    classroom_door,
    classroom_ending,
    classroom_group_work,
    classroom_polls,
    classroom_roll,
    classroom_screen,
    classroom_seat,
    classroom_team_check,
    classroom_team_file,
    classroom_teams,
    classroom_vote_file,
    deep_linking,
    flipped,
    flipped_build,
    flipped_class,
    flipped_reflections,
    ledger,
    levels,
    link_settings,
    live,
    live_mentor,
    loop_meter,
    marking,
    marking_agreement,
    marking_room,
    marks_files,
    mastery_columns,
    moodle_competencies,
    notices,
    observing,
    observing_door,
    observing_files,
    observing_own,
    oidc,
    operations,
    peers,
    peers_staff,
    phone_api,
    phone_shell,
    programme,
    programme_evidence,
    record,
    registration,
    review,
    rooms,
    rooms_team,
    rubrics,
    run_files,
    sheets,
    sheets_uploads,
    storage,
    submission,
    teacher_record,
    teaching,
    warnings,
    warnings_rules,
)
from lti_tool.views.host import catalogue

MAX_BODY_BYTES = 512 * 1024
LANGUAGE_NAMES = {"en": "English", "zh-Hans": "中文"}
PARTS: Final = (
    oidc,
    storage,
    submission,
    activity,
    record,
    teaching,
    levels,
    loop_meter,
    link_settings,
    class_runs,
    class_rounds,
    classroom,
    classroom_polls,
    classroom_vote_file,
    classroom_ending,
    classroom_roll,
    classroom_seat,
    classroom_device,
    classroom_door,
    classroom_screen,
    classroom_teams,
    classroom_team_check,
    classroom_team_file,
    classroom_group_work,
    rooms,
    rooms_team,
    run_files,
    sheets,
    sheets_uploads,
    marks_files,
    marking,
    live,
    live_mentor,
    marking_agreement,
    marking_room,
    mastery_columns,
    moodle_competencies,
    notices,
    peers,
    peers_staff,
    observing,
    observing_door,
    observing_files,
    observing_own,
    phone_api,
    phone_shell,
    programme,
    programme_evidence,
    teacher_record,
    warnings,
    warnings_rules,
    review,
    rubrics,
    ledger,
    deep_linking,
    flipped,
    flipped_build,
    flipped_class,
    flipped_reflections,
    activity_preview,
    registration,
    operations,
    api,
    admin,
)
"""Modules with a blueprint each."""


class Tool(Flask):
    """The application. No view of ours is a coroutine, so none is asked, at every request, whether it is one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the view as it is."""
        return func


def create_app(runtime: Runtime) -> Flask:
    """Return the application of one process."""
    app = Tool("lti_tool", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.extensions["qualoop"] = runtime
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.auto_reload = False
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    app.context_processor(_words)
    app.after_request(_protect)
    error_handlers.register(app)
    return app


def _words() -> dict[str, Any]:
    """Give every template its language: the launch's, else the browser's."""
    session = g.get("session") or g.get("picker") or g.get("admin")
    language = session.language if session else request.accept_languages.best_match(["en", "zh"], "en")
    language = "zh-Hans" if language.startswith("zh") else "en"
    messages = catalogue(language)
    return {
        "language": language,
        "gettext": messages.gettext,
        "ngettext": messages.ngettext,
        "_": messages.gettext,
        "static_url": static_url,
        "language_names": LANGUAGE_NAMES,
    }


def static_url(path: str) -> str:
    """Return the address of a built file; the version in it lets browsers keep the file for good."""
    return url_for("operations.static_file", version=operations.version_of(path), path=path)


def _protect(response: Response) -> Response:
    """Set the headers that every answer carries (S20): framed by the launching platform only, nothing from elsewhere.

    Forms go to us alone, but for the one page that takes a choice back to the platform.
    """
    runtime: Runtime = current_app.extensions["qualoop"]
    headers = response.headers
    if "Content-Security-Policy" not in headers:
        headers.add("Content-Security-Policy", _policy(_fetched_files(), _form_target(), _ancestors(runtime)))
    # Nobody else sets these, so nothing is looked for that they would replace.
    headers.add("X-Content-Type-Options", "nosniff")
    headers.add("Referrer-Policy", "no-referrer")
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    if runtime.settings.base_url.startswith("https://"):
        headers.add("Strict-Transport-Security", "max-age=31536000")
    return response


@lru_cache(maxsize=1024)
def _policy(fetched_files: str, form_target: str, ancestors: str) -> str:
    """Return the policy of a page: what it may show that it fetched, where its forms may go, who may frame it."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data:{fetched_files}; media-src 'self' https:{fetched_files}; "
        f"connect-src 'self'; form-action 'self'{form_target}; base-uri 'none'; frame-ancestors {ancestors}"
    )


def _fetched_files() -> str:
    """Return what lets the one page that fetches pictures and recordings with its bearer show them."""
    return " blob:" if g.get("shows_fetched_files") else ""


def _form_target() -> str:
    """Return the foreign origins that a form of this page may be sent to, where its view has named any."""
    origin = g.get("form_target")
    return f" {origin}" if origin else ""


def _ancestors(runtime: Runtime) -> str:
    """Return who may frame this answer: the platform of its session, or of the login that it answers; else nobody.

    A session that nothing proves counts, too: the frame that lost it is told so. A page before any session, of a platform
    that registers, names its one origin itself.
    """
    if framed_by := g.get("framed_by"):
        return str(framed_by)
    registration_id = g.get("registration_id")
    if registration_id is not None:
        return " ".join(runtime.registrations.get(registration_id).registration.page_origins) or "'none'"
    if request.path.startswith("/lti/log") or request.path == "/lti/launch":
        return " ".join(runtime.registrations.page_origins()) or "'none'"
    return "'none'"
