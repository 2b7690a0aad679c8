"""Adoptions: which constants, weights and policy mastery is computed with, from which event on.

Tag sets and frameworks are adopted by the installation of content (services.content_install).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from lti_tool.models import RARE, LedgerEvent
from lti_tool.services.ledger import ledger
from qualoop.ledger import EventType

SOURCE: Final = "adoption"


def note_model(
    connection: Connection, organisation_id: int, *, constants: str, weights: str, policy: str = "", now: datetime
) -> None:
    """Say in the ledger which versions hold from now on, by their ids; what holds already is not said again.

    An empty ``policy`` is none. Call it in the transaction that adopts a generation.
    """
    adopted = (
        (EventType.CONSTANTS_ADOPTED, constants),
        (EventType.WEIGHTS_ADOPTED, weights),
        (EventType.POLICY_ADOPTED, policy),
    )
    for kind, version in adopted:
        if version:
            note(connection, organisation_id, kind, {"id": version}, now=now)


def note(connection: Connection, organisation_id: int, kind: EventType, body: dict[str, Any], *, now: datetime) -> None:
    """Append an adoption where the newest one of its kind says something else, so that going back is one, too."""
    of_kind = (LedgerEvent.organisation_id == organisation_id, RARE, LedgerEvent.type == kind.value)
    newest = connection.scalar(select(LedgerEvent.body).where(*of_kind).order_by(LedgerEvent.id.desc()).limit(1))
    if newest is not None and json.loads(newest) == body:
        return
    count = connection.scalar(select(func.count()).select_from(LedgerEvent).where(*of_kind)) or 0
    source = (SOURCE, kind.value, str(count + 1))
    event = ledger.new_event(connection, organisation_id, kind, body, source=source, now=now)
    ledger.append(connection, organisation_id, event)
