"""The peer factor of group work: by how much a member's mark differs from the team's, as the mates see it.

Each who rates divides one budget among the team mates, not to oneself. A member's factor is the mean of the shares that
the member received, from those who rated, over the share that equal work would give: 1 is an equal part. One's own
rating, or silence, is in no place of one's own factor, so nobody gains by it (WebPA #114); whoever is silent leaves the
others' factors to those who spoke (#71). A penalty for silence is a number of its own, seen by everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final, TypeVar

from qualoop.classroom.session import ClassRefusedError
from qualoop.values import Score

MOST_POINTS: Final = 5
MOST_PER_CENT: Final = 100
MAX_TITLE: Final = 120
MAX_COMMENT: Final = 1000
EQUAL: Final = Decimal("1.000")
_FACTOR_STEP: Final = Decimal("0.001")
_MARK_STEP: Final = Decimal("0.1")
_FACTOR_MOST: Final = Decimal(2)

Who = TypeVar("Who", bound=Hashable)
Ratings = Mapping[Who, Mapping[Who, int]]
"""Who rated whom with how many points, 0 to 5. What somebody gave to oneself is there to be shown, and is not counted."""


class RatingRefusedError(ClassRefusedError):
    """Every mate of the own team gets 0 to 5 points, and nobody else does."""

    code = "class-rating"


class MarkMissingError(ClassRefusedError):
    """There is no product yet, so there is no mark to approve."""

    code = "class-no-product"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRules:
    """Between which bounds a factor lies, and what silence costs in points of a hundred. Raises ClassRefusedError."""

    low: Decimal = Decimal("0.5")
    high: Decimal = Decimal("1.2")
    penalty: int = 0

    def __post_init__(self) -> None:
        if not Decimal(0) <= self.low <= EQUAL <= self.high <= _FACTOR_MOST:
            raise ClassRefusedError("the bounds lie on both sides of 1, between 0 and 2")
        if any(bound != bound.quantize(_FACTOR_STEP) for bound in (self.low, self.high)):
            raise ClassRefusedError("a bound has three decimals at most, as a factor has")
        if not 0 <= self.penalty <= MOST_PER_CENT:
            raise ClassRefusedError("a penalty lies between 0 and 100")


def require_rating(rater: Who, team: Collection[Who], given: Mapping[Who, int], *, gone: Collection[Who] = ()) -> None:
    """Raise RatingRefusedError unless a rating says something of every mate and of nobody outside the own team.

    Mates who are ``gone``, because they left the course, may be rated and need not be.
    """
    mates, rated = set(team) - {rater}, set(given) - {rater}
    if rater not in team or not rated or not mates - set(gone) <= rated <= mates:
        raise RatingRefusedError
    if any(not 0 <= points <= MOST_POINTS for points in given.values()):
        raise RatingRefusedError


def raw_factor(member: Who, team: Collection[Who], ratings: Ratings[Who]) -> Fraction | None:
    """Return a member's factor before bounds, exactly; None where no mate rated the member.

    A mate who gave everybody nothing has said that all are equal. A mate who rated before somebody joined the team
    divided the budget among those who were there.
    """
    received = []
    for rater in set(team) - {member}:
        given = {mate: points for mate, points in ratings.get(rater, {}).items() if mate in team and mate != rater}
        if member in given:
            total = sum(given.values())
            received.append(Fraction(given[member] * len(given), total) if total else Fraction(1))
    return sum(received, Fraction(0)) / len(received) if received else None


def bounded(raw: Fraction | None, rules: FactorRules) -> Decimal:
    """Return a factor within its bounds, to three digits; 1 where nobody rated."""
    if raw is None:
        return EQUAL
    exact = Decimal(raw.numerator) / Decimal(raw.denominator)
    return min(max(exact, rules.low), rules.high).quantize(_FACTOR_STEP, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMark:
    """What comes out for one member. ``mark`` is in per cent, None while the team has no product.

    ``raw`` is the factor before bounds; ``own`` what the member gave to oneself, ``raters`` how many mates rated.
    """

    factor: Decimal
    raw: Fraction | None
    raters: int
    own: int | None
    is_silent: bool
    penalty: int
    mark: Decimal | None

    @property
    def score(self) -> Score:
        """Return the mark as a score; raise MarkMissingError where there is none."""
        if self.mark is None:
            raise MarkMissingError
        return Score.of(self.mark, MOST_PER_CENT)


def marks(
    team: Collection[Who],
    ratings: Ratings[Who],
    product: int | None,
    rules: FactorRules,
    *,
    gone: Collection[Who] = (),
) -> dict[Who, MemberMark]:
    """Return what comes out for each member of a team with a product in per cent.

    Silence costs nothing of whoever is ``gone``, and of whoever has no mate left.
    """
    # Of somebody gone nobody can say whether the mates would have been rated.
    bound = {member for member in team if member not in gone and set(team) - {member} - set(gone)}
    return {
        member: _mark(member, team, ratings, product=product, rules=rules, is_bound=member in bound) for member in team
    }


def _mark(
    member: Who,
    team: Collection[Who],
    ratings: Ratings[Who],
    *,
    product: int | None,
    rules: FactorRules,
    is_bound: bool,
) -> MemberMark:
    mates = set(team) - {member}
    raw = raw_factor(member, team, ratings)
    factor = bounded(raw, rules)
    given = ratings.get(member, {})
    # With nobody to rate there is no silence.
    is_silent = is_bound and not mates & set(given)
    penalty = rules.penalty if is_silent else 0
    mark = None
    if product is not None:
        reached = min(Decimal(product) * factor, Decimal(MOST_PER_CENT)) - penalty
        mark = max(reached, Decimal(0)).quantize(_MARK_STEP, ROUND_HALF_UP)
    return MemberMark(
        factor=factor,
        raw=raw,
        raters=sum(member in ratings.get(mate, {}) for mate in mates),
        own=given.get(member),
        is_silent=is_silent,
        penalty=penalty,
        mark=mark,
    )
