"""The signing keys of this installation: made at first need, encrypted at rest, published as a key set (S10)."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti.tool_keys import ToolKey, make_tool_key, open_tool_key, public_jwks, seal_tool_key
from lti_tool.models import ToolKey as ToolKeyRow

LTI: Final = "lti"
LEDGER: Final = "ledger"
ACTIVE: Final = "active"
RETIRED: Final = "retired"

_opened: dict[str, ToolKey] = {}
_lock = threading.Lock()


def ensure_key(session: Session, purpose: str, *, secret: str, now: datetime) -> ToolKey:
    """Return the active key of a purpose, made where there is none. The opened key stays in memory by its id."""
    row = session.scalar(select(ToolKeyRow).where(ToolKeyRow.purpose == purpose, ToolKeyRow.state == ACTIVE))
    if row is None:
        key = make_tool_key()
        session.add(
            ToolKeyRow(
                kid=key.kid,
                purpose=purpose,
                state=ACTIVE,
                public_jwk=key.public_jwk,
                private_encrypted=seal_tool_key(key, secret),
                created_at=now,
            )
        )
        session.flush()
        return _remember(key)
    found = _opened.get(row.kid)
    return found or _remember(open_tool_key(row.private_encrypted, row.kid, secret))


def published(session: Session, purpose: str = LTI) -> bytes:
    """Return the key set of a purpose. A platform needs no retired key; who checks old seals of the ledger does."""
    query = select(ToolKeyRow).where(ToolKeyRow.purpose == purpose).order_by(ToolKeyRow.id)
    rows = session.scalars(query if purpose == LEDGER else query.where(ToolKeyRow.state != RETIRED))
    return public_jwks(row.public_jwk for row in rows)


def _remember(key: ToolKey) -> ToolKey:
    """Keep an opened key: opening costs a hundred times what signing costs."""
    with _lock:
        return _opened.setdefault(key.kid, key)
