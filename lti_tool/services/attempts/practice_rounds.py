"""Rounds of graded runs that a teacher opens: what holds for a link, and what it makes of a learner's action.

Rounds open and close from the first on. In one that closed before it was played, what is played is decided by
`qualoop.player.project_closing`. What happens in a market from a round on (a shock) is
taken into a run before that round is played; it can only begin in a round that is closed and that nobody has played, so
that all decide knowing the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, select

from lti_tool.db import moment
from lti_tool.models import PracticeRounds
from lti_tool.services.content.contents import OpenContent
from qualoop.assessment import AttemptRefusedError
from qualoop.content_packages import Project
from qualoop.player import Action, State
from qualoop.player.project_closing import ClosesRounds
from qualoop.player.project_state import GRADED, ProjectState, Shock
from qualoop.simulators import PlansEvents, TakesShocks, WorldKey, get_engine

_PLAY: Final = "run"
_KEEP: Final = "save"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a teacher decided about the graded runs of a link; see `lti_tool.models.PracticeRounds`."""

    by_teacher: bool = False
    opened: int = 0
    dates: tuple[datetime | None, ...] = ()
    closes: tuple[datetime | None, ...] = ()
    shocks: tuple[Shock, ...] = ()
    shows_class: bool = True
    version: int = 0

    def open_rounds(self, now: datetime) -> int | None:
        """Return how many rounds may be played, from the first; None where nobody holds them back."""
        if not self.by_teacher:
            return None
        dated = [number for number, at in enumerate(self.dates, 1) if at is not None and at <= now]
        return max([self.opened, *dated])

    def closed_rounds(self, now: datetime) -> int:
        """Return how many rounds are over, from the first."""
        if not self.by_teacher:
            return 0
        return max((number for number, at in enumerate(self.closes, 1) if at is not None and at <= now), default=0)

    def ends(self, number: int) -> datetime | None:
        """Return when a round (from 1) closes by itself, with those before it; None where it does not."""
        found = [at for at in self.closes[number - 1 :] if at is not None] if self.by_teacher else []
        return min(found) if found else None

    def opens(self, number: int) -> datetime | None:
        """Return when a round (from 1) opens by itself, with those before it; None where only by hand."""
        found = [at for at in self.dates[number - 1 :] if at is not None]
        return min(found) if found else None

    def taken(self, opened: OpenContent, state: State, now: datetime) -> State:
        """Return an attempt with what happens in rounds that it has not played yet, and those that closed played."""
        state, kind = self._shocked(state), opened.kind
        if not any(self.closes) or not isinstance(kind, ClosesRounds):
            return state
        return kind.with_closed(opened.content, state, self.closed_rounds(now))

    def _shocked(self, state: State) -> State:
        run = ProjectState.from_json(state).graded if self.shocks else None
        if run is None or run.done:
            return state
        new = [shock for shock in self.shocks if shock.round > run.played and shock not in run.shocks]
        if not new:
            return state
        attempt = ProjectState.from_json(state)
        return replace(attempt, graded=replace(run, shocks=(*run.shocks, *new))).as_json()

    def met(self, opened: OpenContent, state: State, action: Action, now: datetime) -> tuple[State, Action]:
        """Return an attempt as an action meets it, and the action as it may be done now.

        Who plays a round that is not open yet keeps the decision as a draft; raises RoundClosedError where it is over,
        DecisionRefusedError where a graded run would begin after the last.
        """
        state = self.taken(opened, state, now)
        if (closed := self.closed_rounds(now)) and isinstance(opened.kind, ClosesRounds):
            opened.kind.check_in_time(opened.content, state, action, closed)
        return state, self._allowed(state, action, now)

    def check_begin(self, opened: OpenContent, now: datetime) -> None:
        """Raise AttemptRefusedError where all rounds are over: another attempt could only be lost."""
        closed = self.closed_rounds(now)
        if closed and closed >= rounds_of(opened.content):
            raise AttemptRefusedError

    def _allowed(self, state: State, action: Action, now: datetime) -> Action:
        most = self.open_rounds(now)
        if most is None or action.name != _PLAY or action.form.get("mode") not in (GRADED, [GRADED], (GRADED,)):
            return action
        run = ProjectState.from_json(state).graded
        return replace(action, name=_KEEP) if run is not None and run.played >= most else action


FREE: Final = Pace()
"""Nothing is held back."""


def find_pace(connection: Connection, organisation_id: int, link_id: int, *, waits: bool = False) -> Pace:
    """Return what holds at a link. With ``waits``, a teacher who changes it just now has finished before, or comes after."""
    query = select(
        PracticeRounds.by_teacher,
        PracticeRounds.opened,
        PracticeRounds.dates,
        PracticeRounds.closes,
        PracticeRounds.shocks,
        PracticeRounds.shows_class,
        PracticeRounds.version,
    ).where(PracticeRounds.organisation_id == organisation_id, PracticeRounds.resource_link_id == link_id)
    row = connection.execute(query.with_for_update(read=True) if waits else query).first()
    return FREE if row is None else pace_of(row)


def pace_of(row: Any) -> Pace:
    """Return what a row of `PracticeRounds` says."""
    return Pace(
        by_teacher=row.by_teacher,
        opened=row.opened,
        dates=tuple(None if at is None else moment(at) for at in row.dates),
        closes=tuple(None if at is None else moment(at) for at in row.closes),
        shocks=tuple(Shock(round=each["round"], kind=each["kind"]) for each in row.shocks),
        shows_class=row.shows_class,
        version=row.version,
    )


def pace_for(connection: Connection, content: Any, organisation_id: int, link_id: int, *, waits: bool = False) -> Pace:
    """Return what holds at a link with this content; of a lesson nothing is asked."""
    if not isinstance(content, Project):
        return FREE
    return find_pace(connection, organisation_id, link_id, waits=waits)


def kinds_of(project: Project) -> Sequence[str]:
    """Return what a teacher may let happen in the worlds of a project, in the engine's words."""
    return tuple(project.engine.shocks) if isinstance(project.engine, TakesShocks) else ()


def brought_by(project: Project, language: str) -> dict[int, list[str]]:
    """Return what happens by the project's own file, in words, by round from 1."""
    events = project.engine.events(project.spec) if isinstance(project.engine, PlansEvents) else ()
    brought: dict[int, list[str]] = {}
    for number, said in events:
        brought.setdefault(number, []).append(said[language])
    return brought


def rounds_of(project: Project) -> int:
    """Return how many rounds a run of a project has; where worlds differ, that of one of them."""
    return _rounds(project.engine.name, project.spec.model_dump_json())


def can_close(project: Project) -> bool:
    """Say whether rounds of a project can close by a date: not where they are turns, and not where people judge a text."""
    return project.rubric is None and _is_steady(project.engine.name, project.spec.model_dump_json())


@lru_cache(maxsize=64)
def _is_steady(engine_name: str, spec: str) -> bool:
    """Say whether the same is decided in every round, so that a decision of one serves the next."""
    engine, key = get_engine(engine_name), WorldKey.of_seed(0)
    world = engine.world(engine.spec_model.model_validate_json(spec), key)
    return engine.view(world, engine.initial(world), key).form == engine.form(world)


@lru_cache(maxsize=64)
def _rounds(engine_name: str, spec: str) -> int:
    engine = get_engine(engine_name)
    return engine.rounds(engine.world(engine.spec_model.model_validate_json(spec), WorldKey.of_seed(0)))
