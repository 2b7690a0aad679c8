"""What the reviews of one work say together: by row the calibrated score, how far reviewers are apart, and the level.

A review is a sheet, like a marker's. Its levels become scores in [0, 1]; each reviewer's bias is taken off and each counts
by what is known of the reviewer (`peers`). The level is the one whose score is nearest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from qualoop.assessment.marking import MarkSheet, RowMark, row_scores
from qualoop.assessment.peers import Calibration, calibrate, peer_score, sample_errors
from qualoop.assessment.rubric import Rubric
from qualoop.assessment.samples import Sample
from qualoop.values import Score

AGREE_WITHIN: Final = 1
"""Levels that reviewers who agree may be apart in any row."""
BETWEEN: Final = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """What ``count`` reviewers say of a row: calibrated score with its standard error, the level that is nearest, and the
    lowest and highest level that any of them gave. Levels count from 0.
    """

    key: str
    score: Score
    standard_error: float
    level: int
    lowest: int
    highest: int
    count: int

    @property
    def apart(self) -> int:
        """Return by how many levels reviewers differ."""
        return self.highest - self.lowest


def calibrations(
    rubric: Rubric, samples: Sequence[Sample], ratings: Mapping[str, Mapping[str, MarkSheet]]
) -> Mapping[str, Calibration]:
    """Return the calibration of each reviewer of a class; ``ratings`` are sheets by reviewer and sample.

    Each row of each sample is one rating.
    """
    staff = {sample.key: row_scores(rubric, sample.staff_sheet(rubric, "en")) for sample in samples}
    truth = _flat(staff)
    return calibrate(
        {
            reviewer: sample_errors(_flat({key: row_scores(rubric, sheet) for key, sheet in sheets.items()}), truth)
            for reviewer, sheets in ratings.items()
        }
    )


def _flat(scores: Mapping[str, Mapping[str, Score]]) -> Mapping[str, Score]:
    return {f"{sample}{BETWEEN}{row}": score for sample, rows in scores.items() for row, score in rows.items()}


def peer_rows(rubric: Rubric, reviews: Mapping[str, MarkSheet], known: Mapping[str, Calibration]) -> Sequence[PeerRow]:
    """Return what reviews by reviewer say of each row that anybody judged, in the rubric's order.

    ``known`` has the calibration of each of them.
    """
    scores = {reviewer: row_scores(rubric, sheet) for reviewer, sheet in reviews.items()}
    found = []
    for row in rubric.rows:
        given = {reviewer: rows[row.key] for reviewer, rows in scores.items() if row.key in rows}
        if not given:
            continue
        levels = [level for sheet in reviews.values() if (level := sheet.level_of(row.key)) is not None]
        together = peer_score(given, known)
        found.append(
            PeerRow(
                key=row.key,
                score=together.score,
                standard_error=together.standard_error,
                level=_nearest(together.score, len(row.levels)),
                lowest=min(levels),
                highest=max(levels),
                count=len(given),
            )
        )
    return found


def _nearest(score: Score, levels: int) -> int:
    return int((Decimal(score.as_text()) * (levels - 1)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def peer_sheet(rubric: Rubric, rows: Sequence[PeerRow]) -> MarkSheet:
    """Return the nearest levels as a sheet, each with its lowest points, without comments."""
    by_key = {row.key: row for row in rows}
    return MarkSheet(
        rows={
            row.key: RowMark(level=by_key[row.key].level, points=row.levels[by_key[row.key].level].points)
            for row in rubric.rows
            if row.key in by_key
        }
    )


def agree(rubric: Rubric, rows: Sequence[PeerRow], *, enough: int) -> bool:
    """Say whether at least ``enough`` reviewers judged every row, and in none are more than one level apart."""
    by_key = {row.key: row for row in rows}
    return all(
        row.key in by_key and by_key[row.key].count >= enough and by_key[row.key].apart <= AGREE_WITHIN
        for row in rubric.rows
    )


def rows_body(rows: Sequence[PeerRow]) -> list[dict[str, Any]]:
    """Return rows as plain JSON; `rows_of` makes them again."""
    return [
        {
            "key": row.key,
            "score": row.score.as_text(),
            "se": round(row.standard_error, 6),
            "level": row.level,
            "lowest": row.lowest,
            "highest": row.highest,
            "count": row.count,
        }
        for row in rows
    ]


def rows_of(body: Sequence[Mapping[str, Any]]) -> Sequence[PeerRow]:
    """Return the rows of what `rows_body` gave."""
    return [
        PeerRow(
            key=each["key"],
            score=Score(each["score"]),
            standard_error=each["se"],
            level=each["level"],
            lowest=each["lowest"],
            highest=each["highest"],
            count=each["count"],
        )
        for each in body
    ]
