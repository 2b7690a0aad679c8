"""A block that comes out of a course's OLX: whatever its node holds, it is made, and its author is told what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xblock.core import XBlock
from xblock.fields import List, Scope
from xblock.validation import Validation, ValidationMessage

from xblocks.common.olx import file_word, learners_fields, take_files, take_odd_settings
from xblocks.common.pages import Note


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class OlxImport(XBlock):
    """Import and export that all blocks share. A subclass keeps the files that are its own."""

    import_problems = List(help="What an import could not take.", default=[], scope=Scope.content)

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> Any:
        """Make a block of OLX. What cannot be taken is noted, never fatal; what people did is in no import."""
        files, odd = take_files(node)
        odd += take_odd_settings(node, cls.fields)
        block = super().parse_xml(node, runtime, keys)
        odd += block.take_in(files)
        if odd:
            block.import_problems = odd
        return block

    def add_xml_to_node(self, node: Any) -> None:
        """Write the block as OLX, without what people did."""
        super().add_xml_to_node(node)
        for name in learners_fields(self.fields):
            node.attrib.pop(name, None)

    def take_in(self, files: Mapping[str, Any]) -> list[str]:
        """Keep the files of an import; return a word for each that the block does not know."""
        return [file_word(name) for name in files]

    def warn_of_import(self, validation: Validation, data: Any) -> None:
        """Add what an import left out to what the platform shows above the block."""
        for text in data.import_problems or ():
            validation.add(ValidationMessage(ValidationMessage.WARNING, self._import_words(text)))

    def import_notes(self) -> Iterator[Note]:
        """Give what an import left out, for the pages of an author."""
        if self.import_problems:
            block: Any = self
            rows = tuple(self._import_words(text) for text in self.import_problems)
            yield Note(text=block.ugettext(_("An import left something out:")), tone="partly", rows=rows)

    def _import_words(self, odd: Any) -> str:
        block: Any = self
        text: str = block.ugettext(_("{what} is nothing that this block knows, or can work with."))
        return text.format(what=str(odd)[:80])
