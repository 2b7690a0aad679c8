"""Our own signing keys: made, published as a JWK Set, kept encrypted.

A key's id is its RFC 7638 thumbprint. Reading and checking a private key costs a hundred times as much as signing
with it, so whoever signs keeps the ToolKey.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.jwk import RSAKey

from lti_tool.lti.errors import SealedKeyError
from lti_tool.sealing import SealedError, Sealer

KEY_BITS: Final = 2048
ALGORITHM: Final = "RS256"

_PURPOSE: Final = "qualoop lti tool key 1"


@dataclass(frozen=True, slots=True)
class ToolKey:
    """A private key of ours, ready to sign."""

    kid: str
    private: RSAKey

    @property
    def public_jwk(self) -> dict[str, Any]:
        """Return what the world may know of the key."""
        public = self.private.as_dict(private=False)
        return {"kty": "RSA", "n": public["n"], "e": public["e"], "kid": self.kid, "alg": ALGORITHM, "use": "sig"}


def make_tool_key() -> ToolKey:
    """Make a new key. Its randomness is the operating system's: no caller can give a better one."""
    return _tool_key(RSAKey.generate_key(KEY_BITS))


def public_jwks(public_jwks_of_keys: Iterable[dict[str, Any]]) -> bytes:
    """Return the document that is published at our key URL."""
    return json.dumps({"keys": list(public_jwks_of_keys)}, separators=(",", ":")).encode()


def seal_tool_key(key: ToolKey, secret: str) -> bytes:
    """Return the private key sealed under the installation's ``secret``, bound to its id."""
    return Sealer.for_purpose(secret, _PURPOSE).seal(key.private.as_der(private=True), key.kid)


def open_tool_key(sealed: bytes, kid: str, secret: str) -> ToolKey:
    """Return the key that `seal_tool_key` sealed; raise SealedKeyError where secret or id differ."""
    try:
        private = Sealer.for_purpose(secret, _PURPOSE).open(sealed, kid)
    except SealedError as error:
        raise SealedKeyError from error
    # The seal proves that we made this key, so its (slow) arithmetic check adds nothing.
    native = serialization.load_der_private_key(private, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(native, RSAPrivateKey):
        raise SealedKeyError
    return _tool_key(RSAKey.import_key(native))


def _tool_key(key: RSAKey) -> ToolKey:
    return ToolKey(key.thumbprint(), key)
