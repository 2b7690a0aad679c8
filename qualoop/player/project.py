"""The activity kind `practice-project`: decisions in a world of one's own, played in rounds, scored free of luck.

Actions and the fields of their forms. All but `open`, `again` and `join` have `mode` (practice or graded), `world` (its number) and
`round` (how many rounds were played when the page was made); decisions are fields `FIELD.ROW`, see
`qualoop.simulators.entering`:

    open      to: practice or graded; keeps what was typed on the page before as its draft, unless that is too old
    save      a decision: kept, nothing is played
    run       a decision: plays a round
    import    csv: a table from a spreadsheet, put into the fields
    what-if   a decision, and instead: in which round (from 1) it is tried on the same luck
    again     world: goes on to another world of practice
    join      number: practises in the world that a class shares by this number
    hand-in   after the last graded round
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from qualoop.assessment import LinkSettings
from qualoop.content_packages.project import Project, open_project
from qualoop.player.actions import Action, State, Step
from qualoop.player.errors import StaleActionError
from qualoop.player.host import Host, Refused
from qualoop.player.kinds import Description
from qualoop.player.project_closing import check_in_time, with_closed
from qualoop.player.project_late import stale_view, was_taken
from qualoop.player.project_proof import proved, record_of_run
from qualoop.player.project_state import GRADED, ProjectState
from qualoop.player.project_stepping import Moment, guarded, handed_in, stepped
from qualoop.player.project_view import Page, closed_shows, hosted, project_view, review_view
from qualoop.player.project_worlds import Worlds
from qualoop.player.rendering import render_once
from qualoop.simulators import engine_hash
from qualoop.simulators.run_files import RunRecord
from qualoop.values import ZERO, Score, Text

_CLOCK: Final = Action(name="", form={})


class PracticeProjectKind:
    """How a practice project is opened, stepped, shown and scored; see `qualoop.player.kinds.ActivityKind`.

    Keeps the worlds that were used last: they follow from content and state, and are costly to make. ``hash_of`` gives the
    hash of an engine by its name.
    """

    kind: Final = "practice-project"
    label: Final = Text({"en": "Practice project", "zh-Hans": "实训项目"})

    def __init__(self, hash_of: Callable[[str], str] = engine_hash) -> None:
        self._worlds = Worlds()
        self._hash_of = hash_of

    def open(self, document: Mapping[str, Any], /) -> Project:
        """Return the project of a package's document; keep it by content hash."""
        return open_project(document)

    def describe(self, content: Project, /) -> Description:
        """Return how the project is offered."""
        return Description(title=content.title, summary=content.summary, minutes=content.minutes)

    def initial_state(self, content: Project, /, seed: int) -> State:
        """Return the state of a new attempt.

        Worlds follow from the seed, and commitments to them are shown: only a seed of 128 bits or more keeps them hidden.
        """
        return ProjectState(seed=seed).as_json()

    def step(self, content: Project, state: State, action: Action, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the attempt after an action and what happened.

        Raises StaleActionError (show the attempt again), UnknownActionError and DecisionRefusedError, a
        ResponseRefusedError (422, with the page that `render` makes of it). Then nothing happened.
        """
        moment = self._moment(content, state, action)
        try:
            after, events = stepped(moment, lambda outcome: proved(moment, outcome, self._hash_of))
        except StaleActionError as error:
            raise StaleActionError(taken=was_taken(moment)) from error
        return Step(state=after.as_json(), events=events)

    def hand_in(self, content: Project, state: State, /, *, settings: LinkSettings, now: datetime) -> Step:
        """Return the graded run handed in: rounds that were not played go on as decided last.

        Raises EngineUnavailableError where the engine cannot work, or fails: the attempt is to be handed in later.
        """
        moment = self._moment(content, state, _CLOCK)
        after, events = guarded(moment, lambda: proved(moment, handed_in(moment), self._hash_of))
        return Step(state=after.as_json(), events=events)

    def with_closed(self, content: Project, state: State, closed: int, /) -> State:
        """Return an attempt whose first ``closed`` graded rounds are closed, with what is played in them."""
        return with_closed(self._moment(content, state, _CLOCK), closed).as_json()

    def check_in_time(self, content: Project, state: State, action: Action, closed: int, /) -> None:
        """Raise RoundClosedError for a decision of a closed round, DecisionRefusedError where none is open any more."""
        check_in_time(self._moment(content, state, action), closed)

    def render(
        self, content: Project, state: State, host: Host, /, *, settings: LinkSettings, refused: Refused | None = None
    ) -> str:
        """Return the run at which the attempt stands, as HTML that works without JavaScript."""
        page = replace(self._page(content, state, host, settings), refused=refused)
        return render_once("project.html", hosted(project_view(page), host) | {"stale": stale_view(page)}, host)

    def review(self, content: Project, state: State, host: Host, /, *, settings: LinkSettings, by_other: bool) -> str:
        """Return the graded run: what was decided in each round, what it brought, and the debrief."""
        view = review_view(self._page(content, state, host, settings))
        return render_once("project_review.html", view | {"language": host.language, "by_other": by_other}, host)

    def score(self, content: Project, state: State, settings: LinkSettings, /) -> Score:
        """Return the score of the graded run: before it is handed in, that of its rounds going on as decided last.

        Where people judge the work, their marks are the score, and there is none before.
        """
        if content.rubric is not None:
            return ZERO
        graded = ProjectState.from_json(state).graded
        return graded.score if graded is not None else ZERO

    def progress(self, content: Project, state: State, /) -> tuple[int, int]:
        """Return how many graded rounds were played, of how many; of one where no graded run was begun."""
        graded = ProjectState.from_json(state).graded
        return (graded.played, graded.rounds) if graded is not None else (0, 1)

    def record(self, content: Project, state: State, /, *, settings: LinkSettings, content_hash: str) -> RunRecord:
        """Return the graded run, as it was graded, as a file that anybody can run again; ``content_hash`` is SHA-256, in hex.

        Raises StaleActionError where the run was not handed in, or nothing of its world may be seen.
        """
        attempt = ProjectState.from_json(state)
        run = attempt.graded
        if run is None or not run.played or not closed_shows(settings, run).debrief:
            raise StaleActionError
        opened = self._worlds.world(content, attempt.seed, GRADED, run.number, shocks=run.shocks)
        return record_of_run(content, run, opened, content=content_hash)

    def _moment(self, content: Project, state: State, action: Action) -> Moment:
        return Moment(project=content, worlds=self._worlds, state=ProjectState.from_json(state), action=action)

    def _page(self, content: Project, state: State, host: Host, settings: LinkSettings) -> Page:
        attempt = ProjectState.from_json(state)
        proof = attempt.graded.proof if attempt.graded is not None else None
        other = proof is not None and proof.engine != self._hash_of(content.engine.name)
        return Page(
            project=content, worlds=self._worlds, state=attempt, host=host, settings=settings, is_other_engine=other
        )
