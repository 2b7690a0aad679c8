"""A host for tests and previews: fixed addresses, the player's own catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from gettext import NullTranslations

from qualoop.player import KnowledgePointOutlook, NextActivity, Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedHost:
    """Fulfils `qualoop.player.Host` with what it is given."""

    language: str = "en"
    id_prefix: str = "q"
    hidden_fields: Mapping[str, str] = field(default_factory=lambda: {"csrf": "token"})
    attributes: Mapping[str, str] = field(default_factory=dict)
    outlook: Sequence[KnowledgePointOutlook] | None = None
    next_activity: NextActivity | None = None
    can_restart: bool = False
    remarks: Sequence[Remark] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    catalogue: NullTranslations = field(default_factory=NullTranslations)

    @property
    def gettext(self) -> Callable[[str], str]:
        return self.catalogue.gettext

    @property
    def ngettext(self) -> Callable[[str, str, int], str]:
        return self.catalogue.ngettext

    def action_url(self, name: str, /) -> str:
        return f"/do/{name}"

    def asset_url(self, path: str, /) -> str:
        return f"/assets/{path}"

    def knowledge_point_title(self, code: str, /) -> str:
        return self.titles.get(code, code)
