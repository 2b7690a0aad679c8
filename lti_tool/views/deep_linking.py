"""Choosing activities in the platform's own dialog: find, look, set the grade, send (Deep Linking 2.0).

What is looked for and what is chosen stands in the address, so that choosing works without script and nothing is
stored before it is sent. Only the last step changes anything, and only once (services.deep_links).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, g, render_template, request

from lti_tool.lti.deep_linking import MAX_ITEMS, MAX_POINTS, Item
from lti_tool.lti.registration import find_origin
from lti_tool.services.flipped.units import foreign_keys
from lti_tool.services.grades.columns import TAG
from lti_tool.services.launches import deep_links
from lti_tool.services.launches.launching import ACTIVITY_PARAMETER, ACTIVITY_PATH
from lti_tool.services.platforms import tool_keys
from lti_tool.services.platforms.link_settings import DEFAULT, SETTINGS_PARAMETER, as_parameter
from lti_tool.services.records.activity_choices import MAX_SEARCH, Choice, Search, list_choices
from lti_tool.views.guards import Picker, chooses, runtime
from lti_tool.views.host import catalogue
from lti_tool.views.link_form import as_texts, read_settings
from qualoop.assessment import LinkSettings
from qualoop.values import find_whole

PREFIX: Final = "/choose/<request_uuid>"

blueprint = Blueprint("deep_linking", __name__, url_prefix=PREFIX)

PAGE: Final = 20
DEFAULT_POINTS: Final = 100
PICK: Final = "pick"
REFUSED: Final = 422
_MOST_DIGITS: Final = 4
_FILTERS: Final = ("post", "unit", "point")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one chosen activity is to be graded: the field as it was sent, and its whole number where it is one.

    ``texts`` are the fields of due date and attempts, ``link`` the settings that they make, ``wrong`` what is wrong with
    them, in words.
    """

    choice: Choice
    graded: bool
    field: str
    texts: Mapping[str, str] = dataclasses.field(default_factory=lambda: as_texts(DEFAULT))
    wrong: str = ""
    link: LinkSettings = DEFAULT

    @property
    def points(self) -> int | None:
        """Return the points, None where the field holds no whole number in bounds."""
        number = find_whole(self.field, _MOST_DIGITS)
        return number if number is not None and 1 <= number <= MAX_POINTS else None

    @property
    def is_wrong(self) -> bool:
        """Say whether the teacher must change something."""
        return bool(self.wrong) or (self.graded and self.points is None)


@blueprint.get("/")
@chooses
def show(picker: Picker) -> Response:
    """Show what there is to choose from, with what is chosen already."""
    choices = offered(picker)
    return _choosing(picker, choices, _chosen(picker, choices, request.args.getlist(PICK)))


@blueprint.get("/grades")
@chooses
def settle(picker: Picker) -> Response:
    """Show the chosen activities, to be graded or not, before they are sent."""
    choices = offered(picker)
    chosen = _chosen(picker, choices, request.args.getlist(PICK))
    if not chosen:
        return _choosing(picker, choices, chosen, problem="none")
    if len(chosen) > MAX_ITEMS:
        return _choosing(picker, choices, chosen[:MAX_ITEMS], problem="many")
    settings = [Setting(choice=choice, graded=True, field=str(DEFAULT_POINTS)) for choice in chosen]
    return _settling(picker, settings)


@blueprint.post("/answer")
@chooses
def answer(picker: Picker) -> Response:
    """Take the choice to the platform: the page posts the signed answer by itself, or at the press of its button."""
    choices = offered(picker)
    chosen = _chosen(picker, choices, request.form.getlist(PICK))[:MAX_ITEMS]
    if not chosen:
        return _choosing(picker, choices, chosen, problem="none")
    settings = [_sent_setting(choice) for choice in chosen]
    if any(setting.is_wrong for setting in settings):
        return _settling(picker, settings)
    return answered(picker, [item_of(picker, setting) for setting in settings])


@blueprint.post("/cancel")
@chooses
def cancel(picker: Picker) -> Response:
    """Go back to the platform with nothing chosen."""
    return answered(picker, [])


def offered(picker: Picker) -> Sequence[Choice]:
    """Return what the request can choose from: all of its organisation but the flipped units of other courses."""
    parts = runtime()
    with parts.database.reading() as reading:
        connection, asked = reading.connection(), picker.request
        foreign = foreign_keys(connection, asked.organisation_id, asked.context_id)
        choices = list_choices(connection, parts.contents, asked.organisation_id)
        return [choice for choice in choices if choice.key not in foreign]


def _chosen(picker: Picker, choices: Sequence[Choice], keys: Iterable[str]) -> list[Choice]:
    """Return what is chosen, each once, in the order of choosing; where the platform takes one, the first."""
    known = {choice.key: choice for choice in choices}
    found = [known[key] for key in dict.fromkeys(keys) if key in known]
    return found if picker.settings.accept_multiple else found[:1]


def _choosing(picker: Picker, choices: Sequence[Choice], chosen: list[Choice], *, problem: str = "") -> Response:
    """Return the page on which one looks for activities and chooses them."""
    search = _search()
    found = search.of(choices)
    last = max((len(found) - 1) // PAGE, 0)
    page = min(max(request.args.get("page", 0, type=int), 0), last)
    shown = found[page * PAGE : (page + 1) * PAGE]
    keys = {choice.key for choice in shown}
    html = render_template(
        "choose.html",
        session=None,
        picker=picker,
        search=search,
        filters={name: _options(choices, f"{name}s") for name in _FILTERS},
        is_empty=not choices,
        found=len(found),
        shown=shown,
        chosen={choice.key for choice in chosen},
        elsewhere=[choice for choice in chosen if choice.key not in keys],
        page=page,
        last=last,
        problem=problem,
        most=MAX_ITEMS,
    )
    return Response(html, REFUSED if problem else 200)


def _search() -> Search:
    """Return what is looked for; one button of the page asks for everything whatever its fields say."""
    if "all" in request.args:
        return Search()
    codes = {name: request.args.get(name, "") for name in _FILTERS}
    return Search(text=request.args.get("q", "")[:MAX_SEARCH], **codes)


def _options(choices: Iterable[Choice], name: str) -> Sequence[Any]:
    """Return the posts, units or points that any of the activities serves, by code."""
    found = {each.code: each for choice in choices for each in getattr(choice, name)}
    return [found[code] for code in sorted(found)]


def _settling(picker: Picker, settings: Sequence[Setting]) -> Response:
    """Return the page on which each chosen activity is graded or not."""
    html = render_template(
        "choose_grades.html",
        session=None,
        picker=picker,
        settings=settings,
        takes_grades=picker.settings.takes_line_items is not False,
        most=MAX_POINTS,
        back=f"{picker.base}?{urlencode([(PICK, setting.choice.key) for setting in settings])}",
    )
    return Response(html, REFUSED if any(setting.is_wrong for setting in settings) else 200)


def _sent_setting(choice: Choice) -> Setting:
    """Return how a chosen activity is to be graded, as the form says."""
    names = ("due_at", "grace_minutes", "late", "max_attempts", "counts")
    form = {name: request.form[f"{name}-{choice.key}"] for name in names if f"{name}-{choice.key}" in request.form}
    read = read_settings(form, DEFAULT)
    return Setting(
        choice=choice,
        graded=f"graded-{choice.key}" in request.form,
        field=request.form.get(f"points-{choice.key}", "").strip(),
        texts=read.texts,
        wrong=next((message.replace("%(most)s", str(most)) for message, most in read.wrong.values()), ""),
        link=read.settings or DEFAULT,
    )


def item_of(picker: Picker, setting: Setting) -> dict[str, Any]:
    """Return the item for the platform; its title and text are in the language in which it was chosen."""
    choice, language = setting.choice, picker.language
    item = Item(
        key=choice.key,
        title=choice.title[language],
        text=choice.summary[language],
        url=f"{runtime().settings.base_url}{ACTIVITY_PATH}{choice.key}",
        maximum=setting.points if setting.graded else None,
        review=catalogue(language).gettext("See the answers"),
    )
    claim = item.as_claim(picker.settings, parameter=ACTIVITY_PARAMETER, tag=TAG)
    return {**claim, **_timing(claim, setting.link, picker.request.course_key)}


def _timing(claim: Mapping[str, Any], link: LinkSettings, course: str) -> dict[str, Any]:
    """Return the members that carry settings: for us in a custom parameter, for the platform the due date (DL 2.0, 4.1)."""
    chosen = as_parameter(link, course)
    if not chosen:
        return {}
    found: dict[str, Any] = {"custom": {**claim["custom"], SETTINGS_PARAMETER: chosen}}
    if link.due_at is not None:
        found["submission"] = {"endDateTime": f"{link.due_at:%Y-%m-%dT%H:%M:%SZ}"}
    return found


def answered(picker: Picker, items: Sequence[dict[str, Any]]) -> Response:
    """Answer the request and return the page that takes the answer to the platform.

    The form goes to the return address of the request, whose origin was checked when it came (S23); the policy of this
    page alone lets it.
    """
    parts, asked = runtime(), picker.request
    now = parts.clock()
    with parts.database.transaction() as session:
        key = tool_keys.ensure_key(session, tool_keys.LTI, secret=parts.settings.secret_key, now=now)
        given = deep_links.give_answer(session.connection(), asked.organisation_id, asked.id, items, now=now)
    token = deep_links.signed_answer(asked, given, parts.registrations.get(asked.registration_id), key)
    g.form_target = find_origin(picker.settings.return_url)
    html = render_template("choose_sent.html", session=None, picker=picker, token=token, count=len(items))
    return Response(html)
