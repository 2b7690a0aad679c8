"""Looking at an activity before it is chosen: the player's pages to walk through, without an attempt and any answer.

Nothing is stored. Each page is the attempt of nobody, begun anew and led to the step that is asked for; so no answer
is ever taken, and none of what an answer would reveal is ever shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from lti_tool.services.content.contents import ContentMissingError, OpenContent
from lti_tool.services.platforms.link_settings import DEFAULT
from lti_tool.services.records.activity_choices import Choice
from lti_tool.views.activity import FRAGMENT
from lti_tool.views.assets import asset_response
from lti_tool.views.deep_linking import PICK, PREFIX, offered
from lti_tool.views.guards import Picker, chooses, runtime
from lti_tool.views.host import ToolHost
from qualoop.player import Action, StaleActionError, State, UnknownActionError

blueprint = Blueprint("activity_preview", __name__, url_prefix=PREFIX)

GO = "go"
STEP = "step"
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewHost(ToolHost):
    """The player's host for a look: ``query`` is what is looked for and chosen; ``attempt`` holds the step shown."""

    query: str

    def action_url(self, name: str, /) -> str:
        """Return where the form of an action is sent."""
        return f"{self.base}do/{name}?{self.query}"


@blueprint.get("/preview/<key>/")
@chooses
def preview(picker: Picker, key: str) -> Response:
    """Show the beginning of an activity."""
    return _page(picker, key, step=None)


@blueprint.post("/preview/<key>/do/<action>")
@chooses
def walk(picker: Picker, key: str, action: str) -> Response:
    """Show another step of an activity; whatever else is sent is not taken, and the same step is shown again."""
    return _page(picker, key, step=request.form.get(STEP if action == GO else "attempt", ""))


@blueprint.get("/preview/<key>/asset/<path:path>")
@chooses
def preview_asset(picker: Picker, key: str, path: str) -> Response:
    """Send a figure or a recording of the activity, in a sandbox of its own."""
    choice = _get_choice(picker, key)
    with runtime().database.snapshot() as connection:
        return asset_response(connection, picker.request.organisation_id, choice.version_id, path)


def _page(picker: Picker, key: str, *, step: str | None) -> Response:
    """Return the page of a step, or only the player's fragment where its script asks for it."""
    choice, parts = _get_choice(picker, key), runtime()
    organisation_id = picker.request.organisation_id
    with parts.database.snapshot() as connection:
        opened = parts.contents.get(connection, organisation_id, choice.version_id)
        framework = parts.contents.find_framework(connection, organisation_id)
    state, step = _led_to(opened, step)
    query = urlencode(list(request.args.items(multi=True)))
    host = PreviewHost(
        language=picker.language,
        base=f"{picker.base}preview/{choice.key}/",
        csrf=picker.csrf,
        attempt=step,
        framework=framework,
        query=query,
    )
    fragment = opened.kind.render(opened.content, state, host, settings=DEFAULT)
    if FRAGMENT in request.headers:
        return Response(fragment)
    html = render_template(
        "choose_preview.html",
        session=None,
        picker=picker,
        choice=choice,
        fragment=fragment,
        back=f"{picker.base}?{query}",
        choose=None if choice.key in request.args.getlist(PICK) else _with_choice(picker, choice),
    )
    return Response(html)


def _with_choice(picker: Picker, choice: Choice) -> str:
    """Return the address of the list with this activity chosen too, or alone where the platform takes one."""
    kept = picker.settings.accept_multiple
    query = [(name, value) for name, value in request.args.items(multi=True) if kept or name != PICK]
    return f"{picker.base}?{urlencode([*query, (PICK, choice.key)])}"


def _led_to(opened: OpenContent, step: str | None) -> tuple[State, str]:
    """Return the state of nobody's attempt at a step, and the step; at the beginning where the kind knows no such."""
    state = opened.kind.initial_state(opened.content, SEED)
    form: Mapping[str, list[str]] = {STEP: [step or ""]}
    try:
        moved = opened.kind.step(
            opened.content, state, Action(name=GO, form=form), settings=DEFAULT, now=runtime().clock()
        )
    except (StaleActionError, UnknownActionError):
        return state, ""
    return moved.state, step or ""


def _get_choice(picker: Picker, key: str) -> Choice:
    """Return an activity of the organisation; raise ContentMissingError."""
    found = next((choice for choice in offered(picker) if choice.key == key), None)
    if found is None:
        raise ContentMissingError
    return found
