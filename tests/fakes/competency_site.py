"""The plug-in beside openedx-core, in plain Django: run with the Python of .venv/open-edx, prints one line of JSON.

What Open edX does with our taxonomy files, with our tags of blocks and with the statuses that we feed is its own code.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from openedx_content.settings_api import openedx_content_backcompat_apps_to_install

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "organizations",
    "openedx_tagging",
    "openedx_content",
    *openedx_content_backcompat_apps_to_install(),
    "openedx_catalog",
    "openedx_learning",
    "xblocks.edx.apps.QualoopPluginConfig",
)


def configure(folder: str) -> None:
    settings.configure(
        SECRET_KEY="a secret of tests",
        USE_TZ=True,
        INSTALLED_APPS=APPS,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder) / "site.sqlite")}},
        CELERY_TASK_ALWAYS_EAGER=True,
    )
    django.setup()
    # With what these stand on; the rest of the platform's tables take three times as long and are not looked at.
    for app in ("auth", "organizations", "oel_tagging", "openedx_catalog", "openedx_learning", "qualoop"):
        call_command("migrate", app, verbosity=0)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        # It has models, so it can be imported only now.
        found = import_module("tests.fakes.competency_work").everything()
        django.db.connection.close()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
