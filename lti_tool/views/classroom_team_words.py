"""What the pages of teams say: states, moves, what was refused, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti_tool.lti.errors import translatable

CHECK_STATES: Final[Mapping[str, str]] = {
    "planned": translatable("not asked yet"),
    "individual": translatable("each alone"),
    "individual-closed": translatable("own answers closed"),
    "team": translatable("teams scratch"),
    "done": translatable("ended"),
}
CHECK_MOVES: Final[Mapping[str, str]] = {
    "individual": translatable("Open the individual test"),
    "individual-closed": translatable("Close the individual test"),
    "team": translatable("Open the team test"),
    "done": translatable("End the team test and show the answers"),
}
TEAM_REFUSED: Final[Mapping[str, str]] = {
    "class-check-items": translatable(
        "A team check takes three to ten different questions with one right option each and no picture, and a session five of them."
    ),
    "class-scratch-late": translatable(
        "Nothing was scratched: this question is done with, or the team test is not open."
    ),
    "class-unconfirmed": translatable(
        "Your teacher has not confirmed yet that this device is yours, so you cannot act for your team."
    ),
    "class-no-team": translatable("You are in no team yet. Ask your teacher to put you into one."),
    "class-answer-empty": translatable("Choose an option first."),
    "class-appeal": translatable(
        "An appeal is a text of at most 1000 characters, written once for each question; an answer to it needs a reason."
    ),
    "class-team-size": translatable(
        "Teams have 2 to 12 people, a session has at most 100 of them, and somebody has to be in one. "
        "Take another team, add one, or draw them."
    ),
    "class-teams-fixed": translatable(
        "Something was done in these teams already, so nobody is moved any more. Who has none can still be put into one."
    ),
    "class-rating": translatable("Give every mate of your team 0 to 5 points."),
    "class-rating-late": translatable("The ratings are closed. Nothing was changed."),
    "class-rating-open": translatable("Mates are still being rated. Close the ratings first."),
    "class-no-product": translatable(
        "There is no mark to approve yet: say first what the product of the team is worth."
    ),
    "class-product": translatable("A product is worth 0 to 100 per cent, in whole numbers."),
    "class-approved": translatable("The marks of this team are approved. Take that back first."),
    "class-task": translatable(
        "Group work needs a title of at most 120 characters, and its deadline lies ahead. A session takes ten."
    ),
    "class-factor": translatable(
        "The bounds lie on both sides of 1, between 0 and 2, with three decimals at most; the penalty is a whole number from 0 to 100."
    ),
}
TEAM_DONE: Final[Mapping[str, str]] = {
    "answered": translatable("Your answers are saved. You can change them until the test is closed."),
    "scratched": translatable("Scratched."),
    "appealed": translatable("Your appeal is with your teacher."),
    "rated": translatable("Your ratings are saved. You can change them until they are closed."),
    "drawn": translatable("The teams are set."),
    "placed": translatable("Moved."),
    "emptied": translatable("The teams are taken out."),
    "check-planned": translatable("The team check is in the class."),
    "answered-appeal": translatable("The appeal is answered."),
    "typed": translatable("The points are saved."),
    "taken-back": translatable(
        "What this check recorded is taken back. Answers and cards stay, and can be counted again."
    ),
    "counted-again": translatable("It counts again."),
    "task-planned": translatable("The group work is set."),
    "task-closed": translatable("The ratings are closed."),
    "task-removed": translatable("The group work is taken out."),
    "product": translatable("Saved."),
    "approved": translatable("The marks are approved and recorded."),
    "withdrawn": translatable("The approval is taken back, and what it recorded with it."),
}
