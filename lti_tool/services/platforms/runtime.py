"""What one process of the tool works with: settings, database, HTTP client, keys, clock. Made once, passed down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lti_tool.db import Database
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.outgoing import HttpClient
from lti_tool.services.content.contents import Contents
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.settings import Settings


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts of one process."""

    settings: Settings
    database: Database
    http: HttpClient
    platform_keys: KeyCache
    registrations: Registrations
    contents: Contents
    clock: Callable[[], datetime] = utc_now
