"""How far events and their learners' outbox rows are, as the tables keep it. Whoever sends needs no more of the outbox."""

from __future__ import annotations

from typing import Final

DUE: Final = "due"
DONE: Final = "done"
DEAD: Final = "dead"
NEEDS_PERSON: Final = "needs-person"
"""Of an outbox row."""

WAITING: Final = "waiting"
SENT: Final = "sent"
REFUSED: Final = "refused"
"""Of an event."""
