"""The activity kind `live-project`: its brief, its tasks with what each needs, and the rubric, to be read anywhere.

Plans, artefacts and decisions are kept by a host that has people and files; nothing is stepped here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages import LIVE_KIND, LiveProject, open_live_project
from qualoop.player.actions import Action, Finished, State, Step
from qualoop.player.errors import UnknownActionError
from qualoop.player.host import Host, Refused
from qualoop.player.kinds import Description
from qualoop.player.rendering import render_once
from qualoop.values import ZERO, Score, Text


class LiveProjectKind:
    """How a live project is shown; see `qualoop.player.kinds.ActivityKind`."""

    kind: Final = LIVE_KIND
    label: Final = Text({"en": "Live project", "zh-Hans": "真实项目"})

    def open(self, document: Mapping[str, Any], /) -> LiveProject:
        """Return the project of a package's document; keep it by content hash."""
        return open_live_project(document)

    def describe(self, content: LiveProject, /) -> Description:
        """Return how the project is offered: it takes weeks, so no minutes are named."""
        return Description(title=content.title, summary=content.summary, minutes=None)

    def initial_state(self, content: LiveProject, /, seed: int) -> State:
        """Return the state of a new attempt, which never changes: what happens is no secret of a player."""
        return {"v": 1}

    def step(
        self, content: LiveProject, state: State, action: Action, /, *, settings: LinkSettings, now: datetime
    ) -> Step:
        """Raise UnknownActionError: whatever is done, the host does."""
        raise UnknownActionError

    def hand_in(self, content: LiveProject, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt ended without a score: its time was over before a plan was handed in.

        A host asks for this only as long as nothing waits for people.
        """
        return Step(state=state, events=(Finished(score=ZERO),))

    def render(
        self,
        content: LiveProject,
        state: State,
        host: Host,
        /,
        *,
        settings: LinkSettings,
        refused: Refused | None = None,
    ) -> str:
        """Return the project as it is offered: brief, tasks, rubric."""
        return render_once("live_project.html", _page(content, host), host)

    def review(
        self, content: LiveProject, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool
    ) -> str:
        """Return what `render` shows."""
        return render_once("live_project.html", _page(content, host), host)

    def score(self, content: LiveProject, state: State, settings: LinkSettings, /) -> Score:
        """Return 0: the score is the mark that a mentor approved, and there is none before."""
        return ZERO

    def progress(self, content: LiveProject, state: State, /) -> tuple[int, int]:
        """Return that nothing is done yet, of how many tasks; the host counts those that are accepted."""
        return 0, len(content.steps)


def _page(content: LiveProject, host: Host) -> Mapping[str, Any]:
    shown = content.shown_language(host.language)
    return {
        "language": host.language,
        "content_language": shown,
        "title": content.title[shown],
        "summary": content.summary[shown],
        "hours": content.hours,
        "brief": content.brief[shown],
        "points": [{"code": code, "title": host.knowledge_point_title(code)} for code in content.knowledge_points],
        "questions": [question.title[shown] for question in content.plan.questions],
        "milestones": [
            {"title": milestone.title[shown], "hand_in": milestone.hand_in[shown], "days": milestone.due_days}
            for milestone in content.milestones
        ],
        "rows": [row.title[shown] for row in content.rubric.rows],
        "sources": list(content.sources),
        "authors": list(content.authors),
        "licence": content.licence,
    }
