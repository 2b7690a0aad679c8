"""A block with an activity in Studio: what authors see, choose, write and save, and what an import brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.utils.studio_editable import FutureFields

from xblocks.common import pages
from xblocks.common.contents import Contents, Offer
from xblocks.common.fields import setting_faults
from xblocks.common.inline import Inline, files_in, read_inline
from xblocks.common.olx import add_files
from xblocks.common.problem_words import problem_words
from xblocks.common.replies import (
    BodyRefusedError,
    SettingsRefusedError,
    json_object,
    replying,
)
from xblocks.common.studio_form import FIELDS, TOOL_REASONS, file_rows, form_of
from xblocks.common.studio_saving import StudioSaving
from xblocks.common.tags import sync_tags

CONTENT_FIELDS: Final = ("activity_key", "files")
MOST_SHOWN: Final = 20
MAX_NAME: Final = 200


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class StudioEditing(StudioSaving):
    """Views and handlers for authors. None of them answers learners: what they show holds the answers."""

    contents: ClassVar[Contents]
    kind_name: ClassVar[str]
    form_fields: ClassVar[tuple[str, ...]] = FIELDS
    editable_fields: tuple[str, ...] = (*FIELDS, *CONTENT_FIELDS)

    def studio_view(self, _context: Any = None) -> Fragment:
        """Show the form: pick an activity by post, unit or knowledge point with a preview, or write one; settings."""
        block: Any = self
        urls = {
            name: block.runtime.handler_url(block, handler)
            for name, handler in (
                ("save", "submit_studio_edits"),
                ("preview", "studio_preview"),
                ("copy", "studio_copy"),
            )
        }
        notes = list(self._faults())
        html = pages.draw("studio.html", block.host(), form=form_of(block), urls=urls, notes=notes)
        fragment: Fragment = block.as_fragment(html, "public/studio.js")
        fragment.initialize_js("QualoopStudio")
        return fragment

    def author_view(self, _context: Any = None) -> Fragment:
        """Show an author what stands here, in which version, what is wrong with it, and its texts."""
        block: Any = self
        fragment: Fragment = block.as_fragment(block.reading_page([*self._faults(), *self._facts()]))
        return fragment

    @replying
    def submit_studio_edits(self, request: Request, suffix: str = "") -> Response:
        """Save what an author set, all of it or nothing; answer 400 with a sentence for each fault."""
        self._authors_only()
        data = json_object(request)
        values, defaults = data.get("values"), data.get("defaults", [])
        if not isinstance(values, dict) or not isinstance(defaults, list):
            raise BodyRefusedError
        read = {name: self._read(name, values[name]) for name in self.editable_fields if name in values}
        to_reset = [name for name in self.editable_fields if name in defaults and name not in read]
        self.clean_studio_edits(read)
        faults = tuple(self._edit_faults(FutureFields(read, to_reset, self)))
        if faults:
            raise SettingsRefusedError(faults)
        for name, value in read.items():
            setattr(self, name, value)
        for name in to_reset:
            self._field(name).delete_from(self)
        sync_tags(self)
        return Response(json_body={"result": "success"})

    @replying
    def studio_preview(self, _request: Request, suffix: str = "") -> Response:
        """Send what an activity has to read, as HTML."""
        self._authors_only()
        block: Any = self
        html = pages.reading(block.host(), self.contents.get(suffix).content, notes=())
        return Response(html, content_type="text/html", charset="utf-8")

    @replying
    def studio_copy(self, _request: Request, suffix: str = "") -> Response:
        """Send the files of an activity as the part of the form in which they are changed."""
        self._authors_only()
        block: Any = self
        rows = file_rows(files_in(self.contents.folder_of(suffix)))
        html = pages.draw("studio_files.html", block.host(), form={"files": rows})
        return Response(html, content_type="text/html", charset="utf-8")

    def clean_studio_edits(self, data: dict[str, Any]) -> None:
        """Pin the version that the author saves, and take it that an import's faults were read."""
        block: Any = self
        files = data.get("files", block.files)
        if isinstance(files, dict) and files:
            opened = read_inline(files, self.contents.framework).content
        else:
            opened = self.contents.find(data.get("activity_key", block.activity_key))
        data["content_hash"] = opened.hash if opened else ""
        data["content_version"] = opened.package.version if opened else ""
        data["import_problems"] = []

    def missing_words(self) -> tuple[str, str]:
        """Return title and text for learners where nothing can be shown; not yet translated."""
        block: Any = self
        own = block.inline()
        offer = self._offer()
        if offer is not None and offer.needs_tool:
            return _("This is worked at in another place"), _("Open the Qualoop activity of this name in your course.")
        if own is not None:
            return _("This content cannot be shown yet"), _("Its author has to mend it. What you have done is kept.")
        if not block.activity_key:
            return _("Nothing is chosen yet"), _("Authors choose it in the settings of this component.")
        return _("This is not installed here"), _("Please tell those who run this course. What you have done is kept.")

    def offered_name(self) -> str:
        """Return what an activity is called that is the tool's, as its link in the course is; empty for any other."""
        offer = self._offer()
        block: Any = self
        return offer.title[block.language()] if offer is not None and offer.needs_tool else ""

    # Import and export

    def take_in(self, files: Mapping[str, Any]) -> list[str]:
        """Keep the files of an import as the block's own content: what is wrong with them its author is told by name."""
        if files:
            block: Any = self
            block.files = files
        return []

    def add_xml_to_node(self, node: Any) -> None:
        """Write the block as OLX, its own content as readable nodes."""
        super().add_xml_to_node(node)
        block: Any = self
        node.attrib.pop("files", None)
        if block.files:
            add_files(node, block.files)

    # How it is done

    def _edit_faults(self, data: Any) -> Iterator[str]:
        """Give a sentence for everything that is wrong with fields as they are or would be."""
        block: Any = self
        if not isinstance(data.display_name, str) or len(data.display_name) > MAX_NAME:
            yield block.ugettext(_("The display name is a text of at most 200 characters."))
        yield from setting_faults(self, data)
        if data.files:
            yield from self._own_faults(data.files)
        elif data.activity_key:
            yield from self._key_faults(data.activity_key)

    def _own_faults(self, files: Any) -> Iterator[str]:
        block: Any = self
        own = read_inline(files, self.contents.framework)
        for problem in own.problems[:MOST_SHOWN]:
            yield problem_words(problem, block.language())
        if own.offer is not None and own.offer.needs_tool:
            yield block.ugettext(TOOL_REASONS[own.offer.needs_tool])
        elif own.content is not None and own.content.package.kind != self.kind_name:
            yield block.ugettext(_("This content is of another kind: it needs another block."))

    def _key_faults(self, key: Any) -> Iterator[str]:
        block: Any = self
        known = key in set(self.contents)
        if known and self.contents.offer(key).needs_tool:
            yield block.ugettext(TOOL_REASONS[self.contents.offer(key).needs_tool])
        elif not known or self.contents.find(key) is None:
            message = block.ugettext(_("{key} is not installed here. Choose another one, or have Qualoop updated."))
            yield message.format(key=str(key)[:80])

    def _facts(self) -> Iterator[pages.Note]:
        """Give which activity stands here, and whether it changed since its author saw it."""
        block: Any = self
        opened = block.find_content()
        if opened is None:
            return
        text = _("Content of this block's own: {key}, version {version}.") if block.files else None
        text = block.ugettext(text or _("Activity {key}, version {version}."))
        yield pages.Note(text=text.format(key=opened.package.key, version=opened.package.version))
        if block.content_hash and block.content_hash != opened.hash:
            changed = _("It has changed since you chose it. Read it again, then save the settings to take it.")
            if block.content_version and block.content_version != opened.package.version:
                changed = _("You chose version {version}. Read this one, then save the settings to take it.")
            words = block.ugettext(changed).format(version=block.content_version)
            yield pages.Note(text=words, tone="partly")

    def _offer(self) -> Offer | None:
        block: Any = self
        own: Inline | None = block.inline()
        if own is not None:
            return own.offer
        return self.contents.offer(block.activity_key) if block.activity_key in set(self.contents) else None
