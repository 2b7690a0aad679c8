"""Work that was handed in, through draft, approval and release, attempt after attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qualoop.assessment import LinkSettings
from qualoop.assessment.marking import MarkIncompleteError, NotDecidedError, Stage
from qualoop.classroom import work_marks
from qualoop.classroom.class_marks import Scheme, released_share
from qualoop.classroom.quick_rubric import read_quick_rubric
from qualoop.classroom.register import RELEASED, RUBRIC, Action, Change, Register
from qualoop.classroom.work_marks import HandedIn
from qualoop.framework import load_framework, shipped_content
from qualoop.values import Score

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUBRIC_TEXT = "True: no / nearly / yes [SEM-1.1]\nClear: no / yes [SEM-1.3]"
SCHEME = Scheme(rubric=read_quick_rubric(RUBRIC_TEXT, load_framework(shipped_content() / "ecommerce")))
BEST = LinkSettings.read({"counts": "best"})
LATEST = LinkSettings.read({"counts": "latest"})
ANN = "ann"


def work(attempt: str = "a1", number: int = 1) -> HandedIn:
    return HandedIn(attempt=attempt, number=number, at=NOON, content="c" * 64)


def marked(register: Register, *levels: int, comment: str = "") -> Register:
    judged = {f"row-{place}": [level, str(level)] for place, level in enumerate(levels, 1)}
    value: dict[str, Any] = {"judged": judged, "comments": {"": comment} if comment else {}}
    return changed(register, Change(learner=ANN, field=RUBRIC, value=value))


def changed(register: Register, change: Change) -> Register:
    return register.changed([change], Action(what="save", by="teacher", at=NOON + timedelta(hours=1)))


def released(register: Register, rules: LinkSettings = BEST) -> Register:
    return changed(register, work_marks.release(register, ANN, SCHEME, rules))


def stage(register: Register) -> Stage | None:
    return work_marks.stage(register, ANN, SCHEME)


def test_a_work_waits_is_marked_approved_and_released_and_a_change_is_a_draft_again() -> None:
    assert stage(Register()) is None
    waiting = work_marks.handed_in(Register(), ANN, work())
    assert stage(waiting) is Stage.WAITING
    draft = marked(waiting, 1, 1)
    assert stage(draft) is Stage.DRAFT
    approved = changed(draft, work_marks.approval(draft, ANN, SCHEME))
    assert stage(approved) is Stage.APPROVED
    assert released_share(approved.value(ANN, RELEASED)) is None
    assert stage(marked(approved, 2, 1)) is Stage.DRAFT, "what was approved is not what stands there now"
    out = released(approved)
    assert stage(out) is Stage.RELEASED
    assert released_share(out.value(ANN, RELEASED)) == Score.of(Decimal(2), Decimal(3))
    assert stage(marked(out, 2, 1, comment="Better than I thought.")) is Stage.DRAFT
    assert released_share(marked(out, 2, 1).value(ANN, RELEASED)) == Score.of(Decimal(2), Decimal(3))


@pytest.mark.parametrize("levels", [(), (1,)])
def test_what_is_not_complete_is_neither_approved_nor_released(levels: tuple[int, ...]) -> None:
    register = marked(work_marks.handed_in(Register(), ANN, work()), *levels)
    with pytest.raises(MarkIncompleteError):
        work_marks.approval(register, ANN, SCHEME)
    with pytest.raises(MarkIncompleteError):
        work_marks.release(register, ANN, SCHEME, BEST)


def test_without_a_work_nothing_is_approved_or_released() -> None:
    register = marked(Register(), 1, 1)
    with pytest.raises(NotDecidedError):
        work_marks.approval(register, ANN, SCHEME)
    with pytest.raises(NotDecidedError):
        work_marks.release(register, ANN, SCHEME, BEST)


@pytest.mark.parametrize(("rules", "counted"), [(BEST, Score(1)), (LATEST, Score(0))])
def test_a_second_attempt_waits_while_the_first_counts_and_then_counts_as_the_rules_say(
    rules: LinkSettings, counted: Score
) -> None:
    first = released(marked(work_marks.handed_in(Register(), ANN, work()), 2, 1), rules)
    second = work_marks.handed_in(first, ANN, work("a2", 2))
    assert stage(second) is Stage.WAITING
    assert released_share(second.value(ANN, RELEASED)) == Score(1)
    both = released(marked(second, 0, 0), rules)
    assert released_share(both.value(ANN, RELEASED)) == counted
    assert both.value(ANN, RELEASED)["own"] == "0"
    assert work_marks.worth_now(both.value(ANN, RELEASED), SCHEME, LATEST) == Score(0)
    again = released(marked(both, 1, 0), rules)
    assert again.value(ANN, RELEASED)["earlier"] == ["1"], "a corrected mark is no further attempt"
    back = changed(both, work_marks.withdrawal(both, ANN))
    assert released_share(back.value(ANN, RELEASED)) == Score(1)
    assert changed(back, work_marks.withdrawal(back, ANN)).value(ANN, RELEASED) is None


def test_the_same_work_told_twice_changes_nothing() -> None:
    once = marked(work_marks.handed_in(Register(), ANN, work()), 1, 1)
    assert work_marks.handed_in(once, ANN, work()) is once
    assert work_marks.find_work(once, ANN) == work()
    assert Register.from_json(once.as_json()) == once


def test_a_rubric_that_was_changed_since_leaves_what_a_mark_was_worth() -> None:
    out = released(marked(work_marks.handed_in(Register(), ANN, work()), 1, 1))
    other = replace(SCHEME, rubric=read_quick_rubric("True: no / yes", load_framework(shipped_content() / "ecommerce")))
    assert work_marks.worth_now(out.value(ANN, RELEASED), other, BEST) == Score.of(Decimal(2), Decimal(3))


def test_a_rubric_with_one_more_row_leaves_nothing_approved() -> None:
    draft = marked(work_marks.handed_in(Register(), ANN, work()), 1, 1)
    approved = changed(draft, work_marks.approval(draft, ANN, SCHEME))
    longer = read_quick_rubric(RUBRIC_TEXT + "\nShort: no / yes", load_framework(shipped_content() / "ecommerce"))
    assert work_marks.stage(approved, ANN, Scheme(rubric=longer)) is Stage.DRAFT


def test_comments_stand_in_the_register_no_more_often_than_is_needed() -> None:
    draft = marked(work_marks.handed_in(Register(), ANN, work()), 1, 1, comment="A long word.")
    approved = changed(draft, work_marks.approval(draft, ANN, SCHEME))
    assert str(approved.cells).count("A long word.") == 1
    action = Action(what="release", by="teacher", at=NOON)
    out = work_marks.let_out(approved, [ANN], action, scheme=SCHEME, rules=BEST)
    assert (out.value(ANN, work_marks.APPROVED), str(out.cells).count("A long word.")) == (None, 2)
    second = work_marks.handed_in(out, ANN, work("a2", 2))
    again = work_marks.let_out(marked(second, 2, 1), [ANN], action, scheme=SCHEME, rules=BEST)
    assert "A long word." not in str(again.cells)
    assert again.value(ANN, RELEASED)["before"]["share"] == out.value(ANN, RELEASED)["share"]


def test_what_is_taken_back_is_a_draft_and_not_approved_still() -> None:
    draft = marked(work_marks.handed_in(Register(), ANN, work()), 1, 1)
    approved = changed(draft, work_marks.approval(draft, ANN, SCHEME))
    action = Action(what="release", by="teacher", at=NOON)
    out = work_marks.let_out(approved, [ANN], action, scheme=SCHEME, rules=BEST)
    back, left = out.undone(out.journal[0].id, replace(action, what="undo"))
    assert (stage(back), stage(changed(out, work_marks.withdrawal(out, ANN))), left) == (Stage.DRAFT, Stage.DRAFT, ())


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_a_hand_in_erases_no_marks_under_revision_and_waits_behind_them(*, is_withdrawn: bool) -> None:
    out = released(marked(work_marks.handed_in(Register(), ANN, work()), 2, 1))
    revised = changed(out, work_marks.withdrawal(out, ANN)) if is_withdrawn else marked(out, 1, 1)
    behind = work_marks.handed_in(revised, ANN, work("a2", 2))
    assert work_marks.handed_in(behind, ANN, work("a2", 2)) is behind
    assert (work_marks.find_work(behind, ANN), stage(behind)) == (work(), Stage.DRAFT)
    assert work_marks.newest_work(behind, ANN) == work("a2", 2)
    assert work_marks.told_stage(behind, ANN, SCHEME) is Stage.WAITING
    assert work_marks.moved_up(behind) is behind
    again = released(behind)
    assert work_marks.told_stage(again, ANN, SCHEME) is Stage.WAITING, "the newer work has no marks yet"
    second = work_marks.moved_up(again)
    assert (work_marks.find_work(second, ANN), stage(second)) == (work("a2", 2), Stage.WAITING)
    assert released_share(second.value(ANN, RELEASED)) == released_share(again.value(ANN, RELEASED))
    assert (
        stage(behind.changed(work_marks.next_up(behind, ANN), Action(what="newer", by="t", at=NOON))) is Stage.WAITING
    )
