"""Free text about a learner, encrypted under a key of that learner's own: who destroys the key destroys the text.

The ledger and its hashes hold the token, never the words, so it verifies whether or not the key is still there. A key
is made at first need and kept sealed under the installation's secret. A token is bound to its learner.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text

from lti_tool.db import Prepared, micros
from lti_tool.models import LearnerKey
from lti_tool.sealing import SealedError, Sealer, make_key
from qualoop.errors import QualoopError

PREFIX: Final = "sealed-text-1."
MAX_TEXT: Final = 4000
"""Characters of one text."""

_PURPOSE: Final = "qualoop learner key 1"
_BYTES: Final = ":bytes"
"""What bytes are bound to beside their learner: a text's token can never be passed off as a file, nor the reverse."""

_FIND = Prepared(
    text("SELECT key_encrypted FROM learner_key WHERE organisation_id = :organisation_id AND learner = :learner")
)
# Two writers may need the first key of a learner at once: the one that comes second uses what stands.
_MAKE = Prepared(
    text(
        "INSERT INTO learner_key (organisation_id, learner, key_encrypted, created_at, destroyed_at) "
        "VALUES (:organisation_id, :learner, :key, :now, NULL) ON CONFLICT (organisation_id, learner) DO NOTHING"
    )
)
_DESTROY = Prepared(
    text(
        "INSERT INTO learner_key (organisation_id, learner, key_encrypted, created_at, destroyed_at) "
        "VALUES (:organisation_id, :learner, NULL, :now, :now) ON CONFLICT (organisation_id, learner) "
        "DO UPDATE SET key_encrypted = NULL, destroyed_at = excluded.destroyed_at"
    )
)


BytesOpener = Callable[[bytes], bytes | None]
"""Opens what one learner's key sealed; None where that key is destroyed. Raises SealedTextError."""


class LearnerMissingError(QualoopError):
    """There is no such learner in this organisation; `qualoop ledger find` shows pseudonyms."""

    code = "learner-missing"


class LearnerErasedError(QualoopError):
    """The learner was erased: nothing can be written about this pseudonym any more."""

    code = "learner-erased"


class SealedTextError(QualoopError):
    """A text cannot be opened or closed: it was altered, belongs to another learner, is too long, or the secret differs."""

    code = "sealed-text"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwner:
    """Whose key: a learner of an organisation, and the installation's ``secret`` that the key is kept under."""

    organisation_id: int
    learner: str
    secret: str

    @property
    def bound_to(self) -> str:
        """Return what ciphertexts are bound to."""
        return f"{self.organisation_id}:{self.learner}"


def sealed_text(connection: Connection, owner: KeyOwner, words: str, now: datetime) -> str:
    """Return ``words`` as a token of ASCII letters; the learner's key is made where there is none.

    Raises LearnerErasedError where the key was destroyed, SealedTextError for more than MAX_TEXT characters.
    """
    if len(words) > MAX_TEXT:
        raise SealedTextError(f"a text has at most {MAX_TEXT} characters")
    key = _key_to_write(connection, owner, now)
    return PREFIX + urlsafe_b64encode(key.seal(words.encode(), owner.bound_to)).decode()


def open_text(connection: Connection, owner: KeyOwner, token: str) -> str | None:
    """Return the words of a token, or None where the learner's key is destroyed.

    Raises SealedTextError where token, learner and secret do not belong together.
    """
    try:
        key = _find_key(connection, owner)
    except LearnerErasedError:
        return None
    try:
        if key is None or not token.startswith(PREFIX):
            raise SealedTextError
        return _open(key, urlsafe_b64decode(token.removeprefix(PREFIX)), owner.bound_to).decode()
    except ValueError as error:
        raise SealedTextError from error


def sealed_bytes(connection: Connection, owner: KeyOwner, plain: bytes, now: datetime) -> bytes:
    """Return ``plain``, of any length, under the learner's key, made where there is none; raise LearnerErasedError."""
    return _key_to_write(connection, owner, now).seal(plain, owner.bound_to + _BYTES)


def open_bytes(connection: Connection, owner: KeyOwner, sealed: bytes) -> bytes | None:
    """Return what `sealed_bytes` sealed, or None where the learner's key is destroyed; raise SealedTextError."""
    return bytes_opener(connection, owner)(sealed)


def bytes_opener(connection: Connection, owner: KeyOwner) -> BytesOpener:
    """Return what opens many things of one learner as `open_bytes` opens one: the key is looked up here, once."""
    try:
        key = _find_key(connection, owner)
    except LearnerErasedError:
        return lambda _sealed: None
    if key is None:
        return _open_nothing
    return lambda sealed: _open(key, sealed, owner.bound_to + _BYTES)


def _open_nothing(_sealed: bytes) -> None:
    """Open nothing: what was never sealed under a key cannot be opened."""
    raise SealedTextError


def destroy_key(connection: Connection, organisation_id: int, learner: str, now: datetime) -> None:
    """Destroy a learner's key for good; one who had none can get none either."""
    _DESTROY.run(connection, {"organisation_id": organisation_id, "learner": learner, "now": micros(now)})


def list_erased(connection: Connection, organisation_id: int, learners: Collection[str]) -> frozenset[str]:
    """Return those of these learners whose key was destroyed."""
    rows = connection.execute(
        select(LearnerKey.learner).where(
            LearnerKey.organisation_id == organisation_id,
            LearnerKey.learner.in_(learners),
            LearnerKey.destroyed_at.is_not(None),
        )
    )
    return frozenset(rows.scalars())


def _key_to_write(connection: Connection, owner: KeyOwner, now: datetime) -> Sealer:
    """Return a learner's key, made where there is none; raise LearnerErasedError where it was destroyed."""
    key = _find_key(connection, owner)
    if key is None:
        made = Sealer.for_purpose(owner.secret, _PURPOSE).seal(make_key(), owner.bound_to)
        row = {"organisation_id": owner.organisation_id, "learner": owner.learner}
        _MAKE.run(connection, {**row, "key": made, "now": micros(now)})
        key = _find_key(connection, owner)
    if key is None:
        raise LearnerErasedError
    return key


def _find_key(connection: Connection, owner: KeyOwner) -> Sealer | None:
    """Return a learner's key, None where none was made yet; raise LearnerErasedError where it was destroyed."""
    row = _FIND.one(connection, {"organisation_id": owner.organisation_id, "learner": owner.learner})
    if row is None:
        return None
    if row[0] is None:
        raise LearnerErasedError
    return Sealer(_open(Sealer.for_purpose(owner.secret, _PURPOSE), bytes(row[0]), owner.bound_to))


def _open(sealer: Sealer, sealed: bytes, bound_to: str) -> bytes:
    try:
        return sealer.open(sealed, bound_to)
    except SealedError as error:
        raise SealedTextError from error
