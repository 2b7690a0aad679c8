"""Makes the parts of one process out of the settings: for the web application, the worker and the commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lti_tool.db import Database
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.content.contents import Contents
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.runtime import Runtime, utc_now
from lti_tool.settings import Settings


def assemble(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Runtime:
    """Return the parts of a process. Nothing is connected yet and no schema is made (`schema.migrate`)."""
    policy = AddressPolicy.of(allow_loopback=settings.allow_loopback, allowed_networks=settings.allowed_networks)
    http = HttpClient(policy, timeout_s=settings.outgoing_timeout_s)
    database = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    return Runtime(
        settings=settings,
        database=database,
        http=http,
        platform_keys=KeyCache(http.get_document),
        registrations=Registrations(database),
        contents=Contents(),
        clock=clock,
    )
