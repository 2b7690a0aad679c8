"""Which language a learner reads, and a block's words in it."""

from __future__ import annotations

from functools import lru_cache
from gettext import NullTranslations, translation
from importlib.resources import as_file, files
from typing import Any, Final

from xblock.core import XBlock

from qualoop.player import translations
from xblocks.common.platform import find_language

_PREFERENCES: Final = "edx-platform.user_preferences"
_LANGUAGE_PREFERENCE: Final = "pref-lang"


def learner_language(user_service: Any) -> str:
    """Return `en` or `zh-Hans`: in what the platform answers, else what the learner prefers, else English.

    ``user_service`` is the runtime's, or None where it has none.
    """
    tag = find_language() or _preferred(user_service) or ""
    return "zh-Hans" if tag.lower().startswith("zh") else "en"


@lru_cache(maxsize=8)
def catalogue(language: str) -> NullTranslations:
    """Return the blocks' catalogue of a language, with the player's behind it.

    It comes before the platform's own, where "Right" may be a direction.
    """
    with as_file(files("xblocks") / "conf" / "locale") as folder:
        found = translation("django", localedir=folder, languages=[language.replace("-", "_")], fallback=True)
    found.add_fallback(translations(language))
    return found


class Translated(XBlock):
    """A block that speaks to each in their own language."""

    def language(self) -> str:
        """Return the language of this request."""
        return learner_language(self.runtime.service(self, "user"))

    def ugettext(self, text: str) -> str:
        """Return a message of the block in the language of this request."""
        own = catalogue(self.language()).gettext(text)
        inherited: str = super().ugettext(text)
        return inherited if own == text else own


def _preferred(user_service: Any) -> str | None:
    if user_service is None:
        return None
    preferences = user_service.get_current_user().opt_attrs.get(_PREFERENCES) or {}
    tag: str | None = preferences.get(_LANGUAGE_PREFERENCE)
    return tag
