"""A rubric as blocks show it: to be read, as a form, with what was said; and what such a form says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qualoop.assessment.marking import MarkSheet, RowMark, comments_body, judged_body, read_sheet
from qualoop.assessment.rubric import Rubric, RubricLevel, RubricRow

PREFIX: Final = "r-"
"""What the fields of a rubric begin with in a form that holds others, too."""


def rubric_rows(
    rubric: Rubric, language: str, *, sheet: MarkSheet | None = None, form: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a rubric with their levels; with what a sheet says, and over that what was typed and not kept."""
    typed = form or {}
    return [_row(row, language, (sheet or MarkSheet()).rows.get(row.key, RowMark()), typed) for row in rubric.rows]


def said_rows(rubric: Rubric, sheet: MarkSheet, language: str) -> list[dict[str, str]]:
    """Return what a sheet says of each row in words; rows that the rubric has no such level of are left out."""
    found = []
    for row in rubric.rows:
        mark = sheet.rows.get(row.key)
        if mark is not None and mark.level is not None and mark.level < len(row.levels):
            level = row.levels[mark.level]
            points = "" if mark.points is None else format(mark.points, "f")
            words = {"title": row.title[language], "level": level.title[language], "about": _about(level, language)}
            found.append({**words, "points": points, "comment": mark.comment})
    return found


def read_draft(
    rubric: Rubric, form: Mapping[str, str], before: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, bool]:
    """Return what a cell of a register holds after a form, None for nothing, and whether something could not be read.

    Points that were shown with another level than is chosen now were not meant.
    """
    fields = {name.removeprefix(PREFIX): text for name, text in form.items() if name.startswith(PREFIX)}
    for row, (level, points) in (before or {}).get("judged", {}).items():
        if fields.get(f"level-{row}") != str(level) and fields.get(f"points-{row}") == points:
            del fields[f"points-{row}"]
    read = read_sheet(rubric, fields)
    body = {"judged": judged_body(read.sheet), "comments": comments_body(read.sheet)}
    return (body if body["judged"] or body["comments"] else None), bool(read.wrong)


def _row(row: RubricRow, language: str, mark: RowMark, form: Mapping[str, str]) -> dict[str, Any]:
    chosen = form.get(f"{PREFIX}level-{row.key}", "" if mark.level is None else str(mark.level))
    points = "" if mark.level is None or mark.points is None else format(mark.points, "f")
    return {
        "key": row.key,
        "title": row.title[language],
        "about": row.about[language] if row.about is not None else "",
        "levels": [
            {
                "value": str(place),
                "title": level.title[language],
                "about": _about(level, language),
                "points": f"{level.points:f}" + (f"–{level.up_to:f}" if level.up_to is not None else ""),
                "is_chosen": chosen == str(place),
            }
            for place, level in enumerate(row.levels)
        ],
        "has_range": any(level.up_to is not None for level in row.levels),
        "points": form.get(f"{PREFIX}points-{row.key}", points),
        "comment": form.get(f"{PREFIX}comment-{row.key}", mark.comment),
    }


def _about(level: RubricLevel, language: str) -> str:
    return level.descriptor[language] if level.descriptor != level.title else ""
