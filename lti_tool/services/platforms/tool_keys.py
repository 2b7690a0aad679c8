"""The signing keys of this installation: made at first need, encrypted at rest, published as key sets (S10).

How they follow one another: `key_rotation`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lti_tool.lti.tool_keys import ToolKey, make_tool_key, open_tool_key, public_jwks, seal_tool_key
from lti_tool.models import ToolKey as ToolKeyRow

LTI: Final = "lti"
LEDGER: Final = "ledger"
PURPOSES: Final = (LTI, LEDGER)

NEXT: Final = "next"
ACTIVE: Final = "active"
RETIRED: Final = "retired"

#: The key that signs, opened, by purpose: to open a key and to sign with it for the first time costs as much as a dozen
#: signatures. A key that was replaced leaves when its successor comes.
_opened: dict[str, ToolKey] = {}


def ensure_key(session: Session, purpose: str, *, secret: str, now: datetime) -> ToolKey:
    """Return the active key of a purpose, made where there is none. The opened key stays in memory."""
    query = select(ToolKeyRow).where(ToolKeyRow.purpose == purpose, ToolKeyRow.state == ACTIVE)
    row = session.scalar(query)
    if row is None:
        add_key(session, purpose, ACTIVE, secret=secret, now=now)
        row = session.scalars(query).one()
    found = _opened.get(purpose)
    if found is None or found.kid != row.kid:
        found = _opened[purpose] = open_tool_key(row.private_encrypted, row.kid, secret)
    return found


def add_key(session: Session, purpose: str, state: str, *, secret: str, now: datetime) -> str | None:
    """Make a key and return its id; None where the purpose has a key in that state by now.

    Processes that want one at once wait for each other here, and all but the first get None.
    """
    key = make_tool_key()
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    made: str | None = session.scalar(
        insert(ToolKeyRow)
        .values(
            kid=key.kid,
            purpose=purpose,
            state=state,
            public_jwk=key.public_jwk,
            private_encrypted=seal_tool_key(key, secret),
            created_at=now,
            active_at=now if state == ACTIVE else None,
        )
        .on_conflict_do_nothing()
        .returning(ToolKeyRow.kid)
    )
    return made


def platform_key_set(session: Session, now: datetime) -> bytes:
    """Return the keys that platforms check our messages with: the next, the active, and those retired of late."""
    rows = session.scalars(select(ToolKeyRow).where(ToolKeyRow.purpose == LTI).order_by(ToolKeyRow.id))
    return public_jwks(row.public_jwk for row in rows if is_published(row, now))


def seal_key_set(session: Session) -> bytes:
    """Return the keys that seals are checked with: those that may have signed one, however long ago, and the next."""
    rows = session.scalars(select(ToolKeyRow).where(ToolKeyRow.purpose == LEDGER).order_by(ToolKeyRow.id))
    return public_jwks(row.public_jwk for row in rows if row.published_until is None)


def is_published(row: ToolKeyRow, now: datetime) -> bool:
    """Tell whether a key stands in its key set."""
    return row.published_until is None or now < row.published_until
