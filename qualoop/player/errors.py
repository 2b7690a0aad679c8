"""What the player refuses. A response that does not fit its item is `qualoop.assessment.ResponseRefusedError`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qualoop.assessment import ResponseRefusedError
from qualoop.errors import QualoopError
from qualoop.simulators import Refusal


class PlayerError(QualoopError):
    """The player refuses something."""

    code = "player"


class UnknownKindError(PlayerError):
    """No activity kind of this name is installed."""

    code = "player-kind"


class UnknownActionError(PlayerError):
    """The activity kind has no action of this name."""

    code = "player-action"


class StaleActionError(PlayerError):
    """The form is of an older view of the attempt: another tab, a double click, a page from before.

    Nothing was recorded. The host shows the attempt as it is now, with what was sent as `Refused`, unless ``taken`` says
    that nothing of it is lost: it had been taken before, as after a double click or a reply that never arrived.
    ``of_another`` says that the form is of an earlier attempt, in which its fields meant something else.
    """

    code = "player-stale"

    def __init__(self, *, taken: bool = False, of_another: bool = False) -> None:
        super().__init__()
        self.taken = taken
        self.of_another = of_another


class DecisionRefusedError(ResponseRefusedError):
    """A decision of a practice project is not taken; the one before stands.

    ``problems`` are all that is wrong, at least one; ``typed`` is what stood in each field, by row, None where the fields
    are as they were.
    """

    code = "decision"

    def __init__(self, problems: Sequence[Refusal], typed: Mapping[str, Sequence[str]] | None = None) -> None:
        first = problems[0]
        super().__init__(first.field or "", "not-offered")
        self.problems = tuple(problems)
        self.typed = typed
        self.reason = first.code
        self.message = first.text["en"]


class RoundClosedError(DecisionRefusedError):
    """A decision came after its round had closed: what was played then stands. What was typed is for the next round."""

    code = "round-closed"
