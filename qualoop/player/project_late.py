"""What came from a page that another one had overtaken: whether any of it is lost, and what the learner is told and shown of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from qualoop.player.errors import StaleActionError
from qualoop.player.host import Refused
from qualoop.player.project_state import GRADED
from qualoop.player.project_stepping import Moment, may_try
from qualoop.player.project_view import Page, Scene, is_of, scene_of
from qualoop.simulators import DecisionForm
from qualoop.simulators.entering import read_decision
from qualoop.simulators.errors import EngineUnavailableError

View: TypeAlias = dict[str, Any]

_DECIDES: Final = frozenset({"run", "save", "open"})


def was_taken(moment: Moment) -> bool:
    """Return whether nothing of a stale action is lost: it had been taken before, or only the view would have changed.

    So it is after a double click, and where a reply got lost and the same was sent again.
    """
    name, graded = moment.action.name, moment.state.graded
    if name == "again":
        return True
    if name == "hand-in":
        return graded is not None and graded.done
    try:
        return name in _DECIDES and _was_played(moment)
    except EngineUnavailableError:
        return False


def _was_played(moment: Moment) -> bool:
    """Return whether the decision in the form is the one that was played in the form's round."""
    try:
        mode, world, sent = moment.mode(), moment.action.field("world"), moment.action.field("round")
    except StaleActionError:
        return False
    run = moment.state.run(mode)
    if run is None or world != str(run.number) or sent not in map(str, range(run.played)):
        return False
    opened, place = moment.opened(mode, run), int(sent)
    plan = opened.engine.plan(opened.world, run.state)
    before = moment.worlds.played(opened, plan[:place]).state
    form = moment.worlds.view(opened, before).form or opened.form
    return read_decision(form, moment.action.form, plan[place]).decision == plan[place]


def stale_view(page: Page) -> View | None:
    """Return what is told of an action that came too late; None where none did.

    ``cause`` says what had happened: `attempt`, `world`, `round` (with its number, from 1) or `else`. ``filled`` says that
    what was typed stands in the fields of the page, ``kept`` is what was typed where there are no such fields.
    """
    refused = page.refused
    if refused is None or not isinstance(refused.error, StaleActionError):
        return None
    scene = _shown_scene(page)
    filled = scene is not None and is_of(scene, refused) and _has_sheet(scene)
    cause, number = _cause(page, refused)
    kept = "" if filled else _kept(refused, scene)
    return {
        "cause": cause,
        "round": number,
        "filled": filled,
        "kept": kept,
        "hands_in": refused.action.name == "hand-in",
    }


def _shown_scene(page: Page) -> Scene | None:
    mode = page.state.at
    run = page.state.run(mode) if mode else None
    if mode is None or run is None or (mode == GRADED and run.done and not run.played):
        return None
    return scene_of(page, mode, run)


def _has_sheet(scene: Scene) -> bool:
    run = scene.run
    return may_try(scene.mode, run, scene.opened) or not (run.is_played or run.done)


def _cause(page: Page, refused: Refused) -> tuple[str, int]:
    if isinstance(refused.error, StaleActionError) and refused.error.of_another:
        return "attempt", 0
    moment = Moment(project=page.project, worlds=page.worlds, state=page.state, action=refused.action)
    try:
        run, world, sent = moment.state.run(moment.mode()), moment.action.field("world"), moment.action.field("round")
    except StaleActionError:
        return "else", 0
    if run is None or world != str(run.number):
        return "world", 0
    return ("round", int(sent) + 1) if sent in map(str, range(run.played)) else ("else", 0)


def _kept(refused: Refused, scene: Scene | None) -> str:
    """Return what was typed as a table that can be copied, and imported where it fits: nothing of a dialogue's picks."""
    sent = refused.action.form
    if refused.action.name == "import":
        return _text(sent.get("csv"))
    if scene is not None and not scene.opened.is_steady:
        return ""
    typed: dict[str, dict[str, str]] = {}
    for name, values in sent.items():
        field, dot, row = name.partition(".")
        if dot and row:
            typed.setdefault(field, {})[row] = _text(values)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for key, fields in _tables(typed, scene.opened.form if scene is not None else None):
        writer.writerow([key, *fields])
        rows = dict.fromkeys(row for field in fields for row in typed[field])
        writer.writerows([row, *(typed[field].get(row, "") for field in fields)] for row in rows)
    return out.getvalue()


def _tables(typed: Mapping[str, Any], form: DecisionForm | None) -> list[tuple[str, Sequence[str]]]:
    """Return what was typed by table: its key, and those of its fields that were sent."""
    if form is None:
        return [("row", list(typed))] if typed else []
    tables = [(table.key, [field.key for field in table.fields if field.key in typed]) for table in form.tables]
    return [(key, fields) for key, fields in tables if fields]


def _text(values: Any) -> str:
    """Return the last text of a field, whatever a block's JSON holds; without NUL, which marks what a host fills in."""
    value = values if isinstance(values, str) else values[-1] if isinstance(values, list | tuple) and values else ""
    return value.replace("\0", "") if isinstance(value, str) else ""
