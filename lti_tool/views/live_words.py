"""What the pages of live projects say: states, deeds, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from lti_tool.lti.errors import translatable
from lti_tool.services.live import decisions, projects
from lti_tool.services.marking import live_people
from lti_tool.views.guards import Session
from lti_tool.views.marking import page_words
from qualoop.assessment import live
from qualoop.assessment.live import Act, StepState

STATES: Final = {
    StepState.LATER: translatable("Later"),
    StepState.OPEN: translatable("To do now"),
    StepState.WAITING: translatable("Waits for the mentor"),
    StepState.RETURNED: translatable("Sent back"),
    StepState.ACCEPTED: translatable("Accepted"),
}
TONES: Final = {
    StepState.OPEN: "",
    StepState.WAITING: "partly",
    StepState.RETURNED: "bad",
    StepState.ACCEPTED: "good",
}
ACTS: Final = {
    Act.HAND_IN: translatable("handed in"),
    Act.WITHDRAW: translatable("taken back by the learner"),
    Act.ACCEPT: translatable("accepted"),
    Act.RETURN: translatable("sent back"),
    Act.UNDO: translatable("decision taken back"),
}
DONE: Final = {
    "draft": translatable("Saved as a draft. Only you see it."),
    "handed-in": translatable("Handed in. The mentor sees it now."),
    "withdrawn": translatable("Taken back. You can change it and hand it in again."),
    "accept": translatable("Accepted. The learner can go on."),
    "return": translatable("Sent back with your comment."),
    "undo": translatable("The decision was taken back."),
    "enterprise": translatable("Saved for which enterprise the projects are done."),
    "assigned": translatable("Saved who decides about this project."),
    "complete": translatable("The last task is accepted. Judge the whole project now."),
}
REFUSED: Final[Mapping[str, str]] = {
    live.LiveStaleError.code: translatable(
        "Somebody changed this project since the page was drawn: another tab, the learner, or another mentor. Nothing of "
        "yours was saved. Look at how it stands now, then go on."
    ),
    live.LiveNothingToUndoError.code: translatable(
        "There is no decision of yours to take back: something has happened since."
    ),
    live_people.MentorDecidesError.code: translatable("A mentor is in this course, so the mentor decides."),
    decisions.EnterpriseMissingError.code: translatable("Name the enterprise for which you decide."),
    decisions.CommentMissingError.code: translatable("Say in a comment what is to be changed, then send it back."),
    decisions.CommentLongError.code: translatable("A comment has at most 4,000 characters."),
    decisions.TooLateError.code: translatable("The judgement has begun, so this stays accepted. Undo the marks first."),
    decisions.MentorUnknownError.code: translatable("Nobody of that name is a mentor in this course."),
    "shut": translatable("No work is taken at this time. Nothing was saved."),
}
WRONG: Final[Mapping[str, str]] = {
    projects.ANSWER_MISSING: translatable("Answer this question before you hand the plan in."),
    projects.ANSWER_LONG: translatable("An answer has at most 5,000 characters."),
    projects.KIND_NOT_TAKEN: translatable("This task is not handed in this way."),
}


def live_words(session: Session) -> dict[str, Any]:
    """Return what every page of a live project needs to say things, and what it says was done or refused."""
    shared = page_words(session)
    words = shared["words"]
    done, refused = request.args.get("done", ""), request.args.get("refused", "")
    return shared | {
        "states": {state.value: words.gettext(word) for state, word in STATES.items()},
        "state_tones": {state.value: tone for state, tone in TONES.items()},
        "acts": {act.value: words.gettext(word) for act, word in ACTS.items()},
        "wrong_words": shared["wrong_words"] | {code: words.gettext(word) for code, word in WRONG.items()},
        "done": words.gettext(DONE[done]) if done in DONE else "",
        "refused": words.gettext(REFUSED[refused]) if refused in REFUSED else "",
    }
