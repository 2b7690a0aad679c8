"""The two steps of a launch that are the platform's: login initiation, and the answer with the id_token."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from demo.lms.authorization import (
    AuthorizationRefusedError,
    AuthorizationRequest,
    UntrustedRequestError,
    read_authorization,
)
from demo.lms.content_requests import send_request
from demo.lms.course import find_activity, find_activity_by_id
from demo.lms.current import Lms, database, find_current_person, language, lms, lms_of, text
from demo.lms.launch_hints import DocumentTarget, give_hint, take_hint
from demo.lms.platform import LoginInitiation, Platform, sign_content_request, sign_launch
from demo.lms.views.course import current_person, logged_in, reviewed_student

blueprint = Blueprint("launches", __name__)


@blueprint.get("/course/activities/<key>/launch")
@logged_in
def begin(key: str) -> str | Response:
    """Post the login initiation to the tool, for the frame or for a window of its own."""
    activity = find_activity(database(), key)
    if activity is None:
        abort(404)
    target: DocumentTarget = "window" if request.args.get("target") == "window" else "iframe"
    hint = give_hint(
        database(),
        current_person().id,
        activity.id,
        document_target=target,
        for_user=reviewed_student(),
        now=lms().clock(),
    )
    initiation = LoginInitiation(None, _platform(lms_of(request.args.get("tool"))))
    initiation.set_lti_message_hint(hint=hint)
    initiation.set_launch_url(lms().settings.target_link_uri(activity.key))
    fields = initiation.fields(current_person().id, target=target)
    return _posting_form(lms().settings.tool_login_url, fields)


@blueprint.route("/lti/auth", methods=["GET", "POST"])
def authorize() -> str | tuple[str, int]:
    """Answer the tool's authentication request with an id_token, or with an error, by form_post."""
    parameters = request.values.to_dict()
    try:
        served = lms_of(parameters.get("client_id"))
        asked = read_authorization(parameters, served.settings)
        # A frame that another site's page navigated gets no SameSite=Lax cookie. Posted once more by a page of
        # this site it comes along, so the request is repeated before it is refused (Moodle does the same).
        if find_current_person() is None and "repost" not in parameters:
            return _posting_form(request.path, {**parameters, "repost": "1"})
        fields = {"id_token": _id_token(asked, served), "state": asked.state}
        return _posting_form(asked.redirect_uri, fields)
    except AuthorizationRefusedError as refusal:
        described = {"error": refusal.error, "error_description": str(refusal), "state": refusal.state}
        return _posting_form(refusal.redirect_uri, described)
    except UntrustedRequestError as error:
        return render_template("message.html", message=text("error-launch"), code=str(error)), 400


def _id_token(asked: AuthorizationRequest, served: Lms) -> str:
    """Return the id_token for the person who is logged in; raise AuthorizationRefusedError."""
    person = find_current_person()
    if person is None:
        raise asked.refusal("login_required", "nobody is logged in")
    if asked.login_hint != person.id:
        raise asked.refusal("access_denied", "login_hint is not the person who is logged in")
    data = send_request(database(), asked.message_hint, person.id, now=lms().clock())
    if data is not None:
        return sign_content_request(_platform(served), asked, person=person, data=data, language=language())
    hint = take_hint(database(), asked.message_hint, person.id, now=lms().clock())
    if hint is None:
        raise asked.refusal("access_denied", "lti_message_hint is unknown, used or expired")
    activity = find_activity_by_id(database(), hint.activity_id)
    if activity is None:
        raise asked.refusal("access_denied", "the activity is no longer in the course")
    return sign_launch(
        _platform(served),
        asked,
        person=person,
        activity=activity,
        target=hint.document_target,
        for_user=hint.for_user,
        language=language(),
    )


def _platform(served: Lms) -> Platform:
    return Platform(lms=served, connection=database())


def _posting_form(action: str, fields: dict[str, str]) -> str:
    """Return a page that posts ``fields`` at once, or at the press of its button where scripts are off."""
    return render_template("posting_form.html", action=action, fields=fields)
