"""Marks by a rubric: what one marker says, what two say differently, and which of it counts and may be seen when.

Pure. A piece of work has up to three marks: the first, a second by somebody who must not see the first (nor the first
the second, until both are in), and a decision where the two differ. Whoever stores marks checks rights and dates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from qualoop.assessment.rubric import Rubric, RubricRow
from qualoop.errors import QualoopError
from qualoop.policies.occasions import rubric_score
from qualoop.values import Score

MAX_COMMENT: Final = 4000
"""Characters of one comment."""
MAX_ENTERPRISE: Final = 200
ALL: Final = 100
_POINTS: Final = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?")

LEVEL_UNKNOWN: Final = "level-unknown"
POINTS_UNREADABLE: Final = "points-unreadable"
POINTS_OUTSIDE: Final = "points-outside"
POINTS_WITHOUT_LEVEL: Final = "points-without-level"
COMMENT_TOO_LONG: Final = "comment-too-long"


class MarkingRefusedError(QualoopError):
    """The work does not take this mark now."""

    code = "marking-refused"


class MarkIncompleteError(MarkingRefusedError):
    """A mark is approved only when every row has a level."""

    code = "mark-incomplete"


class MarkNotYoursError(MarkingRefusedError):
    """Somebody else is marking this work."""

    code = "mark-not-yours"


class MarkFinalError(MarkingRefusedError):
    """The marks are released: what is wrong is corrected, with a reason, and never undone."""

    code = "mark-final"


class NotDecidedError(MarkingRefusedError):
    """There is no approved mark to release, or the markers differ and nobody has decided."""

    code = "mark-not-decided"


class Position(StrEnum):
    """Which of the marks of one work."""

    FIRST = "first"
    SECOND = "second"
    DECISION = "decision"
    PEERS = "peers"
    """What calibrated reviewers say together, where that may stand without a marker: nobody's own mark, never saved."""


class Stage(StrEnum):
    """Where the marking of one work stands."""

    PREPARING = "preparing"
    """A live project that is not complete: nobody marks it yet."""
    WAITING = "waiting"
    """Nobody has begun."""
    DRAFT = "draft"
    """The first mark is begun and not approved."""
    SECOND = "second"
    """The first mark is approved, the second one awaited."""
    DIFFER = "differ"
    """Both are approved and differ: a decision is awaited."""
    APPROVED = "approved"
    """There is a mark that counts; nobody outside knows it yet."""
    RELEASED = "released"
    """The learner sees it, and it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMark:
    """What a marker says of one row: the level, counted from 0, and its points; None where only a comment stands."""

    level: int | None = None
    points: Decimal | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSheet:
    """One marker's judgement of one work: rows by key, those without a word left out, and a comment on the whole."""

    rows: Mapping[str, RowMark] = field(default_factory=dict)
    overall: str = ""

    def level_of(self, row: str) -> int | None:
        """Return the level of a row, None where it has none yet."""
        mark = self.rows.get(row)
        return None if mark is None else mark.level


EMPTY_SHEET: Final = MarkSheet()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSheet:
    """A sheet as far as a form could be read, and by field what could not: row key (with `:points`, `:comment`) -> code."""

    sheet: MarkSheet
    wrong: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark: whose (a pseudonym), whether it is approved, and what it says."""

    position: Position
    marker: str
    is_approved: bool
    sheet: MarkSheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """All marks of one work."""

    rubric: Rubric
    marks: Mapping[Position, Mark] = field(default_factory=dict)
    needs_second: bool = False
    is_released: bool = False
    peers: Mark | None = None
    """The mark of the reviewers where it may stand: as long as no marker has begun one."""

    def is_in(self, position: Position) -> bool:
        """Say whether this mark is approved."""
        mark = self.marks.get(position)
        return mark is not None and mark.is_approved

    @property
    def both_in(self) -> bool:
        """Say whether first and second mark are approved: from now on their markers see each other's."""
        return self.is_in(Position.FIRST) and self.is_in(Position.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that two markers judge differently; ``gap`` is by how many levels the second is above the first."""

    row: RubricRow
    first: RowMark
    second: RowMark

    @property
    def gap(self) -> int:
        """Return the second level less the first."""
        return (self.second.level or 0) - (self.first.level or 0)


def read_sheet(rubric: Rubric, form: Mapping[str, str]) -> ReadSheet:
    """Return the sheet in a form: `level-ROW` (from 0), `points-ROW`, `comment-ROW`, `comment`.

    Input may be anything. What cannot be read is noted and left out; fields of unknown rows are passed over.
    """
    wrong: dict[str, str] = {}
    rows: dict[str, RowMark] = {}
    for row in rubric.rows:
        mark = _read_row(row, form, wrong)
        if mark != RowMark():
            rows[row.key] = mark
    return ReadSheet(sheet=MarkSheet(rows=rows, overall=_comment(form, "comment", "overall", wrong)), wrong=wrong)


def _read_row(row: RubricRow, form: Mapping[str, str], wrong: dict[str, str]) -> RowMark:
    comment = _comment(form, f"comment-{row.key}", f"{row.key}:comment", wrong)
    typed = form.get(f"points-{row.key}", "").strip()
    chosen = form.get(f"level-{row.key}", "").strip()
    level = _level(row, chosen)
    if level is None:
        if chosen:
            wrong[row.key] = LEVEL_UNKNOWN
        elif typed:
            wrong[f"{row.key}:points"] = POINTS_WITHOUT_LEVEL
        return RowMark(comment=comment)
    points, fault = _points(row, level, typed)
    if fault:
        wrong[f"{row.key}:points"] = fault
    return RowMark(level=level, points=points, comment=comment)


def _level(row: RubricRow, text: str) -> int | None:
    """Return the level that a form names, None where it is none of the row's."""
    known = {str(number): number for number in range(len(row.levels))}
    return known.get(text)


def _points(row: RubricRow, level: int, text: str) -> tuple[Decimal, str]:
    """Return the points of a level, and what is wrong with those that were typed; the level's lowest hold then.

    Where a level has no range its points are what they are, whatever a form of another level has left behind.
    """
    found = row.levels[level]
    if not text or found.up_to is None:
        return found.points, ""
    if not _POINTS.fullmatch(text):
        return found.points, POINTS_UNREADABLE
    points = Decimal(text.replace(",", "."))
    return (points, "") if found.holds(points) else (found.points, POINTS_OUTSIDE)


def _comment(form: Mapping[str, str], name: str, place: str, wrong: dict[str, str]) -> str:
    text = form.get(name, "").replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > MAX_COMMENT:
        wrong[place] = COMMENT_TOO_LONG
    return text[:MAX_COMMENT]


def judged_body(sheet: MarkSheet) -> dict[str, Any]:
    """Return levels and points as plain JSON, without a word of free text: {row: [level, points]}."""
    return {
        key: [mark.level, None if mark.points is None else format(mark.points, "f")]
        for key, mark in sheet.rows.items()
        if mark.level is not None
    }


def comments_body(sheet: MarkSheet) -> dict[str, str]:
    """Return the free text of a sheet by row, that on the whole under the empty key; only what is there."""
    found = {key: mark.comment for key, mark in sheet.rows.items() if mark.comment}
    return found | ({"": sheet.overall} if sheet.overall else {})


def sheet_of(judged: Mapping[str, Any], comments: Mapping[str, str]) -> MarkSheet:
    """Return the sheet of what `judged_body` and `comments_body` gave."""
    keys = dict.fromkeys([*judged, *(key for key in comments if key)])
    return MarkSheet(
        rows={key: _stored(judged.get(key), comments.get(key, "")) for key in keys}, overall=comments.get("", "")
    )


def _stored(judged: Sequence[Any] | None, comment: str) -> RowMark:
    if judged is None:
        return RowMark(comment=comment)
    level, points = judged
    return RowMark(level=level, points=None if points is None else Decimal(points), comment=comment)


def missing_rows(rubric: Rubric, sheet: MarkSheet) -> Sequence[str]:
    """Return the keys of the rows that have no level yet, in order."""
    return [row.key for row in rubric.rows if sheet.level_of(row.key) is None]


def sheet_points(sheet: MarkSheet) -> Decimal:
    """Return the sum of the points."""
    return sum((mark.points for mark in sheet.rows.values() if mark.points is not None), Decimal(0))


def sheet_grade(rubric: Rubric, sheet: MarkSheet) -> Score:
    """Return the grade: points of all that can be had; rows without a level count 0."""
    return Score.of(sheet_points(sheet), rubric.highest)


def row_scores(rubric: Rubric, sheet: MarkSheet) -> Mapping[str, Score]:
    """Return each judged row's score as evidence: its level / (levels - 1), whatever points the grade gives for it."""
    levels = ((row, sheet.level_of(row.key)) for row in rubric.rows)
    return {row.key: rubric_score(level, len(row.levels)) for row, level in levels if level is not None}


def differences(rubric: Rubric, first: MarkSheet, second: MarkSheet) -> Sequence[Difference]:
    """Return the rows in which level or points differ, in the rubric's order."""
    pairs = ((row, first.rows.get(row.key, RowMark()), second.rows.get(row.key, RowMark())) for row in rubric.rows)
    return [
        Difference(row=row, first=one, second=other)
        for row, one, other in pairs
        if (one.level, one.points) != (other.level, other.points)
    ]


def agreed_sheet(rubric: Rubric, first: MarkSheet, second: MarkSheet) -> MarkSheet:
    """Return what a decision begins with: the rows in which both agree, with both comments."""
    open_rows = {difference.row.key for difference in differences(rubric, first, second)}
    rows = {}
    for row in rubric.rows:
        one, other = first.rows.get(row.key, RowMark()), second.rows.get(row.key, RowMark())
        comment = _joined(one.comment, other.comment)
        agreed = (
            RowMark(comment=comment)
            if row.key in open_rows
            else RowMark(level=one.level, points=one.points, comment=comment)
        )
        if agreed != RowMark():
            rows[row.key] = agreed
    return MarkSheet(rows=rows, overall=_joined(first.overall, second.overall))


def _joined(*comments: str) -> str:
    return "\n\n".join(dict.fromkeys(filter(None, comments)))[:MAX_COMMENT]


def counting_mark(marking: Marking) -> Mark | None:
    """Return the mark that counts, None where there is none yet: the decision, else the first that nothing is against."""
    if marking.is_in(Position.DECISION):
        return marking.marks[Position.DECISION]
    if not marking.is_in(Position.FIRST):
        return None if marking.marks else marking.peers
    first = marking.marks[Position.FIRST]
    if not marking.needs_second:
        return first
    if not marking.is_in(Position.SECOND):
        return None
    return None if differences(marking.rubric, first.sheet, marking.marks[Position.SECOND].sheet) else first


def stage_of(marking: Marking) -> Stage:
    """Return where a marking stands."""
    if marking.is_released:
        return Stage.RELEASED
    if counting_mark(marking) is not None:
        return Stage.APPROVED
    if marking.both_in:
        return Stage.DIFFER
    if marking.is_in(Position.FIRST):
        return Stage.SECOND
    return Stage.DRAFT if marking.marks else Stage.WAITING


def own_position(marking: Marking, marker: str, *, may_decide: bool) -> Position | None:
    """Return which mark ``marker`` may work at now, None for none: then the page can only be read.

    Once both marks are in they are as they are, for whoever has seen the other's is not blind: only a decision can differ.
    """
    if marking.is_released:
        return None
    if marking.both_in:
        begun = marking.marks.get(Position.DECISION)
        return Position.DECISION if may_decide and (begun is None or begun.marker == marker) else None
    holders = {position: mark.marker for position, mark in marking.marks.items()}
    for position, holder in holders.items():
        if holder == marker:
            return position
    if Position.FIRST not in holders:
        return Position.FIRST
    return Position.SECOND if marking.needs_second and Position.SECOND not in holders else None


def may_go_on_with(marking: Marking, position: Position, marker: str, *, may_decide: bool) -> bool:
    """Say whether ``marker`` might give this mark, had nobody begun it: not approved, and in no way the marker's already."""
    begun = marking.marks.get(position)
    if begun is not None and (begun.is_approved or begun.marker == marker):
        return False
    others = {each: mark for each, mark in marking.marks.items() if each is not position}
    return own_position(replace(marking, marks=others), marker, may_decide=may_decide) is position


def visible_marks(marking: Marking, viewer: str) -> Mapping[Position, Mark]:
    """Return the marks that a marker may read.

    Where a second marker is due, nobody reads a mark of somebody else before both are in: who has read one is not blind
    any more, and could no longer be the second.
    """
    if marking.both_in or not marking.needs_second or marking.is_released:
        return marking.marks
    return {position: mark for position, mark in marking.marks.items() if mark.marker == viewer}


def falls_into_sample(work: str, share: int) -> bool:
    """Say whether a work is among the ``share`` per cent that are marked twice: always the same answer for the same uuid.

    By a hash, so that neither learner nor marker can choose, and a later share only adds to an earlier one.
    """
    return int.from_bytes(hashlib.sha256(work.encode()).digest()[:4]) % ALL < share
