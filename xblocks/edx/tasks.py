"""Celery tasks, which the platform's workers find by this module's name. All are safe to run twice at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

from xblocks.edx import work
from xblocks.edx.config import NotConfiguredError

_logger = logging.getLogger(__name__)


@shared_task(name="qualoop.send", ignore_result=True)
def send() -> None:
    """Send what waits."""
    _run(work.send)


@shared_task(name="qualoop.pull", ignore_result=True)
def pull() -> None:
    """Read what changed."""
    _run(work.pull)


@shared_task(name="qualoop.sweep", ignore_result=True)
def sweep() -> None:
    """Publish grades that did not reach the platform."""
    _run(work.sweep)


@shared_task(name="qualoop.reconcile", ignore_result=True)
def reconcile() -> None:
    """Compare all grades, once a night."""
    _run(work.reconcile)


def _run(work_once: Callable[[], Any]) -> None:
    try:
        work_once()
    except NotConfiguredError as error:
        _logger.warning("qualoop: %s", error)
