"""What a block asks of the platform's Django, where there is one: a block's own libraries do not bring it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_DEFAULT_CSRF_COOKIE: Final = "csrftoken"


def csrf_cookie() -> str:
    """Return the name of the cookie whose value goes into the header X-CSRFToken."""
    name: str = getattr(_settings(), "CSRF_COOKIE_NAME", _DEFAULT_CSRF_COOKIE)
    return name


def find_language() -> str | None:
    """Return the language tag in which the platform answers this request: `en`, `zh-cn`; None outside a platform."""
    if _settings() is None:
        return None
    tag: str | None = import_module("django.utils.translation").get_language()
    return tag


def _settings() -> Any:
    """Return the platform's settings, or None where there is no Django or it was not set up."""
    try:
        settings = import_module("django.conf").settings
    except ImportError:
        return None
    return settings if settings.configured else None
