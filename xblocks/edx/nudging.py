"""A task that sends at once what was just kept. Where it cannot be started, the regular one sends it later."""

from __future__ import annotations

import logging
from importlib import import_module

from xblocks.edx.config import setting

_logger = logging.getLogger(__name__)


def send_soon() -> None:
    """Start the task that sends; never fails, since what it is about is committed already."""
    if not setting("QUALOOP_NUDGE") or not setting("QUALOOP_TOOL_URL"):
        return
    try:
        import_module("xblocks.edx.tasks").send.apply_async(retry=False)
    # A platform without Celery, or a broker that is down: a learner's answer must not fail by that.
    except Exception:
        _logger.warning("evidence is kept and will be sent by the regular task", exc_info=True)
