"""The player's own messages in the learner's language, for hosts that have no catalogue of their own."""

from __future__ import annotations

from functools import lru_cache
from gettext import NullTranslations, translation
from importlib.resources import as_file, files

_DOMAIN = "django"


@lru_cache(maxsize=8)
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language tag (`en`, `zh-Hans`); English messages are the keys, so `en` has none.

    The domain and the folders are those that Open edX looks for, so that one catalogue serves both hosts.
    """
    with as_file(files("qualoop.player") / "locale") as folder:
        return translation(_DOMAIN, localedir=folder, languages=[language.replace("-", "_")], fallback=True)
