"""A learner in a class by a launch: the same page as a device has, and the pairing code for a phone."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, g, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.classes import closing, devices, live, sessions, team_elsewhere
from lti_tool.services.classes.seats import Comer
from lti_tool.services.people.roles import TEST_USER, Permission, Role
from lti_tool.views import classroom_team_acts, classroom_voting
from lti_tool.views.classroom import framework_of
from lti_tool.views.classroom_device import read_device
from lti_tool.views.classroom_voting import Place
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.teaching import link_of

blueprint = Blueprint("classroom_seat", __name__)


@blueprint.get("/a/<launch>/in-class/")
@needs(Permission.ANSWER)
def find(session: Session) -> AnyResponse | str:
    """Lead to the class of this course that is on; a phone that scanned before signing in is known from now on."""
    if _learns(session):
        _adopt_device(session)
    open_uuid = live.find_open_uuid(runtime().database, session.organisation_id, session.context_id)
    if open_uuid is None:
        with runtime().database.reading() as reading:
            course = (session.organisation_id, session.context_id)
            places = team_elsewhere.list_places(reading, course, session.person_id, runtime().clock())
        return render_template("class_none.html", session=session, here="in-class", places=places)
    return redirect(url_for("classroom_seat.show", launch=session.uuid, class_uuid=open_uuid), 303)


@blueprint.get("/a/<launch>/in-class/<class_uuid>/")
@needs(Permission.ANSWER)
def show(session: Session, class_uuid: str) -> str:
    """Show the class; who comes to an open one sits down by that. Who does not learn here only watches."""
    place = _place(session, class_uuid)
    if place.comer is not None:
        _adopt_device(session)
    return classroom_voting.stage_page(place, refused=classroom_voting.join(place))


@blueprint.post("/a/<launch>/in-class/<class_uuid>/vote")
@needs(Permission.ANSWER)
def vote(session: Session, class_uuid: str) -> AnyResponse:
    """Take a vote."""
    return classroom_voting.vote(_place(session, class_uuid))


@blueprint.post("/a/<launch>/in-class/<class_uuid>/team")
@needs(Permission.ANSWER)
def team(session: Session, class_uuid: str) -> AnyResponse:
    """Answer a team check, scratch, appeal, or rate the team mates."""
    return classroom_team_acts.act(_place(session, class_uuid))


@blueprint.post("/a/<launch>/in-class/<class_uuid>/here")
@needs(Permission.ANSWER)
def check_in(session: Session, class_uuid: str) -> AnyResponse:
    """Take the number that is shown beside the picture to scan."""
    return classroom_voting.check_in(_place(session, class_uuid))


@blueprint.post("/a/<launch>/in-class/<class_uuid>/pair")
@needs(Permission.ANSWER)
def pair(session: Session, class_uuid: str) -> str:
    """Show a code with which the learner's own phone becomes the learner's in this course."""
    place = _place(session, class_uuid)
    code = None
    if place.comer is not None:
        with runtime().database.transaction() as transaction:
            course = (session.organisation_id, session.context_id)
            code = devices.offer_pairing(transaction, course, session.person_id, runtime().clock())
    door = runtime().settings.base_url + url_for("classroom_door.door")
    return render_template("class_pairing.html", session=session, here="in-class", code=code, door=door, place=place)


def class_is_on(session: Session, within: Connection | None = None) -> bool:
    """Say whether a class of the session's course is on that this person can join; every page of a learner asks."""
    if Role.LEARNER not in session.roles or session.may(Permission.VIEW_CLASS):
        return False
    course = (session.organisation_id, session.context_id)
    return live.find_open_uuid(runtime().database, *course, within) is not None


def mates_are_rated(session: Session) -> bool:
    """Say whether mates of group work of the course are rated; every page of a learner asks."""
    if Role.LEARNER not in session.roles or session.may(Permission.VIEW_CLASS):
        return False
    parts = runtime()
    return live.takes_ratings(parts.database, session.organisation_id, session.context_id, parts.clock())


@blueprint.app_context_processor
def _words() -> dict[str, Callable[[], bool]]:
    """Let the pages of a launch ask."""
    return {
        "class_on": lambda: g.get("session") is not None and class_is_on(g.session),
        "rating_on": lambda: g.get("session") is not None and mates_are_rated(g.session),
    }


def _place(session: Session, class_uuid: str) -> Place:
    """Return the place of this launch's person in a session of the course; raise ClassMissingError for any other."""
    with runtime().database.reading() as reading:
        row = sessions.get_session(reading, link_of(session), class_uuid)
    return Place(
        class_uuid=row.uuid,
        comer=Comer(person_id=session.person_id) if _learns(session) else None,
        language=session.language,
        address=url_for("classroom_seat.show", launch=session.uuid, class_uuid=row.uuid),
        csrf=session.csrf,
        session=session,
    )


def _learns(session: Session) -> bool:
    """Say whether this launch is of somebody who learns in the course; a teacher's stand-in does not."""
    return Role.LEARNER in session.roles and TEST_USER not in session.roles


def _adopt_device(session: Session) -> None:
    """Let what this very browser did before the launch, as nobody's, be the learner's: it scanned first and signed in then."""
    parts = runtime()
    with parts.database.reading() as reading:
        device = read_device(reading, (session.organisation_id, session.context_id))
    if device is None or device.is_confirmed:
        return
    secret, now = parts.settings.secret_key, parts.clock()
    with parts.database.transaction() as transaction:
        framework = framework_of(transaction, session.organisation_id)
        closing.bring_along(transaction, device, session.person_id, framework, secret=secret, now=now)
