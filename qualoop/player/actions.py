"""What goes into one step of an activity and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from qualoop.assessment import Form, Response
from qualoop.ledger import EvidenceForm
from qualoop.player.errors import StaleActionError
from qualoop.values import Score

State: TypeAlias = dict[str, Any]
"""The state of an attempt: plain JSON, decisions and seed only, at most 64 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a learner sent: the action's name, from the URL, and the form's fields, whatever they hold."""

    name: str
    form: Form

    def field(self, name: str) -> str:
        """Return a field of the form; a block's JSON may hold anything, so types are looked at.

        Raises StaleActionError where it holds no single text.
        """
        values: object = self.form.get(name, ())
        values = [values] if isinstance(values, str) else values
        if not isinstance(values, list | tuple) or len(values) != 1 or not isinstance(values[0], str):
            raise StaleActionError
        return values[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An item got a response: the evidence of one part.

    ``try_number`` counts from 1, ``hints`` is how many had been shown, ``options`` among how many a blind guess picks
    one (None where none fits), ``correct`` whether all of it is right, ``form`` what form of evidence it is.
    """

    part: str
    try_number: int
    response: Response
    score: Score
    correct: bool
    hints: int
    options: int | None
    form: EvidenceForm = EvidenceForm.QUIZ


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScored:
    """How well one component of a run was decided.

    ``components`` is how many the run was scored in; ``reliability`` the published one of the graded mode in [0, 1], None
    for practice and where none was published; ``critical`` whether a breach capped it, in whichever mode.
    """

    part: str
    score: Score
    components: int
    reliability: Decimal | None
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScored:
    """A run of a practice project was scored: a practice run after its last round, the graded one when handed in.

    ``mode`` is `practice` or `graded`, ``number`` that of the practice world or of the form, ``digest`` is over what was
    played: key, decisions, engine and world (`qualoop.simulators.run_files`). With the content's hash, which only the host
    knows, `run_name` makes of it what ties the score to the run's file.
    """

    mode: str
    number: int
    parts: tuple[PartScored, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSubmitted:
    """Work was handed in that people judge: as plain text. Its attempt has no score before their marks are released."""

    text: str


Event: TypeAlias = Answered | HintShown | Revealed | RunScored | WorkSubmitted | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state after an action and what happened, in order. Nothing happened where only the view changed."""

    state: State
    events: tuple[Event, ...] = ()
