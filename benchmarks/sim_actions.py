"""What a page action costs on the server, and how large the state of an attempt grows.

Every project that ships is played through the player by its reference policy.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Project
from qualoop.player import Action, State
from qualoop.player.project import PracticeProjectKind
from qualoop.player.project_state import GRADED, ProjectState
from qualoop.player.project_worlds import Worlds
from qualoop.simulators.entering import cell_name, typed_values
from tests.unit.player.hosts import FixedHost

NOW: Final = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
SEED: Final = 2**127 + 11
SETTINGS: Final = LinkSettings()
KIB: Final = 1024

Figures = dict[str, float | None]


def figures(projects: Mapping[str, Project]) -> Figures:
    """Return the slowest action (ms of CPU, step and page) and the largest state (KB), by project and over all."""
    found: Figures = {}
    # As the server does once it has loaded: what other benches left behind is not looked through for garbage.
    gc.collect()
    gc.freeze()
    for key, project in projects.items():
        # Once to warm up, in another world: templates, lexicons, prepared data.
        list(_played(project, SEED + 1))
        measured = list(_played(project, SEED))
        # The first action makes the world, which is then kept.
        found[f"{key}.action_ms"] = max(milliseconds for milliseconds, _ in measured[1:])
        found[f"{key}.state_kb"] = max(size for _, size in measured)
    return found | {
        "action_ms": max(value or 0.0 for key, value in found.items() if key.endswith(".action_ms")),
        "state_kb_max": max(value or 0.0 for key, value in found.items() if key.endswith(".state_kb")),
    }


def _played(project: Project, seed: int) -> Iterator[tuple[float, float]]:
    """Yield what each action of a graded run costs, in ms, and how large the state is after it, in KB."""
    kind, host = PracticeProjectKind(), FixedHost(language="zh-Hans")
    state = kind.initial_state(project, seed)
    while (name := _next(ProjectState.from_json(state))) is not None:
        action = Action(name=name, form=_form(project, state, name))
        start = time.process_time()
        state = kind.step(project, state, action, settings=SETTINGS, now=NOW).state
        kind.render(project, state, host, settings=SETTINGS)
        spent = time.process_time() - start
        size = len(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode())
        yield spent * 1000, size / KIB


def _next(state: ProjectState) -> str | None:
    """Return the action that comes next in a graded run; None after it was handed in."""
    if state.graded is None:
        return "open"
    if state.graded.done:
        return None
    return "hand-in" if state.graded.is_played else "run"


def _form(project: Project, state: State, name: str) -> dict[str, list[str]]:
    """Return the fields of an action's form: the reference's decision for the round at hand."""
    run = ProjectState.from_json(state).graded
    if run is None:
        return {"to": [GRADED]}
    fields = {"mode": [GRADED], "world": [str(run.number)], "round": [str(run.played)]}
    if name == "run":
        opened = Worlds().world(project, state["seed"], GRADED, run.number)
        decision = project.engine.reference(opened.world)[run.played]
        for table, field in opened.form:
            texts = typed_values(field, decision[field.key])
            fields |= {cell_name(field, row.key): [text] for row, text in zip(table.rows, texts, strict=True) if text}
    return fields
