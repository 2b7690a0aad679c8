"""The public keys of platforms: read from a JWK Set (RFC 7517), kept, and fetched again when that may help.

A platform rotates its keys without notice. So an unknown key id leads to one more fetch, at most every COOLDOWN
for each URL (else anybody could make us hammer the platform), and a fetch that fails leaves the former set in use.
"""

from __future__ import annotations

import binascii
import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from lti_tool.lti.errors import JwksUnavailableError, KeyUnknownError
from qualoop.errors import QualoopError

PlatformKey = RSAKey | ECKey

MAX_KEYS: Final = 20
MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192
MAX_KEY_ID: Final = 255

#: How long a set is used without asking again. A platform that withdraws a key is heard within that time.
TIME_TO_LIVE: Final = timedelta(hours=1)
#: The least time between two fetches of one address, whether they succeed or fail, whatever key ids launches name.
COOLDOWN: Final = timedelta(seconds=30)
#: How long a set may be used after its last successful fetch: a platform whose key address is down for a night goes on
#: launching, one that withdrew a key and went away does not for ever.
LONGEST_STALE: Final = timedelta(days=1)

_PUBLIC_MEMBERS: Final = frozenset({"kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y"})


class PlatformKeys(Protocol):
    """Where a validation finds the key of a token."""

    def get_key(self, jwks_url: str, kid: str, now: datetime) -> PlatformKey:
        """Return the key; raise KeyUnknownError or JwksUnavailableError."""


def parse_jwks(document: bytes) -> dict[str, PlatformKey]:
    """Return the signing keys of a JWK Set by key id; raise JwksUnavailableError where it is none.

    Keys that cannot verify a launch are left out: of another type or use, without id, RSA below 2048 bits. Of two
    keys with the same id the first usable one counts.
    """
    try:
        members = json.loads(document)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise JwksUnavailableError("the answer is not a JWK Set") from error
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise JwksUnavailableError(f"the answer is not a JWK Set of at most {MAX_KEYS} keys")
    keys: dict[str, PlatformKey] = {}
    for member in members:
        key = _find_usable(member)
        if key is not None and key.kid:
            keys.setdefault(key.kid, key)
    return keys


def _find_usable(member: Any) -> PlatformKey | None:
    """Return the key of one JWK where it can verify a launch."""
    if not isinstance(member, dict) or member.get("use", "sig") != "sig":
        return None
    kid = member.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KEY_ID:
        return None
    public = {name: value for name, value in member.items() if name in _PUBLIC_MEMBERS}
    try:
        if member.get("kty") == "RSA" and MIN_RSA_BITS <= _bits(member["n"]) <= MAX_RSA_BITS:
            return RSAKey.import_key(public)
        if member.get("kty") == "EC" and member.get("crv") == "P-256":
            return ECKey.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        pass
    return None


def _bits(modulus: str) -> int:
    """Return the length of a base64url number; joserfc would import a short key with no more than a warning."""
    try:
        return int.from_bytes(urlsafe_b64decode(modulus + "==")).bit_length()
    except binascii.Error:
        return 0


@dataclass(slots=True)
class _Entry:
    """What is known of one URL. Replaced keys are a new mapping: readers need no lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Mapping[str, PlatformKey] = field(default_factory=dict)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    failed: bool = False

    def is_fresh(self, now: datetime) -> bool:
        return self.fetched_at is not None and now - self.fetched_at < TIME_TO_LIVE

    def find(self, kid: str, now: datetime) -> PlatformKey | None:
        """Return a key that may be used, of a fresh set or of a former one that is not too old."""
        if self.fetched_at is None or now - self.fetched_at > LONGEST_STALE:
            return None
        return self.keys.get(kid)

    def may_try(self, now: datetime) -> bool:
        return self.tried_at is None or now - self.tried_at >= COOLDOWN


class KeyCache:
    """The key sets of all platforms, for all threads of a process.

    `fetch` returns the document at a URL or raises a QualoopError; it must bound time and size, follow no redirect
    and refuse private addresses.
    """

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._fetch = fetch
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def get_key(self, jwks_url: str, kid: str, now: datetime) -> PlatformKey:
        """Return the key ``kid`` of the set at ``jwks_url``; raise KeyUnknownError or JwksUnavailableError."""
        entry = self._entries.get(jwks_url)
        if entry is None:
            with self._lock:
                entry = self._entries.setdefault(jwks_url, _Entry())
        key = entry.find(kid, now)
        if key is None or not entry.is_fresh(now):
            # Who can go on with the former set does not wait for the thread that fetches.
            if entry.lock.acquire(blocking=key is None):
                try:
                    self._refresh(entry, jwks_url, kid, now)
                finally:
                    entry.lock.release()
            key = entry.find(kid, now)
        if key is not None:
            return key
        if entry.failed:
            raise JwksUnavailableError("the key set could not be fetched; it is tried again in half a minute")
        raise KeyUnknownError("the key set holds no usable key of this id")

    def _refresh(self, entry: _Entry, jwks_url: str, kid: str, now: datetime) -> None:
        if (entry.is_fresh(now) and kid in entry.keys) or not entry.may_try(now):
            return
        entry.tried_at = now
        try:
            entry.keys = parse_jwks(self._fetch(jwks_url))
        except QualoopError:
            entry.failed = True
        else:
            entry.fetched_at = now
            entry.failed = False
