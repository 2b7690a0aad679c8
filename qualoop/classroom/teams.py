"""Teams of a class: drawn evenly by a seed, so that no team is more than one larger than another."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeVar

from qualoop.classroom.session import ClassRefusedError

SMALLEST: Final = 2
LARGEST: Final = 12
MOST_TEAMS: Final = 100
MAX_NAME: Final = 80

Id = TypeVar("Id", int, str)


class TeamsRefusedError(ClassRefusedError):
    """Teams have 2 to 12 people, and a class has 1 to 100 of them."""

    code = "class-team-size"


class TeamsFixedError(ClassRefusedError):
    """Something was done as these teams already: nobody is moved any more. Who has no team can still be put into one."""

    code = "class-teams-fixed"


def drawn(people: Sequence[Id], size: int, seed: str) -> list[list[Id]]:
    """Return people in teams of about ``size``: as many teams as hold them, none more than one larger than another.

    Where the last would be one person alone there is a team fewer. The same people and seed give the same teams,
    whatever their order. Raises TeamsRefusedError.
    """
    if not SMALLEST <= size <= LARGEST:
        raise TeamsRefusedError
    if not people:
        return []
    count = max(1, -(-len(people) // size))
    while count > 1 and len(people) // count < SMALLEST:
        count -= 1
    if count > MOST_TEAMS:
        raise TeamsRefusedError
    mixed = sorted(people, key=lambda each: hashlib.sha256(f"{seed}/{each}".encode()).digest())
    return [list(mixed[number::count]) for number in range(count)]


def smallest_team(teams: Mapping[Id, Collection[object]]) -> Id | None:
    """Return the team with the fewest members, the first of several; None where there is no team."""
    return min(teams, key=lambda team: (len(teams[team]), list(teams).index(team)), default=None)
