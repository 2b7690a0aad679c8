"""Fetches the tool's public keys, anew for every token request, so that a rotation is seen at once."""

from __future__ import annotations

import json
from typing import Any, Final

import urllib3

from qualoop.errors import QualoopError

TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 256 * 1024
HTTP_OK: Final = 200


class KeySetUnavailableError(QualoopError):
    """The tool's key set cannot be fetched or is none."""

    code = "key-set-unavailable"


def fetch_key_set(url: str) -> dict[str, Any]:
    """Return the JSON Web Key Set at ``url``; no proxy, no redirects."""
    try:
        with urllib3.PoolManager(num_pools=1, timeout=TIMEOUT_S, retries=False) as pool:
            response = pool.request("GET", url, preload_content=False, redirect=False)
            body = response.read(MOST_BYTES + 1)
            response.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise KeySetUnavailableError(f"{url}: {error}") from error
    if response.status != HTTP_OK or len(body) > MOST_BYTES:
        raise KeySetUnavailableError(f"{url} answers {response.status} with {len(body)} bytes")
    try:
        key_set = json.loads(body)
    except ValueError as error:
        raise KeySetUnavailableError(f"{url} is no JSON") from error
    if not isinstance(key_set, dict) or not isinstance(key_set.get("keys"), list):
        raise KeySetUnavailableError(f"{url} is no key set")
    return key_set
