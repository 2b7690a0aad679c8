"""Marks without a database: what a form says, whose turn it is, who sees what, which mark counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qualoop.assessment.marking import (
    COMMENT_TOO_LONG,
    EMPTY_SHEET,
    LEVEL_UNKNOWN,
    MAX_COMMENT,
    POINTS_OUTSIDE,
    POINTS_UNREADABLE,
    POINTS_WITHOUT_LEVEL,
    Mark,
    Marking,
    MarkSheet,
    Position,
    RowMark,
    Stage,
    agreed_sheet,
    comments_body,
    counting_mark,
    differences,
    falls_into_sample,
    judged_body,
    may_go_on_with,
    missing_rows,
    own_position,
    read_sheet,
    row_scores,
    sheet_grade,
    sheet_of,
    stage_of,
    visible_marks,
)
from tests.factories.rubrics import sheet, the_rubric

RUBRIC = the_rubric()
ANN, BEN, CLEO = "ann", "ben", "cleo"


def mark(position: Position, marker: str, given: MarkSheet, *, approved: bool = True) -> Mark:
    return Mark(position=position, marker=marker, is_approved=approved, sheet=given)


def marking(*marks: Mark, twice: bool = False, released: bool = False) -> Marking:
    return Marking(
        rubric=RUBRIC, marks={each.position: each for each in marks}, needs_second=twice, is_released=released
    )


FIRST = mark(Position.FIRST, ANN, sheet(2, 1))
DRAFT = mark(Position.FIRST, ANN, sheet(2, 1), approved=False)
SAME = mark(Position.SECOND, BEN, sheet(2, 1))
OTHER = mark(Position.SECOND, BEN, sheet(0, 1))
OTHER_DRAFT = mark(Position.SECOND, BEN, sheet(0, 1), approved=False)
DECISION = mark(Position.DECISION, CLEO, sheet(1, 1))
DECISION_DRAFT = mark(Position.DECISION, CLEO, sheet(1, 1), approved=False)


# -- Forms


def test_a_form_is_read() -> None:
    form = {"level-headline": "2", "level-evidence": "1", "points-evidence": "2,5", "comment": " Good.\r\nOn. "}
    read = read_sheet(RUBRIC, form)
    assert not read.wrong
    assert read.sheet.rows["headline"] == RowMark(level=2, points=Decimal(4))
    assert read.sheet.rows["evidence"] == RowMark(level=1, points=Decimal("2.5"))
    assert read.sheet.overall == "Good.\nOn."


def test_a_row_that_was_not_judged_is_left_out() -> None:
    assert read_sheet(RUBRIC, {"level-other": "1", "points-headline": ""}).sheet == EMPTY_SHEET


@pytest.mark.parametrize("level", ["3", "-1", "1.0", "NaN", "１", "9" * 400, "<b>"])
def test_a_level_that_the_row_does_not_have(level: str) -> None:
    read = read_sheet(RUBRIC, {"level-headline": level})
    assert read.wrong == {"headline": LEVEL_UNKNOWN}
    assert read.sheet == EMPTY_SHEET


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ("0.99", POINTS_OUTSIDE),
        ("3.01", POINTS_OUTSIDE),
        ("9999", POINTS_OUTSIDE),
        ("-1", POINTS_UNREADABLE),
        ("NaN", POINTS_UNREADABLE),
        ("sNaN", POINTS_UNREADABLE),
        ("Infinity", POINTS_UNREADABLE),
        ("1.001", POINTS_UNREADABLE),
        ("two", POINTS_UNREADABLE),
        ("1e0", POINTS_UNREADABLE),
        ("２", POINTS_UNREADABLE),
        ("1e999999999", POINTS_UNREADABLE),
    ],
)
def test_points_that_are_not_on_the_level(points: str, code: str) -> None:
    read = read_sheet(RUBRIC, {"level-evidence": "1", "points-evidence": points})
    assert read.wrong == {"evidence:points": code}


@pytest.mark.parametrize("points", ["1", "3", "2.55", "1.00"])
def test_points_at_the_edges_of_a_range(points: str) -> None:
    read = read_sheet(RUBRIC, {"level-evidence": "1", "points-evidence": points})
    assert not read.wrong
    assert read.sheet.rows["evidence"].points == Decimal(points)


def test_points_of_another_level_do_not_stay_behind() -> None:
    read = read_sheet(RUBRIC, {"level-evidence": "0", "points-evidence": "3"})
    assert not read.wrong
    assert read.sheet.rows["evidence"].points == 0


def test_points_without_a_level_and_a_long_comment() -> None:
    read = read_sheet(RUBRIC, {"points-evidence": "3", "comment-headline": "x" * (MAX_COMMENT + 1)})
    assert read.wrong == {"evidence:points": POINTS_WITHOUT_LEVEL, "headline:comment": COMMENT_TOO_LONG}


def test_what_is_stored_gives_the_same_sheet() -> None:
    given = sheet(2, None, overall="Well done 👍", comments={"evidence": "Where from?"})
    judged, comments = judged_body(given), comments_body(given)
    assert judged == {"headline": [2, "4"]}, "no free text outside the sealed part"
    assert sheet_of(judged, comments) == given


# -- Scores


def test_evidence_counts_levels_and_the_grade_counts_points() -> None:
    given = sheet(1, 1)
    assert row_scores(RUBRIC, given) == {"headline": Decimal("0.5"), "evidence": Decimal("0.5")}
    assert sheet_grade(RUBRIC, given) == Decimal("0.3")


def test_an_open_row_is_missing_and_no_evidence() -> None:
    given = sheet(1, None, comments={"evidence": "Later."})
    assert missing_rows(RUBRIC, given) == ["evidence"]
    assert set(row_scores(RUBRIC, given)) == {"headline"}


# -- Stages


@pytest.mark.parametrize(
    ("marks", "twice", "stage"),
    [
        ([], False, Stage.WAITING),
        ([DRAFT], False, Stage.DRAFT),
        ([FIRST], False, Stage.APPROVED),
        ([FIRST], True, Stage.SECOND),
        ([DRAFT, OTHER], True, Stage.DRAFT),
        ([FIRST, OTHER_DRAFT], True, Stage.SECOND),
        ([FIRST, SAME], True, Stage.APPROVED),
        ([FIRST, OTHER], True, Stage.DIFFER),
        ([FIRST, OTHER, DECISION], True, Stage.APPROVED),
    ],
)
def test_stages(marks: list[Mark], *, twice: bool, stage: Stage) -> None:
    assert stage_of(marking(*marks, twice=twice)) is stage


def test_what_counts() -> None:
    assert counting_mark(marking(DRAFT)) is None
    assert counting_mark(marking(FIRST)) == FIRST
    assert counting_mark(marking(FIRST, SAME, twice=True)) == FIRST
    assert counting_mark(marking(FIRST, OTHER, twice=True)) is None
    assert counting_mark(marking(FIRST, OTHER, DECISION, twice=True)) == DECISION


# -- Whose turn


@pytest.mark.parametrize(
    ("marks", "twice", "who", "position"),
    [
        ([], False, ANN, Position.FIRST),
        ([DRAFT], False, ANN, Position.FIRST),
        ([DRAFT], False, BEN, None),
        ([DRAFT], True, BEN, Position.SECOND),
        ([FIRST], True, ANN, Position.FIRST),
        ([FIRST, OTHER_DRAFT], True, BEN, Position.SECOND),
        ([FIRST, OTHER_DRAFT], True, CLEO, None),
        ([FIRST, OTHER], True, CLEO, Position.DECISION),
        ([FIRST, OTHER], True, ANN, Position.DECISION),
        ([FIRST, OTHER, DECISION], True, ANN, None),
    ],
)
def test_turns(marks: list[Mark], *, twice: bool, who: str, position: Position | None) -> None:
    assert own_position(marking(*marks, twice=twice), who, may_decide=True) is position


def test_only_who_may_decide_decides() -> None:
    assert own_position(marking(FIRST, OTHER, twice=True), CLEO, may_decide=False) is None


def test_nothing_is_anybodys_turn_after_the_release() -> None:
    assert own_position(marking(FIRST, released=True), ANN, may_decide=True) is None


@pytest.mark.parametrize(
    ("marks", "position", "who", "may"),
    [
        ([DRAFT], Position.FIRST, BEN, True),
        ([DRAFT], Position.FIRST, ANN, False),
        ([FIRST], Position.FIRST, BEN, False),
        ([DRAFT, OTHER_DRAFT], Position.FIRST, BEN, False),
        ([DRAFT, OTHER_DRAFT], Position.SECOND, CLEO, True),
        ([FIRST, OTHER_DRAFT], Position.SECOND, ANN, False),
        ([FIRST, OTHER, DECISION_DRAFT], Position.DECISION, ANN, True),
        ([FIRST, OTHER, DECISION], Position.DECISION, ANN, False),
    ],
)
def test_who_may_go_on_with_what_another_began(marks: list[Mark], position: Position, who: str, *, may: bool) -> None:
    assert may_go_on_with(marking(*marks, twice=True), position, who, may_decide=True) is may


def test_only_who_may_decide_goes_on_with_a_decision() -> None:
    begun = marking(FIRST, OTHER, DECISION_DRAFT, twice=True)
    assert not may_go_on_with(begun, Position.DECISION, ANN, may_decide=False)


# -- Blind


@pytest.mark.parametrize("viewer", [ANN, BEN, CLEO])
def test_nobody_reads_the_mark_of_another_before_both_are_in(viewer: str) -> None:
    for marks in ([FIRST], [FIRST, OTHER_DRAFT], [DRAFT, OTHER]):
        seen = visible_marks(marking(*marks, twice=True), viewer)
        assert {each.marker for each in seen.values()} <= {viewer}
    assert len(visible_marks(marking(FIRST, OTHER, twice=True), viewer)) == 2


def test_a_single_mark_is_no_secret_among_markers() -> None:
    assert visible_marks(marking(DRAFT), BEN) == {Position.FIRST: DRAFT}


# -- Two markers


def test_differences_by_row() -> None:
    found = differences(RUBRIC, FIRST.sheet, OTHER.sheet)
    assert [(each.row.key, each.gap) for each in found] == [("headline", -2)]


def test_points_alone_are_a_difference() -> None:
    finer = MarkSheet(rows={**FIRST.sheet.rows, "evidence": RowMark(level=1, points=Decimal(3))})
    assert [(each.row.key, each.gap) for each in differences(RUBRIC, FIRST.sheet, finer)] == [("evidence", 0)]


def test_a_comment_is_no_difference() -> None:
    assert not differences(RUBRIC, FIRST.sheet, sheet(2, 1, overall="Hm.", comments={"headline": "Yes."}))


def test_a_decision_begins_with_what_both_agree_in() -> None:
    first = sheet(2, 1, overall="Strong.", comments={"headline": "Clear."})
    second = sheet(0, 1, overall="Strong.", comments={"headline": "Vague."})
    begun = agreed_sheet(RUBRIC, first, second)
    assert begun.rows["headline"] == RowMark(comment="Clear.\n\nVague.")
    assert begun.rows["evidence"].level == 1
    assert begun.overall == "Strong."


def test_a_sample_grows_and_never_changes() -> None:
    works = [f"work-{number}" for number in range(2000)]
    tenth, fifth = ({work for work in works if falls_into_sample(work, share)} for share in (10, 20))
    assert tenth < fifth
    assert 150 < len(tenth) < 250
    assert not any(falls_into_sample(work, 0) for work in works)
    assert all(falls_into_sample(work, 100) for work in works)
