"""The Django app as Open edX finds it by the entry points `lms.djangoapp` and `cms.djangoapp`."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar, Final

from django.apps import AppConfig

# What edx-django-utils calls PluginSettings, ProjectType and SettingsType, written out: Studio's and other processes
# import this module where nothing of the platform need be there.
_LMS: Final = "lms.djangoapp"
_STUDIO: Final = "cms.djangoapp"
_MODULES: Final = {"common": "usual", "production": "production", "devstack": "devstack", "test": "test"}
_SETTINGS: Final = {kind: {"relative_path": f"settings.{module}"} for kind, module in _MODULES.items()}


class QualoopPluginConfig(AppConfig):
    """The plug-in, in the platform's two projects alike."""

    name = "xblocks.edx"
    label = "qualoop"
    verbose_name = "Qualoop"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {"settings_config": {_LMS: _SETTINGS, _STUDIO: _SETTINGS}}

    def ready(self) -> None:
        """Listen to what the platform signals; it has models, so it is imported only now."""
        import_module("xblocks.edx.receivers").connect()
