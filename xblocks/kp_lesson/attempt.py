"""A learner's newest attempt at the lesson of a block, as the block's one state field holds it.

    {"v": 1, "id": "5a0c…", "number": 2, "hash": "f604…", "status": "active", "player": {…},
     "score": "0.25", "earlier": "0.7", "completed": "0.5"}

An attempt keeps the version of the lesson that it began with: `hash`. Of the attempts before it only what they are
worth is kept (`earlier`, null for the first); `completed` is the largest share of steps that was ever done, so that
beginning again takes nothing away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from qualoop.assessment import AttemptState, LinkSettings, counted_score
from qualoop.assessment.attempts import begin
from qualoop.player import Action, Event, Finished, State
from qualoop.values import ZERO, Score
from xblocks.common.contents import OpenContent

FORM_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt; ``id`` is random, ``number`` counts from 1, ``player`` is the state that the player works with."""

    id: str
    number: int
    hash: str
    status: AttemptState
    player: State
    score: Score = ZERO
    earlier: Score | None = None
    completed: Score = ZERO

    @classmethod
    def first(cls, opened: OpenContent, *, attempt_id: str, seed: int) -> Self:
        """Return the first attempt of a learner, at its beginning."""
        player = opened.kind.initial_state(opened.content, seed)
        return cls(id=attempt_id, number=1, hash=opened.hash, status=AttemptState.ACTIVE, player=player)

    def again(self, opened: OpenContent, settings: LinkSettings, *, attempt_id: str, seed: int) -> Self:
        """Return the attempt that follows this one, on the version ``opened``.

        An attempt whose version is no longer there can always be left. Raises AttemptRefusedError otherwise where this
        one is not finished or no attempt is left.
        """
        left = AttemptState.EVALUATED if self.is_outdated(opened) else self.status
        begun = type(self).first(opened, attempt_id=attempt_id, seed=seed)
        return replace(
            begun,
            number=self.number + 1,
            status=begin([*[AttemptState.EVALUATED] * (self.number - 1), left], settings),
            earlier=self.grade(settings),
            completed=self.completed,
        )

    def after(
        self, opened: OpenContent, action: Action, *, settings: LinkSettings, now: datetime
    ) -> tuple[Self, tuple[Event, ...]]:
        """Return the attempt after an action, and what happened; raises what the player's `step` raises."""
        step = opened.kind.step(opened.content, self.player, action, settings=settings, now=now)
        finished = any(isinstance(event, Finished) for event in step.events)
        completed = Score.of(*opened.kind.progress(opened.content, step.state))
        after = replace(
            self,
            player=step.state,
            status=AttemptState.EVALUATED if finished else self.status,
            score=opened.kind.score(opened.content, step.state, settings),
            completed=max(completed, self.completed),
        )
        return after, step.events

    def handed_in(self, opened: OpenContent, settings: LinkSettings, *, at: datetime) -> Self:
        """Return the attempt handed in as it stands: its time is over."""
        step = opened.kind.hand_in(opened.content, self.player, settings=settings, now=at)
        return replace(self, player=step.state, status=AttemptState.EVALUATED)

    def rescored(self, opened: OpenContent, settings: LinkSettings) -> Self:
        """Return the attempt with its score computed anew; one whose version is not there keeps its score."""
        if self.is_outdated(opened):
            return self
        return replace(self, score=opened.kind.score(opened.content, self.player, settings))

    def is_outdated(self, opened: OpenContent) -> bool:
        """Return whether the attempt began with another version of the lesson."""
        return self.hash != opened.hash

    def can_restart(self, settings: LinkSettings) -> bool:
        """Return whether the learner may begin again."""
        return self.status is AttemptState.EVALUATED and not 0 < settings.max_attempts <= self.number

    def grade(self, settings: LinkSettings) -> Score:
        """Return the score that counts, of this attempt and those before it."""
        scores = [self.score] if self.earlier is None else [self.earlier, self.score]
        return counted_score(scores, settings) or ZERO

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Read a state that `as_json` made."""
        return cls(
            id=state["id"],
            number=state["number"],
            hash=state["hash"],
            status=AttemptState(state["status"]),
            player=state["player"],
            score=Score(state["score"]),
            earlier=None if state["earlier"] is None else Score(state["earlier"]),
            completed=Score(state["completed"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the attempt as plain JSON."""
        return {
            "v": FORM_VERSION,
            "id": self.id,
            "number": self.number,
            "hash": self.hash,
            "status": self.status.value,
            "player": self.player,
            "score": self.score.as_text(),
            "earlier": None if self.earlier is None else self.earlier.as_text(),
            "completed": self.completed.as_text(),
        }
