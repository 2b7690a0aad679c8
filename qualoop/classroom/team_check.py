"""Team readiness: an individual test, then the same questions by the team, scratched until the right answer is found.

States go forward only, and what was scratched stays scratched. Michaelsen, Knight and Fink, *Team-Based Learning* (2004);
the card with what is scratched off is the IF-AT of M. L. Epstein et al., *The Psychological Record* 52, 187 (2002).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from qualoop.assessment import Option, SingleChoice, presented
from qualoop.classroom.session import ClassMovedError, ClassRefusedError
from qualoop.values import Score

FEWEST_ITEMS: Final = 3
MOST_ITEMS: Final = 10
MAX_APPEAL: Final = 1000
MAX_REASON: Final = 500
MOST_POINTS: Final = 4
_POINTS: Final = (4, 2, 1)


class CheckRefusedError(ClassRefusedError):
    """A team check takes three to ten questions with one right option each."""

    code = "class-check-items"


class ScratchRefusedError(ClassRefusedError):
    """Nothing is scratched here just now: nothing was changed."""

    code = "class-scratch-late"


class CheckState(StrEnum):
    """How far a team check is."""

    PLANNED = "planned"
    INDIVIDUAL = "individual"
    INDIVIDUAL_CLOSED = "individual-closed"
    TEAM = "team"
    DONE = "done"


FOLLOWING: Final[Mapping[CheckState, CheckState]] = {
    CheckState.PLANNED: CheckState.INDIVIDUAL,
    CheckState.INDIVIDUAL: CheckState.INDIVIDUAL_CLOSED,
    CheckState.INDIVIDUAL_CLOSED: CheckState.TEAM,
    CheckState.TEAM: CheckState.DONE,
}
"""What follows each state: answers of one's own are closed before any team begins."""
RUNNING: Final = frozenset({CheckState.INDIVIDUAL, CheckState.INDIVIDUAL_CLOSED, CheckState.TEAM})


def moved_check(state: CheckState, wanted: CheckState) -> CheckState:
    """Return ``wanted`` where it is what follows ``state``; raise ClassMovedError for all else, a repeat included."""
    if FOLLOWING.get(state) is not wanted:
        raise ClassMovedError
    return wanted


def closed_when_over(state: CheckState) -> CheckState:
    """Return where a check stands once its class is over: whatever is open is closed, all else stays."""
    over = {CheckState.INDIVIDUAL: CheckState.INDIVIDUAL_CLOSED, CheckState.TEAM: CheckState.DONE}
    return over.get(state, state)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """One question of a check, as it was taken: the item, and the part that its individual answers are evidence of."""

    item: SingleChoice
    activity_key: str
    content_hash: str
    part: str
    version_id: int

    @property
    def right(self) -> str:
        """Return the key of the right option."""
        return next(option.key for option in self.item.options if option.correct)

    def options(self, seed: int) -> tuple[Option, ...]:
        """Return the options in the order that everybody sees: on phones, on the projector and on paper."""
        return tuple(thing for thing in presented(self.item, seed) if isinstance(thing, Option))

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "item": self.item.model_dump(mode="json", exclude_none=True),
            "activity": self.activity_key,
            "content": self.content_hash,
            "part": self.part,
            "version": self.version_id,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CheckItem:
        """Return what `to_document` gave."""
        return cls(
            item=SingleChoice.model_validate(document["item"]),
            activity_key=document["activity"],
            content_hash=document["content"],
            part=document["part"],
            version_id=document["version"],
        )


def scratchable(document: Mapping[str, Any]) -> SingleChoice | None:
    """Return an item of a lesson's document, None for what cannot be scratched.

    That takes one right option, and no picture that a card could not show.
    """
    if document.get("type") != "single-choice" or document.get("figure"):
        return None
    return SingleChoice.model_validate(document)


def require_items(count: int) -> None:
    """Raise CheckRefusedError unless a check can have so many questions."""
    if not FEWEST_ITEMS <= count <= MOST_ITEMS:
        raise CheckRefusedError


def points_for(scratches: int, options: int) -> int:
    """Return the points of a question that was right at the ``scratches``-th of ``options`` options.

    4-2-1, and 0 from the fourth scratch on; whoever has only the last option left has found nothing, so it gives 0:
    4-2-1-0 of four options, 4-2-1-0-0 of five, 4-2-0 of three, 4-0 of two. Raises CheckRefusedError outside 1 to
    ``options``.
    """
    if not 1 <= scratches <= options:
        raise CheckRefusedError
    return _POINTS[scratches - 1] if scratches <= len(_POINTS) and scratches < options else 0


def possible_points(options: int) -> tuple[int, ...]:
    """Return what a question with so many options can give, the most first."""
    return tuple(sorted({points_for(number, options) for number in range(1, options + 1)}, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a team has scratched of one question, in order, and what that is worth.

    ``typed`` are points from a paper card in its place; ``accepted`` says that the team's appeal was accepted.
    """

    item: CheckItem
    scratched: tuple[str, ...] = ()
    typed: int | None = None
    accepted: bool = False

    @property
    def is_found(self) -> bool:
        """Say whether the right option was found."""
        return self.item.right in self.scratched

    @property
    def is_over(self) -> bool:
        """Say whether nothing is left to be done."""
        return self.is_found or self.typed is not None

    @property
    def points(self) -> int:
        """Return the points, 0 to 4: as if right at once where an appeal was accepted; 0 where it was not found."""
        if self.accepted:
            return MOST_POINTS
        if self.typed is not None:
            return self.typed
        return points_for(len(self.scratched), len(self.item.item.options)) if self.is_found else 0

    def scratch(self, option: str) -> Card:
        """Return the card with one more option scratched; the same one twice is one.

        Raises ScratchRefusedError for an option that is not of the question, and once the right one was found.
        """
        if option not in {each.key for each in self.item.item.options}:
            raise ScratchRefusedError
        if option in self.scratched:
            return self
        if self.is_over:
            raise ScratchRefusedError
        return Card(item=self.item, scratched=(*self.scratched, option), accepted=self.accepted)


def team_score(cards: Iterable[Card]) -> Score:
    """Return the share of the points that a team could reach."""
    found = list(cards)
    return Score.of(sum(card.points for card in found), MOST_POINTS * len(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardness:
    """How a question went: how many answered it alone and were right, how many teams were right at the first scratch."""

    number: int
    answered: int
    right: int
    teams: int
    first: int

    @property
    def share(self) -> float:
        """Return the share in [0, 1] that were right alone; 1 where nobody answered."""
        return self.right / self.answered if self.answered else 1.0

    @property
    def team_share(self) -> float:
        """Return the share of the teams that were right at once; 1 where none has scratched."""
        return self.first / self.teams if self.teams else 1.0


def hardest(found: Sequence[Hardness], *, most: int = 3) -> tuple[Hardness, ...]:
    """Return the questions that went worst, of those that anybody got wrong: by teams first, then alone."""
    wrong = [each for each in found if each.share < 1 or each.team_share < 1]
    return tuple(sorted(wrong, key=lambda each: (each.team_share, each.share, each.number))[:most])
