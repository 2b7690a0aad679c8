"""Values that are encrypted at rest: AES-256-GCM with a random nonce in front, bound to where a value belongs.

Most keys are derived from the installation's secret (HKDF-SHA256, RFC 5869), a key of its own for each purpose: what
was sealed for one purpose never opens for another. What lies in databases has this form, so it cannot change.
"""

from __future__ import annotations

import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from qualoop.errors import QualoopError

KEY_BYTES: Final = 32

_NONCE_BYTES: Final = 12


class SealedError(QualoopError):
    """A sealed value cannot be opened: it was altered, belongs elsewhere, or lies under another key."""

    code = "sealed"


class Sealer:
    """Seals and opens values under one key."""

    def __init__(self, key: bytes) -> None:
        """Take a key of KEY_BYTES random bytes."""
        self._cipher = AESGCM(key)

    @classmethod
    def for_purpose(cls, secret: str, purpose: str) -> Self:
        """Return what seals for one purpose under the installation's ``secret``."""
        derivation = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
        return cls(derivation.derive(secret.encode()))

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Return ``plain`` encrypted; it opens only with the same ``bound_to``, which is no secret and not in it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Return what `seal` was given; raise SealedError where the value, its place or the key is another one."""
        nonce, encrypted = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, encrypted, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise SealedError from error


def make_key() -> bytes:
    """Return a new random key for a Sealer of its own."""
    return secrets.token_bytes(KEY_BYTES)
