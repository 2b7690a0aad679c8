"""Work that people judge, in the block: handed in by learners, marked by staff by the one rubric, released, graded.

The block knows three things of it: the learner's own attempt, as of any project; the text, once it is handed in; and the
register of all works of the block, in which markers write under a lock (docs/decisions/0040). Peers and a second marker
are the tool's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from webob import Response
from xblock.scorable import Score as PlatformScore

from qualoop.assessment import LinkSettings
from qualoop.assessment.marking import NotDecidedError, Stage
from qualoop.classroom import work_marks
from qualoop.classroom.class_marks import Scheme, overridden, released_share
from qualoop.classroom.register import RELEASED, Action, Change, Register
from qualoop.classroom.work_marks import HandedIn
from qualoop.content_packages import Project
from qualoop.player import Event, WorkSubmitted
from qualoop.values import Score
from xblocks.common import register_grades
from xblocks.common import register_store as store
from xblocks.common.attempt import Attempt
from xblocks.common.contents import OpenContent
from xblocks.common.grading import clamped
from xblocks.common.learner import (
    BlockUser,
    block_user,
    course_key,
    is_as_learner,
    is_enrolled,
    is_in_course,
    learner_key,
)
from xblocks.common.platform import find_plugin
from xblocks.common.register_evidence import Make, change_told
from xblocks.common.register_people import has_roster, own_name
from xblocks.common.replies import WorkNotTakenError
from xblocks.common.standing import Standing
from xblocks.kp_practice import texts
from xblocks.kp_practice.fields import JudgedFields, release_moment
from xblocks.kp_practice.work_evidence import Source, with_evidence

RELEASE: Final = "release"


class JudgedWork(JudgedFields):
    """What a block does besides where its project has a rubric; without one it changes nothing."""

    def scheme(self, opened: OpenContent | None = None) -> Scheme | None:
        """Return by what the work is marked; None where nobody marks it."""
        block: Any = self
        found = opened or block.find_content()
        rubric = found.content.rubric if found is not None and isinstance(found.content, Project) else None
        return Scheme(rubric=rubric) if rubric is not None else None

    def is_kept(self) -> bool:
        """Return whether several people can write here: else nothing that people judge is taken in."""
        return store.is_available()

    def stage_of(self, learner: str, register: Register | None = None) -> Stage | None:
        """Return where the marking of a learner's newest work stands for the learner; None where there is none."""
        scheme = self.scheme()
        return work_marks.told_stage(register or store.read(self), learner, scheme) if scheme is not None else None

    def hands_over(self, user: BlockUser) -> bool:
        """Return whether what somebody hands in is marked: a learner's of the course, and nobody's in a library."""
        if user.key is None or user.is_staff or is_as_learner(self):
            return False
        return self.is_kept() and is_in_course(self) and is_enrolled(self) is not False

    # Of the learner's own attempt

    def grade_of(self, attempt: Attempt, settings: LinkSettings) -> Score | None:
        """Return nothing for work that people judge: its marks are its score, and they are published when released."""
        block: Any = super()
        found: Score | None = block.grade_of(attempt, settings) if self.scheme() is None else None
        return found

    def may_begin_again(self, attempt: Attempt) -> bool:
        """Return whether no work of this learner waits for its marks."""
        key = block_user(self).key
        return self.scheme() is None or key is None or self.stage_of(key) in {None, Stage.RELEASED}

    def user_state(self, opened: OpenContent) -> dict[str, Any]:
        """Return what an app may know of the attempt: of judged work no score before it is released."""
        block: Any = super()
        found: dict[str, Any] = block.user_state(opened)
        if self.scheme(opened) is None:
            return found
        key = block_user(self).key or ""
        share, stage = store.own_share(self), self.stage_of(key)
        is_waiting = stage not in {None, Stage.RELEASED}
        return found | {
            "status": "submitted" if is_waiting else found["status"],
            "can_restart": found["can_restart"] and not is_waiting,
            "score": None if share is None else share.as_text(),
        }

    def hand_over(self, standing: Standing, after: Attempt, events: Sequence[Event]) -> None:
        """Keep the text of a work that was handed in, and that it waits: in the transaction that keeps the attempt.

        Raises WorkNotTakenError where a learner's would be in no queue: it must not look as if it were handed in.
        """
        user = block_user(self)
        for event in events:
            if not isinstance(event, WorkSubmitted):
                continue
            if self.hands_over(user):
                self._hand_over(user, standing, after, text=event.text)
            elif not self._only_tries(user):
                raise WorkNotTakenError

    def _only_tries(self, user: BlockUser) -> bool:
        """Return whether nobody expects marks: staff, a preview, a library, a workbench without users."""
        return user.is_staff or is_as_learner(self) or not is_in_course(self) or learner_key(self, user) is None

    def _hand_over(self, user: BlockUser, standing: Standing, after: Attempt, *, text: str) -> None:
        key = user.key or ""
        work = HandedIn(attempt=after.id, number=after.number, at=standing.now, content=standing.opened.hash)
        name = "" if has_roster() else own_name(self)

        def make(it: Register) -> Register:
            return work_marks.handed_in(it.met(key, name) if name else it, key, work)

        texts.keep(self, key, after.id, text.replace("\x00", ""), at=standing.now)
        store.change(self, make)

    # Scoring, as the platform asks for it

    def has_submitted_answer(self) -> bool:
        """Return whether the learner has a score: of judged work a released one."""
        block: Any = super()
        return bool(block.has_submitted_answer()) if self.scheme() is None else store.own_share(self) is not None

    def get_score(self) -> PlatformScore:
        """Return the learner's score; of judged work the released one."""
        block: Any = super()
        if self.scheme() is None:
            found: PlatformScore = block.get_score()
            return found
        return PlatformScore(raw_earned=float(store.own_share(self) or 0), raw_possible=block.max_score())

    def calculate_score(self) -> PlatformScore:
        """Return what the learner's work is worth now; of judged work, what was released by today's rubric and rules."""
        block: Any = super()
        opened = block.find_content()
        scheme = self.scheme(opened) if opened is not None else None
        if opened is None or scheme is None:
            found: PlatformScore = block.calculate_score()
            return found
        released = store.read(self).value(block_user(self).key or "", RELEASED)
        share = work_marks.worth_now(released, scheme, block.rules(opened))
        return PlatformScore(raw_earned=float(share or 0), raw_possible=block.max_score())

    def set_score(self, score: PlatformScore) -> None:
        """Keep a score that the platform set for the learner whose block this is.

        Grades that are published here come back so, with a block that is nobody's or of the staff who published them: of
        those nothing is kept, for the register has it.
        """
        block: Any = super()
        scheme, user = self.scheme(), block_user(self)
        if scheme is None:
            block.set_score(score)
            return
        if self.scope_ids.user_id is None or user.key is None or user.is_staff:
            return
        key, share = user.key, clamped(score.raw_earned, score.raw_possible)

        def make(it: Register) -> Register:
            value = overridden(it.value(key, RELEASED), share, scheme)
            action = Action(what=RELEASE, by="", at=datetime.now(UTC), is_kept=False)
            after = it.changed([Change(learner=key, field=RELEASED, value=value)], action)
            return after.informed(key, published=wanted(after, key))

        store.change(self, make)

    # Of all works of the block

    def change_register(self, make: Make) -> Register:
        """Write the register, and what follows from it as evidence, both or neither; grades are told after the commit."""
        block: Any = self
        opened = block.get_content()
        scheme = self.scheme(opened)
        if scheme is None:
            raise NotDecidedError
        source = Source(block=self, opened=opened, scheme=scheme)
        # Evidence names who marked what is out: only then may the next work take its place.
        return change_told(self, make, lambda register: with_evidence(register, source), then=work_marks.moved_up)

    def publish_marks(self, register: Register, *, only: str = "") -> Register:
        """Tell the platform the grades that it does not know yet, of one learner or of so many as one request may."""
        return register_grades.publish_due(self, register, wanted, only=only)

    def release_due(self, now: datetime) -> None:
        """Release what is approved where its date has come: by whoever looks first, or by the sweeper.

        Of the grades only the own one of who looks is published at once, for nobody shall wait for those of a class: the
        sweeper does the others.
        """
        at, scheme = release_moment(self), self.scheme()
        if scheme is None or at is None or now < at or not self.is_kept() or is_as_learner(self):
            return
        register = store.read(self)
        if approved_in(register, scheme):
            self._release_due(now)

    def _release_due(self, now: datetime) -> None:
        done: list[str] = []

        def make(it: Register) -> Register:
            after = self.released(it, by="", now=now)
            done[:] = [who for who in after.cells if after.value(who, RELEASED) != it.value(who, RELEASED)]
            return after

        register, plugin, key = self.change_register(make), find_plugin("checks"), block_user(self).key
        if plugin is None:
            # A workbench has no sweeper.
            self.publish_marks(register)
        elif key in done:
            self.publish_marks(register, only=key or "")
        for learner in sorted(done) if plugin is not None else ():
            plugin.ask(learner, str(course_key(self)), now)

    def released(self, register: Register, *, by: str, now: datetime) -> Register:
        """Return the register with everything released that is approved."""
        block: Any = self
        opened = block.get_content()
        scheme, rules = self.scheme(opened), block.rules(opened)
        if scheme is None:
            return register
        action = Action(what=RELEASE, by=by, at=now)
        return work_marks.let_out(register, approved_in(register, scheme), action, scheme=scheme, rules=rules)


def approved_in(register: Register, scheme: Scheme) -> Sequence[str]:
    """Return whose work is approved and could be released as it stands."""
    return [who for who in register.cells if work_marks.stage(register, who, scheme) is Stage.APPROVED]


def wanted(register: Register, learner: str) -> Mapping[str, str]:
    """Return what the platform shall have of a learner: the score alone; completion goes with the learner's own actions."""
    share = released_share(register.value(learner, RELEASED))
    return {**register_grades.NOTHING, "score": "" if share is None else share.as_text()}


def page(html: str, *, is_refused: bool = False) -> Response:
    """Return a page as the reply to a form."""
    return Response(html, status=422 if is_refused else 200, content_type="text/html", charset="utf-8")
