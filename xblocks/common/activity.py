"""The block with an activity: views and handlers that kp_lesson and kp_practice share. What an activity does is the player's."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.completable import CompletableXBlockMixin
from xblock.core import XBlock
from xblock.scorable import ScorableXBlockMixin

from qualoop.assessment import AttemptRefusedError, LinkSettings, ResponseRefusedError
from qualoop.player import Action, Answered, Event, Finished, Refused, Remark, RunScored, StaleActionError
from qualoop.values import Score
from xblocks.common import pages
from xblocks.common.attempt import Attempt
from xblocks.common.contents import ContentMissingError, Contents, OpenContent
from xblocks.common.evidence import evidence_of, record_evidence
from xblocks.common.fields import ActivityFields, link_settings
from xblocks.common.grading import Graded, kept_score
from xblocks.common.holding import Holding
from xblocks.common.host import BlockHost
from xblocks.common.inline import Inline, read_inline
from xblocks.common.language import Translated
from xblocks.common.learner import block_user, is_as_learner, is_enrolled, is_in_course
from xblocks.common.replies import MethodRefusedError, SignInError, form_lists, replying
from xblocks.common.standing import Standing, block_plan
from xblocks.common.studio import StudioEditing
from xblocks.common.timing import block_remarks
from xblocks.common.weights import shown_weight

RESTART: Final = "restart"
PLAYER: Final = "public/player.js"
ASSET_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "completion", "enrollments", "settings")
class ActivityBlock(
    StudioEditing, CompletableXBlockMixin, Graded, ScorableXBlockMixin, Holding, Translated, ActivityFields
):
    """One activity, shown and scored.

    The completion is the share of steps done. A subclass names its kind, its contents and what people call it.
    """

    contents: ClassVar[Contents]
    kind_name: ClassVar[str]
    content_type: ClassVar[str]
    seed_bits: ClassVar[int]

    has_author_view = True
    show_in_read_only_mode = True

    # Views

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """Show where the learner's attempt stands; the first view begins it."""
        if block_user(self).is_anonymous:
            return self.public_view()
        return self.as_fragment(self._page())

    def public_view(self, _context: Any = None) -> Fragment:
        """Show the texts to somebody who does not take part in the course; what is asked stays locked."""
        remark = self.ugettext(_("Enrol in the course to work at this."))
        return self.as_fragment(self.reading_page([pages.Note(text=remark)]))

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """Return what an app may know of the activity without opening it: nothing of what is asked (docs/openedx.md)."""
        head = {"schema": 1, "display_name": self.display_name, "weight": shown_weight(self)}
        opened = self.find_content()
        if opened is None:
            return head
        content = opened.content
        return head | {
            "kind": opened.package.kind,
            "title": dict(content.title.by_language),
            "summary": dict(content.summary.by_language),
            "minutes": content.minutes,
            "knowledge_points": self.tagged_with(opened),
            "languages": list(content.languages),
            "content_hash": opened.hash,
            "max_attempts": self.rules(opened).max_attempts or None,
        }

    def index_dictionary(self) -> dict[str, Any]:
        """Return what a course's search finds: titles, texts to read, knowledge points; nothing of what is asked."""
        index: dict[str, Any] = super().index_dictionary()
        opened = self.find_content()
        texts: dict[str, str] = {}
        if opened is not None:
            texts = {language: pages.plain_text(opened.content, language) for language in opened.content.languages}
            texts["knowledge_points"] = " ".join(self.tagged_with(opened))
        content = {"display_name": self.display_name, **texts}
        return index | {"content": content, "content_type": self.content_type}

    # Handlers

    @replying
    def act(self, request: Request, suffix: str = "") -> Response:
        """Apply the action that the suffix names; answer with the page as it is now, 422 with what was refused.

        A form of another moment or of another attempt changes nothing and is 409, but for what had been taken already.
        """
        if request.method != "POST":
            raise MethodRefusedError
        if block_user(self).is_anonymous:
            raise SignInError
        return self.respond(request, suffix)

    @replying
    def asset(self, request: Request, suffix: str = "") -> Response:
        """Send a figure or a recording of the activity, in a sandbox of its own."""
        found = self.get_content().get_asset(suffix)
        response = Response(found.data, content_type=found.media_type, etag=found.sha256, accept_ranges="bytes")
        response.conditional_response = True
        response.headers["Content-Security-Policy"] = ASSET_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, max-age=3600"
        # Only a response that is asked as an application answers conditions and ranges.
        return request.get_response(response)

    @replying
    def student_view_user_state(self, _request: Request, suffix: str = "") -> Response:
        """Send how the learner stands, as JSON (docs/openedx.md); an attempt that was not begun has null."""
        return Response(json_body=self.user_state(self.get_content()) if self.state else None)

    # What the rest is made of

    def respond(self, request: Request, name: str) -> Response:
        """Apply an action to the learner's attempt; return the page as it is then."""
        opened = self.get_content()
        action = Action(name=name, form=form_lists(request))
        refused = None
        try:
            self._apply(opened, action)
        except AttemptRefusedError:
            pass
        except StaleActionError as error:
            refused = Refused(action=action, error=error) if name != RESTART and not error.taken else None
        except ResponseRefusedError as error:
            refused = Refused(action=action, error=error)
        html = self._page(refused=refused)
        status = int(refused.status) if refused else 200
        return Response(html, status=status, content_type="text/html", charset="utf-8")

    def user_state(self, opened: OpenContent) -> dict[str, Any]:
        """Return what an app may know of the attempt (docs/openedx.md)."""
        return self.standing(opened).user_state()

    def grade_of(self, attempt: Attempt, settings: LinkSettings) -> Score | None:
        """Return the score that counts after an action; None where nothing may count yet."""
        return attempt.grade(settings)

    def may_begin_again(self, _attempt: Attempt) -> bool:
        """Return whether anything but the rules of attempts keeps a learner from beginning again."""
        return True

    def outdated_rest(self, _host: BlockHost) -> str:
        """Return what stands below an attempt whose version is gone, as safe HTML."""
        return ""

    def inline(self) -> Inline | None:
        """Return what the block's own files make; None where it names a package."""
        return read_inline(self.files, self.contents.framework) if self.files else None

    def find_content(self) -> OpenContent | None:
        """Return what is shown here: the block's own content, else the package that it names; None where that fails."""
        own = self.inline()
        found = own.content if own is not None else self.contents.find(self.activity_key)
        return found if found is not None and found.package.kind == self.kind_name else None

    def get_content(self) -> OpenContent:
        """Return what is shown here; raise ContentMissingError."""
        found = self.find_content()
        if found is None:
            raise ContentMissingError
        return found

    def rules(self, opened: OpenContent) -> LinkSettings:
        """Return the rules that the author, the content and the platform make."""
        return link_settings(self, opened.package.link_settings)

    def tagged_with(self, opened: OpenContent) -> list[str]:
        """Return the knowledge points of this place in the course."""
        return list(self.knowledge_points or opened.content.knowledge_points)

    def host(self) -> BlockHost:
        """Return the block as a host of the player."""
        return BlockHost(block=self, language=self.language(), framework=self.contents.framework)

    def as_fragment(self, html: str, script: str = PLAYER) -> Fragment:
        """Return HTML with its files by address; the player's script starts itself, wherever it finds its element."""
        fragment = Fragment(html)
        for sheet in ("qualoop.css", "blocks.css"):
            fragment.add_css_url(self.runtime.local_resource_url(self, f"public/{sheet}"))
        fragment.add_javascript_url(self.runtime.local_resource_url(self, script))
        return fragment

    def reading_page(self, notes: Sequence[pages.Note]) -> str:
        """Return all that can be read without answering, or why there is nothing."""
        opened = self.find_content()
        return pages.reading(self.host(), opened.content, notes=notes) if opened else self.missing_page(notes)

    def missing_page(self, notes: Sequence[pages.Note] = ()) -> str:
        """Return what stands in the place of an activity that cannot be shown."""
        title, text = self.missing_words()
        name = self.offered_name()
        return pages.notice(self.host(), self.ugettext(title), self.ugettext(text), name=name, notes=notes)

    # How it is done

    def _apply(self, opened: OpenContent, action: Action) -> None:
        with self.held():
            standing = self.standing(opened)
            if action.name == RESTART:
                if not self.may_begin_again(standing.attempt):
                    raise StaleActionError
                self._set(standing.restarted(action, **self._new()))
            else:
                self._keep(standing, *standing.stepped(action))
        self._publish()

    def _keep(self, standing: Standing, after: Attempt, events: Sequence[Event]) -> None:
        """Keep an attempt as an action left it, and its evidence: while the fields are held, both or neither."""
        user = block_user(self)
        self._set(after)
        # What staff do as any learner is kept with their own state: the sweeper must find no score in it to publish.
        counts = _has_score(events) and not is_as_learner(self)
        grade = self.grade_of(after, standing.plan.settings) if counts else None
        if grade is not None:
            self.score = grade.as_text()
        evidence = None
        if is_in_course(self):
            evidence = evidence_of(self, user, standing.opened, after.id, events=events, now=standing.now)
        record_evidence(self, evidence)

    def _publish(self) -> None:
        """Tell the platform what it does not know yet: what failed to reach it before goes with the next action.

        The fields are held, so that of two requests neither publishes an older score than the other.
        """
        if not self._news() or not is_in_course(self) or is_enrolled(self) is False or is_as_learner(self):
            return
        with self.held():
            news = self._news()
            if "score" in news:
                self._publish_grade(self.get_score())
            if "completion" in news:
                self.emit_completion(float(news["completion"]))
            self.published = {**self.published, **news}

    def _news(self) -> dict[str, str]:
        """Return of score and completion what the platform was not told."""
        now = {"score": self.score, "completion": Attempt.from_json(self.state).completed.as_text()}
        told = {"score": "", "completion": "0", **self.published}
        return {name: text for name, text in now.items() if text != told[name]}

    def standing(self, opened: OpenContent) -> Standing:
        """Return how things stand; an attempt is begun where there is none, and those that staff reset are given back."""
        if not self.state or self._is_reset():
            with self.held():
                if not self.state:
                    self._set(Attempt.first(opened, **self._new()))
                if self._is_reset():
                    self._set(Attempt.from_json(self.state).given_back())
        plan = block_plan(self, self.rules(opened))
        return Standing(opened=opened, plan=plan, attempt=Attempt.from_json(self.state), now=datetime.now(UTC))

    def _set(self, attempt: Attempt) -> None:
        self.state = attempt.as_json()
        self.attempts = attempt.used

    def _is_reset(self) -> bool:
        """Return whether the platform has reset the attempts: it writes 0 into the stored fields, and asks no block."""
        return self.attempts == 0 and Attempt.from_json(self.state).used > 0

    def _page(self, *, refused: Refused | None = None) -> str:
        """Return what a learner sees now."""
        opened = self.find_content()
        if opened is None:
            return self.missing_page()
        standing = self.standing(opened)
        host = replace(
            self.host(),
            attempt_id=standing.attempt.id,
            can_restart=standing.can_restart and self.may_begin_again(standing.attempt),
            remarks=(
                *self._preview_remarks(),
                *block_remarks(standing.plan, standing.attempt.used, standing.now, self.ugettext),
            ),
        )
        if standing.is_outdated:
            return self._outdated_page(host, standing)
        return opened.kind.render(
            opened.content, standing.attempt.player, host, settings=standing.settings, refused=refused
        )

    def _preview_remarks(self) -> Iterator[Remark]:
        """Give what staff are told while they look at the course as a learner."""
        if is_as_learner(self):
            text = self.ugettext(
                _("This is a preview: you look at the course as a learner. What you do here counts for nobody.")
            )
            yield Remark(text=text, tone="partly")

    def _outdated_page(self, host: BlockHost, standing: Standing) -> str:
        title = self.ugettext(_("This activity was renewed after you began it"))
        text = _("What you have earned stays yours. Begin again to work with the new version.")
        if not standing.can_restart:
            text = _("What you have earned stays yours. There is no further attempt.")
        elif not host.can_restart:
            text = _("What you have earned stays yours. You can begin again when your work has its marks.")
        notes = [pages.Note(text=remark.text, tone=remark.tone) for remark in self._preview_remarks()]
        below = self.outdated_rest(host)
        return pages.notice(host, title, self.ugettext(text), restart=host.can_restart, notes=notes, below=below)

    def _new(self) -> dict[str, Any]:
        """Return what is random about a new attempt."""
        return {"attempt_id": str(uuid.uuid4()), "seed": secrets.randbits(self.seed_bits)}

    def set_score(self, score: Any) -> None:
        """Keep a score that the platform set: it knows it already."""
        super().set_score(score)
        self.published = {**self.published, "score": kept_score(self.score).as_text()}


def _has_score(events: Sequence[Event]) -> bool:
    """Return whether something happened that a grade follows from: practice makes none."""
    return any(
        isinstance(event, Answered | Finished) or (isinstance(event, RunScored) and event.mode == "graded")
        for event in events
    )
