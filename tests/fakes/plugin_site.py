"""A Django with the plug-in installed, as a pytest plug-in: `python -m pytest -p tests.fakes.plugin_site FILES`.

The database is the PostgreSQL one that QUALOOP_PLUGIN_POSTGRESQL names by its address, else the SQLite file that
QUALOOP_PLUGIN_SQLITE names, else one that is removed at the end.
Blocks of a process behave otherwise once the plug-in is installed, so this is never loaded beside other tests.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.fakes import plugin_platform

TOOL = "https://qualoop.example.org"


def database() -> dict[str, Any]:
    """Return the database of the settings."""
    named = os.environ.get("QUALOOP_PLUGIN_POSTGRESQL")
    if named:
        parts = urlsplit(named)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": parts.hostname,
            "PORT": parts.port or "",
            "USER": parts.username,
            "PASSWORD": parts.password or "",
            "NAME": parts.path[1:],
        }
    file = os.environ.get("QUALOOP_PLUGIN_SQLITE")
    if not file:
        folder = tempfile.mkdtemp(prefix="qualoop-plugin-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        file = str(Path(folder) / "site.sqlite")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": {"timeout": 30}}


def configure(**more: Any) -> None:
    """Set Django up, with the tables as the migrations make them."""
    settings.configure(
        SECRET_KEY="a secret of tests",
        USE_TZ=True,
        INSTALLED_APPS=["xblocks.edx.apps.QualoopPluginConfig"],
        DATABASES={"default": database()},
        QUALOOP_PLATFORM="tests.fakes.plugin_platform.School",
        **{"QUALOOP_NUDGE": False, **more},
    )
    django.setup()
    call_command("migrate", verbosity=0)


def pytest_configure() -> None:
    configure(QUALOOP_TOOL_URL=TOOL, QUALOOP_SOURCE_KEY="key1", QUALOOP_SOURCE_SECRET="a secret of the source")


@pytest.fixture(autouse=True)
def clean_site() -> Iterator[None]:
    """Empty the tables, and let the school forget."""
    plugin_platform.reset()
    _empty()
    yield
    connection.close()


def _empty() -> None:
    models = {model.__name__: model for model in apps.get_app_config("qualoop").get_models()}
    for name in ("EvidenceEvent", *(name for name in models if name != "EvidenceEvent")):
        models[name].objects.all().delete()
