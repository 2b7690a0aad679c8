"""A Django with the plug-in installed.

The database is the one that QUALOOP_PLUGIN_DATABASE names by its address (postgresql: or mysql:), else the SQLite file
that QUALOOP_PLUGIN_SQLITE names, else one that is removed at the end.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import django
from django.conf import settings
from django.core.management import call_command


def database() -> dict[str, Any]:
    """Return the database of the settings."""
    named = os.environ.get("QUALOOP_PLUGIN_DATABASE")
    if named:
        return _server(urlsplit(named))
    file = os.environ.get("QUALOOP_PLUGIN_SQLITE")
    if not file:
        folder = tempfile.mkdtemp(prefix="qualoop-plugin-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        file = str(Path(folder) / "site.sqlite")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": {"timeout": 30}}


def _server(address: SplitResult) -> dict[str, Any]:
    found = {
        "ENGINE": f"django.db.backends.{address.scheme}",
        "HOST": address.hostname,
        "PORT": address.port or "",
        "USER": address.username,
        "PASSWORD": address.password or "",
        "NAME": address.path[1:],
    }
    if address.scheme != "mysql":
        return found
    # Django knows one driver by its name; this one says that it is as good.
    import_module("pymysql").install_as_MySQLdb()
    return found | {"OPTIONS": {"charset": "utf8mb4"}}


def configure(**more: Any) -> None:
    """Set Django up, with the tables as the migrations make them."""
    set_up(**more)
    # The stand-in for the platform's own table has no migrations.
    call_command("migrate", verbosity=0, run_syncdb=True)


def set_up(**more: Any) -> None:
    """Set Django up on a database that has its tables."""
    settings.configure(
        SECRET_KEY="a secret of tests",
        USE_TZ=True,
        INSTALLED_APPS=["xblocks.edx.apps.QualoopPluginConfig", "tests.fakes.courseware"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": database()},
        QUALOOP_PLATFORM="tests.fakes.plugin_platform.School",
        **{"QUALOOP_NUDGE": False, **more},
    )
    django.setup()
