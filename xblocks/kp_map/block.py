"""The block itself: fields and views. It has no grade and no completion: nothing is done in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from web_fragments.fragment import Fragment
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Scope, String
from xblock.utils.studio_editable import StudioEditableXBlockMixin
from xblock.validation import Validation, ValidationMessage

from qualoop.framework import Framework
from xblocks.common import pages
from xblocks.common.cache import class_maps, find_map, has_cache
from xblocks.common.contents import SHIPPED
from xblocks.common.host import BlockHost
from xblocks.common.language import catalogue, learner_language
from xblocks.common.learner import block_user
from xblocks.kp_map.mapping import age_of, heat_map, unit_points, units_of

MAX_NAME: Final = 200


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "settings")
class KpMapBlock(StudioEditableXBlockMixin, XBlock):
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
        values_provider=lambda block: block.unit_choices(),
    )
    editable_fields = ("display_name", "unit")

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

    def unit_choices(self) -> list[dict[str, str]]:
        """Return the units that an author may choose."""
        every = {"display_name": self.ugettext(_("All units")), "value": ""}
        language = self._language()
        rows = self.framework.units.values()
        return [every, *({"display_name": f"{row.code} {row.title[language]}", "value": row.code} for row in rows)]

    def validate_field_data(self, validation: Validation, data: Any) -> None:
        """Refuse a unit that the framework does not have."""
        if data.unit and data.unit not in self.framework.units:
            text = self.ugettext(_("There is no such unit. Choose one of the list, or all."))
            validation.add(ValidationMessage(ValidationMessage.ERROR, text))
        if not isinstance(data.display_name, str) or len(data.display_name) > MAX_NAME:
            text = self.ugettext(_("The display name is a text of at most 200 characters."))
            validation.add(ValidationMessage(ValidationMessage.ERROR, text))

    def ugettext(self, text: str) -> str:
        """Return a message of the block in the language of this request."""
        own = catalogue(self._language()).gettext(text)
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
        units, language = units_of(self.framework, self.unit), self._language()
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
        fragment = Fragment(html)
        fragment.add_css_url(self.runtime.local_resource_url(self, "public/qualoop.css"))
        fragment.add_css_url(self.runtime.local_resource_url(self, "public/blocks.css"))
        return fragment

    def _tool_url(self) -> str:
        """Return where the tool is, by the site's settings; empty where they name no https address."""
        service = self.runtime.service(self, "settings")
        found = service.get_settings_bucket(self).get("tool_url", "") if service is not None else ""
        parts = urlsplit(found) if isinstance(found, str) else None
        return found if parts is not None and parts.scheme == "https" and parts.netloc else ""

    def _language(self) -> str:
        return learner_language(self.runtime.service(self, "user"))
