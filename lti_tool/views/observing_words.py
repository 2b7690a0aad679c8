"""The sentences of observations on a phone: what became of a capture, why something was refused, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lti_tool.lti.errors import translatable

OUTCOMES: Final[Mapping[str, str]] = {
    "": translatable("Recorded."),
    "observation-differs": translatable("Recorded. Another assessor sees a row differently; both are kept."),
    "observation-repeated": translatable(
        "Recorded, beside another one of the same assessor for this learner. Somebody of the course looks at both."
    ),
    "observation-forked": translatable(
        "Recorded. The same observation was revised twice; somebody of the course looks."
    ),
    "observation-rubric-older": translatable(
        "Recorded by the version of the rubric that was on the phone; there is a newer one."
    ),
    "observation-task": translatable("Kept for the course to decide: your invitation is for other tasks."),
    "observation-learner-scope": translatable("Kept for the course to decide: your invitation is for other learners."),
    "observation-early": translatable("Kept for the course to decide: it was made before your invitation begins."),
    "observation-ended": translatable("Kept for the course to decide: your invitation has ended."),
    "observation-level": translatable(
        "Kept for the course to decide: this task is of a level above the one that you may judge."
    ),
    "observation-target": translatable(
        "Kept: what it corrects has not arrived yet. It counts as soon as that is there."
    ),
    "observation-target-waits": translatable(
        "Kept: what it corrects waits for the course to decide. It counts as soon as that does."
    ),
    "observation-target-out": translatable("Kept for the course to decide: what it corrects was left out."),
    "observation-not-own": translatable(
        "Kept for the course to decide: it corrects an observation of somebody else, or of another learner or task."
    ),
    "observation-circle": translatable("Kept for the course to decide: two observations correct each other."),
    "observation-id-taken": translatable(
        "Kept for the course to decide: another observation came with the same number before, and that one stays."
    ),
    "observation-task-unknown": translatable("Kept for the course to decide: this task is not in the course any more."),
    "observation-rubric-unknown": translatable("Kept for the course to decide: this rubric is not installed here."),
    "observation-learner-unknown": translatable(
        "Kept for the course to decide: a learner is not in this course, or not any more."
    ),
    "observation-no-evidence": translatable(
        "Kept for the course to decide: the record cannot take it as it is, since its time or its rows do not fit."
    ),
    "observation-left-out": translatable("The course has left it out; it does not count."),
    "observation-signature": translatable("Not taken: the signature is not the one of this phone."),
    "observation-unreadable": translatable("Not taken: it cannot be read."),
    "observation-empty": translatable("Not taken: no row has a level."),
    "observation-unfit": translatable("Not taken: it does not fit its rubric."),
    "observation-other-course": translatable("Not taken: it was made for another course, or with another phone."),
    "observation-phone-full": translatable("Not taken: too many observations came from this phone."),
    "learner-erased": translatable("Not taken: this person asked to be forgotten."),
}
STAFF: Final[Mapping[str, str]] = {
    "observation-differs": translatable("Assessors differ"),
    "observation-repeated": translatable("Twice by the same assessor"),
    "observation-forked": translatable("Corrected twice"),
    "observation-rubric-older": translatable("By an older version of the rubric"),
    "observation-task": translatable("Outside the invitation: another task"),
    "observation-learner-scope": translatable("Outside the invitation: another learner"),
    "observation-early": translatable("Made before the invitation begins"),
    "observation-ended": translatable("The invitation has ended"),
    "observation-level": translatable("Above the level that this assessor may judge"),
    "observation-target": translatable("Corrects one that has not arrived yet"),
    "observation-target-waits": translatable("Corrects one that waits itself: decide about that one first"),
    "observation-target-out": translatable("Corrects one that was left out"),
    "observation-not-own": translatable("Corrects one of somebody else, or of another learner or task"),
    "observation-circle": translatable("Two correct each other"),
    "observation-id-taken": translatable("Another one came with the same number before"),
    "observation-task-unknown": translatable("The task is not in the course any more"),
    "observation-rubric-unknown": translatable("The rubric is not installed here"),
    "observation-learner-unknown": translatable("A learner is not in this course"),
    "observation-no-evidence": translatable("The record cannot take it: its time or its rows do not fit"),
    "observation-left-out": translatable("Left out"),
}
REFUSED: Final[Mapping[str, str]] = {
    "name": translatable("Say who is invited."),
    "dates": translatable("Choose a last day that is not over yet, and not later than in a year."),
    "phones": translatable("Choose between one and five phones."),
    "level": translatable("Choose a level of the framework."),
    "many": translatable("There are 500 invitations in this course: no more are taken."),
    "file": translatable("This is no file of a phone. In the app choose “Save as a file”."),
    "file-phone": translatable("This file is of no phone of this course."),
    "file-key": translatable("This phone has never told its key, so nothing in its file can be checked."),
    "file-photos": translatable(
        "Photos cannot be taken here: the part of the installation that reads pictures is missing."
    ),
    "group": translatable("Choose a group of this course, or the whole class."),
    "over": translatable("This invitation has ended or was taken back. Invite the mentor anew."),
    "ledger": translatable("The record cannot take this observation: its time or its rows do not fit. Leave it out."),
    "task": translatable("Choose at least one task, or everything."),
    "moved": translatable("This was decided before, perhaps by somebody else. Nothing was changed."),
    "learner": translatable("Choose a learner of this course whom the observation does not name already."),
    "own-level": translatable(
        "This task is of a level above the one that your own qualifications reach. Somebody who is qualified decides."
    ),
    "target": translatable("It corrects an observation that waits itself. Decide about that one first."),
    "unfit": translatable("Its rubric is still not installed here. Install it first, then count the observation."),
}
DONE: Final[Mapping[str, str]] = {
    "count": translatable("It counts now."),
    "looked": translatable("Its rubric is known now. It still waits, for another reason: see which, and decide."),
    "leave-out": translatable("It is left out, and does not count any more."),
    "undo": translatable("Your decision was taken back."),
    "both": translatable("Both count, and are not shown as a conflict any more."),
    "assign": translatable("The learner was named."),
    "without": translatable("It counts for the others of the team alone."),
    "revoke": translatable("The invitation was taken back. What its phones still send waits for you."),
    "remove": translatable("The phone was taken off. Nothing is taken from it any more."),
}
LINK_WORDS: Final[Mapping[str, str]] = {
    "observation-link-unknown": translatable(
        "This link leads to no invitation. It may be incomplete, or a newer one has taken its place: ask for a new one."
    ),
    "observation-link-ended": translatable("This invitation has ended. Ask whoever invited you for a new one."),
    "observation-phones-full": translatable(
        "As many phones as this invitation is for have been joined. Ask whoever invited you to take one off, or to allow more."
    ),
}
