"""What a class is marked by: drafts, what is released, what that is worth, and rubrics as people write them down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment.marking import MarkIncompleteError, Stage
from qualoop.classroom.class_marks import (
    Scheme,
    computed_share,
    overridden,
    part_scores,
    points_in,
    read_points,
    released_share,
    score_cell,
    snapshot,
    stage,
)
from qualoop.classroom.prework import Prework, missing
from qualoop.classroom.quick_rubric import RubricTextError, read_quick_rubric
from qualoop.classroom.register import RELEASED, RUBRIC, SCORE, Action, Change, Register
from qualoop.framework import load_framework, shipped_content
from qualoop.values import Score
from tests.factories.rubrics import the_rubric

FRAMEWORK = load_framework(shipped_content() / "ecommerce")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACTION = Action(what="save", by="teacher", at=NOON)
BOTH = Scheme(rubric=the_rubric(), full=Decimal(10))
JUDGED: dict[str, Any] = {"judged": {"headline": [2, "4"], "evidence": [1, "3"]}, "comments": {"headline": "Clear."}}


def written(**cells: Any) -> Register:
    return Register().changed([Change(learner="ann", field=name, value=value) for name, value in cells.items()], ACTION)


def full(points: str = "7.5", rubric: Any = JUDGED) -> Register:
    return written(**{SCORE: {"points": points, "comment": ""}, RUBRIC: rubric})


def released(register: Register, scheme: Scheme = BOTH) -> Register:
    made = snapshot(register, "ann", scheme)
    return register.changed([Change(learner="ann", field=RELEASED, value=made)], ACTION)


def test_a_release_is_worth_the_points_of_all_that_can_be_had() -> None:
    made = snapshot(full(), "ann", BOTH)

    # 4 of 4 and 3 of 6 by the rubric, 7.5 of 10 points.
    assert made["share"] == Score.of(Decimal("14.5"), 20).as_text()
    assert part_scores(made) == {"headline": 1, "evidence": Score("0.5"), "points": Score("0.75")}


@pytest.mark.parametrize(
    "register",
    [
        written(**{RUBRIC: JUDGED}),
        full(points=""),
        full(rubric=None),
        full(rubric={"judged": {"headline": [2, "4"]}, "comments": {}}),
        Register(),
    ],
)
def test_what_is_not_complete_is_not_released(register: Register) -> None:
    with pytest.raises(MarkIncompleteError):
        snapshot(register, "ann", BOTH)


def test_where_nothing_can_be_had_nothing_is_released_and_nothing_divided_by_it() -> None:
    assert not Scheme().is_graded
    with pytest.raises(MarkIncompleteError):
        snapshot(full(), "ann", Scheme())
    assert computed_share({"score": None, "rubric": None, "share": "0.4"}, Scheme()) == Score("0.4")


def test_stages_follow_drafts_and_releases() -> None:
    register = full()
    assert stage(Register(), "ann", BOTH) is Stage.WAITING
    assert stage(register, "ann", BOTH) is Stage.DRAFT
    register = released(register)
    assert stage(register, "ann", BOTH) is Stage.RELEASED
    changed = register.changed([Change(learner="ann", field=SCORE, value={"points": "8", "comment": ""})], ACTION)
    assert stage(changed, "ann", BOTH) is Stage.DRAFT
    points_only = Scheme(full=Decimal(10))
    assert (
        stage(released(written(**{SCORE: {"points": "8", "comment": ""}}), points_only), "ann", points_only)
        is Stage.RELEASED
    )


def test_a_rescore_computes_from_what_staff_gave_and_a_share_of_the_platform_is_a_word_of_its_own() -> None:
    made = released(full()).value("ann", RELEASED)
    assert computed_share(made, replace(BOTH, full=Decimal(20))) == Score.of(Decimal("14.5"), 30)
    by_platform = overridden(made, Score("0.25"), BOTH)
    assert released_share(by_platform) == Score("0.25")
    assert computed_share(by_platform, BOTH) == Score.of(Decimal("14.5"), 20)
    assert overridden(by_platform, Score.of(Decimal("14.5"), 20), BOTH) == made
    assert released_share(overridden(None, Score("0.3"), BOTH)) == Score("0.3")
    assert released_share(made) == Score.of(Decimal("14.5"), 20)


def test_a_rubric_of_another_version_leaves_what_a_release_was_worth() -> None:
    made = released(full()).value("ann", RELEASED)
    other = Scheme(rubric=read_quick_rubric("Asks: no / yes", FRAMEWORK), full=Decimal(10))

    assert computed_share(made, other) == Score.of(Decimal("14.5"), 20)
    assert computed_share(made, Scheme(full=Decimal(10))) == Score.of(Decimal("14.5"), 20)


def test_a_draft_of_a_rubric_that_was_changed_since_counts_as_far_as_it_fits() -> None:
    register = written(**{RUBRIC: {"judged": {"row-1": [2, "2"], "row-9": [1, "1"]}, "comments": {"row-1": "Kept."}}})
    shorter = Scheme(rubric=read_quick_rubric("Asks: no / yes", FRAMEWORK))
    with pytest.raises(MarkIncompleteError):
        snapshot(register, "ann", shorter)
    longer = Scheme(rubric=read_quick_rubric("Asks: no / yes / much / all", FRAMEWORK))
    made = snapshot(register, "ann", longer)
    assert (made["share"], made["rubric"]["judged"]) == (Score.of(2, 3).as_text(), {"row-1": [2, "2"]})
    assert stage(released(register, longer), "ann", longer) is Stage.RELEASED


def test_what_an_author_changes_later_moves_neither_grade_nor_evidence() -> None:
    made = released(full()).value("ann", RELEASED)

    assert released_share(made) == Score.of(Decimal("14.5"), 20)
    assert part_scores(made)["points"] == Score("0.75")


@given(st.text(max_size=20), st.sampled_from(["0.5", "10", "100"]))
def test_points_of_whatever_text_lie_inside(text: str, most: str) -> None:
    found = read_points(text, Decimal(most))

    assert found is None or 0 <= found.value <= Decimal(most)
    if found is not None:
        assert points_in(score_cell(found.value, "")) == found.value


def test_a_quick_rubric_has_a_row_for_each_line() -> None:
    rubric = read_quick_rubric(
        "Asks: nothing / something | everything [SEM-1.1, SEM-1.2 SEM-1.3]\n\nExplains：not yet／clearly\n", FRAMEWORK
    )
    first, second = rubric.rows

    assert [level.title["en"] for level in first.levels] == ["nothing", "something", "everything"]
    assert [level.points for level in first.levels] == [0, 1, 2]
    assert sum(first.knowledge_points.values()) == 1
    assert list(first.knowledge_points) == ["SEM-1.1", "SEM-1.2", "SEM-1.3"]
    assert (second.title["en"], second.knowledge_points, rubric.highest) == ("Explains", {}, 3)


def test_a_chinese_quick_rubric_is_chinese() -> None:
    rubric = read_quick_rubric("问候顾客：尚未做到 / 做到", FRAMEWORK)

    assert (rubric.languages, rubric.rows[0].title["zh-Hans"]) == (("zh-Hans",), "问候顾客")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Greets", "line"),
        (": a / b", "line"),
        ("A: b [SEM-1.1", "line"),
        ("A: b", "levels"),
        ("A: " + " / ".join("abcdefghij"), "levels"),
        ("A: b / c [NO-1]", "point"),
        ("A: b / c\n" * 21, "rows"),
        ("x" * 60_001, "large"),
        ("format: qualoop-rubric", "file"),
    ],
)
def test_what_is_no_rubric_says_why(text: str, reason: str) -> None:
    with pytest.raises(RubricTextError) as error:
        read_quick_rubric(text, FRAMEWORK)
    assert error.value.reason == reason


@given(st.text(max_size=200))
def test_whatever_text_is_a_rubric_or_says_why_not(text: str) -> None:
    try:
        rubric = read_quick_rubric(text, FRAMEWORK)
    except RubricTextError:
        return
    assert rubric.highest > 0


@pytest.mark.parametrize(
    ("work", "ready_at", "lacks"),
    [
        (Prework(name="a", completion=Decimal(1)), "0", False),
        (Prework(name="a", completion=Decimal("0.99")), "0", True),
        (Prework(name="a", completion=Decimal(0), score=Score("0.6")), "0.6", False),
        (Prework(name="a", completion=Decimal(1), score=Score("0.59")), "0.6", True),
        (Prework(name="a", completion=Decimal(1)), "0.6", True),
        (Prework(name="a", score=Score(0)), "0", False),
        (Prework(name="a"), "0", True),
        (Prework(name="a", is_found=False), "0.6", False),
    ],
)
def test_work_before_class_is_done_or_its_score_reached(work: Prework, ready_at: str, *, lacks: bool) -> None:
    assert (list(missing([work], Score(ready_at))) == [work]) is lacks
