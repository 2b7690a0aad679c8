"""The block itself: views and handlers. What a class is, and what is written down of it, is `qualoop.classroom`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from web_fragments.fragment import Fragment
from webob import Request, Response
from xblock.completable import CompletableXBlockMixin
from xblock.core import XBlock
from xblock.scorable import ScorableXBlockMixin
from xblock.scorable import Score as PlatformScore

from qualoop.assessment import LinkSettings, Phase
from qualoop.classroom.class_marks import computed_share, overridden, released_share
from qualoop.classroom.register import RELEASED, Action, Change, Register, RegisterRefusedError
from qualoop.classroom.session import ClassRefusedError
from qualoop.player import UnknownActionError
from xblocks.common import pages
from xblocks.common import register_store as store
from xblocks.common.contents import SHIPPED, Contents, OpenContent
from xblocks.common.grading import PublishesGrade, clamped
from xblocks.common.host import BlockHost
from xblocks.common.language import Translated
from xblocks.common.learner import BlockUser, block_user, is_as_learner
from xblocks.common.register_clearing import ClearsRegister
from xblocks.common.register_evidence import change_told
from xblocks.common.register_people import class_of, has_roster, own_name
from xblocks.common.replies import MethodRefusedError, SignInError, StaffOnlyError, form_fields, replying
from xblocks.common.timing import block_remarks, block_schedule
from xblocks.common.weights import shown_weight
from xblocks.kp_class import publishing, words
from xblocks.kp_class.acts import ACTS, ActRefusedError, Deed, Make, Said, Shown, refused
from xblocks.kp_class.check_in import check_in
from xblocks.kp_class.evidence import Source, opened_class, with_evidence
from xblocks.kp_class.fields import ClassFields, prework_names, scheme_of
from xblocks.kp_class.gate import gate_of
from xblocks.kp_class.learner_page import learner_page
from xblocks.kp_class.staff_page import live, note_of, screen_page, staff_page
from xblocks.kp_class.studio import ClassStudio
from xblocks.kp_class.tables import TABLE_ACTS, as_table

SCRIPTS: Final = ("public/player.js", "public/class_session.js")
CHECK_IN: Final = "check-in"
STAFF_ACTS: Final = {**ACTS, **TABLE_ACTS}


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


@XBlock.needs("i18n")
@XBlock.wants("user", "completion", "enrollments", "settings")
class KpClassBlock(
    ClassStudio, CompletableXBlockMixin, PublishesGrade, ScorableXBlockMixin, ClearsRegister, Translated, ClassFields
):
    """A class session: learners see what comes before it and check in, staff call the roll, observe, mark and release."""

    contents: ClassVar[Contents] = SHIPPED
    has_score = True
    has_author_view = True
    show_in_read_only_mode = True

    # Views

    @XBlock.supports("multi_device")
    def student_view(self, _context: Any = None) -> Fragment:
        """Show the class: to staff the list, to a learner the own part."""
        user = block_user(self)
        if user.is_anonymous:
            return self.public_view()
        if user.is_staff:
            return self.as_fragment(self._staff_page(Shown()))
        self._meet(user)
        return self.as_fragment(self._learner_page(user))

    def public_view(self, _context: Any = None) -> Fragment:
        """Show what the class is about to somebody who does not take part in the course; nothing of anybody."""
        return self.as_fragment(
            self.about_page([pages.Note(text=self.ugettext(_("Enrol in the course to take part.")))])
        )

    def student_view_data(self, _context: Any = None) -> dict[str, Any]:
        """Return what an app may know of the class: nothing of anybody (docs/openedx.md)."""
        scheme = scheme_of(self)
        rows = scheme.rubric.rows if scheme.rubric is not None else ()
        return {
            "schema": 1,
            "display_name": self.display_name,
            "weight": shown_weight(self),
            "about": self.about,
            "prework": prework_names(self),
            "is_graded": scheme.is_graded,
            "knowledge_points": self.tagged_with(self.find_content()),
            "observed": [dict(row.title.by_language) for row in rows],
            "max_points": format(scheme.full, "f"),
        }

    def index_dictionary(self) -> dict[str, Any]:
        """Return what a course's search finds: the title and what happens in class."""
        index: dict[str, Any] = super().index_dictionary()
        points = " ".join(self.tagged_with(self.find_content()))
        content = {"display_name": self.display_name, "about": self.about, "knowledge_points": points}
        return index | {"content": content, "content_type": "Class session"}

    # Handlers

    @replying
    def act(self, request: Request, suffix: str = "") -> Response:
        """Do what the suffix names; answer with the page as it is then, 422 with what was refused."""
        if request.method != "POST":
            raise MethodRefusedError
        user = block_user(self)
        if user.is_anonymous:
            raise SignInError
        if suffix == CHECK_IN:
            return self._checked_in(request, user)
        self._staff_only(user)
        if suffix not in STAFF_ACTS:
            raise UnknownActionError(suffix)
        shown = self._done(request, suffix, user)
        return _page(self._staff_page(shown), is_refused=shown.is_refused)

    @replying
    def live(self, _request: Request, suffix: str = "") -> Response:
        """Send the code that is shown now and how many are here, for staff; grades that wait go on meanwhile."""
        self._staff_only(block_user(self))
        register = store.read(self)
        if store.is_available():
            register = publishing.publish_due(self, register, scheme_of(self))
        reply = Response(json_body=live(register, class_of(self, register), datetime.now(UTC)))
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @replying
    def screen(self, _request: Request, suffix: str = "") -> Response:
        """Send the page to show in class, to staff: the code and figures, no names."""
        self._staff_only(block_user(self))
        html = screen_page(self, store.read(self), datetime.now(UTC))
        reply = Response(html, content_type="text/html", charset="utf-8")
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @replying
    def table(self, _request: Request, suffix: str = "") -> Response:
        """Send the register as CSV, for staff; `template` leaves out what is to be filled in."""
        self._staff_only(block_user(self))
        register = store.read(self)
        people = class_of(self, register)
        data = as_table(self, register, scheme_of(self), people, is_empty=suffix == "template")
        reply = Response(data, content_type="text/csv", charset="utf-8")
        name = "template" if suffix == "template" else "class"
        reply.content_disposition = f'attachment; filename="{name}.csv"'
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @replying
    def student_view_user_state(self, _request: Request, suffix: str = "") -> Response:
        """Send how the learner stands, as JSON (docs/openedx.md): nothing that is not released."""
        user = block_user(self)
        if user.is_anonymous or user.key is None:
            raise SignInError
        register, scheme = store.read(self), scheme_of(self)
        gate, plan = gate_of(self, register, user.key), block_schedule(self, LinkSettings())
        share = released_share(register.value(user.key, RELEASED))
        state = {
            "schema": 1,
            "class_state": register.roll.state.value,
            "is_gate_open": gate.is_open,
            "missing": [work.name for work in gate.lacking],
            "presence": register.presence_of(user.key).value,
            "completion": float(publishing.completion(register, user.key, scheme)),
            "score": None if share is None else share.as_text(),
            "due": plan.due.at.isoformat() if plan.due else None,
            "is_closed": plan.phase(datetime.now(UTC)) is Phase.CLOSED,
        }
        return Response(json_body=state)

    # Scoring, as the platform asks for it

    def has_submitted_answer(self) -> bool:
        """Return whether the learner has a released mark."""
        return store.own_share(self) is not None

    def max_score(self) -> float:
        """Return the raw maximum, which is never 0."""
        return 1.0

    def get_score(self) -> PlatformScore:
        """Return the learner's released mark as a share."""
        return PlatformScore(raw_earned=float(store.own_share(self) or 0), raw_possible=self.max_score())

    def calculate_score(self) -> PlatformScore:
        """Return what the released mark is worth now, from what staff gave; changes nothing."""
        key = block_user(self).key
        share = computed_share(store.read(self).value(key, RELEASED), scheme_of(self)) if key is not None else None
        return PlatformScore(raw_earned=float(share or 0), raw_possible=self.max_score())

    def set_score(self, score: PlatformScore) -> None:
        """Keep a share that the platform set for the learner whose block this is.

        Grades that are published here come back so, with a block that is nobody's or of the staff who published them: of
        those nothing is kept, for the register has it.
        """
        user = block_user(self)
        if self.scope_ids.user_id is None or user.key is None or user.is_staff:
            return
        key, share, scheme = user.key, clamped(score.raw_earned, score.raw_possible), scheme_of(self)

        def make(it: Register) -> Register:
            value = overridden(it.value(key, RELEASED), share, scheme)
            action = Action(what="release", by="", at=datetime.now(UTC), is_kept=False)
            after = it.changed([Change(learner=key, field=RELEASED, value=value)], action)
            return after.informed(key, published=publishing.wanted(after, key, scheme=scheme))

        store.change(self, make)

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """Return what the workbench of the XBlock SDK offers."""
        texts = (
            '<file name="about.txt">Tuesday, 10:00, room 12. Bring your keyword list.</file>'
            '<file name="rubric.txt">Finds out what is needed: asks nothing / asks / listens and sums up [SEM-1.1]\n'
            "Explains the choice: not yet / with help / clearly [SEM-1.3]</file>"
        )
        practice = f'<kp_class display_name="Selling in pairs" max_points="10">{texts}</kp_class>'
        return [
            ("Qualoop class", practice),
            ("Qualoop attendance", "<kp_class/>"),
            ("Two Qualoop classes", f"<vertical_demo>{practice}<kp_class/></vertical_demo>"),
        ]

    # What the rest is made of

    def find_content(self) -> OpenContent:
        """Return the version that evidence names: parts of the scheme, with their knowledge points."""
        return opened_class(scheme_of(self), self._own_codes())

    def tagged_with(self, opened: OpenContent) -> list[str]:
        """Return the knowledge points of this place in the course: those of the rubric's rows and of the points."""
        return list(dict.fromkeys(code for shares in opened.package.tags.values() for code in shares))

    def title(self) -> str:
        """Return the title: what was set, else what this is, in the language of this request."""
        is_set = self.fields["display_name"].is_set_on(self)
        return str(self.display_name) if is_set else self.ugettext(_("Class session"))

    def host(self) -> BlockHost:
        """Return the block as a host of pages."""
        return BlockHost(block=self, language=self.language(), framework=SHIPPED.framework)

    def is_kept(self) -> bool:
        """Return whether anything can be written here."""
        return store.is_available()

    def as_fragment(self, html: str, *scripts: str) -> Fragment:
        """Return HTML with its files by address."""
        fragment = Fragment(html)
        for sheet in ("qualoop.css", "blocks.css"):
            fragment.add_css_url(self.runtime.local_resource_url(self, f"public/{sheet}"))
        for script in scripts or SCRIPTS:
            fragment.add_javascript_url(self.runtime.local_resource_url(self, script))
        return fragment

    # How it is done

    def _own_codes(self) -> tuple[str, ...]:
        """Return the knowledge points that an author set for the points; what is none is left out."""
        found = self.knowledge_points if isinstance(self.knowledge_points, list) else []
        known = SHIPPED.framework.find_knowledge_point
        return tuple(dict.fromkeys(code for code in found if isinstance(code, str) and known(code)))

    def _staff_only(self, user: BlockUser) -> None:
        if not user.is_staff:
            raise StaffOnlyError

    def _meet(self, user: BlockUser) -> None:
        """Note who opened the block, where the platform has no list of the course."""
        key = user.key
        if key is None or has_roster() or not store.is_available() or is_as_learner(self):
            return
        name = own_name(self)
        if store.read(self).people.get(key) != name:
            store.change(self, lambda it: it.met(key, name))

    def _staff_page(self, shown: Shown) -> str:
        return staff_page(self, store.read(self), scheme_of(self), shown, now=datetime.now(UTC))

    def _learner_page(self, user: BlockUser, said: tuple[Said, ...] = ()) -> str:
        register, now = store.read(self), datetime.now(UTC)
        plan = block_schedule(self, LinkSettings())
        key = user.key or ""
        return learner_page(
            self,
            register,
            scheme_of(self),
            gate_of(self, register, key),
            learner=key,
            remarks=tuple(block_remarks(plan, 1, now, self.ugettext)),
            is_closed=plan.phase(now) is Phase.CLOSED,
            notes=[note_of(self, each) for each in said],
        )

    def _checked_in(self, request: Request, user: BlockUser) -> Response:
        code = form_fields(request).get("code", "")
        try:
            register = check_in(self, user, code, datetime.now(UTC), change=self._change)
            self._completion_of(user, register)
            said = Said(code="checked-in", tone="good")
        except (ClassRefusedError, RegisterRefusedError) as error:
            said = Said(code=error.code if error.code in words.REFUSED else "class-moved", tone="bad")
        return _page(self._learner_page(user, (said,)), is_refused=said.tone == "bad")

    def _completion_of(self, user: BlockUser, register: Register) -> None:
        """Tell the platform at once how much the learner has done: it is the learner who asks."""
        if user.key is not None:
            publishing.publish_due(self, register, scheme_of(self), only=user.key)

    def _done(self, request: Request, name: str, user: BlockUser) -> Shown:
        deed = Deed(
            block=self,
            form=form_fields(request),
            by=user.key or "",
            now=datetime.now(UTC),
            scheme=scheme_of(self),
            register=store.read(self),
            change=self._change,
        )
        try:
            shown = STAFF_ACTS[name](deed)
        except (ClassRefusedError, RegisterRefusedError) as error:
            return refused(deed, error, error.code if error.code in words.REFUSED else "class-moved")
        publishing.publish_due(self, store.read(self), deed.scheme)
        return shown

    def _change(self, make: Make) -> Register:
        """Write the register and its evidence, both or neither; what staff do as one of the learners counts for nobody."""
        if is_as_learner(self):
            raise ActRefusedError("stand-in")
        source = Source(block=self, scheme=scheme_of(self), codes=self._own_codes(), now=datetime.now(UTC))
        return change_told(self, make, lambda register: with_evidence(register, source))


def _page(html: str, *, is_refused: bool) -> Response:
    return Response(html, status=422 if is_refused else 200, content_type="text/html", charset="utf-8")
