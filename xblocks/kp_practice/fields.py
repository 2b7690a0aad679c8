"""What a block keeps of work that people judge, where the platform has no table for it, and when marks are released."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from xblock.core import XBlock
from xblock.fields import DateTime, Dict, Scope


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class JudgedFields(XBlock):
    """The fields of a block with judged work, besides those of every activity."""

    release_at = DateTime(
        display_name=_("Marks are released at (UTC)"),
        help=_("Of work that people judge: from then on learners see what is approved. Empty: staff release it."),
        default=None,
        scope=Scope.settings,
    )
    register = Dict(
        help="What was handed in and what was said of it, where the platform has no table for it (the workbench).",
        default={},
        scope=Scope.user_state_summary,
    )
    works = Dict(
        help="Texts that were handed in, where the platform has no table for them (the workbench).",
        default={},
        scope=Scope.user_state_summary,
    )


def release_moment(block: Any) -> datetime | None:
    """Return from when on approved marks are released; None where staff do it, or where an import left no date."""
    found = block.release_at
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
