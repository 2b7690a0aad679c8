"""The block itself: fields and views. It has no grade and no completion: nothing is done in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from web_fragments.fragment import Fragment
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Scope, String

from qualoop.framework import Framework
from xblocks.common import pages
from xblocks.common.cache import class_maps, find_map, has_cache
from xblocks.common.contents import SHIPPED
from xblocks.common.host import BlockHost
from xblocks.common.language import catalogue, learner_language
from xblocks.common.learner import block_user
from xblocks.kp_map.mapping import age_of, heat_map, unit_points, units_of
from xblocks.kp_map.studio import MapStudio


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "settings")
class KpMapBlock(MapStudio, XBlock):
    """The map of knowledge points: the learner's own, and for staff the class's."""

    block_settings_key = "qualoop"
    has_score = False
    completion_mode = XBlockCompletionMode.EXCLUDED
    has_author_view = True
    show_in_read_only_mode = True

    display_name = String(
        display_name=_("Display name"),
        help=_("The title that learners see in the course."),
        default=_("Mastery map"),
        scope=Scope.settings,
    )
    unit = String(
        display_name=_("Unit"),
        help=_("Which unit of competency is shown; all where none is chosen."),
        default="",
        scope=Scope.settings,
    )

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """Show the learner's map; staff see the class's besides."""
        user = block_user(self)
        if user.is_anonymous:
            return self.public_view()
        return self._fragment(with_class=user.is_staff, own=find_map(self))

    def public_view(self, _context: Any = None) -> Fragment:
        """Show what is taught to somebody who does not take part in the course."""
        return self._fragment(note=_("Sign in and take part in the course to see how you stand."))

    def author_view(self, _context: Any = None) -> Fragment:
        """Show an author which points learners will see."""
        return self._fragment(note=_("Each learner sees here how they stand at these knowledge points."))

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """Return what an app may know of the map: which points it shows, nothing of anybody (docs/openedx.md)."""
        units = units_of(self.framework, self.unit)
        codes = list(dict.fromkeys(code for unit in units for code in unit.knowledge_points))
        return {"schema": 1, "display_name": self.display_name, "unit": self.unit, "knowledge_points": codes}

    def index_dictionary(self) -> dict[str, Any]:
        """Return what a course's search finds: the title."""
        index: dict[str, Any] = super().index_dictionary()
        return index | {"content": {"display_name": self.display_name}, "content_type": "Mastery map"}

    def ugettext(self, text: str) -> str:
        """Return a message of the block in the language of this request."""
        own = catalogue(self.language()).gettext(text)
        inherited: str = super().ugettext(text)
        return inherited if own == text else own

    @property
    def framework(self) -> Framework:
        """Return the framework whose points are shown."""
        return SHIPPED.framework

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """Return what the workbench of the XBlock SDK offers."""
        return [
            ("Qualoop map", '<kp_map unit="SEM-1"/>'),
            (
                "All Qualoop blocks",
                '<vertical_demo><kp_lesson activity_key="sem-1-1-keywords-and-intent"/>'
                '<kp_practice activity_key="sem-search-terms"/><kp_map unit="SEM-1"/></vertical_demo>',
            ),
        ]

    def _fragment(self, *, note: str = "", own: Any = None, with_class: bool = False) -> Fragment:
        now = datetime.now(UTC)
        units, language = units_of(self.framework, self.unit), self.language()
        maps = class_maps(self) if with_class else ()
        html = pages.draw(
            "map.html",
            BlockHost(block=self, language=language, framework=self.framework),
            title=self.display_name if self.fields["display_name"].is_set_on(self) else self.ugettext(_("Mastery map")),
            note=self.ugettext(note) if note else "",
            has_cache=has_cache(),
            age=age_of(own.as_of, now) if own is not None else None,
            units=unit_points(self.framework, units, own, language),
            heat=heat_map(self.framework, units, maps, language) if with_class else None,
            heat_age=age_of(min(one.as_of for one in maps), now) if maps else None,
            tool_url=self._tool_url(),
        )
        return self.as_fragment(html)

    def _tool_url(self) -> str:
        """Return where the tool is, by the site's settings; empty where they name no https address."""
        service = self.runtime.service(self, "settings")
        found = service.get_settings_bucket(self).get("tool_url", "") if service is not None else ""
        parts = urlsplit(found) if isinstance(found, str) else None
        return found if parts is not None and parts.scheme == "https" and parts.netloc else ""

    def as_fragment(self, html: str) -> Fragment:
        """Return HTML with its style sheets by address."""
        fragment = Fragment(html)
        for sheet in ("qualoop.css", "blocks.css"):
            fragment.add_css_url(self.runtime.local_resource_url(self, f"public/{sheet}"))
        return fragment

    def language(self) -> str:
        """Return the language of this request."""
        return learner_language(self.runtime.service(self, "user"))
