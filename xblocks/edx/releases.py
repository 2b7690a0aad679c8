"""Releases approved marks whose date has come, also where nobody opens the block."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from xblocks.edx.models import ClassRegister
from xblocks.edx.platform import Platform

_logger = logging.getLogger(__name__)

HAS_APPROVED: Final = '"approved": {"value": {'
"""What only a register holds in which something is approved and not released: the rest is not even read."""


def sweep(platform: Platform, now: datetime) -> None:
    """Let each block in which something is approved release what is due by its own date."""
    usages = ClassRegister.objects.filter(document__contains=HAS_APPROVED).values_list("usage", flat=True)
    for usage in list(usages):
        try:
            release_due = getattr(platform.find_block(usage), "release_due", None)
            if release_due is not None:
                release_due(now)
        # One block must not keep the others from their marks.
        except Exception:
            _logger.exception("approved marks at %s were not released", usage)
