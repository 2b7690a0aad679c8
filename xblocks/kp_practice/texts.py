"""Where the texts lie that people judge: in the plug-in's table; in a workbench, in a field of the block."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from xblocks.common.platform import find_plugin


def keep(block: Any, learner: str, attempt: str, text: str, *, at: datetime) -> None:
    """Keep what was handed in, in the transaction that keeps that it was."""
    plugin = find_plugin("works")
    if plugin is not None:
        plugin.keep(str(block.scope_ids.usage_id), learner, attempt, text, at=at)
        return
    stored = block.runtime.service(block, "field-data")
    newest = stored.get(block, "works") if stored.has(block, "works") else {}
    block.works = {**newest, attempt: {"learner": learner, "text": text}}


def read(block: Any, learner: str, attempt: str) -> str | None:
    """Return the text of a learner's attempt; None where there is none, or none any more."""
    plugin = find_plugin("works")
    if plugin is not None:
        found: str | None = plugin.read(str(block.scope_ids.usage_id), learner, attempt)
        return found
    kept = block.works.get(attempt, {})
    text: str | None = kept.get("text") if kept.get("learner") == learner else None
    return text
