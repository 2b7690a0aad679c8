"""The block itself: what it is called and which activities it takes. The rest is `xblocks.common.activity`.

Every round is played and scored on the server by engines that need NumPy only. What runs learners' own queries, and what
people judge by a rubric, is the tool's: the block says so in Studio and to learners (docs/openedx.md).
"""

from __future__ import annotations

from typing import ClassVar, Final

from webob import Request, Response
from xblock.fields import Scope, String

from qualoop.player import StaleActionError
from qualoop.player.project import PracticeProjectKind
from xblocks.common.activity import ActivityBlock
from xblocks.common.contents import SHIPPED_PROJECTS, ContentMissingError, Contents

VERIFICATION: Final = "verification"


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class KpPracticeBlock(ActivityBlock):
    """One practice project, shown and scored. Practice is no grade; the graded run is one when it is handed in."""

    contents: ClassVar[Contents] = SHIPPED_PROJECTS
    kind_name: ClassVar[str] = "practice-project"
    content_type: ClassVar[str] = "Practice project"
    # Worlds follow from the seed, and commitments to them are shown: see PracticeProjectKind.initial_state.
    seed_bits: ClassVar[int] = 128

    display_name = String(
        display_name=_("Display name"),
        help=_("The title that learners see in the course."),
        default=_("Practice project"),
        scope=Scope.settings,
    )

    def respond(self, request: Request, name: str) -> Response:
        """Answer an action: besides those of the player, `verification` gives the graded run as a file."""
        return self._verification() if name == VERIFICATION else super().respond(request, name)

    def _verification(self) -> Response:
        """Return the graded run, that anybody can play again; raise ContentMissingError where none may be seen yet."""
        opened = self.get_content()
        standing = self.standing(opened)
        if standing.is_outdated or not isinstance(opened.kind, PracticeProjectKind):
            raise ContentMissingError
        try:
            record = opened.kind.record(
                opened.content, standing.attempt.player, settings=standing.settings, content_hash=opened.hash
            )
        except StaleActionError as error:
            raise ContentMissingError from error
        response = Response(record.model_dump_json(indent=2), content_type="application/json", charset="utf-8")
        response.content_disposition = f'attachment; filename="{opened.package.key}-run-{standing.attempt.number}.json"'
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """Return what the workbench of the XBlock SDK offers."""
        project = '<kp_practice activity_key="sem-search-terms"/>'
        lesson = '<kp_lesson activity_key="sem-1-1-keywords-and-intent"/>'
        return [
            ("Qualoop practice", project),
            ("Qualoop practice for the tool", '<kp_practice activity_key="da-sql-ladder"/>'),
            ("Qualoop lesson and practice", f"<vertical_demo>{lesson}{project}</vertical_demo>"),
        ]
