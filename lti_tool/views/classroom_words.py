"""What the pages of a class say where something cannot be done, and how they name states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from lti_tool.lti.errors import translatable
from lti_tool.views.classroom_team_words import TEAM_DONE, TEAM_REFUSED
from lti_tool.views.wording import Wording

REFUSED: Final[Mapping[str, str]] = {
    **TEAM_REFUSED,
    "class-refused": translatable("This cannot be done in the class as it stands now."),
    "class-moved": translatable("The class had moved on when this was sent. Nothing was changed."),
    "class-closed": translatable("The class is not open."),
    "class-vote-late": translatable("This round takes no votes just now, so nothing was changed."),
    "class-no-name": translatable("Say first whose device this is."),
    "class-no-seat": translatable("This device is not waiting any more."),
    "class-token": translatable("This code has changed in the meantime. Scan the one that is shown now."),
    "class-code": translatable("This is not the number that is shown now. It changes every few seconds."),
    "class-full": translatable(
        "So many devices wait for their names in this class that no more are let in without one. "
        "Use a pairing code, or open the class from your course."
    ),
    "class-names-closed": translatable(
        "So many wrong names were given in this class that no more are taken. Use a pairing code, or ask your teacher."
    ),
    "class-peopled": translatable("Somebody has come to this class already, so it cannot be deleted."),
    "class-tries": translatable("This was tried too often. Ask your teacher to mark you."),
    "class-pairing": translatable("There is no such code, or it was used before, or it is older than ten minutes."),
    "class-entry": translatable(
        "No class is found with this code, or its time has not come yet. It has six letters: the screen in the room says "
        "from when they lead in, and without a time they do once the class is opened."
    ),
    "class-name-unknown": translatable(
        "Nobody of this course is called so, or several are. Use a pairing code instead, or ask your teacher."
    ),
    "class-missing": translatable("This is not here any more."),
    "class-polls-full": translatable("A class session takes 40 questions."),
    "class-question": translatable("The question is not complete."),
    "class-title": translatable("Give the class a title."),
    "class-plan": translatable("These lines cannot be kept as they stand, so nothing was saved:"),
    "class-limits": translatable("The limits lie between 0 and 100, the lower one first."),
    "prompt": translatable("The question needs a text of at most 600 characters."),
    "lines": translatable(
        "Give two to eight different lines, for a ranking three at least; each at most 200 characters."
    ),
    "one-right": translatable("Where only one option can be chosen, mark one line with a star at most."),
    "answer": translatable("The right answer is a number, such as 12 or 2.5."),
    "kind": translatable("This kind of question does not fit on a phone."),
}
DONE: Final[Mapping[str, str]] = {
    **TEAM_DONE,
    "voted": translatable("Your vote is saved. You can change it until the round is closed."),
    "present": translatable("You are marked as present."),
    "late": translatable("You are marked as late."),
    "waiting": translatable("You are early. You count as soon as the roll call begins."),
    "absent": translatable("Your teacher has marked you as absent."),
    "excused": translatable("Your teacher has marked you as excused."),
    "named": translatable("Thank you. Your teacher confirms it with one tap; until then your votes wait."),
    "paired": translatable("This device is yours now, in this course."),
    "planned": translatable("The class is planned."),
    "removed": translatable("The class is deleted."),
    "added": translatable("The question is in the class."),
    "confirmed": translatable("Confirmed. What was done before counts, too."),
    "marked": translatable("Marked."),
    "saved": translatable("Saved."),
}
PLAN_FAULTS: Final[Mapping[str, str]] = {
    "minutes": translatable("more than 600 minutes"),
    "empty": translatable("minutes, but no words"),
    "long": translatable("longer than 120 characters"),
    "many": translatable("more than 30 steps"),
}
STATES: Final[Mapping[str, str]] = {
    "planned": translatable("Planned"),
    "open": translatable("On now"),
    "closed": translatable("Over"),
}
POLL_STATES: Final[Mapping[str, str]] = {
    "planned": translatable("not asked yet"),
    "first": translatable("first vote"),
    "first-closed": translatable("first vote closed"),
    "discussion": translatable("discussion"),
    "second": translatable("second vote"),
    "second-closed": translatable("second vote closed"),
    "shown": translatable("result shown"),
}
MOVES: Final[Mapping[str, str]] = {
    "first": translatable("Open the first vote"),
    "first-closed": translatable("Close the first vote"),
    "discussion": translatable("Let them discuss"),
    "second": translatable("Open the second vote"),
    "second-closed": translatable("Close the second vote"),
    "shown": translatable("Show the result"),
}
SUGGESTED: Final[Mapping[str, str]] = {
    "explain": translatable("Few were right: explain it again."),
    "discuss": translatable("Let them discuss and vote again."),
    "go-on": translatable("Most were right: show the result and go on. Those who were right can explain it."),
}
PRESENCES: Final[Mapping[str, str]] = {
    "waiting": translatable("waiting"),
    "present": translatable("present"),
    "late": translatable("came late"),
    "absent": translatable("absent"),
    "excused": translatable("excused"),
}
WAYS: Final[Mapping[str, str]] = {
    "scan": translatable("scanned"),
    "code": translatable("number typed"),
    "answered": translatable("answered in class"),
    "hand": translatable("marked by hand"),
    "table": translatable("from a table"),
}
KINDS: Final[Mapping[str, str]] = {
    "single-choice": translatable("Choose one"),
    "multiple-choice": translatable("Choose several"),
    "ordering": translatable("Ranking"),
    "number": translatable("Number"),
    "short-text": translatable("Short text"),
}


def said(words: Wording, *, refused: str = "", done: str = "") -> dict[str, Any]:
    """Return what a page says of what was just done: given, or in the address of the page."""
    why, what = refused or request.args.get("refused", ""), done or request.args.get("done", "")
    return {
        "refused": words.gettext(REFUSED[why]) if why in REFUSED else None,
        "done": words.gettext(DONE[what]) if what in DONE else None,
    }


def named(table: Mapping[str, str], words: Wording) -> dict[str, str]:
    """Return the words of a table in the reader's language."""
    return {key: words.gettext(word) for key, word in table.items()}
