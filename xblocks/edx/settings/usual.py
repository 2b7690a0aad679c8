"""What holds where the site says nothing else. Values of the site stand: only what is missing is added."""

from __future__ import annotations

from typing import Any, Final

DEFAULTS: Final[dict[str, Any]] = {
    "QUALOOP_TOOL_URL": "",
    "QUALOOP_SOURCE_KEY": "",
    "QUALOOP_SOURCE_SECRET": "",
    "QUALOOP_TIMEOUT_S": 15,
    "QUALOOP_BATCH": 200,
    "QUALOOP_LAG_WARNING_S": 900,
    "QUALOOP_KEEP_SENT_DAYS": 30,
    "QUALOOP_NUDGE": True,
    "QUALOOP_PLATFORM": "xblocks.edx.platform.OpenEdx",
}


def plugin_settings(settings: Any) -> None:
    """Add what is missing."""
    for name, value in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, value)
