"""The platform's settings QUALOOP_*, read where they are used and checked in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from qualoop.errors import QualoopError
from qualoop.exchange import MAX_EVENTS, Secret
from xblocks.edx.settings.usual import DEFAULTS

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_KEY: Final = re.compile(r"[a-z0-9]{4,32}")


class NotConfiguredError(QualoopError):
    """A setting QUALOOP_* is missing or cannot be; the message names it. Evidence is kept until it is mended."""

    code = "not-configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAccess:
    """Where the tool is and how requests to it are signed; ``prefix`` is the path before /api, without slash at its end."""

    origin: str
    prefix: str
    key: str
    secret: Secret = field(repr=False)
    timeout_s: float


def setting(name: str) -> Any:
    """Return one of our settings, as the platform has it."""
    return getattr(settings, name, DEFAULTS[name])


def tool_access() -> ToolAccess:
    """Return how to reach the tool; raise NotConfiguredError."""
    url, key, secret = (setting(f"QUALOOP_{name}") for name in ("TOOL_URL", "SOURCE_KEY", "SOURCE_SECRET"))
    parts = urlsplit(str(url))
    if not _is_address(parts.scheme, parts.hostname) or parts.query or parts.fragment or "@" in parts.netloc:
        raise NotConfiguredError("QUALOOP_TOOL_URL is the tool's address: https://qualoop.example.org")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise NotConfiguredError("QUALOOP_SOURCE_KEY is the id of a key, as `qualoop source add` printed it")
    if not isinstance(secret, str) or not secret or not secret.isascii():
        raise NotConfiguredError("QUALOOP_SOURCE_SECRET is the secret of the key, as `qualoop source add` printed it")
    return ToolAccess(
        origin=f"{parts.scheme}://{parts.netloc}",
        prefix=parts.path.rstrip("/"),
        key=key,
        secret=Secret(secret),
        timeout_s=number("QUALOOP_TIMEOUT_S", 1, 120),
    )


def number(name: str, least: int, most: int) -> int:
    """Return a setting that is a whole number in a range; raise NotConfiguredError."""
    found = setting(name)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise NotConfiguredError(f"{name} is a whole number from {least} to {most}")
    return found


def batch_size() -> int:
    """Return how many events one request holds at most."""
    return number("QUALOOP_BATCH", 1, MAX_EVENTS)


def keep_sent_for() -> timedelta:
    """Return how long the text of an event stays after the tool has it."""
    return timedelta(days=number("QUALOOP_KEEP_SENT_DAYS", 0, 3650))


def load_platform() -> Any:
    """Return the adapter of the platform that the settings name (`xblocks.edx.platform.Platform`)."""
    module, _, name = str(setting("QUALOOP_PLATFORM")).rpartition(".")
    return getattr(import_module(module), name)()


def _is_address(scheme: str, host: str | None) -> bool:
    """Return whether evidence may go there: encrypted, or to this machine."""
    return bool(host) and (scheme == "https" or (scheme == "http" and host in _LOOPBACK))
