"""How work at a link is marked, and the rubrics of the organisation: their rows, their versions, where each is used."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.services.attempts import marking_setups
from lti_tool.services.attempts.marking_setups import FORMS, Setup, SetupRefusedError
from lti_tool.services.content import rubrics
from lti_tool.services.content.rubrics import RubricMissingError
from lti_tool.services.marking import rubric_uses
from lti_tool.services.people.roles import Permission
from lti_tool.views.form_numbers import get_whole
from lti_tool.views.guards import Session, needs, runtime
from lti_tool.views.link_form import moment_text, read_moment
from lti_tool.views.marking import page_words, title_of
from lti_tool.views.teaching import link_of
from lti_tool.views.wording import Wording
from qualoop.ledger import EvidenceForm

blueprint = Blueprint("rubrics", __name__)

_MOST_DIGITS: Final = 9
"""Any database takes so many."""


@blueprint.get("/a/<launch>/marking/setup/")
@needs(Permission.RELEASE_MARKS)
def show(session: Session) -> str:
    """Show by which rubric work is marked here, and the rubrics that can be chosen."""
    link = link_of(session)
    with runtime().database.reading() as reading:
        connection = reading.connection()
        setup = marking_setups.find_setup(connection, link.organisation_id, link.resource_link_id)
        present = rubrics.get(connection, link.organisation_id, setup.rubric_version_id) if setup else None
        newest = rubrics.list_newest(connection, link.organisation_id)
        others = [each for each in newest if present is None or each.version_id != present.version_id]
        offered = [each for each in others if marking_setups.fits(connection, link, each.version_id)]
        title = title_of(connection, session)
    return render_template(
        "marking_setup.html",
        session=session,
        here="teaching",
        link_title=title,
        setup=setup,
        present=present,
        offered=offered,
        unfit=len(others) - len(offered),
        forms=[form.value for form in FORMS],
        release_text=moment_text(setup.release_at) if setup else "",
        **page_words(session),
    )


@blueprint.post("/a/<launch>/marking/setup/change")
@needs(Permission.RELEASE_MARKS)
def change(session: Session) -> AnyResponse:
    """Set how work is marked here from now on."""
    try:
        setup = _read(session)
        with runtime().database.transaction() as transaction:
            marking_setups.save_setup(transaction, link_of(session), setup, by=session.person_id, now=runtime().clock())
    except (SetupRefusedError, RubricMissingError) as error:
        return redirect(url_for("rubrics.show", launch=session.uuid, refused=error.code), 303)
    return redirect(url_for("marking.show", launch=session.uuid, done="setup"), 303)


@blueprint.get("/a/<launch>/marking/rubrics/")
@needs(Permission.RELEASE_MARKS)
def list_all(session: Session) -> str:
    """Show the rubrics of the organisation."""
    link = link_of(session)
    with runtime().database.reading() as reading:
        connection = reading.connection()
        lines = rubric_uses.list_rubrics(connection, link.organisation_id)
        fitting = {line.key for line in lines if marking_setups.fits(connection, link, line.version_id)}
        title = title_of(connection, session)
    return render_template(
        "marking_rubrics.html",
        session=session,
        here="teaching",
        link_title=title,
        lines=lines,
        fitting=fitting,
        **page_words(session),
    )


@blueprint.get("/a/<launch>/marking/rubrics/<key>/")
@needs(Permission.RELEASE_MARKS)
def show_one(session: Session, key: str) -> str:
    """Show a rubric: the rows of one of its versions, and all versions with where each is used."""
    link = link_of(session)
    with runtime().database.reading() as reading:
        connection = reading.connection()
        versions = rubric_uses.list_versions(connection, link.organisation_id, key, link=link)
        asked = request.args.get("version", "")
        shown = next((each for each in versions if each.hash == asked), None)
        shown = shown or next((each for each in versions if each.is_newest), versions[0])
        rubric = rubrics.get(connection, link.organisation_id, shown.version_id).rubric
        framework = runtime().contents.find_framework(connection, link.organisation_id)
        title = title_of(connection, session)
    words = page_words(session)
    return render_template(
        "marking_rubric.html",
        session=session,
        here="teaching",
        link_title=title,
        rubric=rubric,
        versions=versions,
        shown=shown,
        **words | {"words": Wording(language=session.language, framework=framework)},
    )


def _read(session: Session) -> Setup:
    """Return what the form says; raise SetupRefusedError."""
    form = request.form
    try:
        return Setup(
            rubric_version_id=get_whole(form.get("rubric", ""), _MOST_DIGITS),
            form=EvidenceForm(form.get("form", "")),
            second_share=get_whole(form.get("second_share", "") or "0", _MOST_DIGITS),
            release_at=read_moment(form.get("release_at", "")),
        )
    except ValueError as error:
        raise SetupRefusedError from error
