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
    Reason.INTERNAL: translatable("Something went wrong in this tool. It is in the log, and it is tried again."),
}
