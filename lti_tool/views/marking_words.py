"""What the marking pages say: stages, refusals, what is wrong with a field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from lti_tool.lti.errors import translatable
from lti_tool.services.attempts import submissions, submitted_work
from lti_tool.services.marking import level_limits, live_people, marking, release
from lti_tool.services.marking.marking_queue import Show
from lti_tool.views.wording import Wording
from qualoop.assessment import marking as marks
from qualoop.assessment.marking import Stage

STAGES: Final = {
    Stage.WAITING: translatable("Waiting"),
    Stage.DRAFT: translatable("Draft"),
    Stage.SECOND: translatable("Second marker"),
    Stage.DIFFER: translatable("To be decided"),
    Stage.APPROVED: translatable("Mark approved"),
    Stage.RELEASED: translatable("Released"),
}
SHOWS: Final = {
    Show.TODO: translatable("For me to do"),
    Show.WAITING: STAGES[Stage.WAITING],
    Show.DRAFT: translatable("Drafts"),
    Show.SECOND: STAGES[Stage.SECOND],
    Show.DIFFER: STAGES[Stage.DIFFER],
    Show.APPROVED: STAGES[Stage.APPROVED],
    Show.RELEASED: STAGES[Stage.RELEASED],
    Show.ALL: translatable("All work"),
}
DONE: Final = {
    "saved": translatable("Saved."),
    "approved": translatable("Approved. Nobody outside sees it before it is released."),
    "undone": translatable("Undone."),
    "taken": translatable("This work is yours to mark now."),
    "second": translatable("A second marker will mark this work as well."),
    "single": translatable("One marker is enough for this work."),
    "assigned": translatable("Saved who is to mark this work."),
    "corrected": translatable("Corrected. The learner sees the new marks; the level follows within minutes."),
    "released": translatable("Released. Learners see their marks."),
    "planned": translatable("The marks will be released at that moment."),
    "none": translatable("No approved marks were waiting to be released."),
    "setup": translatable("Saved how work is marked here."),
}
REFUSED: Final[Mapping[str, str]] = {
    marking.MarkStaleError.code: translatable(
        "This mark was changed meanwhile, in another tab or by somebody else. What you entered stands below and is not saved yet: look at it and save again."
    ),
    marking.MarkApprovedError.code: translatable("This mark is approved. Undo the approval first, then change it."),
    marking.NothingToUndoError.code: translatable("There is nothing of yours to undo here."),
    marks.MarkFinalError.code: translatable(
        "That is too late: the marks are released, or another marker relies on them."
    ),
    marks.MarkNotYoursError.code: translatable("Somebody else is marking this work. You can read it."),
    live_people.MentorJudgesError.code: translatable(
        "A mentor of this course judges live projects first. You can mark after that."
    ),
    level_limits.BeyondLevelError.code: translatable(
        "Only qualified assessors judge work of this level. Nothing was corrected."
    ),
    marks.MarkIncompleteError.code: translatable("Every row needs a level. Nothing was corrected."),
    release.NothingCorrectedError.code: translatable("The marks say that already. Nothing was changed."),
    release.NotReleasedError.code: translatable("These marks are not released yet, so they can simply be changed."),
    "marker-unknown": translatable("Nobody of that name marks in this course."),
    "marking-rubric-unfit": translatable("This activity does not have the rows of that rubric as its parts."),
    "marking-setup-refused": translatable("Give a whole number from 0 to 100, and a date where you want one."),
    "rubric-missing": translatable("That rubric is no longer there. Choose another."),
    "correction-refused": translatable("The ledger does not take this correction. Look at the work again."),
    "unreadable": translatable("Something in the form could not be read. Nothing was changed."),
    submissions.SubmissionLockedError.code: translatable(
        "Somebody has begun to mark your work, so it stays as you handed it in."
    ),
    submissions.NotJudgedError.code: translatable("Nothing is handed in here yet."),
}
WRONG: Final[Mapping[str, str]] = {
    marks.LEVEL_UNKNOWN: translatable("Choose one of the levels of this row."),
    marks.POINTS_UNREADABLE: translatable("Points are a number with at most two decimals."),
    marks.POINTS_OUTSIDE: translatable("These points are not on the level that you chose."),
    marks.POINTS_WITHOUT_LEVEL: translatable("Choose a level first."),
    marks.COMMENT_TOO_LONG: translatable("A comment has at most 4,000 characters."),
    submitted_work.EMPTY: translatable("There is nothing to hand in yet: write something, or add a link or a file."),
    submitted_work.TEXT_LONG: translatable("The text has at most 50,000 characters."),
    submitted_work.LINK_WRONG: translatable("A link is an address that begins with https:// or http://."),
    submitted_work.LINKS_MANY: translatable("At most five links."),
    submitted_work.FILE_EMPTY: translatable("A file is empty."),
    submitted_work.FILE_LARGE: translatable("A file has at most 20 MB, all files together at most 40 MB."),
    submitted_work.FILE_TYPE: translatable(
        "Files of this type are not taken. Save it as PDF, picture, office document without macros, text, sound or film."
    ),
    submitted_work.FILES_MANY: translatable("At most five files."),
}
TONES: Final = {
    Stage.DRAFT: "partly",
    Stage.SECOND: "partly",
    Stage.DIFFER: "bad",
    Stage.APPROVED: "good",
    Stage.RELEASED: "good",
}
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_KIB: Final = 1024


def since(moment: datetime, now: datetime, words: Wording) -> str:
    """Return for how long something has waited, in whole days, else in hours."""
    waited = max(now - moment, timedelta())
    if days := waited // _DAY:
        return words.ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if hours := waited // _HOUR:
        return words.ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return words.gettext("less than an hour")


def size(count: int) -> str:
    """Return the size of a file: 340 KB, 1.2 MB."""
    kib = max(count / _KIB, 1)
    return f"{kib / _KIB:.1f}\N{NO-BREAK SPACE}MB" if kib >= _KIB else f"{kib:.0f}\N{NO-BREAK SPACE}KB"
