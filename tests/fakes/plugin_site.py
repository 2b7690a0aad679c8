"""A Django with the plug-in installed, as a pytest plug-in: `python -m pytest -p tests.fakes.plugin_site FILES`.

Blocks of a process behave otherwise once the plug-in is installed, so this is never loaded beside other tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection

from tests.fakes import plugin_platform
from tests.fakes.plugin_django import configure

TOOL = "https://qualoop.example.org"


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
    apps.get_model("courseware", "StudentModule").objects.all().delete()
