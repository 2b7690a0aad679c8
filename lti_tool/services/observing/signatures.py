"""What a phone signs (JWS, RFC 7515, compact): ES256 and nothing else, by the key that the phone told once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from lti_tool.services.observing.errors import KeyRefusedError
from qualoop.classroom.observation import MAX_PAYLOAD, CaptureRefusedError

ALGORITHM: Final = "ES256"
MAX_TOKEN: Final = MAX_PAYLOAD * 4 // 3 + 1024
_COORDINATE: Final = 43
"""Letters of 32 bytes in base64url."""
_PUBLIC: Final = ("kty", "crv", "x", "y")
_PARTS: Final = 3


class SignatureRefusedError(CaptureRefusedError):
    """The signature is not this phone's, or none, or what was signed was changed."""

    code = "observation-signature"


def public_jwk(value: object) -> dict[str, str]:
    """Return a public key P-256 as it is kept, without anything else; raise KeyRefusedError."""
    if not isinstance(value, Mapping) or "d" in value:
        raise KeyRefusedError
    kept = {name: value.get(name) for name in _PUBLIC}
    x, y = kept["x"], kept["y"]
    if (kept["kty"], kept["crv"]) != ("EC", "P-256") or not (isinstance(x, str) and isinstance(y, str)):
        raise KeyRefusedError
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise KeyRefusedError
    try:
        imported({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    except (JoseError, ValueError) as error:
        raise KeyRefusedError from error
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def imported(jwk: Mapping[str, Any]) -> ECKey:
    """Return a key as joserfc takes it; raise JoseError or ValueError, also for a point that is not on the curve."""
    return ECKey.import_key(dict(jwk))


def verified_payload(token: str, key: ECKey, device: str) -> bytes:
    """Return what a phone (its uuid) has signed; raise SignatureRefusedError.

    Any other algorithm than ES256 is refused, `none` first of all, and so is any header but `alg` and `kid`.
    """
    if len(token) > MAX_TOKEN:
        raise SignatureRefusedError("it is too long")
    try:
        found = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    # A header of another shape than a JOSE header makes the library fail in ways of its own.
    except (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise SignatureRefusedError from error
    if found.headers() != {"alg": ALGORITHM, "kid": device}:
        raise SignatureRefusedError("another phone has signed it")
    return bytes(found.payload or b"")


def claimed_id(token: str) -> str:
    """Return the id that a token claims to have, for an answer about it; empty where it shows none. Proves nothing."""
    parts = token[:MAX_TOKEN].split(".")
    if len(parts) != _PARTS:
        return ""
    try:
        found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, Base64Error, RecursionError):
        return ""
    claimed = found.get("id") if isinstance(found, dict) else None
    return claimed[:36] if isinstance(claimed, str) and claimed.isascii() else ""
