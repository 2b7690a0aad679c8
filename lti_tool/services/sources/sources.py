"""Sites that send evidence: who they are, and the keys that they sign with.

A secret is made here, printed once, and kept sealed under the installation's secret, bound to its organisation and key
id: moved to another row it does not open.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared
from lti_tool.models import Registration, Source, SourceKey
from lti_tool.sealing import SealedError, Sealer
from qualoop.errors import QualoopError
from qualoop.exchange import Secret
from qualoop.values import ValueRefusedError, checked_key

ACTIVE_KEYS: Final = 2
"""How many keys of a source are good at once: the one in use, and the one that replaces it."""
MAX_KEY: Final = 40
MAX_NAME: Final = 255

_MARK: Final = "qs1."
_PURPOSE: Final = "qualoop source key 1"

_GOOD = Prepared(
    text(
        "SELECT s.id, s.organisation_id, s.key, s.registration_id, k.secret_encrypted FROM source_key k "
        "JOIN source s ON s.id = k.source_id WHERE k.kid = :kid AND k.revoked_at IS NULL AND s.revoked_at IS NULL"
    )
)


class SourceThereError(QualoopError):
    """The organisation has a source of this key already; `qualoop source list` shows them."""

    code = "source-there"


class SourceMissingError(QualoopError):
    """The organisation has no such source, or no such key of it; `qualoop source list` shows what there is."""

    code = "source-missing"


class SourceKeySealedError(QualoopError):
    """The secret of this key cannot be opened: QUALOOP_SECRET_KEY is not the one that it was stored under."""

    code = "source-key-sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A source that may send, as one of its keys leads to it."""

    id: int
    organisation_id: int
    key: str
    registration_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made: the only time that its secret is at hand. ``retired`` is the id of a key that it ended."""

    kid: str
    secret: Secret = field(repr=False)
    retired: str | None = None


def add(
    session: Session,
    organisation_id: int,
    key: str,
    *,
    name: str,
    registration: Registration | None,
    secret: str,
    now: datetime,
) -> NewKey:
    """Add a source with its first key; raise SourceThereError, ValueRefusedError.

    The registration is one of the organisation; the caller has seen to that.
    """
    if len(checked_key(key)) > MAX_KEY or not (name.isprintable() and len(name) <= MAX_NAME):
        raise ValueRefusedError(f"a source's key has at most {MAX_KEY} characters, its name {MAX_NAME} printable ones")
    if session.scalar(select(Source.id).where(Source.organisation_id == organisation_id, Source.key == key)):
        raise SourceThereError
    row = Source(
        organisation_id=organisation_id,
        key=key,
        name=name,
        registration_id=registration.id if registration else None,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _new_key(session, row, secret=secret, now=now)


def get(session: Session, organisation_id: int, key: str) -> Source:
    """Return a source of the organisation; raise SourceMissingError."""
    row = session.scalar(select(Source).where(Source.organisation_id == organisation_id, Source.key == key))
    if row is None:
        raise SourceMissingError
    return row


def listed(session: Session, organisation_id: int) -> Sequence[tuple[Source, Sequence[SourceKey]]]:
    """Return the sources of the organisation by key, each with all its keys, the oldest first."""
    rows = session.scalars(select(Source).where(Source.organisation_id == organisation_id).order_by(Source.key)).all()
    return [(row, _keys(session, row)) for row in rows]


def rotate(session: Session, source: Source, *, secret: str, now: datetime) -> NewKey:
    """Make a further key; where two are good already, the older one ends now. Raises SourceMissingError once revoked."""
    if source.revoked_at is not None:
        raise SourceMissingError
    good = [key for key in _keys(session, source) if key.revoked_at is None]
    retired = good[0] if len(good) >= ACTIVE_KEYS else None
    if retired is not None:
        _end(session, [retired], now)
    made = _new_key(session, source, secret=secret, now=now)
    return NewKey(kid=made.kid, secret=made.secret, retired=retired.kid if retired else None)


def revoke(session: Session, source: Source, *, kid: str | None, now: datetime) -> None:
    """End one key of a source, or the source with all its keys; raise SourceMissingError. What it sent stays."""
    keys = _keys(session, source)
    if kid is None:
        source.revoked_at = source.revoked_at or now
        _end(session, [key for key in keys if key.revoked_at is None], now)
        return
    found = [key for key in keys if key.kid == kid and key.revoked_at is None]
    if not found:
        raise SourceMissingError
    _end(session, found, now)


def find_signer(connection: Connection, kid: str, *, secret: str) -> tuple[KnownSource, Secret] | None:
    """Return the source of a key that is good, and its secret; None for any other key. Raises SourceKeySealedError."""
    row = _GOOD.one(connection, {"kid": kid})
    if row is None:
        return None
    source = KnownSource(id=row[0], organisation_id=row[1], key=row[2], registration_id=row[3])
    return source, _open(bytes(row[4]), _bound_to(source.organisation_id, kid), secret)


def _keys(session: Session, source: Source) -> Sequence[SourceKey]:
    return session.scalars(
        select(SourceKey)
        .where(SourceKey.organisation_id == source.organisation_id, SourceKey.source_id == source.id)
        .order_by(SourceKey.created_at, SourceKey.id)
    ).all()


def _new_key(session: Session, source: Source, *, secret: str, now: datetime) -> NewKey:
    kid, made = secrets.token_hex(8), Secret(_MARK + secrets.token_urlsafe(32))
    sealed = Sealer.for_purpose(secret, _PURPOSE).seal(made.encode(), _bound_to(source.organisation_id, kid))
    session.add(
        SourceKey(
            organisation_id=source.organisation_id,
            source_id=source.id,
            kid=kid,
            secret_encrypted=sealed,
            created_at=now,
        )
    )
    session.flush()
    return NewKey(kid=kid, secret=made)


def _end(session: Session, keys: Sequence[SourceKey], now: datetime) -> None:
    """Let keys be good no more, and forget their secrets."""
    if session.connection().dialect.name == "sqlite":
        # Else what is deleted stays readable in free pages of the file.
        session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
    for key in keys:
        key.revoked_at, key.secret_encrypted = now, None
    session.flush()


def _bound_to(organisation_id: int, kid: str) -> str:
    return f"{organisation_id}:{kid}"


def _open(sealed: bytes, bound_to: str, secret: str) -> Secret:
    try:
        return Secret(Sealer.for_purpose(secret, _PURPOSE).open(sealed, bound_to).decode())
    except SealedError as error:
        raise SourceKeySealedError from error
