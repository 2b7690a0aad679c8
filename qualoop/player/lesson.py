"""The activity kind `micro-lesson`: text, recordings and questions, one step at a time, and a summary at the end.

Actions and the fields of their forms:

    go       step: the key of a step, or `_summary`
    answer   item, try (the number of this try), and the fields of the item (`qualoop.assessment.responses`)
    hint     item, hint (the number of the hint asked for)
    reveal   item, try: shows the solution and gives the item up
    finish   unanswered: how many questions the confirmation named
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages import Lesson, QuestionStep, open_lesson
from qualoop.player.actions import Action, State, Step
from qualoop.player.host import Host, Refused
from qualoop.player.kinds import Description
from qualoop.player.rendering import render_fragment
from qualoop.player.review import review_view
from qualoop.player.state import LessonState
from qualoop.player.stepping import Moment, begun, handed_in, lesson_score, standing_at, stepped
from qualoop.player.view import View, lesson_view
from qualoop.values import Score, Text


class MicroLessonKind:
    """How a micro-lesson is opened, stepped, shown and scored; see `qualoop.player.kinds.ActivityKind`."""

    kind: Final = "micro-lesson"
    label: Final = Text({"en": "Micro-lesson", "zh-Hans": "微课"})

    def open(self, document: Mapping[str, Any], /) -> Lesson:
        """Return the lesson of a package's document; keep it by content hash."""
        return open_lesson(document)

    def describe(self, content: Lesson, /) -> Description:
        """Return how the lesson is offered."""
        return Description(title=content.title, summary=content.summary, minutes=content.minutes)

    def initial_state(self, content: Lesson, /, seed: int) -> State:
        """Return the state of a new attempt; the seed decides in which order things are shown."""
        return begun(content, seed).as_json()

    def step(self, content: Lesson, state: State, action: Action, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt after an action and what happened.

        Raises StaleActionError (show the attempt again), UnknownActionError and ResponseRefusedError (422, with the
        page that `render` makes of it). Then nothing happened.
        """
        moment = Moment(lesson=content, state=LessonState.from_json(state), action=action, settings=settings, now=now)
        after, events = stepped(moment)
        return Step(state=after.as_json(), events=events)

    def render(
        self, content: Lesson, state: State, host: Host, /, *, settings: LinkSettings, refused: Refused | None = None
    ) -> str:
        """Return the step at which the attempt stands, as HTML that works without JavaScript.

        After a refusal it is the step of the item that was answered: another tab may have gone elsewhere.
        """
        attempt = LessonState.from_json(state)
        if refused is not None:
            attempt = standing_at(content, attempt, refused.action)
        view = lesson_view(content, attempt, settings=settings, language=host.language, refused=refused)
        return render_fragment("lesson.html", _page(view, host), host)

    def review(self, content: Lesson, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool) -> str:
        """Return every question with what was answered, the feedback and the solution, as far as the settings show it."""
        view = review_view(content, LessonState.from_json(state), settings=settings, language=host.language)
        return render_fragment("review.html", view | {"language": host.language, "by_other": by_other}, host)

    def score(self, content: Lesson, state: State, settings: LinkSettings, /) -> Score:
        """Return the mean credit of all items, those not answered counting as 0."""
        return lesson_score(content, LessonState.from_json(state), settings)

    def hand_in(self, content: Lesson, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt handed in as it stands, at a moment that nobody chose: the clock did."""
        after, events = handed_in(content, LessonState.from_json(state), settings, now)
        return Step(state=after.as_json(), events=events)

    def progress(self, content: Lesson, state: State, /) -> tuple[int, int]:
        """Return how many steps are done, of how many: what is to be read was seen, what is asked was answered."""
        attempt = LessonState.from_json(state)
        done = [
            attempt.item(step.item).touched if isinstance(step, QuestionStep) else step.key in attempt.seen
            for step in content.steps
        ]
        return sum(done), len(done)


def _page(view: View, host: Host) -> View:
    """Return a view with what only the host knows."""
    outcome = {
        "outlook": None if host.outlook is None else [asdict(point) for point in host.outlook],
        "next": asdict(host.next_activity) if host.next_activity else None,
        "can_restart": host.can_restart,
    }
    return view | {
        "language": host.language,
        "knowledge_points": [
            {"code": code, "title": host.knowledge_point_title(code)} for code in view["knowledge_points"]
        ],
        "outcome": outcome if view["finished"] else None,
        "remarks": [asdict(remark) for remark in host.remarks],
    }
