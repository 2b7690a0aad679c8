"""The block itself: fields, views, handlers. What a lesson is and does is in `qualoop.player`."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.completable import CompletableXBlockMixin
from xblock.core import XBlock
from xblock.fields import Dict, Float, Scope, String
from xblock.scorable import ScorableXBlockMixin
from xblock.scorable import Score as PlatformScore
from xblock.utils.studio_editable import StudioEditableXBlockMixin
from xblock.validation import Validation, ValidationMessage

from qualoop.assessment import (
    AttemptRefusedError,
    AttemptState,
    LinkClosedError,
    LinkSettings,
    Phase,
    ResponseRefusedError,
)
from qualoop.player import Action, Answered, Event, Finished, Refused, StaleActionError
from qualoop.values import Score
from xblocks.common.contents import SHIPPED, Contents, OpenContent
from xblocks.common.host import ATTEMPT_FIELD, BlockHost
from xblocks.common.language import catalogue, learner_language
from xblocks.common.replies import MethodRefusedError, replying
from xblocks.kp_lesson import pages
from xblocks.kp_lesson.attempt import Attempt
from xblocks.kp_lesson.timing import block_remarks, block_schedule

SETTINGS: Final = LinkSettings()
SEED_BITS: Final = 31
RESTART: Final = "restart"
ASSET_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "completion")
class KpLessonBlock(StudioEditableXBlockMixin, CompletableXBlockMixin, ScorableXBlockMixin, XBlock):
    """One micro-lesson of a content package, shown and scored.

    The raw score is a share, 0 to 1 of 1, and `weight` what the platform makes of it; the completion is the share of
    steps done.
    """

    contents: ClassVar[Contents] = SHIPPED

    display_name = String(
        display_name=_("Display name"),
        help=_("The title that learners see in the course."),
        default=_("Micro-lesson"),
        scope=Scope.settings,
    )
    activity_key = String(
        display_name=_("Lesson"),
        help=_("Which of the lessons that come with Qualoop is shown here."),
        default="",
        scope=Scope.content,
        values_provider=lambda block: block.lesson_choices(),
        resettable_editor=False,
    )
    content_hash = String(
        help=_("Which version of the lesson the author saw last."),
        default="",
        scope=Scope.content,
    )
    weight = Float(
        display_name=_("Weight"),
        help=_("How many points the lesson is worth in the course."),
        default=1.0,
        scope=Scope.settings,
        values={"min": 0.01, "step": 0.01},
    )
    state = Dict(help=_("The learner's attempt: decisions and seed."), default={}, scope=Scope.user_state)
    score = String(
        help=_("The learner's score, 0 to 1; empty before the first answer."), scope=Scope.user_state, default=""
    )

    editable_fields = ("display_name", "activity_key", "weight")
    has_author_view = True
    show_in_read_only_mode = True

    # Views

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """Show where the learner's attempt stands; the first view begins it."""
        return self._fragment(self._page())

    def public_view(self, _context: Any = None) -> Fragment:
        """Show the texts to somebody who does not take part in the course; the questions stay locked."""
        return self._reading([self.ugettext(_("Enrol in the course to answer the questions of this lesson."))])

    def author_view(self, _context: Any = None) -> Fragment:
        """Show an author which lesson stands here, in which version, and its texts."""
        opened = self.contents.find(self.activity_key)
        remarks = []
        if opened is not None:
            version = self.ugettext(_("Lesson {key}, version {version}."))
            remarks.append(version.format(key=opened.package.key, version=opened.package.version))
            if self.content_hash and self.content_hash != opened.hash:
                changed = _(
                    "The lesson has changed since you chose it. Read it again, then save the settings to take it."
                )
                remarks.append(self.ugettext(changed))
        return self._reading(remarks)

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """Return what an app may know of the lesson without opening it: nothing of its items."""
        opened = self.contents.find(self.activity_key)
        if opened is None:
            return {"display_name": self.display_name, "weight": self.weight}
        lesson = opened.content
        return {
            "display_name": self.display_name,
            "weight": self.weight,
            "title": dict(lesson.title.by_language),
            "summary": dict(lesson.summary.by_language),
            "minutes": lesson.minutes,
            "knowledge_points": list(lesson.knowledge_points),
            "languages": list(lesson.languages),
            "content_hash": opened.hash,
        }

    def index_dictionary(self) -> dict[str, Any]:
        """Return what a course's search finds: titles and texts to read, nothing of the items."""
        index: dict[str, Any] = super().index_dictionary()
        opened = self.contents.find(self.activity_key)
        texts = {}
        if opened is not None:
            texts = {language: pages.plain_text(opened.content, language) for language in opened.content.languages}
        content = {"display_name": self.display_name, **texts}
        return index | {"content": content, "content_type": "Micro-lesson"}

    # Handlers

    @replying
    def act(self, request: Request, suffix: str = "") -> Response:
        """Apply the action that the suffix names; answer with the page as it is now, 422 with what was refused.

        A form of another moment or of another attempt changes nothing and shows how things stand.
        """
        if request.method != "POST":
            raise MethodRefusedError
        opened = self.contents.get(self.activity_key)
        action = Action(name=suffix, form=_form(request))
        refused = None
        try:
            self._apply(opened, action)
        except (StaleActionError, AttemptRefusedError):
            pass
        except ResponseRefusedError as error:
            refused = Refused(action=action, error=error)
        html = self._page(refused=refused)
        return Response(html, status=422 if refused else 200, content_type="text/html", charset="utf-8")

    @replying
    def asset(self, request: Request, suffix: str = "") -> Response:
        """Send a figure or a recording of the lesson, in a sandbox of its own."""
        found = self.contents.get(self.activity_key).get_asset(suffix)
        response = Response(found.data, content_type=found.media_type, etag=found.sha256, accept_ranges="bytes")
        response.conditional_response = True
        response.headers["Content-Security-Policy"] = ASSET_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, max-age=3600"
        # Only a response that is asked as an application answers conditions and ranges.
        return request.get_response(response)

    # What the platform asks of a block that scores

    def has_submitted_answer(self) -> bool:
        """Return whether the learner has a score."""
        return bool(self.score)

    def max_score(self) -> float:
        """Return the raw maximum, which is never 0."""
        return 1.0

    def get_score(self) -> PlatformScore:
        """Return the learner's score as it was last kept."""
        return PlatformScore(raw_earned=float(Score(self.score or 0)), raw_possible=self.max_score())

    def set_score(self, score: PlatformScore) -> None:
        """Keep a score that the platform set, clamped to 0 to 1."""
        self.score = Score.of(Decimal(str(score.raw_earned)), Decimal(str(score.raw_possible))).as_text()

    def calculate_score(self) -> PlatformScore:
        """Return the score that the learner's answers are worth now; changes nothing."""
        opened = self.contents.find(self.activity_key)
        if opened is None or not self.state:
            return self.get_score()
        grade = Attempt.from_json(self.state).rescored(opened, SETTINGS).grade(SETTINGS)
        return PlatformScore(raw_earned=float(grade), raw_possible=self.max_score())

    # Studio

    def lesson_choices(self) -> list[dict[str, str]]:
        """Return the lessons that an author may choose."""
        language = self._language()
        chosen = [{"display_name": self.ugettext(_("Choose a lesson")), "value": ""}]
        return chosen + [{"display_name": self.contents.title(key)[language], "value": key} for key in self.contents]

    def clean_studio_edits(self, data: dict[str, Any]) -> None:
        """Pin the version of the lesson that the author saves."""
        opened = self.contents.find(data.get("activity_key", self.activity_key))
        data["content_hash"] = opened.hash if opened else ""

    def validate_field_data(self, validation: Validation, data: Any) -> None:
        """Refuse a lesson that is not there and a weight that is not above 0: the platform would divide by it."""
        if data.activity_key and self.contents.find(data.activity_key) is None:
            self._refuse(validation, _("This lesson is not installed here."))
        if data.weight is None or not data.weight > 0:
            self._refuse(validation, _("The weight must be greater than 0."))

    def ugettext(self, text: str) -> str:
        """Return a message of the block in the language of this request."""
        own = catalogue(self._language()).gettext(text)
        inherited: str = super().ugettext(text)
        return inherited if own == text else own

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """Return what the workbench of the XBlock SDK offers."""
        lesson = '<kp_lesson activity_key="sem-1-1-keywords-and-intent"/>'
        other = '<kp_lesson activity_key="sem-1-3-paid-search"/>'
        return [
            ("Qualoop lesson", lesson),
            ("Two Qualoop lessons", f"<vertical_demo>{lesson}{other}</vertical_demo>"),
        ]

    # How it is done

    def _apply(self, opened: OpenContent, action: Action) -> None:
        """Apply an action to the learner's attempt, keep it, then publish: what is published must be kept."""
        before = self._attempt(opened)
        if list(action.form.get(ATTEMPT_FIELD, ())) != [before.id]:
            raise StaleActionError
        now = datetime.now(UTC)
        is_closed = block_schedule(self, SETTINGS).phase(now) is Phase.CLOSED
        if action.name == RESTART:
            self.state = _again(before, opened, is_closed=is_closed).as_json()
            return
        if before.is_outdated(opened):
            raise StaleActionError
        if is_closed and before.status is AttemptState.ACTIVE:
            # The grade is there already: it follows each answer.
            self.state = before.handed_in(opened, SETTINGS, at=now).as_json()
            return
        self._take(before, *before.after(opened, action, settings=SETTINGS, now=now))

    def _take(self, before: Attempt, after: Attempt, events: Sequence[Event]) -> None:
        """Keep an attempt as an action left it, then publish what that changed."""
        scored = _has_score(events)
        self.state = after.as_json()
        if scored:
            self.score = after.grade(SETTINGS).as_text()
        self.save()
        if not self._is_in_course():
            return
        if scored:
            self._publish_grade(self.get_score())
        if after.completed != before.completed:
            self.emit_completion(float(after.completed))

    def _attempt(self, opened: OpenContent) -> Attempt:
        """Return the learner's newest attempt, begun here where there is none."""
        if not self.state:
            self.state = Attempt.first(opened, **_new()).as_json()
        return Attempt.from_json(self.state)

    def _page(self, *, refused: Refused | None = None) -> str:
        """Return what a learner sees now."""
        opened = self.contents.find(self.activity_key)
        if opened is None:
            return self._missing()
        attempt = self._attempt(opened)
        now, plan = datetime.now(UTC), block_schedule(self, SETTINGS)
        host = replace(
            self._host(),
            attempt_id=attempt.id,
            can_restart=attempt.can_restart(SETTINGS) and plan.phase(now) is not Phase.CLOSED,
            remarks=tuple(block_remarks(plan, now, self.ugettext)),
        )
        if attempt.is_outdated(opened):
            title = self.ugettext(_("This lesson was renewed after you began it"))
            text = self.ugettext(_("What you have earned stays yours. Begin again to work with the new version."))
            return pages.notice(host, title, text, restart=True)
        return opened.kind.render(opened.content, attempt.player, host, settings=SETTINGS, refused=refused)

    def _reading(self, remarks: list[str]) -> Fragment:
        opened = self.contents.find(self.activity_key)
        html = pages.reading(self._host(), opened.content, remarks=remarks) if opened else self._missing()
        return self._fragment(html)

    def _missing(self) -> str:
        if not self.activity_key:
            title, text = _("No lesson is chosen yet"), _("Authors choose it in the settings of this component.")
        else:
            title, text = _("This lesson is not installed here"), _("Please tell those who run this course.")
        return pages.notice(self._host(), self.ugettext(title), self.ugettext(text))

    def _fragment(self, html: str) -> Fragment:
        """Return HTML with the player's files by address; the script starts itself, wherever it finds its element."""
        fragment = Fragment(html)
        fragment.add_css_url(self.runtime.local_resource_url(self, "public/qualoop.css"))
        fragment.add_javascript_url(self.runtime.local_resource_url(self, "public/player.js"))
        return fragment

    def _host(self) -> BlockHost:
        return BlockHost(block=self, language=self._language(), framework=self.contents.framework)

    def _language(self) -> str:
        return learner_language(self.runtime.service(self, "user"))

    def _is_in_course(self) -> bool:
        """Return whether grades mean anything here: not in a library."""
        context = getattr(self.scope_ids.usage_id, "context_key", None)
        return bool(getattr(context, "is_course", True))

    def _refuse(self, validation: Validation, message: str) -> None:
        validation.add(ValidationMessage(ValidationMessage.ERROR, self.ugettext(message)))


def _again(before: Attempt, opened: OpenContent, *, is_closed: bool) -> Attempt:
    """Return the attempt that follows; raise AttemptRefusedError where there is none, or not at this time."""
    if is_closed:
        raise LinkClosedError
    return before.again(opened, SETTINGS, **_new())


def _new() -> dict[str, Any]:
    """Return what is random about a new attempt."""
    return {"attempt_id": str(uuid.uuid4()), "seed": secrets.randbits(SEED_BITS)}


def _form(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form, without files; a body that is no form has none."""
    fields = request.POST.dict_of_lists()
    return {name: [text for text in texts if isinstance(text, str)] for name, texts in fields.items()}


def _has_score(events: Sequence[Event]) -> bool:
    """Return whether something happened that a grade follows from."""
    return any(isinstance(event, Answered | Finished) for event in events)
