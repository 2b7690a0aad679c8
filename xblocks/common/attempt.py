"""A learner's newest attempt at the activity of a block, as the block's one state field holds it.

    {"v": 2, "id": "5a0c…", "number": 2, "hash": "f604…", "status": "active", "player": {…},
     "score": "0.25", "earlier": ["0.7"], "void": 0, "completed": "0.5"}

An attempt keeps the version of the content that it began with: `hash`. Of the attempts before it only what they are
worth is kept (`earlier`, first to last); `void` of all were left because their version was gone, or staff gave them back; `completed` is the largest share of steps that was ever done, so that
beginning again takes nothing away. Nothing says where the block stands, so copies of a block share nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from qualoop.assessment import AttemptState, LinkSettings, counted_score
from qualoop.assessment.attempts import begin
from qualoop.assessment.settings import MAX_ATTEMPTS
from qualoop.player import Action, Event, Finished, State
from qualoop.values import ZERO, Score
from xblocks.common.contents import OpenContent

FORM_VERSION: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt; ``id`` is random, ``number`` counts from 1, ``player`` is the state that the player works with."""

    id: str
    number: int
    hash: str
    status: AttemptState
    player: State
    score: Score = ZERO
    earlier: tuple[Score, ...] = ()
    completed: Score = ZERO
    void: int = 0

    @property
    def used(self) -> int:
        """Return how many attempts this one and those before it count for."""
        return self.number - self.void

    @classmethod
    def first(cls, opened: OpenContent, *, attempt_id: str, seed: int) -> Self:
        """Return the first attempt of a learner, at its beginning."""
        player = opened.kind.initial_state(opened.content, seed)
        return cls(id=attempt_id, number=1, hash=opened.hash, status=AttemptState.ACTIVE, player=player)

    def again(self, opened: OpenContent, settings: LinkSettings, *, attempt_id: str, seed: int) -> Self:
        """Return the attempt that follows this one, on the version ``opened``.

        An attempt under way whose version is no longer there can be left, and is none of those that are counted. Raises
        AttemptRefusedError otherwise where this one is not finished or no attempt is left.
        """
        is_void = self.is_outdated(opened) and self.status is AttemptState.ACTIVE
        before = [AttemptState.EVALUATED] * (self.used - 1)
        own = [self.status] if self.used and not is_void else []
        begun = type(self).first(opened, attempt_id=attempt_id, seed=seed)
        return replace(
            begun,
            number=self.number + 1,
            void=self.void + is_void,
            status=begin([*before, *own], settings),
            earlier=self._with_own(settings)[-MAX_ATTEMPTS:],
            completed=self.completed,
        )

    def given_back(self) -> Self:
        """Return the attempt with those up to it not counted any more; one that is under way is the first then.

        What they were worth stays.
        """
        return replace(self, void=self.number - (self.status is AttemptState.ACTIVE))

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

    def handed_in(self, opened: OpenContent, settings: LinkSettings, *, at: datetime) -> tuple[Self, tuple[Event, ...]]:
        """Return the attempt handed in as it stands, because its time is over, and what happened."""
        step = opened.kind.hand_in(opened.content, self.player, settings=settings, now=at)
        score = opened.kind.score(opened.content, step.state, settings)
        return replace(self, player=step.state, status=AttemptState.EVALUATED, score=score), step.events

    def rescored(self, opened: OpenContent, settings: LinkSettings) -> Self:
        """Return the attempt with its score computed anew; one whose version is not there keeps its score."""
        if self.is_outdated(opened):
            return self
        return replace(self, score=opened.kind.score(opened.content, self.player, settings))

    def is_outdated(self, opened: OpenContent) -> bool:
        """Return whether the attempt began with another version of the content."""
        return self.hash != opened.hash

    def can_restart(self, settings: LinkSettings, opened: OpenContent) -> bool:
        """Return whether the learner may begin again."""
        if self.is_outdated(opened) and self.status is AttemptState.ACTIVE:
            return True
        return self.status is AttemptState.EVALUATED and not 0 < settings.max_attempts <= self.used

    def attempts_left(self, settings: LinkSettings) -> int | None:
        """Return how many more attempts may begin after this one; None for no limit."""
        return max(settings.max_attempts - self.used, 0) if settings.max_attempts else None

    def grade(self, settings: LinkSettings) -> Score | None:
        """Return the score that counts, of this attempt and those before it; None where nothing may count yet.

        The best counts as it is worked at; latest and mean are of what was handed in, else of the only one. Where
        learners see no score before they hand in, neither does the grade book.
        """
        is_done = self.status is AttemptState.EVALUATED
        if is_done or settings.show_score == "after_item":
            only_done = not is_done and settings.counts != "best" and self.earlier
            return counted_score(self.earlier if only_done else (*self.earlier, self.score), settings)
        return counted_score(self.earlier, settings)

    def _with_own(self, settings: LinkSettings) -> tuple[Score, ...]:
        """Return what is kept of the attempts up to this one: of the best and the latest, one is enough."""
        scores = (*self.earlier, self.score)
        if settings.counts == "mean":
            return scores
        return (max(scores),) if settings.counts == "best" else scores[-1:]

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
            earlier=tuple(Score(score) for score in _listed(state["earlier"])),
            completed=Score(state["completed"]),
            void=state.get("void", 0),
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
            "earlier": [score.as_text() for score in self.earlier],
            "completed": self.completed.as_text(),
            "void": self.void,
        }


def _listed(earlier: Any) -> list[str]:
    """Return the earlier scores; the first form of the state had the best of them only, or null."""
    if earlier is None:
        return []
    return [earlier] if isinstance(earlier, str) else list(earlier)
