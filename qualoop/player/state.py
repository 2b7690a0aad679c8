"""The state of an attempt at a micro-lesson, between its JSON form and what the player works with.

    {"v": 1, "seed": 7, "at": "check", "seen": ["wants", "check"], "finished": null,
     "items": {"intent": {"tries": [{"score": "0.5", "hints": 0}], "response": ["a"], "hints": 1, "revealed": false}}}

Of the responses only each item's last is kept: the earlier ones are in the ledger, and so the state of the largest
lesson stays below 64 KB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from qualoop.assessment import LinkSettings, Response, item_credit
from qualoop.assessment.settings import Shown
from qualoop.player.actions import State
from qualoop.values import ONE, Score

STATE_VERSION: Final = 1
MAX_STATE_BYTES: Final = 65_536

SUMMARY: Final = "_summary"
"""The step after an author's last one; no author's key can start with an underscore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """What one response was worth and how many hints had been shown before it."""

    score: Score
    hints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What happened to one item: tries in order, the last response, hints shown, whether it was given up."""

    tries: tuple[Try, ...] = ()
    response: Response | None = None
    hints: int = 0
    revealed: bool = False

    @property
    def right(self) -> bool:
        """Return whether the last try was all right."""
        return bool(self.tries) and self.tries[-1].score == ONE

    @property
    def touched(self) -> bool:
        """Return whether the item was answered or given up."""
        return bool(self.tries) or self.revealed

    def after_try(self, response: Response, score: Score) -> Self:
        """Return the item after one more response."""
        return replace(self, tries=(*self.tries, Try(score=score, hints=self.hints)), response=response)

    def is_done(self, settings: LinkSettings) -> bool:
        """Return whether the item takes no more answers; that it was right closes it only where that is told."""
        return self.revealed or (self.right and settings.show_feedback == "after_item")

    def credit(self, settings: LinkSettings) -> Score:
        """Return what the item is worth so far."""
        return item_credit([row.score for row in self.tries], [row.hints for row in self.tries], settings)

    def tries_left(self, settings: LinkSettings) -> int:
        """Return how many more responses are taken."""
        if self.is_done(settings):
            return 0
        return max(settings.tries_per_item - len(self.tries), 0)


UNTOUCHED: Final = ItemState()


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonState:
    """An attempt: its seed, the step it is at, the steps seen, its items, when it was finished (ISO 8601)."""

    seed: int
    at: str
    seen: tuple[str, ...]
    items: Mapping[str, ItemState]
    finished: str | None = None

    def item(self, key: str) -> ItemState:
        """Return the state of an item."""
        return self.items.get(key, UNTOUCHED)

    def with_item(self, key: str, item: ItemState) -> Self:
        """Return the attempt with an item changed."""
        return replace(self, items={**self.items, key: item})

    def standing_at(self, step: str) -> Self:
        """Return the attempt at a step, which is seen now."""
        return replace(self, at=step, seen=self.seen if step in self.seen else (*self.seen, step))

    def shows(self, when: Shown) -> bool:
        """Return whether what has this rule may be seen now. What waits for a date waits: a host resolves dates first."""
        return when == "after_item" or (when == "after_submit" and self.finished is not None)

    def takes_answers(self, key: str, settings: LinkSettings) -> bool:
        """Return whether an item can still be answered."""
        return self.finished is None and self.item(key).tries_left(settings) > 0

    @classmethod
    def from_json(cls, state: State) -> Self:
        """Read a state that `as_json` made."""
        return cls(
            seed=state["seed"],
            at=state["at"],
            seen=tuple(state["seen"]),
            items={key: _item(row) for key, row in state["items"].items()},
            finished=state["finished"],
        )

    def as_json(self) -> State:
        """Return the state as plain JSON."""
        return {
            "v": STATE_VERSION,
            "seed": self.seed,
            "at": self.at,
            "seen": list(self.seen),
            "items": {key: _as_json(item) for key, item in self.items.items()},
            "finished": self.finished,
        }


def _item(row: Mapping[str, Any]) -> ItemState:
    return ItemState(
        tries=tuple(Try(score=Score(one["score"]), hints=one["hints"]) for one in row["tries"]),
        response=row["response"],
        hints=row["hints"],
        revealed=row["revealed"],
    )


def _as_json(item: ItemState) -> dict[str, Any]:
    return {
        "tries": [{"score": one.score.as_text(), "hints": one.hints} for one in item.tries],
        "response": item.response,
        "hints": item.hints,
        "revealed": item.revealed,
    }
