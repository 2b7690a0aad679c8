"""Observations merge to the same whatever their order, copies and clocks; conflicts are shown, and nothing is written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.observation_merge import Difference, Merged, Observed, Wait, merge
from qualoop.values import Score

ROWS = ("headline", "evidence", "price")
LEARNERS = ("l-1", "l-2")
RUBRIC = "a" * 64


def observed(capture: str, *levels: int | None, **changes: object) -> Observed:
    """Return an observation of the first learner with these levels of 0 to 2, None for rows that were not judged."""
    judged = {row: level for row, level in zip(ROWS, levels, strict=False) if level is not None}
    made = Observed(
        capture=capture,
        assessor="teacher",
        device="d-1",
        seq=1,
        task="shop",
        rubric=RUBRIC,
        learners=("l-1",),
        levels=judged,
        scores={row: Score.of(level, 2) for row, level in judged.items()},
        about=frozenset({"l-1"}),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def kinds(merged: Merged) -> list[tuple[Difference, frozenset[str]]]:
    return sorted((each.kind, each.captures) for each in merged.conflicts)


def standing(merged: Merged) -> dict[tuple[str, str, str], str | None]:
    return {key: None if one.score is None else one.score.as_text() for key, one in merged.judged.items()}


@st.composite
def field_days(draw: st.DrawFn) -> list[Observed]:
    """Draw what three assessors with four phones may send: revisions of own, of others', of what never comes; teams."""
    made: list[Observed] = []
    for number in range(draw(st.integers(1, 9))):
        device = draw(st.integers(0, 3))
        team = draw(st.sampled_from([("l-1",), ("l-2",), LEARNERS]))
        targets = [None, None, "gone", *(each.capture for each in made)]
        levels = draw(st.lists(st.sampled_from([None, 0, 1, 2]), min_size=3, max_size=3))
        made.append(
            observed(
                f"c-{number}",
                *levels,
                device=f"d-{device}",
                assessor=f"a-{device // 2}",
                seq=draw(st.integers(1, 4)),
                rubric=draw(st.sampled_from([RUBRIC, "b" * 64])),
                learners=tuple(each for each in team if draw(st.integers(0, 4))),
                about=frozenset(team),
                replaces=draw(st.sampled_from(targets)),
                is_out=draw(st.booleans()) and draw(st.booleans()),
                alone=draw(st.booleans()) and draw(st.booleans()),
            )
        )
    if len(made) > 1 and draw(st.booleans()):
        # A circle: the first one says to revise the last one.
        made[0] = replace(made[0], replaces=made[-1].capture)
    return made


@given(field_days(), st.integers(0, 2**32), st.lists(st.integers(0, 8), max_size=8))
def test_order_and_copies_change_nothing(made: list[Observed], seed: int, copies: list[int]) -> None:
    sent = [*made, *(made[each % len(made)] for each in copies)]
    Random(seed).shuffle(sent)
    assert merge(sent) == merge(made)


@given(field_days(), st.integers(0, 2**32), st.integers(1, 4))
def test_the_ledger_says_the_same_in_whatever_batches_they_come(made: list[Observed], seed: int, size: int) -> None:
    """What stands is the same; so is each event, unless the same was revised twice: then more may lie between."""
    one_by_one, at_once = recorded(in_batches(made, seed, size)), recorded([made])
    assert {key: events[-1] for key, events in one_by_one.items()} == {
        key: events[-1] for key, events in at_once.items()
    }
    if not any(each.kind is Difference.FORKED for each in merge(made).conflicts):
        assert one_by_one == at_once


def in_batches(made: Sequence[Observed], seed: int, size: int) -> list[list[Observed]]:
    sent = list(made)
    Random(seed).shuffle(sent)
    return [sent[: end + size] for end in range(0, len(sent), size)]


def recorded(batches: Sequence[Sequence[Observed]]) -> dict[tuple[str, str, str], list[str | None]]:
    """Return the scores that a ledger gets of each row, one after another, where it is brought up to date by batches."""
    ledger: dict[tuple[str, str, str], list[str | None]] = {}
    stands_by: dict[tuple[str, str, str], str] = {}
    for so_far in batches:
        for key, judged in merge(so_far).judged.items():
            first = next((step for step in judged.steps if step.score is not None), None)
            if key not in ledger and first is not None and first.score is not None:
                ledger[key], stands_by[key] = [first.score.as_text()], first.capture
            if key in ledger:
                for step in judged.steps_after(stands_by[key]):
                    score = None if step.score is None else step.score.as_text()
                    stands_by[key] = step.capture
                    if score != ledger[key][-1]:
                        ledger[key].append(score)
    return ledger


@given(field_days())
def test_nothing_is_lost(made: list[Observed]) -> None:
    """Each capture counts, was left out, was revised by another, or waits with a reason."""
    merged = merge(made)
    counted = {step.capture for one in merged.judged.values() for step in one.steps}
    for each in made:
        is_out = each.is_out or any(other.is_out for other in chain_of(each, made))
        assert (
            each.capture in counted or each.capture in merged.waiting or is_out or not each.scores or not each.learners
        )


def chain_of(capture: Observed, made: Sequence[Observed]) -> list[Observed]:
    """Return what a capture revises, and what that revises."""
    by_name, found = {each.capture: each for each in made}, [capture]
    while not found[-1].alone and (target := by_name.get(found[-1].replaces or "")) and target not in found:
        found.append(target)
    return found


def test_two_assessors_are_two_judgements_and_both_are_kept() -> None:
    mine, theirs = observed("a", 2, 1), observed("b", 0, 1, assessor="mentor", device="d-2")
    merged = merge([mine, theirs])
    assert standing(merged) == {
        ("a", "l-1", "headline"): "1",
        ("a", "l-1", "evidence"): "0.5",
        ("b", "l-1", "headline"): "0",
        ("b", "l-1", "evidence"): "0.5",
    }
    assert {one.assessor for one in merged.judged.values()} == {"teacher", "mentor"}
    (conflict,) = merged.conflicts
    assert (conflict.kind, conflict.rows) == (Difference.DIFFER, frozenset({"headline"}))


def test_assessors_who_agree_are_no_conflict() -> None:
    assert not merge([observed("a", 2), observed("b", 2, assessor="mentor")]).conflicts


def test_other_versions_of_a_rubric_are_not_compared() -> None:
    assert not merge([observed("a", 2), observed("b", 0, assessor="mentor", rubric="b" * 64)]).conflicts


def test_the_same_assessor_twice_is_shown_and_both_are_kept() -> None:
    merged = merge([observed("a", 2), observed("b", 2, seq=2)])
    assert kinds(merged) == [(Difference.REPEATED, frozenset({"a", "b"}))]
    assert len(merged.judged) == 2


def test_a_revision_takes_the_place_of_what_it_names() -> None:
    merged = merge([observed("a", 2, 1), observed("b", 0, 1, seq=2, replaces="a")])
    assert not merged.conflicts
    assert standing(merged) == {("a", "l-1", "headline"): "0", ("a", "l-1", "evidence"): "0.5"}
    steps = merged.judged["a", "l-1", "headline"].steps
    assert [(step.capture, step.score) for step in steps] == [("a", Score("1")), ("b", Score("0"))]


def test_a_row_that_a_revision_does_not_judge_does_not_stand_any_more() -> None:
    merged = merge([observed("a", 2, 1), observed("b", 0, seq=2, replaces="a")])
    assert standing(merged)["a", "l-1", "evidence"] is None


def test_a_row_that_only_the_revision_judges_is_new() -> None:
    merged = merge([observed("a", 2), observed("b", 2, 1, seq=2, replaces="a")])
    assert standing(merged)["a", "l-1", "evidence"] == "0.5"


def test_a_revision_waits_for_what_it_revises() -> None:
    late = observed("b", 0, seq=2, replaces="a")
    assert merge([late]).waiting == {"b": Wait.TARGET}
    assert not merge([late]).judged
    assert standing(merge([late, observed("a", 2)])) == {("a", "l-1", "headline"): "0"}


def test_a_revision_of_a_revision_waits_with_it() -> None:
    assert merge([observed("c", 1, seq=3, replaces="b"), observed("b", 0, seq=2, replaces="a")]).waiting == {
        "b": Wait.TARGET,
        "c": Wait.TARGET,
    }


def test_a_person_may_let_a_revision_count_by_itself() -> None:
    merged = merge([observed("b", 0, replaces="a", alone=True)])
    assert standing(merged) == {("b", "l-1", "headline"): "0"}


@pytest.mark.parametrize(
    "other",
    [
        observed("a", 2, assessor="mentor"),
        observed("a", 2, task="other"),
        observed("a", 2, learners=("l-2",), about=frozenset({"l-2"})),
    ],
)
def test_nobody_revises_anothers_observation_or_another_matter(other: Observed) -> None:
    merged = merge([other, observed("b", 0, seq=2, replaces="a")])
    assert merged.waiting == {"b": Wait.NOT_OWN}
    assert standing(merged)["a", other.learners[0], "headline"] == "1"


def test_a_circle_waits() -> None:
    assert merge([observed("a", 2, replaces="b"), observed("b", 0, replaces="a")]).waiting == {
        "a": Wait.CIRCLE,
        "b": Wait.CIRCLE,
    }


def test_of_two_revisions_of_the_same_the_higher_counted_stands_and_it_is_shown() -> None:
    first, second = observed("b", 0, seq=2, replaces="a"), observed("c", 1, seq=3, replaces="a")
    for sent in ([observed("a", 2), first, second], [second, observed("a", 2), first]):
        merged = merge(sent)
        assert standing(merged) == {("a", "l-1", "headline"): "0.5"}
        assert kinds(merged) == [(Difference.FORKED, frozenset({"b", "c"}))]


def test_what_revises_the_branch_that_does_not_stand_is_shown_and_not_gone_on_from() -> None:
    root = observed("a", 2)
    lower, higher = observed("b", 0, seq=2, replaces="a"), observed("c", 1, seq=5, replaces="a")
    # However high it counts: it revises what does not stand.
    for number in (3, 9):
        further = observed("d", 2, 2, seq=number, replaces="b")
        for sent in permutations([root, lower, higher, further]):
            merged = merge(sent)
            assert standing(merged) == {("a", "l-1", "headline"): "0.5", ("a", "l-1", "evidence"): None}
            assert kinds(merged) == [(Difference.FORKED, frozenset({"b", "c", "d"}))]
            ledger = recorded([sent[:count] for count in range(1, 5)])
            assert {key: events[-1] for key, events in ledger.items() if events[-1]} == {
                ("a", "l-1", "headline"): "0.5"
            }
    on = observed("e", 0, seq=6, replaces="c")
    assert standing(merge([root, lower, higher, further, on]))["a", "l-1", "headline"] == "0"
    assert standing(merge([root, lower, replace(higher, is_out=True), further])) == {
        ("a", "l-1", "headline"): "1",
        ("a", "l-1", "evidence"): "1",
    }, "what stands otherwise is gone on from"


@given(field_days())
def test_what_stands_is_what_every_fork_on_the_way_to_it_lets_stand(made: list[Observed]) -> None:
    merged, by_name = merge(made), {each.capture: each for each in made}
    forks = [each for each in merged.conflicts if each.kind is Difference.FORKED]
    for (root, learner, _), judged in merged.judged.items():
        last = by_name[judged.steps[-1].capture]
        behind = {each.capture for each in chain_of(last, made)}
        assert root in behind
        for fork in forks:
            inside = fork.captures & behind
            if fork.learner == learner and inside:
                others = [by_name[name] for name in fork.captures - behind if (by_name[name].replaces or "") in behind]
                assert all(other.rank < max(by_name[name].rank for name in inside) for other in others)


def test_what_is_left_out_counts_nothing_and_is_no_conflict() -> None:
    merged = merge([observed("a", 2, is_out=True), observed("b", 0, seq=2)])
    assert standing(merged) == {("b", "l-1", "headline"): "0"}
    assert not merged.conflicts


def test_a_revision_that_is_left_out_lets_the_one_before_stand() -> None:
    merged = merge([observed("a", 2), observed("b", 0, seq=2, replaces="a", is_out=True)])
    assert standing(merged) == {("a", "l-1", "headline"): "1"}


def test_each_of_a_team_gets_what_was_seen_of_it() -> None:
    merged = merge([observed("a", 2, learners=LEARNERS, about=frozenset(LEARNERS))])
    assert standing(merged) == {("a", "l-1", "headline"): "1", ("a", "l-2", "headline"): "1"}


def test_clocks_are_no_part_of_it() -> None:
    """What is merged holds no moment at all, so no clock can decide anything."""
    assert not {name for name in Observed.__dataclass_fields__ if name.endswith("_at") or "time" in name}


def test_a_correction_that_does_not_count_for_a_learner_changes_nothing_for_that_learner() -> None:
    team = {"learners": LEARNERS, "about": frozenset(LEARNERS)}
    first = observed("a", 2, **team)
    second = observed("b", 0, **{**team, "learners": ("l-2",)}, replaces="a", seq=2)
    assert standing(merge([first, second])) == {("a", "l-1", "headline"): "1", ("a", "l-2", "headline"): "0"}
    nobody = observed("b", 0, learners=(), replaces="a", seq=2)
    assert standing(merge([observed("a", 2), nobody])) == {("a", "l-1", "headline"): "1"}
    # And the reverse: what counts for a learner counts, also where what it corrects does not.
    assert standing(merge([observed("a", 2, learners=()), observed("b", 0, replaces="a", seq=2)])) == {
        ("a", "l-1", "headline"): "0"
    }


def test_a_correction_of_what_was_left_out_waits_for_a_person() -> None:
    first, second = observed("a", 2, is_out=True), observed("b", 1, replaces="a", seq=2)
    third = observed("c", 0, replaces="b", seq=3)
    merged = merge([first, second, third])
    assert merged.waiting == {"b": Wait.TARGET_OUT, "c": Wait.TARGET_OUT}
    assert standing(merged) == {}
    alone = merge([first, replace(second, alone=True), third])
    assert (standing(alone), alone.waiting) == ({("b", "l-1", "headline"): "0"}, {})


def test_what_was_left_out_is_no_fork() -> None:
    first = observed("a", 2)
    lower, higher = observed("b", 1, replaces="a", seq=2), observed("c", 0, replaces="a", seq=3)
    assert kinds(merge([first, lower, higher])) == [(Difference.FORKED, frozenset({"b", "c"}))]
    merged = merge([first, lower, replace(higher, is_out=True)])
    assert (kinds(merged), standing(merged)) == ([], {("a", "l-1", "headline"): "0.5"})
