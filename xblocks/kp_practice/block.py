"""The block itself: what it is called and which activities it takes. The rest is `xblocks.common.activity`.

Every round is played and scored on the server by engines that need NumPy only. What runs learners' own queries is the
tool's: the block says so in Studio and to learners (docs/openedx.md). What people judge is `xblocks.kp_practice.judging`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.core import XBlock
from xblock.fields import Scope, String

from qualoop.player import Event, Refused, StaleActionError, UnknownActionError
from qualoop.player.project import PracticeProjectKind
from xblocks.common import pages
from xblocks.common.activity import ActivityBlock
from xblocks.common.attempt import Attempt
from xblocks.common.contents import SHIPPED_PROJECTS, ContentMissingError, Contents
from xblocks.common.host import BlockHost
from xblocks.common.learner import block_user, is_as_learner
from xblocks.common.register_clearing import ClearsRegister
from xblocks.common.register_store import lacks_plugin
from xblocks.common.replies import StaffOnlyError, form_fields
from xblocks.common.standing import Standing
from xblocks.common.studio import CONTENT_FIELDS
from xblocks.common.studio_form import FIELDS, JUDGED
from xblocks.kp_practice.judging import JudgedWork, page
from xblocks.kp_practice.marking_acts import ACTS, PREFIX, STAND_IN, Deed, Shown, done
from xblocks.kp_practice.marking_page import marking_page
from xblocks.kp_practice.work_page import JudgedHost, work_panel

VERIFICATION: Final = "verification"
_logger = logging.getLogger(__name__)


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


NOT_KEPT: Final = _(
    "People judge this, and this site has no place where several people can write: those who run it have to set up Qualoop’s "
    "plug-in (migrate qualoop). Until then nothing is handed in here; the tool has it as an LTI activity."
)


class KpPracticeBlock(JudgedWork, ActivityBlock):
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

    form_fields: ClassVar[tuple[str, ...]] = (*FIELDS, "release_at")
    editable_fields = (*FIELDS, "release_at", *CONTENT_FIELDS)

    @XBlock.supports("multi_device")
    def student_view(self, context: Any = None) -> Fragment:
        """Show where the learner's attempt stands; of work that people judge, to staff the works before it."""
        scheme = self.scheme()
        if scheme is None or not self.is_kept() or block_user(self).is_anonymous:
            fragment: Fragment = super().student_view(context)
            return fragment
        self._release_quietly()
        if not block_user(self).is_staff:
            return self.as_fragment(self._page())
        tried = pages.draw("marking_tried.html", self.host(), html=self._page())
        return self.as_fragment(marking_page(self.host(), scheme, Shown()) + tried)

    def _release_quietly(self) -> None:
        """Release what is due; whatever fails there, the page is shown."""
        try:
            self.release_due(datetime.now(UTC))
        except Exception:
            _logger.exception("approved marks at %s were not released", self.scope_ids.usage_id)

    def respond(self, request: Request, name: str) -> Response:
        """Answer an action: besides those of the player, `verification` gives the graded run as a file, staff mark."""
        if name == VERIFICATION:
            return self._verification()
        if name.startswith(PREFIX):
            return self._marked(request, name.removeprefix(PREFIX))
        return super().respond(request, name)

    def host(self) -> JudgedHost:
        """Return the block as a host of the player."""
        return JudgedHost(block=self, language=self.language(), framework=self.contents.framework)

    def shown_title(self) -> str:
        """Return what the project is called here, in the language of this request."""
        opened = self.find_content()
        is_set = self.fields["display_name"].is_set_on(self)
        return str(self.display_name) if is_set or opened is None else opened.content.title[self.language()]

    def _keep(self, standing: Standing, after: Attempt, events: Sequence[Event]) -> None:
        """Keep an attempt and, where it was handed in to be judged, its text: all of it or nothing."""
        # First: what a workbench keeps of it must not look as if somebody else had changed the attempt.
        self.hand_over(standing, after, events)
        super()._keep(standing, after, events)

    @property
    def clear_student_state(self) -> Any:
        """Return what empties the register of a learner whose state staff delete.

        Only where people judge the work: the platform recomputes no grade of a block that has this.
        """
        if self.scheme() is None:
            raise AttributeError("clear_student_state")
        return partial(ClearsRegister.clear_student_state, self)

    def _page(self, *, refused: Refused | None = None) -> str:
        """Return what a learner sees now; where nobody could mark the work, where else it is."""
        if self.scheme() is None or self.is_kept():
            return super()._page(refused=refused)
        title = self.ugettext(_("This is worked at in another place"))
        text = self.ugettext(_("Open the Qualoop activity of this name in your course."))
        return pages.notice(self.host(), title, text, name=self.shown_title())

    def outdated_rest(self, host: BlockHost) -> str:
        """Return the work and its marks: these are the learner's whatever becomes of the project."""
        scheme = self.scheme()
        return work_panel(host, scheme) if scheme is not None else ""

    def _facts(self) -> Iterator[pages.Note]:
        """Give what an author should know of judged work besides."""
        yield from super()._facts()
        if self.scheme() is not None:
            yield pages.Note(text=self.ugettext(JUDGED))
            if lacks_plugin():
                yield pages.Note(text=self.ugettext(NOT_KEPT), tone="bad")

    def _marked(self, request: Request, name: str) -> Response:
        """Do what staff ask for with the works; answer with the page as it is then."""
        user, scheme = block_user(self), self.scheme()
        if not user.is_staff:
            raise StaffOnlyError
        if name not in ACTS or scheme is None or not self.is_kept():
            raise UnknownActionError(name)
        if is_as_learner(self):
            shown = Shown(notes=(pages.Note(text=self.ugettext(STAND_IN), tone="bad"),), is_refused=True)
        else:
            form = form_fields(request)
            shown = done(Deed(block=self, form=form, by=user.key or "", now=datetime.now(UTC), scheme=scheme), name)
        return page(marking_page(self.host(), scheme, shown), is_refused=shown.is_refused)

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
            ("Qualoop practice that people judge", '<kp_practice activity_key="cw-copy-clinic"/>'),
            ("Qualoop practice for the tool", '<kp_practice activity_key="da-sql-ladder"/>'),
            ("Qualoop lesson and practice", f"<vertical_demo>{lesson}{project}</vertical_demo>"),
        ]
