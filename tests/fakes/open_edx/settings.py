"""Django's settings: those that the code reads, with the values that edx-platform gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Keys of components as courses have had them for years; edx-platform allows older ones, too.
USAGE_ID_PATTERN = r"(?P<usage_id>block-v1:[^/]+)"


def settings_of(folder: Path, origin: str) -> dict[str, Any]:
    """Return the settings of a site at an origin, whose database lies in a folder."""
    return {
        "SECRET_KEY": "of a site on loopback that holds nothing",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
        "ROOT_URLCONF": "tests.fakes.open_edx.views",
        "USE_TZ": True,
        "STATIC_URL": "/static/",
        "DATABASES": {"default": _database(folder / "open-edx.db")},
        # Login hints lie here for ten minutes: hence one process.
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.staticfiles",
            "rest_framework",
            "config_models",
            "lti_consumer",
            "tests.fakes.open_edx",
        ],
        "MIDDLEWARE": [
            "edx_django_utils.cache.middleware.RequestCacheMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "edx_django_utils.cache.middleware.TieredCacheMiddleware",
        ],
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        "REST_FRAMEWORK": {"PAGE_SIZE": 10},
        # Whoever comes back from the tool must still be logged in.
        "SESSION_COOKIE_SAMESITE": "None",
        "SESSION_COOKIE_SECURE": True,
        **_of_the_code(origin),
    }


def _of_the_code(origin: str) -> dict[str, Any]:
    return {
        "USAGE_ID_PATTERN": USAGE_ID_PATTERN,
        "LMS_ROOT_URL": origin,
        "LTI_BASE": origin,
        "LTI_API_BASE": origin,
        "LMS_BASE": origin.partition("://")[2],
        "LEARNING_MICROFRONTEND_URL": origin,
        "PLATFORM_NAME": "Open edX of the tests",
        "FEATURES": {},
        "LTI_NRPS_DISALLOW_PII": False,
    }


def _database(path: Path) -> dict[str, Any]:
    options = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", "transaction_mode": "IMMEDIATE"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
