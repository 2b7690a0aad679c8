"""The pages of a class for a device without a launch, proven by a cookie of its course. Mostly phones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session as Transaction
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.models import ClassSession
from lti_tool.services.classes import devices, sessions
from lti_tool.services.classes.devices import GUEST_GOOD, PAIRED_GOOD, Device
from lti_tool.views import classroom_team_acts, classroom_voting
from lti_tool.views.classroom_voting import Place
from lti_tool.views.guards import COOKIE, check_form, form_token, public, runtime, set_private_cookie
from qualoop.classroom.session import ClassRefusedError
from qualoop.values import DEFAULT_LANGUAGE

blueprint = Blueprint("classroom_device", __name__)

DeviceView = Callable[..., Any]
_CHINESE: Final = "zh-Hans"


def reader_language() -> str:
    """Return the language of a page without a launch: the browser's."""
    best = request.accept_languages.best_match(["en", "zh"], DEFAULT_LANGUAGE) or DEFAULT_LANGUAGE
    return _CHINESE if best.startswith("zh") else DEFAULT_LANGUAGE


def device_cookie(context_id: int) -> str:
    """Return the name of the cookie of a course."""
    return f"{COOKIE}class-{context_id}"


def read_device(transaction: Transaction, course: tuple[int, int]) -> Device | None:
    """Return the device that this browser proves to be in a course (organisation, context)."""
    sent = request.cookies.get(device_cookie(course[1]), "")
    return devices.find_device(transaction, course, sent, runtime().clock()) if sent else None


def course_of(row: ClassSession) -> tuple[int, int]:
    """Return the course of a session."""
    return row.organisation_id, row.context_id


def keep_device(response: AnyResponse, device: Device) -> None:
    """Let the browser keep what proves a device."""
    good = PAIRED_GOOD if device.is_confirmed else GUEST_GOOD
    set_private_cookie(response, device_cookie(device.context_id), device.cookie, max_age=int(good.total_seconds()))


def by_device(view: DeviceView) -> DeviceView:
    """Let a view be called with the place of a device that its cookie proves; others are led to the door."""

    @wraps(view)
    def guarded(class_uuid: str) -> Any:
        with runtime().database.reading() as reading:
            row = sessions.get_by_uuid(reading, class_uuid)
            device = read_device(reading, course_of(row))
        if device is None:
            return redirect(url_for("classroom_door.door"), 303)
        csrf = form_token(device.secret)
        if request.method == "POST":
            check_form(csrf)
        address = url_for("classroom_device.show", class_uuid=row.uuid)
        comer, language = device.comer, reader_language()
        place = Place(class_uuid=row.uuid, comer=comer, language=language, address=address, csrf=csrf)
        return view(place, device)

    return guarded


@blueprint.get("/class/s/<class_uuid>/")
@public("shows a device of the course, proven by its cookie, the question on the stage")
@by_device
def show(place: Place, device: Device) -> str:
    """Show the class to a device."""
    return classroom_voting.stage_page(place, refused=classroom_voting.join(place))


@blueprint.post("/class/s/<class_uuid>/name")
@public("changes only what the device's cookie and form token prove: whose it says to be, until a teacher confirms")
@by_device
def name(place: Place, device: Device) -> AnyResponse:
    """Let a device say whose it is."""
    parts, said = runtime(), "done=named"
    try:
        with parts.database.transaction() as transaction:
            row = sessions.get_by_uuid(transaction, place.class_uuid, held=True)
            devices.claim_name(transaction, row, device, request.form.get("name", ""), now=parts.clock())
            if not devices.claimed(transaction, row, device):
                said = "refused=class-name-unknown"
    except ClassRefusedError as error:
        said = f"refused={error.code}"
    return redirect(f"{place.address}?{said}", 303)


@blueprint.post("/class/s/<class_uuid>/vote")
@public("takes the vote of a device that its cookie and form token prove; unconfirmed it counts apart")
@by_device
def vote(place: Place, device: Device) -> AnyResponse:
    """Take a vote."""
    return classroom_voting.vote(place)


@blueprint.post("/class/s/<class_uuid>/team")
@public(
    "acts for a team as a device that its cookie and form token prove; unconfirmed it only answers, and counts apart"
)
@by_device
def team(place: Place, device: Device) -> AnyResponse:
    """Answer a team check; a confirmed device also scratches, appeals and rates the team mates."""
    return classroom_team_acts.act(place)


@blueprint.post("/class/s/<class_uuid>/here")
@public("takes the short code from a device that its cookie and form token prove; a few tries for each learner")
@by_device
def check_in(place: Place, device: Device) -> AnyResponse:
    """Take the number that is shown beside the picture to scan."""
    return classroom_voting.check_in(place)
