"""What the tasks and the command do alike: one run of each, with the settings and the platform of this process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from random import SystemRandom
from typing import Any, TypeVar

from django.db import close_old_connections

from xblocks.edx import checks, metrics, pulling, releases, sending
from xblocks.edx.checks import Compared
from xblocks.edx.clock import system_clock
from xblocks.edx.config import load_platform, setting, tool_access
from xblocks.edx.pulling import Pulled
from xblocks.edx.sending import Sent
from xblocks.edx.tool import HttpTool

_logger = logging.getLogger(__name__)
Found = TypeVar("Found")


def _as_a_request_begins(run: Callable[[], Found]) -> Callable[[], Found]:
    """Make a run see the platform as it is now, however long its process goes on."""

    @wraps(run)
    def ran() -> Found:
        close_old_connections()
        _forget_what_was_read()
        return run()

    return ran


def _forget_what_was_read() -> None:
    """Empty the platform's cache of a request: it has which version of a course is the newest, and no request ends here."""
    try:
        kept = import_module("edx_django_utils.cache").RequestCache
    except ImportError:
        return
    kept.clear_all_namespaces()


@_as_a_request_begins
def send() -> Sent:
    """Send what is due, and log how far behind the sender is; raise NotConfiguredError."""
    with HttpTool(tool_access()) as tool:
        sent = sending.send_due(tool, system_clock, random=SystemRandom())
    found = metrics.measure(system_clock())
    level = logging.WARNING if sent.error or found.lag_s > _lag_bound() else logging.INFO
    _logger.log(
        level,
        "qualoop outbox: sent=%d refused=%d waiting=%d lag_s=%d dead=%d error=%s",
        sent.events,
        sent.refused,
        found.waiting,
        found.lag_s,
        found.learners_dead,
        sent.error or "none",
    )
    return sent


@_as_a_request_begins
def pull() -> Pulled:
    """Read what changed; raise NotConfiguredError."""
    with HttpTool(tool_access()) as tool:
        return pulling.pull(tool, system_clock)


@_as_a_request_begins
def sweep() -> Compared:
    """Release marks whose date has come, and compare grades where something happened."""
    platform = load_platform()
    releases.sweep(platform, system_clock())
    return checks.sweep(platform, system_clock())


@_as_a_request_begins
def reconcile() -> Compared:
    """Compare all grades."""
    return checks.reconcile(load_platform(), system_clock())


def is_behind(found: metrics.Metrics) -> bool:
    """Return whether somebody should look: events wait too long, or something was given up or refused."""
    stuck = (
        found.refused
        + found.learners_dead
        + found.learners_need_person
        + found.versions_refused
        + found.overrides_refused
    )
    return bool(stuck) or found.lag_s > _lag_bound()


def _lag_bound() -> Any:
    return setting("QUALOOP_LAG_WARNING_S")
