"""The sentences of tables of marks and attendance: why something was refused, what is wrong, what a column is."""

from __future__ import annotations

from typing import Any, Final

from flask import request

from lti_tool.lti.errors import translatable
from lti_tool.views.guards import Session
from lti_tool.views.sheets import page_words
from lti_tool.views.sheets_words import REFUSED
from qualoop.classroom.mark_heads import ATTENDANCE, IGNORED, MARK, TASK
from qualoop.classroom.mark_tables import Trouble

HEAD: Final = (translatable("Learner"), translatable("Pseudonym"))
PRESENT: Final = translatable("Attendance")
TABLE_REFUSED: Final = {
    "unreadable": translatable("This is no CSV or Excel file that can be read."),
    "empty": translatable("There is no row below the head of this table."),
    "too-large": translatable("This table is too large: at most 2 MB, 2,000 rows and 120 columns."),
    "workbook-large": translatable(
        "The first sheet of this workbook, with the texts of all sheets, has more than 16 MB when it is unpacked. Save the sheet with the marks as CSV, and bring that file."
    ),
    "workbook-cells": translatable(
        "The first sheet of this workbook, or the texts of all its sheets, hold far more than 2,000 rows of 120 columns. Save the sheet with the marks as CSV, and bring that file."
    ),
    "workbook-formats": translatable(
        "This workbook has more formats, names or sheets than can be read here. Save the sheet with the marks as CSV, and bring that file."
    ),
    "paper-unavailable": translatable("Excel files need qualoop[paper] here. Save the table as CSV."),
    "no-file": translatable("Choose a file."),
    "full": translatable("The full mark is a number above 0, at most 10,000."),
    "mark-file-moved": translatable("This table had moved on when your page was sent. Nothing was changed."),
    "mark-file-twice": translatable("The same table is recorded in this course already. Take that one back first."),
    "nothing": translatable("There is nothing to record."),
    "row-nobody": translatable("Choose a learner for at least one row."),
    "row-nothing": translatable("In one of these rows there is nothing that can be recorded. Nothing was."),
    "row-wrong": translatable(
        "A cell of one of these rows cannot be read. Nothing was recorded: leave that row out, and bring it again, mended, in a table of its own."
    ),
    "learner-twice": translatable("This table has a mark of that learner already. Nothing was recorded."),
    "class-missing": translatable("This class is not here any more. Choose another one."),
    "class-refused": translatable("This class is not over yet. Close it first, or choose another one."),
}
TROUBLES: Final = {
    Trouble.NO_IDENTITY: translatable(
        "No column says who is meant. Name one “Student number”, “E-mail”, “Learner” or “Pseudonym”, or say above which it is."
    ),
    Trouble.NO_COLUMN: translatable(
        "No column has anything to record. Say above what the columns are, or take the heads from the template."
    ),
    Trouble.COLUMN_TWICE: translatable("This column stands there twice. Both are left out."),
    Trouble.FOREIGN: translatable("This column is not known here, and left alone."),
    Trouble.EMPTY: translatable("This column is empty, and left alone."),
    Trouble.NOBODY: translatable("This row names nobody."),
    Trouble.UNKNOWN: translatable("Nobody in this course is called so."),
    Trouble.AMBIGUOUS: translatable("More than one learner of this course may be meant."),
    Trouble.ROW_TWICE: translatable("The same learner stands there more than once. None of these rows counts."),
    Trouble.CONFLICT: translatable("The columns of this row name different learners."),
    Trouble.NOT_A_MARK: translatable("This is no mark."),
    Trouble.OUT_OF_RANGE: translatable("This mark is below 0 or above the full mark."),
    Trouble.NOT_PRESENCE: translatable("Write present, late, excused or absent."),
    Trouble.UNSURE: translatable("These are marks, but of which task? Say it above."),
    Trouble.UNKNOWN_TASK: translatable("No task here is called so, or several are."),
}
SUGGESTED: Final = {
    "number": translatable("a number like this one"),
    "email": translatable("the same mailbox"),
    "name": translatable("a name like this one"),
    "now": translatable("is in the course by now"),
}
MEANINGS: Final = {
    IGNORED: translatable("Leave it alone"),
    "name": translatable("Name of the learner"),
    "number": translatable("Student number"),
    "email": translatable("E-mail"),
    "pseudonym": translatable("Pseudonym"),
}
OF_MARKS: Final = {
    TASK: translatable("Title of the task, for the mark in the same row"),
    MARK: translatable("Mark, of the task in the same row"),
}
OF_ATTENDANCE: Final = {ATTENDANCE: translatable("Attendance")}


def table_words(session: Session) -> dict[str, Any]:
    """Return what every page of tables is worded with."""
    words = page_words(session)
    refused = request.args.get("refused", "")
    words["refused"] = TABLE_REFUSED.get(refused, "") or REFUSED.get(refused, "")
    return words
