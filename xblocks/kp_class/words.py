"""The words of class pages for what rules and tables say by codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qualoop.assessment.marking import Stage
from qualoop.classroom.mark_tables import Trouble
from qualoop.classroom.register import CHECKED_AT, LET_IN, LINK, PRESENCE, RELEASED, RUBRIC, SCORE
from qualoop.classroom.register_tables import NOT_A_LEVEL, NOT_A_LINK, SHARES, TOO_LONG
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import SessionState


def _(message: str) -> str:
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


PRESENCES: Final[Mapping[Presence, str]] = {
    Presence.PRESENT: _("Present"),
    Presence.LATE: _("Late"),
    Presence.EXCUSED: _("Excused"),
    Presence.ABSENT: _("Absent"),
    Presence.WAITING: _("Not marked"),
}
STATES: Final[Mapping[SessionState, str]] = {
    SessionState.PLANNED: _("Not begun"),
    SessionState.OPEN: _("Open"),
    SessionState.CLOSED: _("Over"),
}
STAGES: Final[Mapping[Stage, str]] = {
    Stage.WAITING: _("No marks yet"),
    Stage.DRAFT: _("Draft"),
    Stage.RELEASED: _("Released"),
}
ACTIONS: Final[Mapping[str, str]] = {
    "mark": _("attendance"),
    "all-present": _("everybody else present"),
    "save": _("marks"),
    "release": _("release"),
    "let-in": _("letting in"),
    "import": _("table"),
    "clear": _("state deleted"),
}
FIELDS: Final[Mapping[str, str]] = {
    PRESENCE: _("Attendance"),
    CHECKED_AT: _("Checked in"),
    SCORE: _("Points"),
    RUBRIC: _("Observed"),
    LINK: _("Link"),
    LET_IN: _("Let in"),
    RELEASED: _("Released"),
}
LEFT_OUT: Final = _(
    "Of the course's learners, the first {most} by name are listed here. Not listed until they check in: {count}."
)
REFUSED: Final[Mapping[str, str]] = {
    "register-moved": _("Somebody else changed the same thing while your page was open. Nothing of yours was written:"),
    "register-full": _("This class is full: at most 600 people and 1.5 MB of marks and comments. Nothing was written."),
    "register-unavailable": _(
        "Nothing can be written here: those who run this site have to set up Qualoop's plug-in (migrate qualoop)."
    ),
    "class-moved": _("The class had moved on when this was sent. It is shown as it stands."),
    "class-closed": _("The class is not open."),
    "mark-incomplete": _("Something is not marked yet, so this was not released. The draft is kept."),
    "code-wrong": _("This is not the code that is shown now. Look again, and type the new one."),
    "code-tries": _("Too many wrong codes. Tell your teacher that you are here: they can mark you."),
    "too-late": _("This closed at its due date and takes nothing more."),
    "gate": _("What is asked for before class comes first."),
    "not-enrolled": _("Only who is enrolled in the course can check in."),
    "stand-in": _("You look at the course as one of its learners. What you do here counts for nobody."),
    "name-missing": _("Write the name of somebody who is not in the list yet."),
    "nobody": _("There is no such person in this class any more."),
    "link-refused": _("A link begins with https:// and has no spaces. Everything else was kept."),
    "points-refused": _("Points are a number, such as 7.5. Everything else was kept."),
    "no-table": _("Choose a file, or paste a table."),
    "table-unreadable": _("This is no CSV file that can be read. Save it as CSV (UTF-8)."),
    "table-empty": _("There is no row below the head of this table."),
    "table-too-large": _("This table is too large: at most 500 KB, 2,000 rows and 120 columns."),
    "nothing": _("The table changes nothing."),
}
TROUBLES: Final[Mapping[str, str]] = {
    Trouble.NO_IDENTITY: _("No column says who is meant. Name one “Pseudonym”, “Username”, “E-mail” or “Learner”."),
    Trouble.NO_COLUMN: _("No column has anything to write down. Take the heads from the template."),
    Trouble.COLUMN_TWICE: _("This column stands there twice. Both are left out."),
    Trouble.FOREIGN: _("This column is not known here, and left alone."),
    Trouble.EMPTY: _("This column is empty, and left alone."),
    Trouble.NOBODY: _("This row names nobody."),
    Trouble.UNKNOWN: _("Nobody in this class is called so."),
    Trouble.AMBIGUOUS: _("More than one learner may be meant."),
    Trouble.ROW_TWICE: _("The same learner stands there more than once. None of these rows counts."),
    Trouble.CONFLICT: _("The columns of this row name different learners."),
    Trouble.NOT_A_MARK: _("This is no number of points."),
    Trouble.OUT_OF_RANGE: _("This is below 0 or above the full points."),
    Trouble.NOT_PRESENCE: _("Write present, late, excused or absent."),
    SHARES: _("Every cell of this column is below 1. If they are shares, write them as 55 %: now they are points."),
    NOT_A_LEVEL: _("This is no level of this row: write its number from 1, or its title."),
    NOT_A_LINK: _("A link begins with https:// and has no spaces."),
    TOO_LONG: _("A comment in a table has less than 400 characters. Longer ones are written on the learner's page."),
}
DONE: Final[Mapping[str, str]] = {
    "opened": _("The class is open. The code changes every ten seconds."),
    "closed": _("The class is over. Who came is recorded; marks by hand can still be set."),
    "all-present": _("Marked present: {count}."),
    "undone": _("Taken back."),
    "undone-partly": _("Taken back, except of these, who were changed since:"),
    "let-in": _("The part in class is open for this learner."),
    "let-in-ended": _("For this learner, work before class counts again."),
    "added": _("Added to the list:"),
    "saved": _("The draft is kept. The learner does not see it yet."),
    "released": _("Released: {count}. It is in the grade book, and the learner sees it."),
    "not-released": _("Not complete, so not released:"),
    "withdrawn": _(
        "Taken out of the grade book. What was told as evidence before stands until it is corrected in the tool."
    ),
    "points-changed": _("Points lie between 0 and the full points, with two decimals at most. Written was:"),
    "level-points": _("Points within a level are a number in its range. Where they were not, its lowest were written."),
    "rows-left": _("Not taken over, because it is not clear whose these rows are. Bring them again once they say so:"),
    "imported": _("Taken over, of so many learners: {count}. It can be taken back below."),
    "checked-in": _("You are checked in."),
}
