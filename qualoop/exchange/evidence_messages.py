"""`POST /api/v1/evidence`: what learners did elsewhere, and what became of each event here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, StrictBool, model_validator

from qualoop.exchange.message_parts import (
    AttemptId,
    ContentHash,
    Count,
    Key,
    Message,
    Ordinal,
    ScoreText,
    SentAt,
    Sequence,
    Subject,
    Uuid,
)
from qualoop.exchange.problems import Problem
from qualoop.ledger import EvidenceForm

MAX_EVENTS: Final = 500
MAX_BODY_BYTES: Final = 1024 * 1024


class EvidenceEvent(Message):
    """One scored part of one attempt of one learner. It says nothing of knowledge points: tags of the version do."""

    id: Uuid = Field(description="The event's own UUID in small letters. The same id is the same event for ever.")
    learner: Subject = Field(
        description="The platform's id of the learner: in Open edX the external id of type `lti`, which is the `sub` of "
        "LTI launches. Never a name, an e-mail or a user id."
    )
    course: Subject = Field(description="The platform's id of the course, as LTI launches name it.")
    activity: Key = Field(description="Key of the activity.")
    content: ContentHash = Field(description="Hash of the content version that was answered.")
    part: Key = Field(description="Key of the part of that version.")
    score: ScoreText
    form: EvidenceForm = Field(description="How it came about.")
    attempt: AttemptId = Field(description="Id of the attempt at the platform.")
    try_: Ordinal = Field(
        default=1,
        alias="try",
        description="Which try at the part in this attempt, from 1. Of what a person judged (`rater`, and an occasion such "
        "as `sheet:4:assessor` or the form `process`) a later try by the same rater is a mark that was changed: it revises "
        "the earlier one. An earlier one that comes after it is a duplicate.",
    )
    hints: Count = Field(default=0, description="How many hints had been shown.")
    sequence: Sequence | None = Field(
        default=None,
        description="Number of the event among those of this learner that count, from 1, without gaps. What staff do, or "
        "who is not enrolled, has no number: one that is sent is not looked at.",
    )
    occurred_at: SentAt = Field(description="When it happened: RFC 3339 with an offset.")
    staff: StrictBool = Field(description="Whether somebody of the staff did it, who is no learner here.")
    enrolled: StrictBool = Field(description="Whether the learner was enrolled in the course then.")
    rater: Subject | None = Field(
        default=None, description="The platform's id of the person who judged; absent where a machine scored."
    )
    occasion: Annotated[str, Field(max_length=64)] = Field(
        default="", description="How it came about beyond its form, such as practice-run:4; empty for a single answer."
    )
    run: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = Field(
        default="", description="Digest of a simulation's run, or empty."
    )
    critical: StrictBool | None = Field(
        default=None,
        description="True where a breach capped the part in a graded run (an occasion such as graded-run:4): it holds "
        "*competent* back until a later graded run of the activity has none in this part. Otherwise absent.",
    )
    total: ScoreText | None = Field(
        default=None, description="The learner's score for the whole activity after this event, as the platform has it."
    )

    @property
    def counts(self) -> bool:
        """Return whether this is somebody's learning: not of staff, and of somebody who was enrolled."""
        return self.enrolled and not self.staff

    @property
    def number(self) -> int:
        """Return the number of an event that counts; 0 where it has none."""
        return self.sequence or 0

    @model_validator(mode="after")
    def _is_numbered(self) -> Self:
        if self.counts and self.sequence is None:
            raise ValueError("an event that counts has a sequence number")
        return self


class EvidenceBatch(Message):
    """Events of any learners, in any order; each is taken or refused by itself."""

    events: list[EvidenceEvent] = Field(min_length=1, max_length=MAX_EVENTS)


class Envelope(Message):
    """A batch whose events have not been looked at yet."""

    events: list[Any] = Field(min_length=1, max_length=MAX_EVENTS)


class Outcome(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    """It is in the ledger, or what it revises has its score."""
    DUPLICATE = "duplicate"
    """It was in the ledger, or waited, before; or a later try of the same judgement was."""
    WAITS = "waits"
    """It is kept, and counts once its content version is registered; a person sees it in the inbox."""
    NOT_COUNTED = "not-counted"
    """It is of nobody's learning: of staff, or of somebody who was not enrolled. Nothing is kept."""
    REFUSED = "refused"
    """It can never be evidence as it is; `problem` says why. Nothing is kept."""


class EventResult(Message):
    """What became of one event; results stand in the order of the events."""

    id: str | None = Field(description="The event's id, null where it had none that could be read.")
    outcome: Outcome
    problem: Problem | None = None


class Gap(Message):
    """Events of a learner that have not come yet, though later ones have: ranges of `sequence`, both ends included."""

    learner: str
    missing: list[tuple[int, int]]


class BatchResult(Message):
    """What became of a batch. It is stored: whatever stands here was committed before the answer."""

    results: list[EventResult]
    gaps: list[Gap] = Field(description="Learners of this batch of whom earlier events are missing.")
