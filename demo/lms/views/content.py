"""A teacher adds activities to the course: the tool's dialog in a frame, and the answer that it brings back."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from demo.lms.content_items import ContentRefusedError, read_answer
from demo.lms.content_requests import open_request, store_answer
from demo.lms.current import database, find_current_person, lms, text
from demo.lms.platform import LoginInitiation, Platform
from demo.lms.tokens import TokenRefusedError, use_assertion
from demo.lms.views.course import current_person, logged_in

blueprint = Blueprint("content", __name__, url_prefix="/course/add")

RETURN: Final = "content.take_back"


@blueprint.get("/")
@logged_in
def choose() -> str:
    """Show the tool's dialog in a frame."""
    _require_teacher()
    return render_template("choose.html", tool_origin=lms().settings.tool_url)


@blueprint.get("/launch")
@logged_in
def begin() -> str:
    """Post the login initiation of a Deep Linking request to the tool."""
    _require_teacher()
    hint = open_request(database(), current_person().id, lms().clock())
    initiation = LoginInitiation(None, _platform())
    initiation.set_lti_message_hint(hint=hint)
    initiation.set_launch_url(lms().settings.deep_linking_uri)
    fields = initiation.fields(current_person().id, target="iframe")
    return render_template("posting_form.html", action=lms().settings.tool_login_url, fields=fields)


@blueprint.post("/return")
def take_back() -> str | Response | tuple[str, int]:
    """Take the tool's answer, put what was chosen into the course, and leave the frame."""
    person = find_current_person()
    if person is None:
        # A form of another site brings no SameSite=Lax cookie along; posted again by a page of this site it does.
        if "repost" in request.form:
            return redirect(url_for("sign_in.start"))
        fields = {**request.form.to_dict(), "repost": "1"}
        return render_template("posting_form.html", action=request.path, fields=fields)
    _require_teacher()
    now, connection, settings = lms().clock(), database(), lms().settings
    try:
        answer = read_answer(_platform().verified(request.form.get("JWT", "")), settings, now)
        use_assertion(connection, f"content {answer.nonce}", answer.expires, now=now)
    except (ContentRefusedError, TokenRefusedError) as error:
        return render_template("message.html", message=text("error-content"), code=str(error)), 400
    course_id = lms().school.course.id
    if not store_answer(connection, course_id, person.id, data=answer.data, items=answer.items, now=now):
        return render_template("message.html", message=text("error-content"), code="data is wrong or was used"), 400
    return render_template("return.html", added=len(answer.items))


def _require_teacher() -> None:
    person = find_current_person()
    if person is None or not person.is_teacher:
        abort(404)


def _platform() -> Platform:
    return Platform(lms=lms(), connection=database())
