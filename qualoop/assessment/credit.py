"""From the scores of tries to the credit for an item, the score of an attempt and the grade."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from qualoop.assessment.settings import LinkSettings
from qualoop.values import ZERO, Score


def item_credit(scores: Sequence[Score], hints: Sequence[int], settings: LinkSettings) -> Score:
    """Return the best credit of the tries at one item; 0 where there was none.

    A try's credit is its score x the try's factor x (1 - hint_cost x hints), never below 0, with ``hints[i]`` the
    number of hints shown before try i. So neither a hint nor another try ever takes earned credit away.
    """
    tries = enumerate(zip(scores, hints, strict=True))
    return max((_try_credit(score, place, shown, settings) for place, (score, shown) in tries), default=ZERO)


def _try_credit(score: Score, place: int, hints: int, settings: LinkSettings) -> Score:
    factors = settings.retry_credit
    left = max(1 - settings.hint_cost * hints, Decimal(0))
    return Score(score * factors[min(place, len(factors) - 1)] * left)


def attempt_score(credits_: Sequence[Score]) -> Score:
    """Return the mean of the credits of *all* items of an activity, with 0 for those not answered; 0 for no items."""
    return Score.of(sum(credits_, Decimal(0)), len(credits_))


def counted_score(attempt_scores: Sequence[Score], settings: LinkSettings) -> Score | None:
    """Return the score that is the grade, of the submitted attempts from first to latest; None for no attempt."""
    if not attempt_scores:
        return None
    if settings.counts == "mean":
        return Score.mean(attempt_scores)
    return attempt_scores[-1] if settings.counts == "latest" else max(attempt_scores)
