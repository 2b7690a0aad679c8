"""What goes into one step of an activity and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from qualoop.assessment import Form, Response
from qualoop.values import Score

State: TypeAlias = dict[str, Any]
"""The state of an attempt: plain JSON, decisions and seed only, at most 64 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a learner sent: the action's name, from the URL, and the form's fields, whatever they hold."""

    name: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An item got a response: the evidence of one part.

    ``try_number`` counts from 1, ``hints`` is how many had been shown, ``options`` among how many a blind guess picks
    one (None where none fits), ``correct`` whether all of it is right.
    """

    part: str
    try_number: int
    response: Response
    score: Score
    correct: bool
    hints: int
    options: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HintShown:
    """A hint of an item was shown; ``hint`` counts from 1."""

    part: str
    hint: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """The learner gave an item up to see its solution; ``tries`` is how many responses came before."""

    part: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The learner handed the attempt in."""

    score: Score


Event: TypeAlias = Answered | HintShown | Revealed | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state after an action and what happened, in order. Nothing happened where only the view changed."""

    state: State
    events: tuple[Event, ...] = ()
