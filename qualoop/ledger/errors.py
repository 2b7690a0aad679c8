"""The errors of the ledger."""

from __future__ import annotations

from qualoop.errors import QualoopError


class LedgerError(QualoopError):
    """Something cannot stand in the ledger, or does not stand in it as it was written."""

    code = "ledger"


class EventRefusedError(LedgerError):
    """An event is not of the form that every event has."""

    code = "ledger-event"


class EvidenceRefusedError(LedgerError):
    """The body of an `evidence.recorded` event is not of its form; ``field`` says which part of it."""

    code = "ledger-evidence"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class CorrectionRefusedError(LedgerError):
    """A correction is not of its form, or corrects what it cannot correct."""

    code = "ledger-correction"
