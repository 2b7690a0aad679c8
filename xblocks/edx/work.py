"""What the tasks and the command do alike: one run of each, with the settings and the platform of this process."""

from __future__ import annotations

import logging
from random import SystemRandom
from typing import Any

from xblocks.edx import checks, metrics, pulling, releases, sending
from xblocks.edx.checks import Compared
from xblocks.edx.clock import system_clock
from xblocks.edx.config import load_platform, setting, tool_access
from xblocks.edx.pulling import Pulled
from xblocks.edx.sending import Sent
from xblocks.edx.tool import HttpTool

_logger = logging.getLogger(__name__)


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


def pull() -> Pulled:
    """Read what changed; raise NotConfiguredError."""
    with HttpTool(tool_access()) as tool:
        return pulling.pull(tool, system_clock)


def sweep() -> Compared:
    """Release marks whose date has come, and compare grades where something happened."""
    platform = load_platform()
    releases.sweep(platform, system_clock())
    return checks.sweep(platform, system_clock())


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
