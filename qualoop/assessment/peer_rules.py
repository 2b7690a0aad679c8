"""How learners review each other's work at a link: how many, by when, and what their reviews are good for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from qualoop.assessment.samples import FEWEST, MOST
from qualoop.errors import QualoopError

MOST_REVIEWS: Final = 6
MOST_HOURS: Final = 24 * 30
FEWEST_AGREE: Final = 2
EXTRA: Final = 2
"""How many reviews beyond the promised ones somebody may give where others have dropped out."""


class PeerRulesError(QualoopError):
    """Reviews cannot be arranged so: a number or a date is out of range."""

    code = "peer-rules"


class StandNeedsSamplesError(PeerRulesError):
    """Only reviewers who have rated samples that staff scored can give a mark by themselves."""

    code = "peer-stand-samples"


class Effect(StrEnum):
    """What reviews are good for."""

    ADVISE = "advise"
    """The author reads them; marks come from staff alone."""
    PROPOSE = "propose"
    """A marker's sheet begins with what they say together; what the marker approves is the mark."""
    STAND = "stand"
    """What they say together is the mark where enough agree; staff release it, and may mark the work themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRules:
    """How learners review at a link: ``reviews`` given by each and got by each work (1 to 6), after ``samples`` (0 to 9).

    A reviewer has ``hours`` (1 to 720) for a work before it may go to another. ``enough`` (2 to ``reviews``) is how many
    must agree for a mark that stands. ``apart``: nobody reviews within the own group of the course. Between the dates works
    are given out; None is open. Raises PeerRulesError, StandNeedsSamplesError.
    """

    is_on: bool = True
    reviews: int = 3
    samples: int = FEWEST
    hours: int = 72
    effect: Effect = Effect.PROPOSE
    enough: int = 3
    apart: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    def __post_init__(self) -> None:
        numbers = ((self.reviews, 1, MOST_REVIEWS), (self.samples, 0, MOST), (self.hours, 1, MOST_HOURS))
        if any(not least <= number <= most for number, least, most in numbers):
            raise PeerRulesError
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise PeerRulesError
        if self.effect is Effect.STAND:
            if not FEWEST_AGREE <= self.enough <= self.reviews:
                raise PeerRulesError
            if self.samples < FEWEST:
                raise StandNeedsSamplesError

    def is_open(self, now: datetime) -> bool:
        """Say whether works are given out now."""
        return (self.opens_at is None or self.opens_at <= now) and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Say whether no more works are given out."""
        return self.closes_at is not None and self.closes_at <= now

    def due(self, assigned_at: datetime) -> datetime:
        """Return until when a reviewer has a work for sure."""
        until = assigned_at + timedelta(hours=self.hours)
        return until if self.closes_at is None else min(until, self.closes_at)

    def nears_the_end(self, now: datetime) -> bool:
        """Say whether nobody who begins now has the whole time: promises are not waited for any more."""
        return self.closes_at is not None and now + timedelta(hours=self.hours) >= self.closes_at
