"""The activity kinds of a flipped unit: the unit itself, and its readiness check.

A unit is kept by a host that has a course, and people in it: nothing is stepped here. Its readiness check is a lesson
of questions alone, whose answers are evidence of the form `process`: they show who is prepared, and move no mastery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Lesson
from qualoop.ledger import EvidenceForm
from qualoop.player.actions import Action, Answered, Finished, State, Step
from qualoop.player.errors import UnknownActionError
from qualoop.player.host import Host, Refused
from qualoop.player.kinds import Description
from qualoop.player.lesson import MicroLessonKind
from qualoop.player.rendering import render_once
from qualoop.values import ZERO, Score, Text

UNIT_KIND: Final = "flipped-unit"
CHECK_KIND: Final = "readiness-check"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStepView:
    """One step of a unit as it is offered; ``minutes`` is None where nobody can say."""

    kind: str
    title: Text
    minutes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedUnitContent:
    """A flipped unit as it is offered to who chooses activities."""

    title: Text
    summary: Text
    minutes: int
    knowledge_points: tuple[str, ...]
    steps: tuple[UnitStepView, ...]


class FlippedUnitKind:
    """How a flipped unit is offered; see `qualoop.player.kinds.ActivityKind`."""

    kind: Final = UNIT_KIND
    label: Final = Text({"en": "Flipped unit", "zh-Hans": "翻转单元"})

    def open(self, document: Mapping[str, Any], /) -> FlippedUnitContent:
        """Return the unit of a document."""
        return FlippedUnitContent(
            title=Text(document["title"]),
            summary=Text(document["summary"]),
            minutes=document["minutes"],
            knowledge_points=tuple(document["knowledge_points"]),
            steps=tuple(
                UnitStepView(kind=step["kind"], title=Text(step["title"]), minutes=step["minutes"])
                for step in document["steps"]
            ),
        )

    def describe(self, content: FlippedUnitContent, /) -> Description:
        """Return how the unit is offered."""
        return Description(title=content.title, summary=content.summary, minutes=content.minutes)

    def initial_state(self, content: FlippedUnitContent, /, seed: int) -> State:
        """Return the state of a new attempt, which never changes: what is done stands at the steps' own links."""
        return {"v": 1}

    def step(
        self, content: FlippedUnitContent, state: State, action: Action, /, *, settings: LinkSettings, now: datetime
    ) -> Step:
        """Raise UnknownActionError: whatever is done, the host does."""
        raise UnknownActionError

    def hand_in(self, content: FlippedUnitContent, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt ended: what was done until then is its score, which the host keeps."""
        return Step(state=state, events=(Finished(score=ZERO),))

    def render(
        self,
        content: FlippedUnitContent,
        state: State,
        host: Host,
        /,
        *,
        settings: LinkSettings,
        refused: Refused | None = None,
    ) -> str:
        """Return the unit as it is offered: its steps, and how long each takes."""
        return render_once("flipped_unit.html", _page(content, host), host)

    def review(
        self, content: FlippedUnitContent, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool
    ) -> str:
        """Return what `render` shows."""
        return render_once("flipped_unit.html", _page(content, host), host)

    def score(self, content: FlippedUnitContent, state: State, settings: LinkSettings, /) -> Score:
        """Return 0: the host knows what is done."""
        return ZERO

    def progress(self, content: FlippedUnitContent, state: State, /) -> tuple[int, int]:
        """Return that nothing is done yet, of how many steps; the host counts those that are."""
        return 0, len(content.steps)


class ReadinessCheckKind(MicroLessonKind):
    """A readiness check: stepped, shown and scored like the questions of a lesson, and evidence of preparation only."""

    kind = CHECK_KIND
    label = Text({"en": "Readiness check", "zh-Hans": "准备检查"})

    def step(self, content: Lesson, state: State, action: Action, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt after an action; its answers are evidence of the form `process`."""
        after = super().step(content, state, action, settings=settings, now=now)
        return replace(after, events=tuple(_as_process(event) for event in after.events))


def _as_process(event: Any) -> Any:
    return replace(event, form=EvidenceForm.PROCESS) if isinstance(event, Answered) else event


def _page(content: FlippedUnitContent, host: Host) -> Mapping[str, Any]:
    return {
        "language": host.language,
        "title": content.title[host.language],
        "summary": content.summary[host.language],
        "minutes": content.minutes,
        "points": [{"code": code, "title": host.knowledge_point_title(code)} for code in content.knowledge_points],
        "steps": [
            {"kind": step.kind, "title": step.title[host.language], "minutes": step.minutes} for step in content.steps
        ],
    }
