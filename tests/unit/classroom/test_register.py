"""The register: nothing is overwritten unseen, what is taken back is as it was, and nothing of somebody who left stays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qualoop.classroom import register as registers
from qualoop.classroom.register import (
    CHECKED_AT,
    IMPORT,
    MAX_JOURNAL,
    PRESENCE,
    SCORE,
    Action,
    Change,
    Register,
    RegisterFullError,
    RegisterMovedError,
)
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import ClassMovedError, ClassRefusedError, SessionState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEARNERS = ("ann", "ben", "cai")


def action(what: str = "mark", by: str = "teacher", **changed: Any) -> Action:
    return Action(what=what, by=by, at=NOON, **changed)


def change(learner: str, value: Any, field: str = PRESENCE) -> Change:
    return Change(learner=learner, field=field, value=value)


def opened(late_after: timedelta = timedelta(minutes=5)) -> Register:
    return Register().opened(NOON, session_id="s", key="00ff", late_after=late_after)


changes = st.lists(
    st.builds(
        Change,
        learner=st.sampled_from(LEARNERS),
        field=st.sampled_from([PRESENCE, SCORE]),
        value=st.one_of(st.none(), st.sampled_from(["late", "absent"]), st.dictionaries(st.text(), st.text())),
    ),
    max_size=4,
)


def values(register: Register) -> dict[tuple[str, str], Any]:
    """Return what the cells hold, those that are empty left out."""
    return {
        (learner, name): cell.value
        for learner, row in register.cells.items()
        for name, cell in row.items()
        if cell.value is not None
    }


@given(st.lists(st.tuples(changes, st.sampled_from(["teacher", "assistant"])), max_size=6))
def test_any_register_comes_back_from_its_document(done: list[tuple[list[Change], str]]) -> None:
    register = opened().met("ann", "Ann Lee").tried("ben").informed("ann", parts={"points": ["1", 1]})
    for some, by in done:
        register = register.changed(some, action(by=by))
    document = json.loads(json.dumps(register.as_json()))

    assert Register.from_json(document) == register


@given(changes, changes)
def test_what_is_taken_back_is_as_it_was(before: list[Change], after: list[Change]) -> None:
    # Two words on one cell in one action: the last one stands, and the first is nobody's.
    one = {(each.learner, each.field): each for each in after}
    start = Register().changed(before, action())
    done = start.changed([*one.values()], action())
    if done == start:
        return
    back, left = done.undone(done.rev, action("undo"))

    assert (values(back), left) == (values(start), ())
    assert back.rev > done.rev
    assert done.rev not in {each.id for each in back.journal}


@given(changes, changes)
def test_two_who_saw_the_same_never_overwrite_each_other(mine: list[Change], theirs: list[Change]) -> None:
    start = Register().changed([change("ann", "present")], action())
    seen = start.rev
    first = start.changed(mine, action(by="first", seen=seen))
    touched = {
        (each.learner, each.field)
        for each in mine
        if first.value(each.learner, each.field) != start.value(each.learner, each.field)
    }
    second, conflicts = tried(first, theirs, seen)

    assert conflicts <= touched
    assert {cell: second.value(*cell) for cell in touched} == {cell: first.value(*cell) for cell in touched}
    assert conflicts or all(second.value(each.learner, each.field) == each.value for each in theirs[-1:])


def tried(register: Register, wanted: list[Change], seen: int) -> tuple[Register, set[tuple[str, str]]]:
    """Return the register after an action, and the cells for which it was refused."""
    try:
        return register.changed(wanted, action(by="second", seen=seen)), set()
    except RegisterMovedError as error:
        return register, set(error.cells)


def test_the_same_that_stands_there_already_is_no_conflict_and_no_change() -> None:
    register = Register().changed([change("ann", "late")], action())

    assert register.changed([change("ann", "late")], action(by="other", seen=0)) is register


def test_an_emptied_cell_is_a_change_that_somebody_else_must_have_seen() -> None:
    register = Register().changed([change("ann", "late")], action())
    seen = register.rev
    register = register.changed([change("ann", None)], action())

    with pytest.raises(RegisterMovedError):
        register.changed([change("ann", "absent")], action(seen=seen))


def test_what_was_changed_since_stays_when_an_action_is_taken_back() -> None:
    register = Register().changed([change(learner, "present") for learner in LEARNERS], action("all-present"))
    done = register.rev
    register = register.changed([change("ben", "late")], action())
    back, left = register.undone(done, action("undo"))

    assert values(back) == {("ben", PRESENCE): "late"}
    assert left == (("ben", PRESENCE),)
    with pytest.raises(RegisterMovedError):
        back.undone(done, action("undo"))


def test_the_newest_actions_can_be_taken_back_and_the_last_table_always() -> None:
    register = Register().changed([change("ann", "1", SCORE)], action(IMPORT))
    table = register.rev
    for number in range(30):
        register = register.changed([change("ben", str(number), SCORE)], action())
    assert [each.id for each in register.journal] == [*range(register.rev, register.rev - MAX_JOURNAL, -1), table]
    back, _ = register.undone(table, action("undo"))
    assert back.value("ann", SCORE) is None


def test_a_session_goes_forward_only() -> None:
    register = opened()
    assert register.closed(NOON).roll.state is SessionState.CLOSED
    for wrong in (
        lambda: register.opened(NOON, session_id="t", key="01", late_after=timedelta(0)),
        lambda: Register().closed(NOON),
        lambda: register.closed(NOON).closed(NOON),
        lambda: register.closed(NOON).opened(NOON, session_id="t", key="01", late_after=timedelta(0)),
    ):
        with pytest.raises(ClassMovedError):
            wrong()


@pytest.mark.parametrize(
    ("after", "expected"),
    [(timedelta(0), "present"), (timedelta(minutes=5), "present"), (timedelta(minutes=5, microseconds=1), "late")],
)
def test_who_checks_in_after_the_limit_is_late(after: timedelta, expected: str) -> None:
    register = opened().changed([change("ann", (NOON + after).isoformat(), CHECKED_AT)], action())

    assert register.presence_of("ann") == expected
    assert register.presence_of("ben") is Presence.ABSENT
    assert register.changed([change("ann", "excused")], action()).presence_of("ann") == "excused"


def test_nobody_is_absent_of_a_class_that_has_not_begun() -> None:
    assert Register().presence_of("ann") is Presence.WAITING


def test_of_somebody_who_is_taken_out_nothing_stays_and_of_others_everything() -> None:
    register = opened().met("ann", "Ann Lee").tried("ann").informed("ann", parts={})
    register = register.changed([change("ann", "late"), change("ben", "late")], action(by="teacher"))
    register = register.changed([change("ben", "absent")], action(by="ann"))
    left = register.without("ann")

    assert "ann" not in json.dumps(left.as_json()).casefold()
    assert left.value("ben", PRESENCE) == "absent"
    assert left.cells["ben"][PRESENCE].by == ""


def test_a_register_has_bounds_and_what_goes_beyond_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "MAX_PEOPLE", 2)
    register = Register().met("ann", "Ann").met("ben", "Ben")
    with pytest.raises(RegisterFullError):
        register.met("cai", "Cai")
    with pytest.raises(RegisterFullError):
        register.changed([change(learner, "late") for learner in LEARNERS], action())
    monkeypatch.setattr(registers, "MAX_BYTES", 2000)
    with pytest.raises(RegisterFullError):
        register.changed([change("ann", {"comment": "字" * 700}, SCORE)], action())


def test_a_document_of_another_version_is_refused() -> None:
    with pytest.raises(ClassRefusedError):
        Register.from_json({"v": 2})
    assert Register.from_json({}) == Register()


@settings(max_examples=30)
@given(st.integers(0, 400))
def test_a_full_class_fits(length: int) -> None:
    comment = "评" * length
    cells = [
        change(f"0b9d3a52-5a0e-4d3a-9d0e-{n:012d}", {"points": "7.5", "comment": comment}, SCORE) for n in range(300)
    ]

    assert len(Register().changed(cells, action(IMPORT)).cells) == 300
