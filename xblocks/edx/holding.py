"""What the platform keeps of one learner at one block, locked while a request works with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xblocks.common.evidence import EvidenceNotKeptError
from xblocks.edx.config import load_platform
from xblocks.edx.platform import Platform


def hold(user_id: Any, course: str, usage: str) -> Mapping[str, Any]:
    """Return the stored fields of a user's state at a block, as JSON by name, locked until the transaction ends.

    Raises EvidenceNotKeptError where that fails, as when the lock was waited for too long: nothing was done yet.
    """
    platform: Platform = load_platform()
    try:
        return platform.hold_state(user_id, course, usage)
    except Exception as error:
        raise EvidenceNotKeptError from error
