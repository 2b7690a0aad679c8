"""What saving settings in Studio takes in every block: who may, how values are read, and how faults are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xblock.fields import Field
from xblock.utils.studio_editable import StudioEditableXBlockMixin
from xblock.validation import Validation, ValidationMessage

from xblocks.common.learner import block_user
from xblocks.common.pages import Note
from xblocks.common.platform import serves_learners
from xblocks.common.replies import AuthorsOnlyError, SettingsRefusedError


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class StudioSaving(StudioEditableXBlockMixin):
    """The part of a form for authors that all blocks share. A subclass says what is wrong with its fields."""

    def validate_field_data(self, validation: Validation, data: Any) -> None:
        """Tell what is wrong: the platform shows it above the block, and Studio's form on saving."""
        for text in self._edit_faults(data):
            validation.add(ValidationMessage(ValidationMessage.ERROR, text))
        block: Any = self
        block.warn_of_import(validation, data)

    def _edit_faults(self, data: Any) -> Iterator[str]:
        """Give a sentence for everything that is wrong with fields as they are or would be."""
        raise NotImplementedError

    def _authors_only(self) -> None:
        """Raise AuthorsOnlyError where learners are served and who asks is not of the staff."""
        if serves_learners() and not block_user(self).is_staff:
            raise AuthorsOnlyError

    def _field(self, name: str) -> Field:
        fields: dict[str, Field] = self.fields
        return fields[name]

    def _read(self, name: str, value: Any) -> Any:
        """Return a value as its field has it; what is none of its kind stays as it came, for `_edit_faults` to name.

        Raises SettingsRefusedError.
        """
        try:
            return self._field(name).from_json(value)
        except (TypeError, ValueError, OverflowError) as error:
            block: Any = self
            message = block.ugettext(_("{field} cannot be read: write it as the form shows it."))
            label = block.ugettext(self._field(name).display_name or name)
            raise SettingsRefusedError([message.format(field=label)]) from error

    def _faults(self) -> Iterator[Note]:
        """Give what an author has to mend."""
        block: Any = self
        faults = tuple(self._edit_faults(block))
        if faults:
            yield Note(text=block.ugettext(_("This cannot work yet:")), tone="bad", rows=faults)
        yield from block.import_notes()
