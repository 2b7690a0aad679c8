"""What staff do with works: show one, keep a draft, approve, release, take back. Each says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from qualoop.assessment.marking import MarkIncompleteError, NotDecidedError
from qualoop.classroom import work_marks
from qualoop.classroom.class_marks import Scheme
from qualoop.classroom.register import RUBRIC, Action, Change, Register, RegisterMovedError, RegisterRefusedError
from qualoop.classroom.work_marks import WORK
from xblocks.common import register_store as store
from xblocks.common.pages import Note
from xblocks.common.register_evidence import Make
from xblocks.common.replies import whole_number
from xblocks.common.rubric_view import read_draft
from xblocks.kp_practice.judging import RELEASE, approved_in

PREFIX: Final = "mark-"
"""What the names of these actions begin with, beside those of the player."""


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


MOVED: Final = _("Somebody else changed the same thing while your page was open. Nothing of yours was written:")
REFUSED: Final[Mapping[type[Exception], str]] = {
    MarkIncompleteError: _("Something is not marked yet, so this was not released. The draft is kept."),
    NotDecidedError: _("There is nothing here to be marked any more."),
}
FULL: Final = _("This block is full: at most 600 people and 1.5 MB of marks and comments. Nothing was written.")
STAND_IN: Final = _("You look at the course as one of its learners. What you do here counts for nobody.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page shows after an action: one learner's work, else the list; ``form`` is what was typed and not written."""

    who: str = ""
    notes: tuple[Note, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    is_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An action of staff: the fields of its form, by whom, when."""

    block: Any
    form: Mapping[str, str]
    by: str
    now: datetime
    scheme: Scheme

    @property
    def who(self) -> str:
        """Return whose work this is about."""
        return self.form.get("who", "")

    def action(self, what: str, *, is_blind: bool = False) -> Action:
        """Return what the register notes of this; ``is_blind`` where the page showed nothing that it changes."""
        return Action(
            what=what, by=self.by, at=self.now, seen=None if is_blind else whole_number(self.form.get("rev", ""))
        )

    def is_of(self, register: Register) -> bool:
        """Return whether the page showed the work that is the learner's newest now."""
        work = work_marks.find_work(register, self.who)
        return work is not None and work.attempt == self.form.get("attempt", "")

    def note(self, message: str, tone: str = "good", **words: object) -> Note:
        """Return a sentence in the language of the request."""
        return Note(text=self.block.ugettext(message).format(**words), tone=tone)

    def change(self, make: Make) -> Register:
        """Write the register and tell what follows."""
        after: Register = self.block.change_register(make)
        return after


def done(deed: Deed, name: str) -> Shown:
    """Do what a name means and return what is shown then; raises KeyError for no name."""
    act = ACTS[name]
    try:
        shown = act(deed)
    except RegisterMovedError:
        # What was typed is shown again, over what stands there now: the next press writes it knowingly. Of another work it
        # would only mislead.
        form = deed.form if deed.is_of(store.read(deed.block)) else {}
        return Shown(who=deed.who, notes=(deed.note(MOVED, "bad"),), form=form, is_refused=True)
    except RegisterRefusedError:
        return Shown(who=deed.who, notes=(deed.note(FULL, "bad"),), form=deed.form, is_refused=True)
    except (MarkIncompleteError, NotDecidedError) as error:
        return Shown(who=deed.who, notes=(deed.note(REFUSED[type(error)], "bad"),), is_refused=True)
    deed.block.publish_marks(store.read(deed.block))
    return shown


def _list(_deed: Deed) -> Shown:
    return Shown()


def _show(deed: Deed) -> Shown:
    return Shown(who=deed.who)


def _save(deed: Deed) -> Shown:
    """Keep a draft; approve or release it where that button was pressed."""
    rubric = deed.scheme.rubric
    register = store.read(deed.block)
    if rubric is None or not register.value(deed.who, WORK):
        raise NotDecidedError
    value, is_wrong = read_draft(rubric, deed.form, register.value(deed.who, RUBRIC))
    draft = Change(learner=deed.who, field=RUBRIC, value=value)

    def drafted(it: Register) -> Register:
        if not deed.is_of(it):
            raise RegisterMovedError([(deed.who, WORK)])
        return it.changed([draft], deed.action("mark"))

    deed.change(drafted)
    notes = [deed.note(POINTS, "partly")] if is_wrong else []
    step = next((name for name in (RELEASE, "approve") if name in deed.form), "")
    if step:
        deed.change(lambda it: _decided(deed, it, step))
    return Shown(who=deed.who, notes=(deed.note(SAID[step]), *notes))


def _decided(deed: Deed, register: Register, step: str) -> Register:
    """Return the register with the draft approved or released, as it stands under the lock."""
    if not deed.is_of(register):
        raise RegisterMovedError([(deed.who, WORK)])
    action = deed.action(step, is_blind=True)
    if step == RELEASE:
        block = deed.block
        rules = block.rules(block.get_content())
        return work_marks.let_out(register, [deed.who], action, scheme=deed.scheme, rules=rules)
    return register.changed([work_marks.approval(register, deed.who, deed.scheme)], action)


def _release_all(deed: Deed) -> Shown:
    before = store.read(deed.block)
    count = len(approved_in(before, deed.scheme))
    deed.change(lambda it: deed.block.released(it, by=deed.by, now=deed.now))
    return Shown(notes=(deed.note(RELEASED_ALL, count=count),))


def _withdraw(deed: Deed) -> Shown:
    deed.change(lambda it: it.changed([work_marks.withdrawal(it, deed.who)], deed.action(RELEASE)))
    return Shown(who=deed.who, notes=(deed.note(WITHDRAWN),))


def _newer(deed: Deed) -> Shown:
    """Leave marks that are not out, and let the work that waits behind them be marked."""
    deed.change(lambda it: it.changed(work_marks.next_up(it, deed.who), deed.action("newer")))
    return Shown(who=deed.who)


def _undo(deed: Deed) -> Shown:
    left: list[tuple[str, str]] = []

    def make(it: Register) -> Register:
        after, kept = it.undone(whole_number(deed.form.get("undo", "")), deed.action("undo", is_blind=True))
        left[:] = kept
        return after

    deed.change(make)
    return Shown(notes=(deed.note(UNDONE_PARTLY, "partly") if left else deed.note(UNDONE),))


POINTS: Final = _("Points within a level are a number in its range. Where they were not, its lowest were written.")
RELEASED_ALL: Final = _("Released: {count}. It is in the grade book, and the learner sees it.")
WITHDRAWN: Final = _(
    "Taken out of the grade book. What was told as evidence before stands until it is corrected in the tool."
)
UNDONE: Final = _("Taken back.")
UNDONE_PARTLY: Final = _("Taken back, except of what was changed since.")
SAID: Final[Mapping[str, str]] = {
    "": _("The draft is kept. The learner does not see it yet."),
    "approve": _("Approved. The learner sees it when it is released."),
    RELEASE: _("Released. It is in the grade book, and the learner sees it."),
}
ACTS: Final[Mapping[str, Callable[[Deed], Shown]]] = {
    "list": _list,
    "show": _show,
    "save": _save,
    "release-all": _release_all,
    "withdraw": _withdraw,
    "newer": _newer,
    "undo": _undo,
}


UNDOABLE: Final = frozenset({"mark", "approve", RELEASE, "newer", "clear"})


def undoable(register: Register) -> Sequence[Any]:
    """Return the actions that staff can take back, the newest first."""
    return [one for one in register.journal if one.what in UNDOABLE]
