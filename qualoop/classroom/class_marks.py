"""What is marked in a class: an observed rubric, points that staff give, or both; drafts until somebody releases them.

A draft is two cells of the register, `score` {"points", "comment"} and `rubric` {"judged", "comments"} as
`qualoop.assessment.marking` writes sheets. What is released is a copy of both, with the share that it was worth: learner,
grade book and evidence know that copy only. Nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final

from qualoop.assessment.marking import (
    MAX_COMMENT,
    Mark,
    MarkIncompleteError,
    Marking,
    MarkSheet,
    Position,
    RowMark,
    Stage,
    comments_body,
    judged_body,
    missing_rows,
    row_scores,
    sheet_of,
    sheet_points,
    stage_of,
)
from qualoop.assessment.rubric import Rubric, RubricRow, content_hash
from qualoop.classroom.register import RELEASED, RUBRIC, SCORE, Register
from qualoop.values import Score

MAX_POINTS: Final = 10_000
SCORE_PART: Final = "points"
ATTENDANCE_PART: Final = "attendance"
RESERVED_PARTS: Final = frozenset({SCORE_PART, ATTENDANCE_PART})
"""Parts that every class has, so no row of a rubric may be called so."""
_CENT: Final = Decimal("0.01")
_LONGEST: Final = 12


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """By what a class is marked: a rubric or None, and the full points, 0 for none."""

    rubric: Rubric | None = None
    full: Decimal = Decimal(0)

    @cached_property
    def version(self) -> str:
        """Return which version of a rubric this is, empty without one; it is asked for every learner of a class."""
        return content_hash(self.rubric) if self.rubric is not None else ""

    @property
    def is_graded(self) -> bool:
        """Say whether anything here can be worth something: the maximum of a grade is never 0."""
        return self.highest > 0

    @property
    def highest(self) -> Decimal:
        """Return the points that can be had at all."""
        return self.full + (self.rubric.highest if self.rubric is not None else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points as somebody typed them, inside [0, full], to the cent; ``was_changed`` says that something else was typed."""

    value: Decimal
    was_changed: bool = False


def read_points(text: str, full: Decimal) -> Points | None:
    """Return the points in a text, to the cent, clamped to [0, full]; None for what is no number."""
    written = text.strip().replace(",", ".")
    if not written or len(written) > _LONGEST:
        return None
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    inside = min(max(value, Decimal(0)), full)
    kept = inside.quantize(_CENT).normalize() + 0
    return Points(value=kept, was_changed=kept != value)


def score_cell(points: Decimal | None, comment: str) -> dict[str, str] | None:
    """Return points and comment as a cell holds them; None where there is neither."""
    comment = comment.replace("\r\n", "\n").replace("\x00", "").strip()[:MAX_COMMENT]
    if points is None and not comment:
        return None
    return {"points": "" if points is None else format(points, "f"), "comment": comment}


def points_in(cell: Mapping[str, Any] | None) -> Decimal | None:
    """Return the points of a cell, None where it has none."""
    text = (cell or {}).get("points", "")
    return Decimal(text) if text else None


def sheet_in(cell: Mapping[str, Any] | None) -> MarkSheet:
    """Return the sheet of a cell."""
    found = cell or {}
    return sheet_of(found.get("judged", {}), found.get("comments", {}))


def fitting_sheet(rubric: Rubric, cell: Mapping[str, Any] | None) -> MarkSheet:
    """Return the sheet of a cell as far as a rubric has its rows and levels: its author may have changed it since."""
    found = sheet_in(cell)
    rows = {row.key: _fitting(row, found.rows[row.key]) for row in rubric.rows if row.key in found.rows}
    return MarkSheet(rows=rows, overall=found.overall)


def _fitting(row: RubricRow, mark: RowMark) -> RowMark:
    if mark.level is None or mark.level >= len(row.levels):
        return RowMark(comment=mark.comment)
    level = row.levels[mark.level]
    holds = mark.points is not None and level.holds(mark.points)
    return RowMark(level=mark.level, points=mark.points if holds else level.points, comment=mark.comment)


def snapshot(register: Register, learner: str, scheme: Scheme) -> dict[str, Any]:
    """Return what a release of a learner's draft would hold; raise MarkIncompleteError where something is not marked yet.

    Share and parts are as they are worth now: what an author changes later moves neither grade nor evidence by itself.
    """
    score = register.value(learner, SCORE)
    points = points_in(score)
    if not scheme.is_graded or (scheme.full and points is None):
        raise MarkIncompleteError
    made: dict[str, Any] = {"score": score if scheme.full else None, "rubric": None}
    parts: dict[str, Score] = {}
    if scheme.rubric is not None:
        sheet = fitting_sheet(scheme.rubric, register.value(learner, RUBRIC))
        if missing_rows(scheme.rubric, sheet):
            raise MarkIncompleteError
        made["rubric"] = _body(sheet) | {"version": scheme.version}
        parts |= row_scores(scheme.rubric, sheet)
    if scheme.full and points is not None:
        parts[SCORE_PART] = Score.of(points, scheme.full)
    told = {"parts": {part: one.as_text() for part, one in parts.items()}, "full": format(scheme.full, "f")}
    return made | told | {"share": _computed(made, scheme).as_text()}


def released_share(released: Mapping[str, Any] | None) -> Score | None:
    """Return what a released mark counts for, None where nothing is released: what the platform set by hand stands."""
    return Score(released.get("by_platform") or released["share"]) if released else None


def computed_share(released: Mapping[str, Any] | None, scheme: Scheme) -> Score | None:
    """Return what a released mark is worth by the scheme as it is now, from what staff gave: a rescore.

    A rubric of another version, or a scheme without anything to mark, leaves what it was worth then.
    """
    if not released:
        return None
    is_other = (released.get("rubric") or {}).get("version", "") != scheme.version
    if is_other or not scheme.is_graded or (scheme.full and points_in(released.get("score")) is None):
        return Score(released["share"])
    return _computed(released, scheme)


def overridden(released: Mapping[str, Any] | None, share: Score, scheme: Scheme) -> dict[str, Any]:
    """Return a released mark after the platform set a share: a word of its own where it differs from what staff gave."""
    kept = {name: value for name, value in (released or {}).items() if name != "by_platform"}
    if kept and computed_share(released, scheme) == share:
        return kept | {"share": share.as_text()}
    return {"score": None, "rubric": None, "share": share.as_text()} | kept | {"by_platform": share.as_text()}


def part_scores(released: Mapping[str, Any]) -> Mapping[str, Score]:
    """Return the score of each part that a released mark is evidence of: the rubric's rows, and the points."""
    return {part: Score(text) for part, text in released.get("parts", {}).items()}


def stage(register: Register, learner: str, scheme: Scheme) -> Stage:
    """Return where the marking of a learner stands: waiting, draft, released; what was changed since is a draft again."""
    released, rubric = register.value(learner, RELEASED), register.value(learner, RUBRIC)
    score = register.value(learner, SCORE)
    if not released and not rubric and not score:
        return Stage.WAITING
    stands = bool(released) and (not scheme.full or released.get("score") == score)
    if scheme.rubric is None:
        return Stage.RELEASED if stands else Stage.DRAFT
    sheet = fitting_sheet(scheme.rubric, rubric)
    stands = stands and {**(released.get("rubric") or {}), "version": ""} == {**_body(sheet), "version": ""}
    marker = register.cells[learner][RUBRIC].by if rubric else ""
    mark = Mark(position=Position.FIRST, marker=marker, is_approved=stands, sheet=sheet)
    return stage_of(Marking(rubric=scheme.rubric, marks={Position.FIRST: mark}, is_released=stands))


def _body(sheet: MarkSheet) -> dict[str, Any]:
    return {"judged": judged_body(sheet), "comments": comments_body(sheet)}


def _computed(made: Mapping[str, Any], scheme: Scheme) -> Score:
    earned = sheet_points(sheet_in(made.get("rubric"))) if scheme.rubric is not None else Decimal(0)
    return Score.of(earned + (points_in(made.get("score")) or 0 if scheme.full else 0), scheme.highest)
