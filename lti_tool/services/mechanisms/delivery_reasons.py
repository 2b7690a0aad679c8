"""Why a delivery did not get through, in words for a teacher. The codes stand in the database and never change."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lti_tool.lti.errors import translatable


class Reason(StrEnum):
    """What stands in the way of a delivery; `sentence` is the English msgid that a page translates."""

    UNREACHABLE = "unreachable"
    BLOCKED = "address-blocked"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    PLATFORM_ERROR = "platform-error"
    ENTRY_REFUSED = "entry-refused"
    ENTRY_UNAVAILABLE = "entry-unavailable"
    UNREADABLE = "answer-unreadable"
    NOT_ALLOWED = "not-allowed"
    CONFLICT = "timestamp-conflict"
    COLUMN_GONE = "column-gone"
    NO_COLUMN = "no-column"
    NO_SCOPE = "no-scope"
    NO_IDENTITY = "no-identity"
    NO_PLATFORM = "no-platform"
    REFUSED = "refused"
    LOCKED = "locked"
    OVERRIDDEN = "overridden"
    KEEPS_ONE_COLUMN = "keeps-one-column"
    NO_COLUMN_SCOPE = "no-column-scope"
    COLUMN_REFUSED = "column-refused"
    SWITCHED_OFF = "column-switched-off"
    NOTHING_LEFT = "nothing-left"
    NOT_IN_FRAMEWORK = "not-in-framework"
    NO_COMPETENCY = "no-competency"
    COMPETENCY_GONE = "competency-gone"
    RATING_REFUSED = "rating-refused"
    MOODLE_ENTRY = "moodle-entry"
    MOODLE_FUNCTION = "moodle-function"
    MOODLE_CAPABILITY = "moodle-capability"
    MOODLE_DISABLED = "moodle-disabled"
    MOODLE_REFUSED = "moodle-refused"
    MOODLE_NO_ANSWER = "moodle-no-answer"
    INTERNAL = "internal"

    @property
    def sentence(self) -> str:
        """Return the reason in plain words."""
        return _SENTENCES[self]


def find_reason(code: str | None) -> Reason | None:
    """Return the reason of a stored code; None where there is none."""
    return None if code is None else Reason(code)


_SENTENCES: Final = {
    Reason.UNREACHABLE: translatable("The course platform could not be reached."),
    Reason.BLOCKED: translatable(
        "The address of the course platform's grade book is not one that this tool may call. "
        "Its administrator should check the registration."
    ),
    Reason.NO_ANSWER: translatable(
        "The course platform did not answer in time. It may have the score all the same; it is sent again to be sure."
    ),
    Reason.BUSY: translatable("The course platform is busy or under maintenance."),
    Reason.PLATFORM_ERROR: translatable("The course platform had an error of its own."),
    Reason.ENTRY_REFUSED: translatable(
        "The course platform does not let this tool in. Its administrator should check the registration and the keys."
    ),
    Reason.ENTRY_UNAVAILABLE: translatable("The course platform could not let this tool in just now."),
    Reason.UNREADABLE: translatable("The course platform gave an answer that could not be understood."),
    Reason.NOT_ALLOWED: translatable(
        "The course platform does not allow this tool to write this grade. "
        "Its administrator should check what the tool may do."
    ),
    Reason.CONFLICT: translatable("The course platform holds a score with a later time."),
    Reason.COLUMN_GONE: translatable("The grade column of this activity is no longer in the grade book."),
    Reason.NO_COLUMN: translatable("The course platform did not say where the grades of this activity go."),
    Reason.NO_SCOPE: translatable("The course platform did not allow this tool to send scores for this activity."),
    Reason.NO_IDENTITY: translatable("This person's account on the course platform is no longer known here."),
    Reason.NO_PLATFORM: translatable("The course platform is no longer connected to this tool."),
    Reason.REFUSED: translatable(
        "The course platform did not take the score. Most often the person is not, or no longer, a student there."
    ),
    Reason.LOCKED: translatable("The grade is locked in the grade book."),
    Reason.OVERRIDDEN: translatable(
        "Somebody changed this grade in the grade book, and that grade stands. To replace it, send this score again."
    ),
    Reason.KEEPS_ONE_COLUMN: translatable(
        "The course platform keeps one grade for each activity, and a column of its own would end in that grade. "
        "The levels stand on the page “What they know”."
    ),
    Reason.NO_COLUMN_SCOPE: translatable(
        "The course platform does not let this tool make grade columns. Its administrator can allow it in the settings "
        "of the tool (in Moodle: IMS LTI Assignment and Grade Services, “grade sync and column management”); then open "
        "this activity again in the course, and try again here."
    ),
    Reason.COLUMN_REFUSED: translatable(
        "The course platform did not make the column. Its administrator should check what the tool may do in this course."
    ),
    Reason.SWITCHED_OFF: translatable("This column was switched off."),
    Reason.NOTHING_LEFT: translatable(
        "The evidence behind this grade was withdrawn, and the course platform lets no tool take a grade away. "
        "Please delete it in the grade book."
    ),
    Reason.NOT_IN_FRAMEWORK: translatable(
        "What this column is about is no longer in the qualification framework. The column keeps its grades."
    ),
    Reason.NO_COMPETENCY: translatable("No competency in Moodle has the code of this knowledge point any more."),
    Reason.COMPETENCY_GONE: translatable(
        "Moodle no longer knows this competency or this person. The operator of this tool can match the competencies again."
    ),
    Reason.RATING_REFUSED: translatable(
        "The scale of this competency was changed in Moodle. The operator of this tool can match the competencies again."
    ),
    Reason.MOODLE_ENTRY: translatable(
        "Moodle no longer takes the web-service token of this tool. Its administrator should make a new one."
    ),
    Reason.MOODLE_FUNCTION: translatable(
        "The external service of this tool in Moodle lacks a function. Its administrator should add it."
    ),
    Reason.MOODLE_CAPABILITY: translatable(
        "The account of this tool in Moodle may not rate this person. Its administrator should check its role."
    ),
    Reason.MOODLE_DISABLED: translatable("Moodle’s web services do not answer at this address."),
    Reason.MOODLE_REFUSED: translatable("Moodle did not take the rating."),
    Reason.MOODLE_NO_ANSWER: translatable(
        "Moodle did not answer in time. It is asked what it holds before anything is sent again."
    ),
    Reason.INTERNAL: translatable("Something went wrong in this tool. It is in the log, and it is tried again."),
}
