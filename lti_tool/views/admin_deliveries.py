"""The delivery queue: what has not reached the platforms, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from lti_tool.lti.errors import translatable
from lti_tool.services.administration import deliveries
from lti_tool.services.administration import platforms as administration_platforms
from lti_tool.services.administration.administration import AdminMissingError, Desk
from lti_tool.services.administration.deliveries import MAX_COURSE, MAX_PICKED, Filter, Shown
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.people.roles import Permission
from lti_tool.views.admin_guards import Admin, administers, row_number
from lti_tool.views.guards import runtime
from lti_tool.views.wording import Wording

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")

MAX_PAGE: Final = 10_000
CHANNELS: Final = {
    "ags": translatable("Scores of activities"),
    "ags_mastery": translatable("Columns of knowledge points"),
    "moodle_competency": translatable("Moodle competencies"),
}
_ACTS: Final[Mapping[str, Callable[[Desk, Filter | Collection[int]], int]]] = {
    "send-again": deliveries.send_again,
    "dismiss": deliveries.dismiss,
}


@blueprint.get("/")
@administers(Permission.MANAGE_DELIVERIES)
def show(admin: Admin) -> str:
    """Show a page of the queue."""
    wanted = read_filter(request.args)
    page = min(max(request.args.get("page", 1, type=int), 1), MAX_PAGE) - 1
    with runtime().database.reading() as session:
        found = deliveries.look(session, admin.scope, wanted, page=page)
        counts = deliveries.counts(session, admin.scope)
        reasons = deliveries.reasons(session, admin.scope)
        platforms = administration_platforms.list_platforms(session, admin.scope)
    return render_template(
        "admin_deliveries.html",
        admin=admin,
        here="deliveries",
        wanted=wanted,
        asked=_asked(wanted),
        found=found,
        page=page,
        counts=counts,
        reasons=reasons,
        platforms=platforms,
        channels=CHANNELS,
        all_reasons=list(Reason),
        done=request.args.get("done", ""),
        changed=request.args.get("changed", type=int),
        words=Wording(language=admin.language),
    )


@blueprint.post("/")
@administers(Permission.MANAGE_DELIVERIES)
def act(admin: Admin) -> Response:
    """Send again or put aside: one row, those that are ticked, or all that the filter of the page finds."""
    form = request.form
    name, _, which = form.get("act", "").partition(":")
    if name not in _ACTS:
        raise AdminMissingError
    wanted = read_filter(form)
    chosen: Filter | list[int] = wanted if which == "all" else _numbers([which] if which else form.getlist("row"))
    with runtime().database.transaction() as session:
        changed = _ACTS[name](admin.desk(session), chosen)
    return redirect(url_for("admin.deliveries.show", **_asked(wanted), done=name, changed=changed), 303)


def read_filter(asked: MultiDict[str, str]) -> Filter:
    """Return the filter that an address or a form asks for; what makes no sense asks for nothing."""
    reason, shown = asked.get("reason", ""), asked.get("state", "")
    channel = asked.get("channel", "")
    return Filter(
        shown=Shown(shown) if shown in {each.value for each in Shown} else Shown.ATTENTION,
        registration_id=row_number(asked.get("platform", "")),
        channel=channel if channel in CHANNELS else "",
        reason=Reason(reason) if reason in {each.value for each in Reason} else None,
        course=" ".join(asked.get("course", "")[:MAX_COURSE].replace("\0", "").split()),
    )


def _asked(wanted: Filter) -> dict[str, Any]:
    """Return a filter as the parameters of an address."""
    asked = {
        "state": wanted.shown.value if wanted.shown is not Shown.ATTENTION else None,
        "platform": wanted.registration_id,
        "channel": wanted.channel,
        "reason": wanted.reason.value if wanted.reason else None,
        "course": wanted.course,
    }
    return {name: value for name, value in asked.items() if value}


def _numbers(texts: list[str]) -> list[int]:
    """Return the numbers of rows among texts."""
    return [number for text in texts[:MAX_PICKED] if (number := row_number(text)) is not None]
