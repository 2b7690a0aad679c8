"""Where the register of a block lies: in the plug-in's table, written under a lock; in a workbench, in the block's field.

A field of all users is read when a request begins and written when it ends, so of two people who write at once one would
be lost without a word. A platform that serves learners without the plug-in therefore takes nothing in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from qualoop.classroom.class_marks import released_share
from qualoop.classroom.register import RELEASED, Register, RegisterRefusedError
from qualoop.values import Score
from xblocks.common.learner import block_user, course_key
from xblocks.common.platform import find_plugin, is_site, serves_learners

_LOCK: Final = threading.Lock()


class RegisterUnavailableError(RegisterRefusedError):
    """The platform has no place where several people can write at once: its plug-in is not installed."""

    code = "register-unavailable"


def is_available() -> bool:
    """Return whether anything can be written here."""
    return find_plugin("registers") is not None or not serves_learners()


def lacks_plugin() -> bool:
    """Return whether a site has no plug-in: authors are told in Studio, where nobody hands anything in."""
    return is_site() and find_plugin("registers") is None


def read(block: Any) -> Register:
    """Return the register as it stands."""
    plugin = find_plugin("registers")
    if plugin is not None:
        found: Register = plugin.read(str(block.scope_ids.usage_id))
        return found
    return Register.from_json(block.register)


def own_share(block: Any) -> Score | None:
    """Return the share of the points that is released to whoever asks; None where nothing is, or nobody is known."""
    key = block_user(block).key
    return released_share(read(block).value(key, RELEASED)) if key is not None else None


def change(block: Any, make: Callable[[Register], Register]) -> Register:
    """Write what ``make`` makes of the newest register, and return it; raise RegisterUnavailableError, and what it raises."""
    plugin = find_plugin("registers")
    if plugin is not None:
        changed: Register = plugin.change(str(course_key(block)), str(block.scope_ids.usage_id), make)
        return changed
    if not is_available():
        raise RegisterUnavailableError
    with _LOCK:
        # What another request wrote meanwhile is read anew: fields keep what they had when they were read first.
        stored = block.runtime.service(block, "field-data")
        newest = stored.get(block, "register") if stored.has(block, "register") else {}
        after = make(Register.from_json(newest))
        block.register = after.as_json()
        block.save()
    return after
