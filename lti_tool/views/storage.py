"""Launches where the browser keeps no cookie in the platform's frame: a page of the platform keeps data for us (S18).

Two pages speak to that page with a script (static/src/storage_*.ts): one has it keep the secret of a login, the other
asks for the secret and brings it with the launch. What follows lives in the second one, which holds the bearer (S19).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.lti.login import STORAGE_TARGET, AuthenticationResponse, LoginRequest
from lti_tool.services.launches import platform_storage
from lti_tool.services.people import sessions
from lti_tool.services.people.roles import Permission
from lti_tool.views.guards import Session, cookie_name, needs, runtime, set_private_cookie

blueprint = Blueprint("storage", __name__)

LOGIN_PARAMETERS: Final = (
    "iss",
    "login_hint",
    "target_link_uri",
    "client_id",
    "lti_deployment_id",
    "lti_message_hint",
    STORAGE_TARGET,
)
_MAX_PAGE: Final = 1024


def repeated(*, framed: bool = True) -> dict[str, str]:
    """Return the parameters of the login initiation, to be sent to ourselves again; in a window none names a frame."""
    names = LOGIN_PARAMETERS if framed else LOGIN_PARAMETERS[:-1]
    return {name: value for name in names if (value := request.values.get(name))}


def cookies_refused(asked: LoginRequest) -> Response:
    """Return the page of a login whose cookie did not come back.

    It has the platform keep the login's secret where the platform offers that, or else offers a window of its own. The
    window begins the login anew, with a state that it gets for itself, and names no frame: it comes here no second time.
    A link leads there, since a form would be held to our policy wherever the platform redirects it.
    """
    window = f"{url_for('oidc.login')}?{urlencode(repeated(framed=False))}"
    if asked.storage_target is None:
        return Response(render_template("new_window.html", url=window))
    begun, keeper = platform_storage.begin_login(runtime(), asked)
    return Response(render_template("storage_login.html", begun=begun, keeper=keeper, url=window))


def find_asking_page(answered: AuthenticationResponse) -> Response | None:
    """Return the page that asks the platform's page for the secret of a launch; None where a cookie is to prove it.

    The page stays and draws those that follow, so its policy lets it show files that it fetched, and post a choice of
    content to the platform.
    """
    found = platform_storage.find_keeper(runtime(), answered.state)
    if found is None:
        return None
    keeper, registration = found
    g.shows_fetched_files = True
    g.form_target = " ".join(sorted(registration.allowed_origins))
    return Response(render_template("storage_launch.html", answered=answered, keeper=keeper))


@blueprint.post("/a/<launch>/window")
@needs(Permission.VIEW_ACTIVITY)
def open_window(session: Session) -> AnyResponse:
    """Go on in a window, where the browser keeps our cookie: with a session of its own that ends with this one.

    The form brings the bearer in its body. `page` is the page to be shown, below the address of the launch.
    """
    parts = runtime()
    now = parts.clock()
    with parts.database.connection() as connection:
        copy, secret = sessions.copy_session(connection, session.organisation_id, session.launch_uuid, now=now)
    page = request.form.get("page", "")[:_MAX_PAGE]
    response = redirect(url_for("activity.show", launch=copy) + (page if _is_plain(page) else ""), 303)
    set_private_cookie(response, cookie_name(copy), secret, max_age=parts.settings.session_hours * 3600)
    return response


def _is_plain(page: str) -> bool:
    """Say whether a text is the rest of an address of ours: no steps upwards, nothing but visible ASCII."""
    return page.isascii() and page.isprintable() and ".." not in page and "\\" not in page and " " not in page
