"""The map in Studio: its form, what may be saved, and what an import made wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.utils.studio_editable import FutureFields

from xblocks.common import pages
from xblocks.common.host import BlockHost
from xblocks.common.replies import (
    BodyRefusedError,
    SettingsRefusedError,
    json_object,
    replying,
)
from xblocks.common.studio_form import FormField, shown_value
from xblocks.common.studio_saving import StudioSaving
from xblocks.kp_map.mapping import unit_points, units_of
from xblocks.kp_map.reach import lacking

FIELDS: Final = ("display_name", "unit", "show_names")
MAX_NAME: Final = 200
SWITCHED: Final = ("off", "on")
"""How the form writes a switch that is off, and one that is on."""


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class MapStudio(StudioSaving):
    """Form and handler for authors."""

    editable_fields = FIELDS

    def studio_view(self, _context: Any = None) -> Fragment:
        """Show the form: the title, and of which unit the points are, with these."""
        block: Any = self
        language = block.language()
        units = unit_points(block.framework, units_of(block.framework, ""), None, language)
        notes = [*self._faults(), *(pages.Note(text=text, tone="partly") for text in lacking(block))]
        html = pages.draw(
            "studio_map.html",
            BlockHost(block=block, language=language, framework=block.framework),
            form={"fields": {name: self._form_field(name) for name in FIELDS}, "units": units},
            urls={"save": block.runtime.handler_url(block, "submit_studio_edits")},
            notes=notes,
        )
        fragment: Fragment = block.as_fragment(html)
        fragment.add_javascript_url(block.runtime.local_resource_url(block, "public/studio.js"))
        fragment.initialize_js("QualoopStudio")
        return fragment

    @replying
    def submit_studio_edits(self, request: Request, suffix: str = "") -> Response:
        """Save what an author set, both or nothing; answer 400 with a sentence for each fault."""
        self._authors_only()
        values = json_object(request).get("values")
        if not isinstance(values, dict):
            raise BodyRefusedError
        read = {name: values[name] for name in FIELDS if name in values}
        faults = tuple(self._edit_faults(FutureFields(read, [], self)))
        if faults:
            raise SettingsRefusedError(faults)
        for name, value in read.items():
            setattr(self, name, value in (SWITCHED[True], True) if name == "show_names" else value)
        block: Any = self
        block.import_problems = []
        return Response(json_body={"result": "success"})

    def unit_choices(self) -> list[dict[str, str]]:
        """Return the units that an author may choose."""
        block: Any = self
        every = {"display_name": block.ugettext(_("All units")), "value": ""}
        language = block.language()
        rows = block.framework.units.values()
        return [every, *({"display_name": f"{row.code} {row.title[language]}", "value": row.code} for row in rows)]

    def name_choices(self) -> list[dict[str, str]]:
        """Return between what an author may choose for names."""
        block: Any = self
        return [
            {"display_name": block.ugettext(_("A short code for each learner")), "value": SWITCHED[False]},
            {"display_name": block.ugettext(_("The names that the platform has")), "value": SWITCHED[True]},
        ]

    def _form_field(self, name: str) -> FormField:
        block: Any = self
        field = block.fields[name]
        rows = {"unit": self.unit_choices, "show_names": self.name_choices}.get(name, list)()
        return FormField(
            label=block.ugettext(field.display_name),
            help=block.ugettext(field.help),
            value=SWITCHED[bool(block.show_names)] if name == "show_names" else str(shown_value(block, name)),
            type="text",
            choices=tuple((row["value"], row["display_name"]) for row in rows),
        )

    def _edit_faults(self, data: Any) -> Iterator[str]:
        """Give a sentence for everything that is wrong with the fields as they are or would be."""
        block: Any = self
        if not isinstance(data.unit, str) or (data.unit and data.unit not in block.framework.units):
            yield block.ugettext(_("There is no such unit. Choose one of the list, or all."))
        if data.show_names not in (*SWITCHED, True, False):
            yield block.ugettext(_("Names are shown or not: choose one of the two."))
        if not isinstance(data.display_name, str) or len(data.display_name) > MAX_NAME:
            yield block.ugettext(_("The display name is a text of at most 200 characters."))
