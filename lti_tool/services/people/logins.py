"""State and nonce of a login: stored once, bound to one browser, consumed atomically (S1-S3, S18)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from lti_tool.db import Prepared, micros
from lti_tool.lti.errors import BrowserMismatchError, StateExpiredError, StateUnknownError, StateUsedError
from lti_tool.models import LaunchState

STATE_LIFE: Final = timedelta(minutes=10)
KEPT_AFTER_EXPIRY: Final = timedelta(minutes=5)
SECRET_BYTES: Final = 24

_INSERT = Prepared(
    insert(LaunchState).values(
        organisation_id=bindparam("organisation_id"),
        state_hash=bindparam("state_hash"),
        binding_hash=bindparam("binding_hash"),
        nonce=bindparam("nonce"),
        registration_id=bindparam("registration_id"),
        expires_at=bindparam("expires_at"),
        storage_target=bindparam("storage_target"),
    )
)
_SELECT = Prepared(
    select(
        LaunchState.registration_id,
        LaunchState.binding_hash,
        LaunchState.nonce,
        LaunchState.expires_at,
        LaunchState.used_at,
    ).where(LaunchState.state_hash == bindparam("state_hash"))
)
_CONSUME = Prepared(
    update(LaunchState)
    .where(LaunchState.state_hash == bindparam("hash"), LaunchState.used_at.is_(None))
    .values(used_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class OpenedLogin:
    """What a login hands out: `state` and `nonce` for the platform, `binding` for this browser to bring back.

    The browser keeps it in a cookie, or the platform's page keeps it for the browser.
    """

    state: str
    nonce: str
    binding: str


@dataclass(frozen=True, slots=True)
class FoundState:
    """A stored state that this browser may use: not expired, not used, bound to it."""

    state: str
    nonce: str
    registration_id: int


def digest(text: str) -> str:
    """Return the hash under which a secret is stored: who reads the database cannot replay it."""
    return hashlib.sha256(text.encode()).hexdigest()


def open_login(
    connection: Connection,
    *,
    registration_id: int,
    organisation_id: int,
    now: datetime,
    storage_target: str | None = None,
) -> OpenedLogin:
    """Store a new state with its nonce and browser binding, 192 random bits each.

    ``storage_target`` names the frame that keeps the binding for a browser without our cookies.
    """
    login = OpenedLogin(*(secrets.token_urlsafe(SECRET_BYTES) for _ in range(3)))
    _INSERT.run(
        connection,
        {
            "organisation_id": organisation_id,
            "state_hash": digest(login.state),
            "binding_hash": digest(login.binding),
            "nonce": login.nonce,
            "registration_id": registration_id,
            "expires_at": micros(now + STATE_LIFE),
            "storage_target": storage_target,
        },
    )
    return login


def find_state(connection: Connection, state: str, *, binding: str | None, now: datetime) -> FoundState:
    """Return the stored state; raise StateUnknownError, StateUsedError, BrowserMismatchError or StateExpiredError.

    Does not consume it: see `consume_state`.
    """
    row = _SELECT.one(connection, {"state_hash": digest(state)})
    if row is None:
        raise StateUnknownError
    registration_id, binding_hash, nonce, expires_at, used_at = row
    # First, because the launch took the browser's cookie away: a reload is told that it is one.
    if used_at is not None:
        raise StateUsedError
    if not binding or not secrets.compare_digest(digest(binding), binding_hash):
        raise BrowserMismatchError
    if expires_at < micros(now):
        raise StateExpiredError
    return FoundState(state, nonce, registration_id)


def find_storage(connection: Connection, state: str) -> tuple[int, str] | None:
    """Return registration and frame of a state, unused so far, whose binding a platform's page keeps; else None."""
    found = connection.execute(
        select(LaunchState.registration_id, LaunchState.storage_target).where(
            LaunchState.state_hash == digest(state), LaunchState.used_at.is_(None)
        )
    ).first()
    return None if found is None or found.storage_target is None else (found.registration_id, found.storage_target)


def consume_state(connection: Connection, state: str, now: datetime) -> None:
    """Use the state up; raise StateUsedError where somebody else was faster."""
    cursor = _CONSUME.run(connection, {"hash": digest(state), "now": micros(now)})
    if cursor.rowcount != 1:
        raise StateUsedError


def purge_states(connection: Connection, now: datetime) -> int:
    """Delete states that nobody can use or replay any more; return how many."""
    return connection.execute(delete(LaunchState).where(LaunchState.expires_at < now - KEPT_AFTER_EXPIRY)).rowcount
