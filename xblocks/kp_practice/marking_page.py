"""What staff are shown of a project that people judge: the queue with its figures, one work beside the rubric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qualoop.assessment.marking import Stage
from qualoop.classroom import work_marks
from qualoop.classroom.class_marks import Scheme, fitting_sheet, released_share
from qualoop.classroom.register import RELEASED, RUBRIC, Register
from qualoop.classroom.work_marks import HandedIn
from xblocks.common import pages, register_grades
from xblocks.common import register_store as store
from xblocks.common.host import BlockHost
from xblocks.common.register_people import Somebody, class_of
from xblocks.common.rubric_view import rubric_rows
from xblocks.kp_practice import texts
from xblocks.kp_practice.fields import release_moment
from xblocks.kp_practice.judging import RELEASE, wanted
from xblocks.kp_practice.marking_acts import Shown, undoable
from xblocks.kp_practice.work_page import moment_words


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


STAGES: Final[Mapping[Stage, tuple[str, str]]] = {
    Stage.WAITING: (_("Waits"), ""),
    Stage.DRAFT: (_("Draft"), "partly"),
    Stage.APPROVED: (_("Approved"), "partly"),
    Stage.RELEASED: (_("Released"), "good"),
}
"""What a stage is called, and the tone of its badge, in the order in which works need somebody."""
ALMOST_FULL: Final = 0.8
"""From which share of its bound on staff are told that a register fills up."""
ACTIONS: Final[Mapping[str, str]] = {
    "mark": _("marks"),
    "approve": _("approval"),
    RELEASE: _("release"),
    "newer": _("newer attempt"),
    "clear": _("state deleted"),
}


def marking_page(host: BlockHost, scheme: Scheme, shown: Shown) -> str:
    """Return the page for staff after an action."""
    block = host.block
    register = store.read(block)
    works = _works(block, register, scheme)
    base = {"register": register, "notes": shown.notes, "title": block.shown_title()}
    work = next((each for each in works if each["key"] == shown.who), None)
    if work is not None:
        return pages.draw(
            "marking_work.html", host, **base, **_work(host, register, scheme, work, works=works, shown=shown)
        )
    filled = register.filled
    counts = Counter(each["stage"] for each in works)
    return pages.draw(
        "marking_list.html",
        host,
        **base,
        works=works,
        counts=[(block.ugettext(word), tone, counts[stage.value]) for stage, (word, tone) in STAGES.items()],
        is_almost_full=filled >= ALMOST_FULL,
        filled=f"{min(filled, 1) * 100:.0f}",
        approved=counts[Stage.APPROVED.value],
        release_at=moment_words(at) if (at := release_moment(block)) is not None else None,
        waiting=len(register_grades.waiting(register, wanted)),
        undoable=[_undoable(block, one, works) for one in undoable(register)],
    )


def _works(block: Any, register: Register, scheme: Scheme) -> list[dict[str, Any]]:
    """Return every work with whose it is: those that need somebody first, of these the oldest."""
    people = {who.key: who for who in class_of(block, register)}
    order = [stage.value for stage in STAGES]
    rows = [
        _row(block, register, scheme, people.get(learner) or Somebody(key=learner, name=learner[:8]), work=work)
        for learner in register.cells
        if (work := work_marks.find_work(register, learner)) is not None
    ]
    return sorted(rows, key=lambda row: (order.index(row["stage"]), row["handed_in"]["at"], row["key"]))


def _row(block: Any, register: Register, scheme: Scheme, who: Somebody, *, work: HandedIn) -> dict[str, Any]:
    stage = work_marks.stage(register, who.key, scheme) or Stage.WAITING
    share = released_share(register.value(who.key, RELEASED))
    word, tone = STAGES[stage]
    return {
        "key": who.key,
        "name": who.name,
        "attempt": work.attempt,
        "number": work.number,
        "content": work.content,
        "handed_in": moment_words(work.at),
        "stage": stage.value,
        "stage_label": block.ugettext(word),
        "tone": tone,
        "share": None if share is None else f"{float(share) * 100:.0f}",
    }


def _work(
    host: BlockHost,
    register: Register,
    scheme: Scheme,
    work: Mapping[str, Any],
    *,
    works: Sequence[Mapping[str, Any]],
    shown: Shown,
) -> dict[str, Any]:
    """Return one work: what was typed and not written stands in the form again."""
    block, opened, rubric = host.block, host.block.find_content(), scheme.rubric
    sheet = fitting_sheet(rubric, register.value(work["key"], RUBRIC)) if rubric is not None else None
    place = works.index(work) + 1
    released = register.value(work["key"], RELEASED)
    newest = work_marks.newest_work(register, work["key"])
    return {
        "work": work,
        "newer": newest.number if newest is not None and newest.number != work["number"] else 0,
        "text": texts.read(block, work["key"], work["attempt"]),
        "is_other_version": opened is not None and opened.hash != work["content"],
        "rows": rubric_rows(rubric, host.language, sheet=sheet, form=shown.form) if rubric is not None else [],
        "overall": shown.form.get("r-comment", sheet.overall if sheet is not None else ""),
        "after": works[place] if place < len(works) else None,
        "is_released": bool(released) and released.get("attempt") == work["attempt"],
        "release_at": moment_words(at) if (at := release_moment(block)) is not None else None,
    }


def _undoable(block: Any, done: Any, works: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what can be taken back: of one learner with the name, else with the number of learners."""
    learners = {learner for learner, _field, _value in done.before}
    names = [work["name"] for work in works if work["key"] in learners]
    whose = names[0] if len(learners) == 1 and names else str(len(learners))
    return {"id": done.id, "what": block.ugettext(ACTIONS[done.what]), "whose": whose}
