"""What a learner's actions make of an attempt at a practice project.

Every form names the run and the round that it is for, so that a form of another tab, a double click or a page from before
finds that its moment has passed and raises StaleActionError. A refused decision leaves the one before as it stands.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias

from qualoop.content_packages.project import Project
from qualoop.errors import QualoopError
from qualoop.player.actions import Action, Event, Finished, PartScored, RunScored, WorkSubmitted
from qualoop.player.errors import DecisionRefusedError, StaleActionError, UnknownActionError
from qualoop.player.project_refusals import NO_CLASS_WORLD, NO_FORM, TOO_MUCH, EngineFailedError
from qualoop.player.project_state import CLASS_WORLDS, GRADED, PRACTICE, Mode, ProjectState, Run, WhatIf, fits
from qualoop.player.project_worlds import OpenWorld, Verdict, Worlds, whole_plan
from qualoop.simulators import Decision, DecisionForm, FormOutsideBandError, JudgedEngine, Refusal, State
from qualoop.simulators.decisions import packed, unpacked
from qualoop.simulators.entering import Entered, read_decision
from qualoop.simulators.errors import EngineUnavailableError
from qualoop.simulators.run_files import run_digest
from qualoop.simulators.spreadsheet import read_csv
from qualoop.values import Score, find_whole

Outcome: TypeAlias = tuple[ProjectState, tuple[Event, ...]]

_LOG: Final = logging.getLogger(__name__)
_MODES: Final[Mapping[str, Mode]] = {PRACTICE: PRACTICE, GRADED: GRADED}
_MOST_DIGITS: Final = 5
_CLASS_NUMBER: Final = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An attempt at the moment at which an action meets it."""

    project: Project
    worlds: Worlds
    state: ProjectState
    action: Action

    def mode(self, name: str = "mode") -> Mode:
        """Return the mode in a field."""
        mode = _MODES.get(self.action.field(name))
        if mode is None:
            raise StaleActionError
        return mode

    def asked(self) -> Asked:
        """Return the run that the form is of, where it stands as the form's page showed it."""
        mode = self.mode()
        run = self.state.run(mode)
        if (
            run is None
            or self.action.field("world") != str(run.number)
            or self.action.field("round") != str(run.played)
        ):
            raise StaleActionError
        return Asked(moment=self, mode=mode, run=run, opened=self.opened(mode, run))

    def opened(self, mode: Mode, run: Run) -> OpenWorld:
        """Return the world of a run."""
        return self.worlds.world(self.project, self.state.seed, mode, run.number, shocks=run.shocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A run that an action is about."""

    moment: Moment
    mode: Mode
    run: Run
    opened: OpenWorld

    def with_run(self, run: Run) -> ProjectState:
        """Return the attempt with the run changed; raise DecisionRefusedError where it would be too large to keep."""
        after = self.moment.state.with_run(self.mode, run)
        if not fits(after.as_json()):
            raise DecisionRefusedError([TOO_MUCH])
        return after

    def form(self) -> DecisionForm:
        """Return what can be decided now."""
        return offered_form(self.moment.worlds, self.opened, self.run)

    def standing(self) -> Decision:
        """Return what stands in the fields: the draft, else what the engine offers, else what was decided last."""
        return standing_decision(self.moment.worlds, self.opened, self.run)

    def entered(self) -> Decision:
        """Return the decision in the form; raise DecisionRefusedError with everything that is wrong with it."""
        return self.checked(read_decision(self.form(), self.moment.action.form, self.standing()), self.run.state)

    def checked(self, found: Entered, state: State) -> Decision:
        """Return a decision that the engine takes in a state too; raise DecisionRefusedError."""
        if found.decision is None:
            raise DecisionRefusedError(found.problems, found.typed)
        problems = self.opened.engine.check(self.opened.world, state, found.decision)
        if problems:
            raise DecisionRefusedError(problems, found.typed)
        return found.decision


def offered_form(worlds: Worlds, opened: OpenWorld, run: Run) -> DecisionForm:
    """Return what can be decided where a run stands, and after its end everything."""
    return worlds.view(opened, run.state).form or opened.form


def standing_decision(worlds: Worlds, opened: OpenWorld, run: Run) -> Decision:
    """Return what stands in a run's fields before anything is typed."""
    if run.draft is not None:
        return unpacked(run.draft, opened.form)
    view = worlds.view(opened, run.state)
    if view.standing:
        return view.standing
    plan = opened.engine.plan(opened.world, run.state)
    return plan[-1] if plan else opened.form.defaults()


def stepped(moment: Moment, then: Callable[[Outcome], Outcome]) -> Outcome:
    """Return the attempt after the moment's action and what happened, as ``then`` completes it."""
    handler = _HANDLERS.get(moment.action.name)
    if handler is None:
        raise UnknownActionError(f"a practice project has no action {moment.action.name!r}")
    try:
        return guarded(moment, lambda: then(handler(moment)))
    except EngineUnavailableError as error:
        _LOG.warning("the engine %s: %s", moment.project.engine.name, error)
        raise DecisionRefusedError([Refusal(code=error.code, text=error.notice)]) from error


def _open(moment: Moment) -> Outcome:
    """Show a mode, whose world is made where there is none yet; what was typed on the page before is kept where it can be."""
    mode = moment.mode("to")
    moment = replace(moment, state=_kept_draft(moment))
    state = moment.state
    if state.run(mode) is not None:
        return replace(state, at=mode), ()
    try:
        number = state.worlds + 1 if mode == PRACTICE else moment.worlds.fit_number(moment.project, state.seed)
    except FormOutsideBandError as error:
        _LOG.exception("no graded form of %s", moment.project.key)
        raise DecisionRefusedError([NO_FORM]) from error
    return _begun(moment, mode, number), ()


def _kept_draft(moment: Moment) -> ProjectState:
    if "mode" not in moment.action.form:
        # Nothing was typed on that page.
        return moment.state
    asked = moment.asked()
    found = read_decision(asked.form(), moment.action.form, asked.standing())
    if asked.run.is_played or found.decision is None:
        return moment.state
    after = moment.state.with_run(asked.mode, replace(asked.run, draft=packed(found.decision, asked.opened.form)))
    return after if fits(after.as_json()) else moment.state


def _begun(moment: Moment, mode: Mode, number: int) -> ProjectState:
    opened = moment.worlds.world(moment.project, moment.state.seed, mode, number)
    state = opened.engine.initial(opened.world)
    # What plans are measured against takes as long as a round: better now than with the last one.
    moment.worlds.standard(opened)
    own = mode == PRACTICE and number < CLASS_WORLDS
    after = replace(moment.state, worlds=number) if own else moment.state
    return after.with_run(mode, Run(number=number, state=state, rounds=opened.rounds))


def _save(moment: Moment) -> Outcome:
    asked = _undecided(moment)
    return asked.with_run(replace(asked.run, draft=packed(asked.entered(), asked.opened.form))), ()


def _import(moment: Moment) -> Outcome:
    """Put a spreadsheet's table into the fields; nothing is played."""
    asked = _undecided(moment)
    standing = asked.standing()
    form = asked.form()
    typed = read_decision(form, moment.action.form, standing).typed
    found = read_csv(form, moment.action.field("csv"), standing, typed)
    decision = asked.checked(found, asked.run.state)
    return asked.with_run(replace(asked.run, draft=packed(decision, asked.opened.form))), ()


def _undecided(moment: Moment) -> Asked:
    """Return the run that the form is of, where a round is still to be decided."""
    asked = moment.asked()
    if asked.run.is_played or asked.run.done:
        raise StaleActionError
    return asked


def _play(moment: Moment) -> Outcome:
    asked = _undecided(moment)
    decision = asked.entered()
    return _played_on(asked, decision)


def _played_on(asked: Asked, decision: Decision) -> Outcome:
    run = after_round(asked, decision)
    if asked.mode == GRADED:
        plan = whole_plan(asked.opened, asked.opened.engine.plan(asked.opened.world, run.state))
        return asked.with_run(replace(run, score=asked.moment.worlds.score(asked.opened, plan))), ()
    if not run.is_played:
        return asked.with_run(run), ()
    run, event = _scored(replace(asked, run=run))
    return asked.with_run(run), (event,)


def after_round(asked: Asked, decision: Decision) -> Run:
    """Return a run after one more round."""
    opened, run, worlds = asked.opened, asked.run, asked.moment.worlds
    after = worlds.played(opened, [*opened.engine.plan(opened.world, run.state), decision])
    played = run.played + 1
    # Some worlds are over before their last round: nobody is left to be served.
    is_over = worlds.view(opened, after.state).form is None
    rounds = played if is_over else run.rounds
    return replace(run, state=after.state, played=played, rounds=rounds, draft=None, what_if=None)


def guarded(moment: Moment, step: Callable[[], Outcome]) -> Outcome:
    """Return what a step makes; raise EngineFailedError where the engine fails: then the attempt stays as it is."""
    try:
        return step()
    except QualoopError:
        raise
    except Exception as error:
        _LOG.exception("the engine %s failed in %s", moment.project.engine.name, moment.project.key)
        raise EngineFailedError(f"the engine {moment.project.engine.name} failed") from error


def _scored(asked: Asked) -> tuple[Run, RunScored]:
    """Return a run whose rounds were all played with its scores, and the event that says so."""
    opened, run = asked.opened, asked.run
    plan = opened.engine.plan(opened.world, run.state)
    verdict = asked.moment.worlds.verdict(opened, plan)
    parts = _part_scores(asked, verdict)
    digest = run_digest(opened.key.commitment, [packed(decision, opened.form) for decision in plan])
    number = run.number if run.class_world is None else 1
    event = RunScored(mode=asked.mode, number=number, parts=parts, digest=digest)
    scores = {part.part: part.score for part in parts}
    return replace(run, done=True, score=verdict.score, parts=scores, draft=None), event


def _part_scores(asked: Asked, verdict: Verdict) -> tuple[PartScored, ...]:
    project = asked.moment.project
    named = {part.key for part in project.parts}
    return tuple(
        PartScored(
            part=part.part,
            score=Score(Decimal(f"{part.score:.6f}")),
            components=len(verdict.parts),
            reliability=project.reliability if asked.mode == GRADED else None,
            critical=part.critical is not None,
        )
        for part in verdict.parts
        if part.part in named
    )


def _what_if(moment: Moment) -> Outcome:
    """Try another decision in a round that was played, on the same luck; the log stays as it is."""
    asked = moment.asked()
    tried = find_whole(moment.action.field("instead"), _MOST_DIGITS)
    if tried is None or not 1 <= tried <= asked.run.played:
        raise StaleActionError
    if not may_try(asked.mode, asked.run, asked.opened):
        raise StaleActionError
    return _tried(asked, tried - 1)


def _tried(asked: Asked, place: int) -> Outcome:
    worlds, opened, run = asked.moment.worlds, asked.opened, asked.run
    plan = opened.engine.plan(opened.world, run.state)[:place]
    found = read_decision(opened.form, asked.moment.action.form, asked.standing())
    decision = asked.checked(found, worlds.played(opened, plan).state)
    worlds.played(opened, [*plan, decision])
    small = packed(decision, opened.form)
    draft = run.draft if run.is_played else small
    return asked.with_run(replace(run, draft=draft, what_if=WhatIf(round=place, decision=small))), ()


def may_try(mode: Mode, run: Run, opened: OpenWorld) -> bool:
    """Return whether another decision may be tried in rounds that were played: in graded ones when nothing depends on it."""
    return opened.is_steady and run.played > 0 and (mode == PRACTICE or run.done)


def _again(moment: Moment) -> Outcome:
    """Go on to another world of practice, whatever became of the one before."""
    run = moment.state.practice
    if run is None or moment.action.field("world") != str(run.number):
        raise StaleActionError
    return _begun(moment, PRACTICE, moment.state.worlds + 1), ()


def _join(moment: Moment) -> Outcome:
    """Practise in the world that a class shares by a number: a teacher shows it, and everybody has the same one."""
    text = moment.action.field("number").strip()
    if not _CLASS_NUMBER.fullmatch(text):
        raise DecisionRefusedError([NO_CLASS_WORLD])
    return _begun(moment, PRACTICE, CLASS_WORLDS + int(text)), ()


def _hand_in(moment: Moment) -> Outcome:
    asked = moment.asked()
    if asked.mode != GRADED or asked.run.done or not asked.run.is_played:
        raise StaleActionError
    return _handed_over(asked)


def _handed_over(asked: Asked) -> Outcome:
    run, event = _scored(asked)
    return asked.with_run(run), (event, *_work(asked), Finished(score=run.score))


def _work(asked: Asked) -> tuple[WorkSubmitted, ...]:
    """Return what people are to judge of a graded run that is handed in."""
    opened = asked.opened
    if asked.moment.project.rubric is None or not isinstance(opened.engine, JudgedEngine):
        return ()
    plan = opened.engine.plan(opened.world, asked.run.state)
    return (WorkSubmitted(text=opened.engine.work(opened.world, plan)),)


def handed_in(moment: Moment) -> Outcome:
    """Return the attempt handed in as it stands, because its time is over.

    Rounds that were not played go on as decided last; who has played none scores 0. Raises StaleActionError where it was
    handed in before.
    """
    run = moment.state.graded
    if run is not None and run.done:
        raise StaleActionError
    if run is None or not run.played:
        empty = Run(number=0, state={}, rounds=1) if run is None else run
        return moment.state.with_run(GRADED, replace(empty, done=True)), (Finished(score=Score(0)),)
    asked = Asked(moment=moment, mode=GRADED, run=run, opened=moment.opened(GRADED, run))
    last = asked.opened.engine.plan(asked.opened.world, run.state)[-1]
    while asked.opened.is_steady and not asked.run.is_played:
        asked = replace(asked, run=after_round(asked, last))
    run, event = _scored(asked)
    return moment.state.with_run(GRADED, run), (event, *_work(asked), Finished(score=run.score))


_HANDLERS: Final[Mapping[str, Callable[[Moment], Outcome]]] = {
    "open": _open,
    "save": _save,
    "import": _import,
    "run": _play,
    "what-if": _what_if,
    "again": _again,
    "join": _join,
    "hand-in": _hand_in,
}
