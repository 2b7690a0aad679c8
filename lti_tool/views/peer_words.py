"""What the pages of peer review say: what was done, refusals, what reviews are good for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import request

from lti_tool.lti.errors import translatable
from lti_tool.services.marking import peer_oversight, peer_reviews
from lti_tool.views.guards import Session
from lti_tool.views.marking import page_words
from qualoop.assessment import peer_rules
from qualoop.assessment.peer_rules import Effect

DONE: Final = {
    "rated": translatable("Kept. Now compare with what staff gave."),
    "saved": translatable("Saved. It is not handed in yet."),
    "handed-in": translatable("Handed in. For a quarter of an hour you can still take it back."),
    "taken-back": translatable("Taken back. Change what you like, then hand it in again."),
    "flagged": translatable("Your teacher will look at this review."),
    "unflagged": translatable("The flag is gone."),
    "rules": translatable("Saved how learners review each other."),
    "settled": translatable("Saved. What reviewers say together was worked out anew."),
}
REFUSED: Final[Mapping[str, str]] = {
    peer_reviews.NotReadyError.code: translatable(
        "Something comes first: hand in your own work, rate the samples, and finish the review that is open."
    ),
    peer_reviews.PeerShutError.code: translatable("No work is given out to review at this time."),
    peer_reviews.NothingToReviewError.code: translatable(
        "No work needs a review from you at the moment. Look again when others have handed in."
    ),
    peer_reviews.ReviewStaleError.code: translatable(
        "You saved this review in another tab meanwhile. What you entered here stands below and is not saved yet: look at it and save again."
    ),
    peer_reviews.ReviewDoneError.code: translatable("That is too late: it stays as it is."),
    peer_reviews.PeerMissingError.code: translatable("There is no such review here, or it is not for you."),
    peer_oversight.ReasonMissingError.code: translatable("Say why the review is left out. Nothing was changed."),
    peer_rules.PeerRulesError.code: translatable(
        "One of the numbers or dates cannot be. Nothing was changed: look at them again."
    ),
    peer_rules.StandNeedsSamplesError.code: translatable(
        "Reviews can only stand as the mark where reviewers have rated at least three samples. Nothing was changed."
    ),
}
EFFECTS: Final = {
    Effect.ADVISE: translatable("They only advise: the author reads them, marks come from staff."),
    Effect.PROPOSE: translatable("They propose: a marker’s sheet begins with them, and the marker approves."),
    Effect.STAND: translatable("They stand: where enough reviewers agree their mark counts, once you release it."),
}
STANDINGS: Final = {
    "": "",
    "flagged": translatable("flagged by the author"),
    "kept": translatable("looked at, counts"),
    "out": translatable("left out"),
}


def peer_page_words(session: Session) -> dict[str, Any]:
    """Return what every page of peer review needs to say things."""
    found = page_words(session)
    words = found["words"]
    done, refused = request.args.get("done", ""), request.args.get("refused", "")
    return found | {
        "done": words.gettext(DONE[done]) if done in DONE else found["done"],
        "refused": words.gettext(REFUSED[refused]) if refused in REFUSED else found["refused"],
        "effects": {effect.value: words.gettext(word) for effect, word in EFFECTS.items()},
        "standings": {key: words.gettext(word) if word else "" for key, word in STANDINGS.items()},
    }
