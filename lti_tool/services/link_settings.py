"""The settings of a resource link, as it stores them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qualoop.assessment import LinkSettings

DEFAULT: Final = LinkSettings()


def link_settings(stored: Mapping[str, Any]) -> LinkSettings:
    """Return the settings of a link; what it does not set has its default."""
    return LinkSettings.model_validate(stored) if stored else DEFAULT
