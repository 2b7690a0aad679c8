"""A class block in Studio: what authors see, set and save, and what an import brought or could not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.utils.studio_editable import FutureFields

from xblocks.common import pages
from xblocks.common import register_store as store
from xblocks.common.olx import add_files, file_word
from xblocks.common.replies import (
    BodyRefusedError,
    SettingsRefusedError,
    json_object,
    replying,
)
from xblocks.common.studio_form import FormField, shown_value
from xblocks.common.studio_saving import StudioSaving
from xblocks.common.tags import sync_tags
from xblocks.kp_class import gate
from xblocks.kp_class.fields import prework_names, scheme_of, setting_faults

FIELDS: Final = (
    "display_name",
    "about",
    "prework",
    "ready_at",
    "late_minutes",
    "rubric",
    "max_points",
    "knowledge_points",
    "weight",
)
TYPES: Final = {
    "weight": "number",
    "max_points": "number",
    "ready_at": "number",
    "late_minutes": "number",
    "prework": "list",
    "knowledge_points": "list",
}
NODES: Final = {"rubric": "rubric.txt", "about": "about.txt"}
LISTS: Final = {"prework": "prework.txt", "knowledge_points": "knowledge-points.txt"}
"""Texts, and lists with one entry a line, that are nodes of OLX, by field: as attributes they could not be read."""


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class ClassStudio(StudioSaving):
    """Views and handlers for authors, import and export."""

    editable_fields: tuple[str, ...] = FIELDS

    def studio_view(self, _context: Any = None) -> Fragment:
        """Show the form."""
        block: Any = self
        urls = {"save": block.runtime.handler_url(block, "submit_studio_edits")}
        form = {"fields": {name: self._form_field(name) for name in FIELDS}}
        html = pages.draw("studio_class.html", block.host(), form=form, urls=urls, notes=list(self._faults()))
        fragment: Fragment = block.as_fragment(html, "public/studio.js")
        fragment.initialize_js("QualoopStudio")
        return fragment

    def author_view(self, _context: Any = None) -> Fragment:
        """Show an author what stands here and what is wrong with it."""
        block: Any = self
        fragment: Fragment = block.as_fragment(self.about_page([*self._faults(), *self._facts()]))
        return fragment

    def about_page(self, notes: Sequence[pages.Note]) -> str:
        """Return what a class is about, without anything of anybody."""
        block: Any = self
        scheme, language = scheme_of(block), block.language()
        rows = [row.title[language] for row in scheme.rubric.rows] if scheme.rubric is not None else []
        return pages.draw(
            "class_about.html",
            block.host(),
            title=block.title(),
            about=block.about,
            notes=notes,
            rows=rows,
            full=format(scheme.full, "f") if scheme.full else "",
            prework=prework_names(block),
        )

    @replying
    def submit_studio_edits(self, request: Request, suffix: str = "") -> Response:
        """Save what an author set, all of it or nothing; answer 400 with a sentence for each fault."""
        self._authors_only()
        values = json_object(request).get("values")
        if not isinstance(values, dict):
            raise BodyRefusedError
        read = {name: self._read(name, values[name]) for name in FIELDS if name in values}
        faults = tuple(self._edit_faults(FutureFields(read, [], self)))
        if faults:
            raise SettingsRefusedError(faults)
        for name, value in {**read, "import_problems": []}.items():
            setattr(self, name, value)
        sync_tags(self)
        return Response(json_body={"result": "success"})

    # Import and export

    def take_in(self, files: Mapping[str, Any]) -> list[str]:
        """Keep the texts of an import; return a word for each file that is none of them."""
        given = {name: text for name, text in files.items() if isinstance(text, str)}
        texts = {field: given[name] for field, name in NODES.items() if name in given}
        lists = {field: given[name].split() for field, name in LISTS.items() if name in given}
        for field, value in {**texts, **lists}.items():
            setattr(self, field, value)
        known = {**NODES, **LISTS}
        taken = {known[field] for field in (*texts, *lists)}
        return [file_word(name) for name in files if name not in taken]

    def add_xml_to_node(self, node: Any) -> None:
        """Write the block as OLX, its texts as readable nodes, and nothing that people wrote."""
        super().add_xml_to_node(node)
        block: Any = self
        for name in (*NODES, *LISTS):
            node.attrib.pop(name, None)
        texts = {name: getattr(block, field) for field, name in NODES.items()}
        lists = {name: "\n".join(map(str, getattr(block, field))) for field, name in LISTS.items()}
        add_files(node, {name: text for name, text in {**texts, **lists}.items() if text})

    # How it is done

    def _form_field(self, name: str) -> FormField:
        block: Any = self
        field, value = self._field(name), shown_value(self, name)
        text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        return FormField(
            label=block.ugettext(field.display_name),
            help=block.ugettext(field.help),
            value=text.removesuffix(".0") if TYPES.get(name) == "number" else text,
            type=TYPES.get(name, "text"),
            choices=(),
        )

    def _edit_faults(self, data: Any) -> Iterator[str]:
        """Give a sentence for everything that is wrong with fields as they are or would be."""
        return setting_faults(self, data)

    def _facts(self) -> Iterator[pages.Note]:
        """Give what the site cannot do for this block."""
        block: Any = self
        if store.lacks_plugin():
            yield pages.Note(
                text=block.ugettext(_("Nothing can be written here: the site has not set up the plug-in."))
            )
        if prework_names(block) and not gate.can_read():
            text = _(
                "This site does not tell what learners have done elsewhere, so work before class keeps nobody out."
            )
            yield pages.Note(text=block.ugettext(text), tone="partly")
        if not scheme_of(block).is_graded:
            yield pages.Note(text=block.ugettext(_("Nothing is marked here: attendance alone is no grade.")))
