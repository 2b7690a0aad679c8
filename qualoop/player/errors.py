"""What the player refuses. A response that does not fit its item is `qualoop.assessment.ResponseRefusedError`."""

from __future__ import annotations

from qualoop.errors import QualoopError


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

    Nothing was recorded. The host shows the attempt as it is now.
    """

    code = "player-stale"
