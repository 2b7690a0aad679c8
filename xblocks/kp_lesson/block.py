"""The block itself: what it is called and which activities it takes. The rest is `xblocks.common.activity`."""

from __future__ import annotations

from typing import ClassVar

from xblock.fields import Scope, String

from xblocks.common.activity import ActivityBlock
from xblocks.common.contents import SHIPPED, Contents
from xblocks.common.studio import CONTENT_FIELDS
from xblocks.common.studio_form import FIELDS


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class KpLessonBlock(ActivityBlock):
    """One micro-lesson, shown and scored."""

    contents: ClassVar[Contents] = SHIPPED
    kind_name: ClassVar[str] = "micro-lesson"
    content_type: ClassVar[str] = "Micro-lesson"
    seed_bits: ClassVar[int] = 31

    display_name = String(
        display_name=_("Display name"),
        help=_("The title that learners see in the course."),
        default=_("Micro-lesson"),
        scope=Scope.settings,
    )

    form_fields: ClassVar[tuple[str, ...]] = (*FIELDS, "tries")
    editable_fields = (*FIELDS, "tries", *CONTENT_FIELDS)

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """Return what the workbench of the XBlock SDK offers."""
        lesson = '<kp_lesson activity_key="sem-1-1-keywords-and-intent"/>'
        other = '<kp_lesson activity_key="sem-1-3-paid-search"/>'
        return [
            ("Qualoop lesson", lesson),
            ("Two Qualoop lessons", f"<vertical_demo>{lesson}{other}</vertical_demo>"),
        ]
