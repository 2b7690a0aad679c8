"""The tool as a host of the player: its addresses, its words, and what it knows of the learner afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import NullTranslations, translation
from importlib.resources import as_file, files

from qualoop.framework import Framework
from qualoop.player import KnowledgePointOutlook, NextActivity, Remark, translations
from qualoop.player.project_class import ClassAround


@lru_cache(maxsize=8)
def catalogue(language: str) -> NullTranslations:
    """Return the tool's catalogue of a language, with the player's behind it."""
    with as_file(files("lti_tool") / "locale") as folder:
        found = translation("django", localedir=folder, languages=[language.replace("-", "_")], fallback=True)
    found.add_fallback(translations(language))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolHost:
    """What the player is given for one page of one launch (see qualoop.player.Host)."""

    language: str
    base: str
    csrf: str
    attempt: str
    framework: Framework | None
    outlook: Sequence[KnowledgePointOutlook] | None = None
    next_activity: NextActivity | None = None
    can_restart: bool = False
    remarks: Sequence[Remark] = ()
    id_prefix: str = "q"
    attributes: Mapping[str, str] = field(default_factory=dict)
    lessons: Mapping[str, NextActivity] = field(default_factory=dict)
    class_around: ClassAround = field(default_factory=ClassAround)

    @property
    def hidden_fields(self) -> Mapping[str, str]:
        """Return the fields that every form carries: the session's token, and the attempt that its page showed."""
        return {"csrf": self.csrf, "attempt": self.attempt}

    @property
    def gettext(self) -> Callable[[str], str]:
        """Return what translates a message: the same function for all pages of a language."""
        return catalogue(self.language).gettext

    @property
    def ngettext(self) -> Callable[[str, str, int], str]:
        """Return what translates a message with a number."""
        return catalogue(self.language).ngettext

    def action_url(self, name: str, /) -> str:
        """Return where the form of an action is sent."""
        return f"{self.base}do/{name}"

    @property
    def work_url(self) -> str:
        """Return where the learner finds the work that people judge, and its marks."""
        return f"{self.base}submission/"

    def asset_url(self, path: str, /) -> str:
        """Return where the browser finds a file of the package."""
        return f"{self.base}asset/{path}"

    def find_lesson(self, key: str, /) -> NextActivity | None:
        """Return a lesson that a part of a project needs; None where it is not installed."""
        return self.lessons.get(key)

    def knowledge_point_title(self, code: str, /) -> str:
        """Return the title of a knowledge point, or its code where it is not known."""
        point = self.framework.find_knowledge_point(code) if self.framework else None
        return point.title[self.language] if point else code
