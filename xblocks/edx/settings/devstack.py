"""On a developer's machine nothing differs."""

from __future__ import annotations

from typing import Any


def plugin_settings(settings: Any) -> None:
    """Change nothing."""
