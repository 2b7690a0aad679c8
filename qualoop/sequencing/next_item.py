"""The next item of practice: neither hopeless nor idle, not met of late, and telling most for the minutes it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from qualoop.mastery.readings import PRACTICE_BAND, ItemWorth, is_rested
from qualoop.records import whole_percent
from qualoop.values import LANGUAGES, Text

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "fits": "You will get this one right with a probability of about {chance}%. Of the questions that are neither too "
        "hard nor too easy it says most about what is still uncertain, for the time it takes.",
        "hard": "All the questions left are hard for you: of these it is the easiest (about {chance}%).",
        "nearest": "No question left has quite the right difficulty: this one comes nearest (about {chance}%).",
        "easy": "All the questions left are easy for you: of these it is the hardest (about {chance}%).",
    },
    "zh-Hans": {
        "fits": "你答对这道题的概率约为 {chance}%。在难度合适的题目中，按所需时间计算，它最能说明尚不确定之处。",
        "hard": "剩下的题目对你来说都比较难：这是其中最容易的一道（约 {chance}%）。",
        "nearest": "剩下的题目难度都不太合适：这是最接近的一道（约 {chance}%）。",
        "easy": "剩下的题目对你来说都比较容易：这是其中最难的一道（约 {chance}%）。",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCandidate:
    """An item that could be next: what it would tell, its expected minutes (above 0), and when it was last met.

    ``worth`` is what `qualoop.mastery.readings.item_worth` returns; ``last_met`` is in seconds since 1970, None for never.
    """

    key: str
    worth: ItemWorth
    minutes: float
    last_met: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChoice:
    """The next item, whether its difficulty fits, and why it is next."""

    candidate: ItemCandidate
    sentence: Text

    @property
    def fits(self) -> bool:
        """Say whether the chance of success lies in the band of practice."""
        return self.candidate.worth.is_in_band


def choose_item(candidates: Iterable[ItemCandidate], now: float) -> ItemChoice | None:
    """Return the item to practise next at ``now`` (seconds since 1970); None where all were met of late.

    Where none has a fitting difficulty, the one that comes nearest is chosen. Equal cases fall to the key.
    """
    rested = [each for each in candidates if is_rested(each.last_met, now)]
    fitting = [each for each in rested if each.worth.is_in_band]
    if fitting:
        chosen = min(fitting, key=lambda each: (-each.worth.per_minute(each.minutes), each.key))
        return ItemChoice(candidate=chosen, sentence=_sentence("fits", chosen))
    if not rested:
        return None
    chosen = min(rested, key=lambda each: (_distance(each.worth.predicted), each.key))
    hard = sum(each.worth.predicted < PRACTICE_BAND[0] for each in rested)
    key = "hard" if hard == len(rested) else "nearest" if hard else "easy"
    return ItemChoice(candidate=chosen, sentence=_sentence(key, chosen))


def _distance(predicted: float) -> float:
    """Return how far a chance of success lies outside the band of practice."""
    return max(PRACTICE_BAND[0] - predicted, predicted - PRACTICE_BAND[1])


def _sentence(key: str, chosen: ItemCandidate) -> Text:
    chance = whole_percent(chosen.worth.predicted)
    return Text({language: _PHRASES[language][key].format(chance=chance) for language in LANGUAGES})
