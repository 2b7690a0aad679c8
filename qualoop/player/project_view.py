"""The one place where it is decided what of a practice project may reach a browser.

An engine's `view` and what its rounds brought are facts for everybody. Expected values, losses and the world's key say what was
hidden: they come only after a run is over, of the graded one as the link's settings allow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from qualoop.assessment import LinkSettings
from qualoop.assessment.settings import Shown
from qualoop.content_packages.project import Project
from qualoop.player.errors import DecisionRefusedError, RoundClosedError, StaleActionError
from qualoop.player.host import Host, MarkedWork, Refused, WorkShown
from qualoop.player.item_view import percent, tenths
from qualoop.player.project_class import closed_rounds, tenth_of, with_class
from qualoop.player.project_debrief import debrief_view, lessons_view, rounds_view, what_if_view
from qualoop.player.project_panels import panel_views
from qualoop.player.project_sheet import Sheet, sheet_view
from qualoop.player.project_state import GRADED, PRACTICE, Mode, ProjectState, Run
from qualoop.player.project_stepping import may_try, offered_form, standing_decision
from qualoop.player.project_worlds import OpenWorld, Worlds
from qualoop.simulators import Plan, TakesShocks, Talk
from qualoop.simulators.decisions import unpacked
from qualoop.simulators.entering import read_decision

View: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """What may be seen of a run that is over."""

    scores: bool
    debrief: bool


def closed_shows(settings: LinkSettings, run: Run) -> Shows:
    """Return what the settings show of a graded run; nothing before it was handed in."""
    return Shows(
        scores=run.done and _shown(settings.show_score),
        debrief=run.done and _shown(settings.show_feedback),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An attempt that is shown to somebody; ``closed`` shows it as if it were handed in.

    ``is_other_engine`` says that the graded run was scored by another version of the engine than the one here.
    """

    project: Project
    worlds: Worlds
    state: ProjectState
    host: Host
    settings: LinkSettings
    refused: Refused | None = None
    closed: bool = False
    is_other_engine: bool = False

    @property
    def language(self) -> str:
        """Return the language that the project is shown in."""
        return self.project.shown_language(self.host.language)

    def shows(self, mode: Mode, run: Run) -> Shows:
        """Return what may be seen of a run: of practice everything, once it is over."""
        over = run.done or (self.closed and run.is_played)
        if mode == PRACTICE:
            return Shows(scores=over, debrief=over)
        return closed_shows(self.settings, replace(run, done=over))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The run of a page, its world, and what was decided in it so far."""

    page: Page
    mode: Mode
    run: Run
    opened: OpenWorld
    plan: Plan


def project_view(page: Page) -> View:
    """Return everything that the page of an attempt may show, but for what only the host knows."""
    project, language, state = page.project, page.language, page.state
    run = state.run(state.at) if state.at else None
    return {
        "content_language": language,
        "title": project.title[language],
        "summary": project.summary[language],
        "minutes": project.minutes,
        "mode": project.mode,
        "judged": project.rubric is not None,
        "knowledge_points": list(project.knowledge_points),
        "brief": project.brief.get(language, ""),
        "lessons": lessons_view(project, page.host),
        "at": state.at,
        "modes": {mode: _mode_view(page, mode) for mode in (PRACTICE, GRADED)},
        "attempts": {"graded": project.attempts.graded, "keep": project.attempts.keep},
        "finished": state.handed_in,
        "run": _run_view(page, state.at, run) if state.at and run is not None else None,
        "refused": _refusals(page),
        "sources": [dict(source) for source in project.sources],
        "authors": list(project.authors),
        "licence": project.licence,
    }


def review_view(page: Page) -> View:
    """Return the graded run as it was decided, for somebody who looks at it."""
    page = replace(page, closed=True)
    run = page.state.graded
    view: View = {"content_language": page.language, "run": None}
    if run is None or not run.played:
        return view
    scene = scene_of(page, GRADED, run)
    return view | {"run": _head(scene) | _over(scene) | {"replay": _replay(scene)}}


def _shown(when: Shown) -> bool:
    """Return whether what has this rule may be seen once all is over. What waits for a date waits: hosts resolve dates."""
    return when in {"after_item", "after_submit"}


def _mode_view(page: Page, mode: Mode) -> View:
    run = page.state.run(mode)
    if run is None:
        return {"begun": False}
    return {
        "begun": True,
        "number": run.number,
        "played": run.played,
        "rounds": run.rounds,
        "done": run.done,
        "points": percent(run.score) if page.shows(mode, run).scores and not _is_marked(page, mode) else None,
    }


def _is_marked(page: Page, mode: Mode) -> bool:
    """Return whether the score of a run is what people say of it, which the host knows and the player does not."""
    return mode == GRADED and page.project.rubric is not None


def scene_of(page: Page, mode: Mode, run: Run) -> Scene:
    """Return a run of a page in its world."""
    opened = page.worlds.world(page.project, page.state.seed, mode, run.number, shocks=run.shocks)
    return Scene(page=page, mode=mode, run=run, opened=opened, plan=opened.engine.plan(opened.world, run.state))


def _run_view(page: Page, mode: Mode, run: Run) -> View:
    if mode == GRADED and run.done and not run.played:
        # Its time was over before a round was played; perhaps no world was ever made.
        return {"mode": mode, "unplayed": True, "done": True, "points": _points(page, run), "shocks": [], "missed": []}
    scene = scene_of(page, mode, run)
    view = _head(scene) | {"what_if": _what_if(scene)}
    view["sheet"] = _sheet(scene) if may_try(mode, run, scene.opened) or not (run.is_played or run.done) else None
    if run.done:
        view |= {"result": None, "known": [], "rules": [], "talks": {}}
    else:
        beside = _beside_tables(scene)
        known = _known(scene, beside)
        # What is to be looked up while several people wait stands beside them, not above.
        rules = [panel for panel in known if beside and panel["type"] == "prose"]
        known = [panel for panel in known if panel not in rules]
        view |= {"result": _result(scene), "known": known, "rules": rules, "talks": _talks(scene, beside)}
    return view | _over(scene) | {"replay": _replay(scene) if run.done else []}


def _head(scene: Scene) -> View:
    run, opened = scene.run, scene.opened
    return {
        "unplayed": False,
        "mode": scene.mode,
        "number": run.number,
        "class_world": run.class_world,
        "played": run.played,
        "rounds": run.rounds,
        "is_played": run.is_played,
        "done": run.done,
        "is_steady": opened.is_steady,
        "commitment": opened.key.commitment,
        "shocks": _shocks(scene),
        "missed": [{"round": each.round, "instead": each.instead.value} for each in run.missed],
        "points": _points(scene.page, run) if scene.mode == GRADED else None,
        "percent": percent(run.score) if _tells_score(scene) else None,
        "tenth": tenth_of(run.score) if _tells_score(scene) else None,
    }


def _tells_score(scene: Scene) -> bool:
    """Return whether the score of the run may be seen, and is the player's to tell."""
    return scene.page.shows(scene.mode, scene.run).scores and not _is_marked(scene.page, scene.mode)


def _shocks(scene: Scene) -> list[View]:
    """Return what a teacher lets happen in the run, announced as soon as it is known."""
    engine, language = scene.opened.engine, scene.page.language
    if not isinstance(engine, TakesShocks):
        return []
    return [{"round": each.round, "text": engine.shocks[each.kind][language]} for each in scene.run.shocks]


def _points(page: Page, run: Run) -> View | None:
    if not page.shows(GRADED, run).scores or _is_marked(page, GRADED):
        return None
    maximum = page.settings.score_maximum
    return {"points": tenths(run.score * maximum), "maximum": maximum}


def _over(scene: Scene) -> View:
    """Return what is told when a run is over: the debrief, and the key with which anybody can make its world again."""
    page, run = scene.page, scene.run
    shows = page.shows(scene.mode, run)
    if not shows.debrief:
        return {"debrief": None, "key": None, "is_other_engine": False}
    verdict = page.worlds.verdict(scene.opened, scene.plan)
    recorded = run.parts if run.done else {}
    return {
        "debrief": debrief_view(page.project, verdict, recorded, page.host, shows_scores=shows.scores),
        "key": scene.opened.key.as_text(),
        "is_other_engine": page.is_other_engine and scene.mode == GRADED,
    }


def _result(scene: Scene) -> View | None:
    if not scene.plan:
        return None
    happened = scene.page.worlds.played(scene.opened, scene.plan).happened[-1]
    return {"round": len(scene.plan), "panels": panel_views(happened.panels, scene.page.language, "now")}


def _beside_tables(scene: Scene) -> dict[str, int]:
    """Return the places of the tables by which a conversation stands that has the table's key."""
    shown = scene.page.worlds.view(scene.opened, scene.run.state)
    talks = {panel.key for panel in shown.panels if isinstance(panel, Talk)}
    tables = shown.form.tables if shown.form is not None and not scene.run.is_played else ()
    return {table.key: place for place, table in enumerate(tables) if table.key in talks}


def _talks(scene: Scene, beside: Mapping[str, int]) -> dict[int, View]:
    """Return the conversations that stand by a table, by its place."""
    panels = scene.page.worlds.view(scene.opened, scene.run.state).panels
    own = [panel for panel in panels if panel.key in beside]
    return {
        beside[panel.key]: view for panel, view in zip(own, panel_views(own, scene.page.language, "talk"), strict=True)
    }


def _known(scene: Scene, beside: Collection[str]) -> list[View]:
    """Return what the engine shows before the next round, but for what stands elsewhere on the page.

    That is what the last round's result shows already, and what is ``beside`` a table.
    """
    opened = scene.opened
    panels = scene.page.worlds.view(opened, scene.run.state).panels
    shown = set(beside)
    if scene.plan:
        shown |= {panel.key for panel in scene.page.worlds.played(opened, scene.plan).happened[-1].panels}
    return panel_views([panel for panel in panels if panel.key not in shown], scene.page.language, "known")


def _replay(scene: Scene) -> list[View]:
    return rounds_view(scene.page.worlds, scene.opened, scene.plan, scene.page.language)


def _what_if(scene: Scene) -> View | None:
    tried, opened, worlds = scene.run.what_if, scene.opened, scene.page.worlds
    if tried is None or tried.round >= len(scene.plan):
        return None
    other = [*scene.plan[: tried.round], unpacked(tried.decision, opened.form)]
    return what_if_view(
        worlds.played(opened, scene.plan).happened[tried.round],
        worlds.played(opened, other).happened[tried.round],
        tried.round + 1,
        scene.page.language,
    )


def _sheet(scene: Scene) -> View:
    """Return the fields: for the next round, or after the last one for trying what would have been."""
    run, opened = scene.run, scene.opened
    standing = unpacked(run.what_if.decision, opened.form) if run.done and run.what_if else None
    sheet = Sheet(
        form=offered_form(scene.page.worlds, opened, run),
        standing=standing or standing_decision(scene.page.worlds, opened, run),
    )
    view = sheet_view(_typed(scene, sheet), scene.page.language)
    tried = run.what_if.round + 1 if run.what_if else run.played
    return view | {
        "pasted": _pasted(scene),
        "draft": run.draft is not None,
        "tries": list(range(1, run.played + 1)) if may_try(scene.mode, run, opened) else [],
        "tried": tried,
    }


def _typed(scene: Scene, sheet: Sheet) -> Sheet:
    """Return a sheet with what was just refused in it, where that was typed into this run's page."""
    refused = scene.page.refused
    if refused is None or not is_of(scene, refused):
        return sheet
    if isinstance(refused.error, StaleActionError):
        return replace(sheet, typed=read_decision(sheet.form, refused.action.form, sheet.standing).typed)
    if not isinstance(refused.error, DecisionRefusedError):
        return sheet
    typed = refused.error.typed
    if typed is None:
        typed = read_decision(sheet.form, refused.action.form, sheet.standing).typed
    # That a round has closed stands above the run: there may be no fields any more.
    problems = () if isinstance(refused.error, RoundClosedError) else refused.error.problems
    return replace(sheet, typed=typed, problems=problems)


def _pasted(scene: Scene) -> str:
    """Return the table that was refused, so that it can be mended; without NUL, which marks what a host fills in."""
    refused = scene.page.refused
    if refused is None or refused.action.name != "import" or not is_of(scene, refused):
        return ""
    sent = refused.action.form.get("csv", ())
    text = sent if isinstance(sent, str) else next(iter(sent), "")
    return text.replace("\0", "") if isinstance(text, str) else ""


def is_of(scene: Scene, refused: Refused) -> bool:
    """Return whether what was refused was typed into fields that the page of this run still has."""
    sent = refused.action.form
    own = {"mode": scene.mode, "world": str(scene.run.number)}
    if isinstance(refused.error, StaleActionError):
        # What was picked for another moment of a dialogue is no answer to this one.
        if refused.error.of_another or refused.action.name == "open" or not scene.opened.is_steady:
            return False
    elif not isinstance(refused.error, RoundClosedError):
        own["round"] = str(scene.run.played)
    return all(value in sent.get(name, ()) for name, value in own.items())


def _refusals(page: Page) -> list[str]:
    """Return what is refused and has no sheet to stand in."""
    if page.refused is None:
        return []
    error = page.refused.error
    if page.refused.action.name != "open" and not isinstance(error, RoundClosedError):
        return []
    return [each.text[page.language] for each in error.problems] if isinstance(error, DecisionRefusedError) else []


def hosted(view: View, host: Host) -> View:
    """Return a view with what only the host knows."""
    outcome = {
        "outlook": None if host.outlook is None else [asdict(point) for point in host.outlook],
        "next": asdict(host.next_activity) if host.next_activity else None,
        "can_restart": host.can_restart,
        "work_url": host.work_url if view["judged"] and isinstance(host, MarkedWork) else None,
    }
    return view | {
        "language": host.language,
        "run": with_class(view["run"], host),
        "closed_rounds": closed_rounds(host),
        "knowledge_points": [
            {"code": code, "title": host.knowledge_point_title(code)} for code in view["knowledge_points"]
        ],
        "outcome": outcome if view["finished"] else None,
        "work_panel": host.work_panel if view["judged"] and isinstance(host, WorkShown) else "",
        "remarks": [asdict(remark) for remark in host.remarks],
    }
