"""What can go wrong with a simulation."""

from __future__ import annotations

from qualoop.errors import QualoopError


class SimulatorError(QualoopError):
    """Something about a simulation is not as it must be."""

    code = "simulator"


class UnknownEngineError(SimulatorError):
    """No engine of this name is installed."""

    code = "unknown-engine"


class SpecRefusedError(SimulatorError):
    """The world that a project describes is none that its engine can make."""

    code = "world-spec"


class FormOutsideBandError(SimulatorError):
    """No form of the project lies in its band of difficulty."""

    code = "form-outside-band"
