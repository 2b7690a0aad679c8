"""The block itself: fields and views. It has no grade and no completion: nothing is done in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Boolean, Scope, String

from qualoop.framework import Framework
from xblocks.common import pages
from xblocks.common.cache import SERVICE, class_maps, find_copy, find_map, find_place
from xblocks.common.contents import SHIPPED
from xblocks.common.host import BlockHost
from xblocks.common.language import Translated
from xblocks.common.learner import block_user
from xblocks.common.olx_import import OlxImport
from xblocks.common.replies import SignInError, replying
from xblocks.kp_map.heat import heat_map
from xblocks.kp_map.mapping import age_of, as_state, counted, marks, next_of, unit_points, units_of
from xblocks.kp_map.reach import lacking, tool_url
from xblocks.kp_map.studio import MapStudio


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "settings", SERVICE)
class KpMapBlock(MapStudio, Translated, OlxImport):
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
    show_names = Boolean(
        display_name=_("Names for staff"),
        help=_("Whether the class’s table names learners to staff of the course. Learners never see it."),
        default=False,
        scope=Scope.settings,
        # Else a block at its defaults is a bare tag in OLX, which a platform may take for a pointer to a file.
        force_export=True,
    )

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """Show the learner's map; staff see the class's besides."""
        user = block_user(self)
        if user.is_anonymous:
            return self.public_view()
        notes = self._lacking() if user.is_staff else []
        return self._fragment(notes, with_class=user.is_staff, is_own=True)

    def public_view(self, _context: Any = None) -> Fragment:
        """Show what is taught to somebody who does not take part in the course."""
        return self._fragment([self._note(_("Sign in and take part in the course to see how you stand."))])

    def author_view(self, _context: Any = None) -> Fragment:
        """Show an author which points learners will see, and what keeps their levels away, and what an import left out."""
        note = self._note(_("Each learner sees here how they stand at these knowledge points."))
        return self._fragment([note, *self.import_notes(), *self._lacking()])

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """Return what an app may know of the map: which points it shows, nothing of anybody (docs/openedx.md)."""
        units = units_of(self.framework, self.unit)
        codes = list(dict.fromkeys(code for unit in units for code in unit.knowledge_points))
        return {"schema": 1, "display_name": self.display_name, "unit": self.unit, "knowledge_points": codes}

    @replying
    def student_view_user_state(self, _request: Request, suffix: str = "") -> Response:
        """Send how the learner stands at the points shown, as JSON (docs/openedx.md); null where nothing is known."""
        if block_user(self).is_anonymous:
            raise SignInError
        own, language = find_map(self), self.language()
        if own is None:
            return Response(json_body=None)
        points = unit_points(self.framework, units_of(self.framework, self.unit), own, language)
        following = next_of(own.following, language, partial(find_place, self))
        return Response(json_body={"schema": 1, **as_state(own, points, following)})

    def index_dictionary(self) -> dict[str, Any]:
        """Return what a course's search finds: the title."""
        index: dict[str, Any] = super().index_dictionary()
        return index | {"content": {"display_name": self.display_name}, "content_type": "Mastery map"}

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

    def _note(self, message: str) -> pages.Note:
        return pages.Note(text=self.ugettext(message))

    def _lacking(self) -> list[pages.Note]:
        return [pages.Note(text=text, tone="partly") for text in lacking(self)]

    def _fragment(self, notes: Sequence[pages.Note], *, is_own: bool = False, with_class: bool = False) -> Fragment:
        language, own = self.language(), find_map(self) if is_own else None
        points = unit_points(self.framework, units_of(self.framework, self.unit), own, language)
        html = pages.draw(
            "map.html",
            BlockHost(block=self, language=language, framework=self.framework),
            title=self.display_name if self.fields["display_name"].is_set_on(self) else self.ugettext(_("Mastery map")),
            notes=notes,
            is_own=is_own,
            has_copy=find_copy(self) is not None,
            age=age_of(own.as_of, datetime.now(UTC)) if own is not None else None,
            next_activity=next_of(own.following, language, partial(find_place, self)) if own is not None else None,
            counts=counted(points),
            marks=marks(self.ugettext),
            units=points,
            tool_url=tool_url(self),
            **(self._class() if with_class else {"heat": None}),
        )
        return self.as_fragment(html)

    def _class(self) -> dict[str, Any]:
        """Return what the page of the class needs, for staff."""
        maps = class_maps(self, with_names=bool(self.show_names))
        units = units_of(self.framework, self.unit)
        return {
            "heat": heat_map(self.framework, units, maps, self.language()),
            "heat_age": age_of(min(one.as_of for one in maps), datetime.now(UTC)) if maps else None,
            "with_names": bool(self.show_names),
        }

    def as_fragment(self, html: str) -> Fragment:
        """Return HTML with its style sheets by address."""
        fragment = Fragment(html)
        for sheet in ("qualoop.css", "blocks.css"):
            fragment.add_css_url(self.runtime.local_resource_url(self, f"public/{sheet}"))
        return fragment
