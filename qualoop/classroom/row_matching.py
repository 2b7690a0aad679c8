"""Whom a row of a table may mean that names nobody for sure: learners whose number, address or name comes near."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from qualoop.classroom.mark_heads import comparable
from qualoop.classroom.mark_tables import Known

MOST: Final = 3
_NEAR: Final = 0.75
"""How alike two names are at least, of 1."""
_SHORTEST_NUMBER: Final = 4
"""A shorter number is one slip away from too many others."""
_NO_SIGN: Final = re.compile(r"[\W_]+")
_SAME_NUMBER, _SLIP, _EMAIL = 4.0, 2.0, 3.0
"""What a sign is worth; a name is worth at most 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A learner whom a row may mean, and by what: `number`, `email` or `name`."""

    learner: str
    by: str


def suggest(told: Mapping[str, str], people: Sequence[Known]) -> Sequence[Suggestion]:
    """Return whom a row may mean, the likeliest first, at most MOST; ``told`` is kind of column -> text. Never certain."""
    found = [(*_nearness(told, each), each.uuid) for each in people]
    near = sorted((each for each in found if each[0] > 0), key=lambda each: (-each[0], each[2]))
    return [Suggestion(learner=learner, by=by) for _, by, learner in near[:MOST]]


def _nearness(told: Mapping[str, str], person: Known) -> tuple[float, str]:
    """Return how near a learner comes, by everything that is told, and by what most."""
    mailbox = comparable(told.get("email", "")).partition("@")[0]
    signs = (
        (_number_nearness(_plain(told.get("number", "")), person), "number"),
        (_EMAIL * any(mailbox and mailbox == comparable(each).partition("@")[0] for each in person.emails), "email"),
        (_likeness(comparable(told.get("name", "")), comparable(person.name)), "name"),
    )
    return sum(nearness for nearness, _ in signs), max(signs)[1]


def _number_nearness(number: str, person: Known) -> float:
    own = [_plain(each) for each in person.numbers] if number else []
    return _SAME_NUMBER * (number in own) or _SLIP * any(_is_slip(number, each) for each in own)


def _plain(number: str) -> str:
    """Return a number without signs and leading zeros: spreadsheets take both away."""
    return _NO_SIGN.sub("", comparable(number)).lstrip("0")


def _is_slip(one: str, other: str) -> bool:
    """Say whether two numbers are one slip apart: a sign wrong, missing, or two changed over."""
    if min(len(one), len(other)) < _SHORTEST_NUMBER or abs(len(one) - len(other)) > 1:
        return False
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))
    left, right = one[start:], other[start:]
    is_swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
    return is_swapped or left[1:] in {right, right[1:]} or left == right[1:]


def _likeness(one: str, other: str) -> float:
    """Return how alike two names are, in whatever order their words stand; 0 where they are not alike."""
    mine, theirs = one.replace(",", " ").split(), other.replace(",", " ").split()
    if not mine or not theirs:
        return 0.0
    shared = {word for word in mine if len(word) > 1} & set(theirs)
    if shared:
        return 0.5 + len(shared) / (2 * max(len(mine), len(theirs)))
    match = SequenceMatcher(None, "".join(sorted(mine)), "".join(sorted(theirs)))
    return match.ratio() / 2 if match.real_quick_ratio() >= _NEAR and match.ratio() >= _NEAR else 0.0
