"""What can go wrong with a simulation."""

from __future__ import annotations

from qualoop.errors import QualoopError
from qualoop.values import Text


class SimulatorError(QualoopError):
    """Something about a simulation is not as it must be."""

    code = "simulator"


class UnknownEngineError(SimulatorError):
    """No engine of this name is installed."""

    code = "unknown-engine"


class EnginePlaceError(SimulatorError):
    """An engine is installed so that nobody can say which code belongs to it, and so no score could name it."""

    code = "engine-place"


class SpecRefusedError(SimulatorError):
    """The world that a project describes is none that its engine can make."""

    code = "world-spec"


class EngineUnavailableError(SimulatorError):
    """An engine cannot compute now, for reasons that are not the learner's: nothing happened.

    ``notice`` is what a page says.
    """

    code = "engine-unavailable"

    @property
    def notice(self) -> Text:
        """Return what happened and what to do."""
        raise NotImplementedError


class FormOutsideBandError(SimulatorError):
    """No form of the project lies in its band of difficulty."""

    code = "form-outside-band"
