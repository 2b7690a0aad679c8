"""What a block asks of the platform's Django, where there is one: a block's own libraries do not bring it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, Final

PLUGIN: Final = "xblocks.edx"
"""The Django app that keeps evidence and mastery in the platform's database, where it is installed."""

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


def find_request_user() -> Any:
    """Return the platform's user who sent this request, whoever a block is shown for; None outside a request."""
    try:
        return import_module("crum").get_current_user()
    except ImportError:
        return None


def serves_learners() -> bool:
    """Return whether this process is the platform's side for learners, where Studio's handlers answer as well."""
    return is_site() and getattr(_settings(), "SERVICE_VARIANT", None) != "cms"


def is_site() -> bool:
    """Return whether this process is a platform's, of learners or of authors; a workbench is none."""
    return getattr(_settings(), "SERVICE_VARIANT", None) is not None


def find_plugin(module: str) -> Any:
    """Return a module of the plug-in; None where the platform has not installed it as a Django app."""
    if _settings() is None or not import_module("django.apps").apps.ready:
        return None
    if not import_module("django.apps").apps.is_installed(PLUGIN):
        return None
    return import_module(f"{PLUGIN}.{module}")


def in_one_transaction() -> AbstractContextManager[Any]:
    """Return what makes state and evidence one: a transaction of the platform's database, where there is the plug-in."""
    if find_plugin("outbox") is None:
        return nullcontext()
    found: AbstractContextManager[Any] = import_module("django.db").transaction.atomic()
    return found


def _settings() -> Any:
    """Return the platform's settings, or None where there is no Django or it was not set up."""
    try:
        settings = import_module("django.conf").settings
    except ImportError:
        return None
    return settings if settings.configured else None
