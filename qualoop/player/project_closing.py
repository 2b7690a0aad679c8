"""Rounds of a graded run that close by a date: what is played in them for who did not, and what comes too late.

A round that closed is played with the decision that was saved for it, else with that of the round before; where nothing
had been decided yet, with the naive policy's, with which a score begins. All of it follows from the attempt and from how
many rounds are closed, so it may be worked out whenever somebody looks.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Final, Protocol, runtime_checkable

from qualoop.errors import QualoopError
from qualoop.player.actions import Action, State
from qualoop.player.errors import DecisionRefusedError, RoundClosedError
from qualoop.player.project_state import GRADED, Instead, Missed, ProjectState, Run
from qualoop.player.project_stepping import Asked, Moment, after_round, guarded
from qualoop.player.project_worlds import whole_plan
from qualoop.simulators import BaselineKind, Decision, Refusal
from qualoop.simulators.decisions import packed, unpacked
from qualoop.values import ZERO, Text

_LOG: Final = logging.getLogger(__name__)
_DECIDES: Final = frozenset({"run", "save", "import"})


@runtime_checkable
class ClosesRounds(Protocol):
    """What an activity kind can besides, whose rounds a host may close."""

    def with_closed(self, content: Any, state: State, closed: int, /) -> State:
        """Return an attempt whose first ``closed`` graded rounds are closed, with what is played in them."""

    def check_in_time(self, content: Any, state: State, action: Action, closed: int, /) -> None:
        """Raise RoundClosedError for a decision of a closed round, DecisionRefusedError where none is open any more."""


def with_closed(moment: Moment, closed: int) -> ProjectState:
    """Return the moment's attempt with its first ``closed`` rounds closed.

    A round that was so played and is open again is taken back, if nothing was played after it. Where the engine fails, the
    attempt stays as it is.
    """
    state, run = moment.state, moment.state.graded
    if run is None or run.done or not (run.played < min(closed, run.rounds) or _is_reopened(run, closed)):
        return state
    opened = moment.opened(GRADED, run)
    asked = Asked(moment=moment, mode=GRADED, run=run, opened=opened)
    if not opened.is_steady:
        return state
    try:
        return guarded(moment, lambda: (replace(state, graded=_settled(asked, closed)), ()))[0]
    except QualoopError as error:
        _LOG.warning("closed rounds of %s could not be played: %s", moment.project.key, error)
        return state


def _settled(asked: Asked, closed: int) -> Run:
    opened = asked.opened
    while _is_reopened(asked.run, closed):
        asked = replace(asked, run=_taken_back(asked))
    while asked.run.played < min(closed, asked.run.rounds):
        asked = replace(asked, run=_played(asked))
    plan = opened.engine.plan(opened.world, asked.run.state)
    score = asked.moment.worlds.score(opened, whole_plan(opened, plan)) if plan else ZERO
    return replace(asked.run, score=score)


def _is_reopened(run: Run, closed: int) -> bool:
    return bool(run.missed) and run.missed[-1].round == run.played > closed


def _taken_back(asked: Asked) -> Run:
    run, opened = asked.run, asked.opened
    plan = opened.engine.plan(opened.world, run.state)
    saved = packed(plan[-1], opened.form) if run.missed[-1].instead is Instead.DRAFT else None
    return replace(
        run,
        state=asked.moment.worlds.played(opened, plan[:-1]).state,
        played=run.played - 1,
        rounds=opened.rounds,
        missed=run.missed[:-1],
        draft=run.draft or saved,
    )


def _played(asked: Asked) -> Run:
    """Return the run after its next round, which closed."""
    instead, decision = _stand_in(asked)
    missed = Missed(round=asked.run.played + 1, instead=instead)
    return replace(after_round(asked, decision), missed=(*asked.run.missed, missed))


def _stand_in(asked: Asked) -> tuple[Instead, Decision]:
    """Return what is played for who did not, and what it is: the first of these that the engine takes."""
    run, engine, world = asked.run, asked.opened.engine, asked.opened.world
    found: list[tuple[Instead, Decision]] = []
    if run.draft is not None:
        found.append((Instead.DRAFT, unpacked(run.draft, asked.opened.form)))
    last = run.missed[-1] if run.missed and run.missed[-1].round == run.played else None
    if run.played and (last is None or last.instead is not Instead.NAIVE):
        found.append((Instead.BEFORE, engine.plan(world, run.state)[-1]))
    fits = [each for each in found if not engine.check(world, run.state, each[1])]
    if fits:
        return fits[0]
    naive = engine.baseline(world, BaselineKind.NAIVE) or ()
    return Instead.NAIVE, naive[run.played]


def check_in_time(moment: Moment, closed: int) -> None:
    """Raise RoundClosedError where the action decides about a round that has closed.

    Raises DecisionRefusedError where it begins a graded run all of whose rounds are closed.
    """
    action, state = moment.action, moment.state
    if action.name == "open" and state.graded is None and moment.mode("to") == GRADED:
        if closed >= moment.worlds.world(moment.project, state.seed, GRADED, 0).rounds:
            raise DecisionRefusedError([_ALL_CLOSED])
        return
    if action.name not in _DECIDES or moment.mode() != GRADED:
        return
    run = state.graded
    if run is None or moment.action.field("world") != str(run.number):
        return
    sent = moment.action.field("round")
    late = {str(each.round - 1) for each in run.missed} | {str(place) for place in range(run.played, closed)}
    if sent in late:
        raise RoundClosedError([_too_late(int(sent) + 1)])


def _too_late(number: int) -> Refusal:
    return Refusal(
        code=RoundClosedError.code,
        text=Text(
            {
                "en": f"Round {number} closed before this arrived, so it does not count: what was played then stands. "
                "What you entered is in the fields, if you want it for the next round; it is not saved yet.",
                "zh-Hans": f"第{number}轮在提交到达前已关闭，因此本次提交不计入，当时运行的决策保持不变。"
                "你填写的内容仍在表格中，可用于下一轮，但尚未保存。",
            }
        ),
    )


_ALL_CLOSED: Final = Refusal(
    code="rounds-closed",
    text=Text(
        {
            "en": "All rounds are closed: no graded run can be begun any more. You can go on practising.",
            "zh-Hans": "所有轮次均已关闭，无法再开始计分运行。你仍可继续练习。",
        }
    ),
)
