"""A site's own values: from its YAML file, where older releases keep them in ENV_TOKENS and AUTH_TOKENS."""

from __future__ import annotations

from typing import Any

from xblocks.edx.settings.usual import DEFAULTS


def plugin_settings(settings: Any) -> None:
    """Take over the site's values of our settings."""
    for name in DEFAULTS:
        for tokens in ("ENV_TOKENS", "AUTH_TOKENS"):
            found = getattr(settings, tokens, None) or {}
            if name in found:
                setattr(settings, name, found[name])
